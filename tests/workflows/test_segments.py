"""Segments, stages and readiness, live: at once by an event, within the minute by time alone."""

import base64
import json
import random
from collections import Counter
from datetime import timedelta

from relance.aws.dynamodb import DynamoStore
from relance.contacts import DUE_SHARDS, write_profile
from relance.ids import milliseconds
from relance.memberships import members
from relance.profiles import Decided, Profile
from relance.register import new_register
from relance.storage import Put, Table

from tests.stack import table_names
from tests.workflows.story import MONDAY, Story

ANA = "ana@example.com"


def tracks(
    story: Story, address: str, event: str, number: int, account: str = "", **properties: object
) -> None:
    """The company's own systems tell of an act, and of the person's account if they know it."""
    secret = story.world.stack.resources["WriteKeys"].arn
    answer = story.world.client("secretsmanager").get_secret_value(SecretId=secret)
    key = json.loads(answer["SecretString"])["server"]
    body = {
        "messageId": f"{event}-{number}-{address}",
        "userId": f"user-{address}",
        "event": event,
        "properties": properties,
        "context": {"traits": {"email": address}, **({"groupId": account} if account else {})},
    }
    response = story.world.request(
        "POST",
        "/v1/track",
        headers={
            "authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
            "content-type": "application/json",
        },
        body=json.dumps(body).encode(),
    )
    assert response.status == 200, response.body
    story.a_moment(5)


def said(story: Story, address: str) -> list[str]:
    """What was concluded about a person, in order."""
    return [
        f"{event['name']} {event['properties'].get('segment') or event['properties'].get('stage')}"
        for event in sorted(story.events(address), key=lambda each: each["occurred_at"])
        if event["name"] in ("segment_entered", "segment_left", "stage_advanced", "stage_fell_back")
    ]


def test_whoever_buys_at_once_leaps_over_every_stage_at_that_instant(story: Story) -> None:
    tracks(story, ANA, "Order Completed", 1, order_id="A1", revenue=20)
    steps = story.events(ANA, "stage_advanced")
    after = {step["properties"]["from_stage"]: step["properties"]["stage"] for step in steps}
    way, stage = [], "visitor"
    while stage in after:
        stage = after[stage]
        way.append(stage)
    assert way == ["lead", "nurtured", "qualified", "opportunity", "customer"]
    assert len({step["occurred_at"] for step in steps}) == 1


def test_a_third_order_makes_a_regular_at_once_and_a_year_takes_it_back_by_itself(
    story: Story,
) -> None:
    for number in (1, 2, 3):
        tracks(story, ANA, "Order Completed", number, order_id=f"A{number}", revenue=20)
        story.day(number)
    assert "segment_entered regulars" in said(story, ANA)
    assert list(members(_store(story), "regulars")) == [story.contact(ANA)]
    assert story.records(ANA, "segment#regulars") == ["segment#regulars"]
    # Nothing happens for a year. The first order leaves the window: within the minute she is out.
    first = story.events(ANA, "order_completed")[0]["occurred_at"]
    story.day(364.9)
    assert "segment_left regulars" not in said(story, ANA)
    story.day(365.1)
    left = story.events(ANA, "segment_left")
    (regular,) = [each for each in left if each["properties"]["segment"] == "regulars"]
    due = MONDAY.fromisoformat(first) + timedelta(days=365)
    assert MONDAY.fromisoformat(regular["occurred_at"]) == due
    late = MONDAY.fromisoformat(regular["received_at"]) - due
    assert timedelta(0) <= late < timedelta(seconds=70)
    assert list(members(_store(story), "regulars")) == []


def test_a_lead_who_asks_for_a_talk_is_declared_ready_at_once(story: Story) -> None:
    story.signs_up(ANA)
    story.confirms(ANA)
    tracks(story, ANA, "Call Requested", 1)
    ready = [each["properties"]["qualification"] for each in story.events(ANA, "qualified")]
    assert "sales" in ready


def test_the_sweep_reads_and_wakes_exactly_those_who_are_due(story: Story) -> None:
    store = _store(story)
    chance = random.Random(3)
    due: dict[str, bool] = {}
    for number in range(300):
        contact = f"01KE6P4Z0NWNGTPJXJR5ESJ{number:03}"
        at = milliseconds(story.world.now) + chance.randint(-7_200_000, 7_200_000)
        profile = Profile(contact, rules="r", newest=1)
        profile.decided["segment:regulars"] = Decided(True, 1, at)
        store.write(Put(Table.CONTACTS, new_register(contact, address=None)))
        store.write(write_profile(profile))
        due[contact] = at <= milliseconds(story.world.now)
    story.world.sandboxes.trace = trace = []
    story.world.invoke("wake_contacts", {})
    made = [call.operation for call in trace if call.function.endswith("wake-contacts")]
    woken = {
        contact
        for contact in due
        for event in store.query(Table.EVENTS, contact)
        if event["name"] == "time_passed"
    }
    assert woken == {contact for contact, is_due in due.items() if is_due}
    assert 100 < len(woken) < 200
    assert Counter(made) == {"Query": DUE_SHARDS, "PutItem": len(woken)}


def test_a_conclusion_is_written_once_and_never_folded(story: Story) -> None:
    tracks(story, ANA, "Order Completed", 1, order_id="A1", revenue=20)
    before = len(story.events(ANA))
    story.day(0.5)
    assert len(story.events(ANA)) == before


def _store(story: Story) -> DynamoStore:
    client = story.world.client("dynamodb")
    return DynamoStore(client, table_names(), sleep=lambda _: None, chance=lambda: 0.0)
