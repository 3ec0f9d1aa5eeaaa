"""A marketing message that too many complain about stops by itself, and a person lets it go on."""

from datetime import UTC, datetime

import pytest
from relance.brakes import BOUNCED, COMPLAINED, Brakes, too_many
from relance.content.pace_rules import Brake
from relance.limiter import KEY, mark_of
from relance.storage import Put, Table

from local.faults import Fault, FaultPlan, Rule
from local.memory import MemoryStore
from local.ses_events import HARD_BOUNCE
from local.world import World
from tests.workflows.story import MONDAY, Story

RULES = Brake(bounces=0.05, bounces_after=20, complaints=0.001, complaints_after=1_000)


@pytest.mark.parametrize(
    ("counts", "stopped"),
    [
        pytest.param({}, None, id="nothing yet"),
        pytest.param({"delivered": 10, "bounced": 9}, None, id="too few to say"),
        pytest.param({"delivered": 19, "bounced": 1}, "5.00%", id="the share, at the least number"),
        pytest.param({"delivered": 96, "bounced": 4}, None, id="below the share"),
        pytest.param({"delivered": 999, "complained": 9}, None, id="complaints, too few mails"),
        pytest.param({"delivered": 2_000, "complained": 2}, "0.10%", id="complaints"),
    ],
)
def test_the_brake_looks_at_shares_of_enough_mails(
    counts: dict[str, int], stopped: str | None
) -> None:
    because = too_many(counts, RULES)
    assert (because is None) == (stopped is None)
    assert stopped is None or (because and stopped in because)


@pytest.fixture
def store() -> MemoryStore:
    made = MemoryStore()
    made.write(Put(Table.SENDS, {"send_id": KEY[0]}))
    for number in range(30):
        made.write(Put(Table.SENDS, {"send_id": f"s{number}"}))
    return made


def brakes(store: MemoryStore) -> Brakes:
    return Brakes(store, RULES, now=lambda: datetime(2026, 1, 5, tzinfo=UTC))


def test_a_report_that_comes_twice_counts_once_and_a_message_is_stopped_once(
    store: MemoryStore,
) -> None:
    here = brakes(store)
    for _ in range(40):
        here.delivered("news")
    for number in (1, 1, 2, 2, 2):
        here.went_wrong("news", f"s{number}", BOUNCED)
        brakes(store).went_wrong("news", f"s{number}", BOUNCED)
    assert here.flush() == []
    here.went_wrong("news", "s3", BOUNCED)
    (stopped,) = here.flush()
    assert stopped.message == "news"
    assert stopped.because.startswith("3 of 43 mails came back for good: 6.98%")
    here.went_wrong("news", "s4", COMPLAINED)
    assert here.flush() == []
    assert (store.get(Table.SENDS, KEY) or {})[mark_of("news")] == stopped.because


def test_who_releases_a_brake_begins_to_count_anew(store: MemoryStore) -> None:
    here = brakes(store)
    for number in range(20):
        here.went_wrong("news", f"s{number}", BOUNCED)
    assert here.flush()
    assert here.release("news")
    assert not here.release("news")
    assert store.get(Table.SENDS, ("brake:news",)) == {"send_id": "brake:news"}
    assert mark_of("news") not in (store.get(Table.SENDS, KEY) or {})
    here.went_wrong("news", "s25", BOUNCED)
    assert here.flush() == []


@pytest.mark.parametrize("fault", [Fault.STOP_BEFORE, Fault.STOP_AFTER])
def test_bounces_stop_the_mail_to_others_however_the_reports_are_cut_off(fault: Fault) -> None:
    cut = Rule(fault, function="record-email-event", operation="TransactWriteItems", times=2)
    with World.build(start=MONDAY, seed=1, faults=FaultPlan([cut])) as world:
        story = Story(world)
        for who in ("ana", "ben"):
            story.signs_up(f"{who}@example.com")
        story.confirms("ana@example.com")
        assert "welcome" in story.messages("ana@example.com")
        key = {"send_id": {"S": "brake:welcome"}}
        table = world.stack.resources["Sends"].name
        world.client("dynamodb").update_item(
            TableName=table,
            Key=key,
            UpdateExpression="SET delivered = :d, bounced = :b",
            ExpressionAttributeValues={":d": {"N": "99"}, ":b": {"N": "5"}},
        )
        world.mailbox.receiver = lambda _mail, _to: HARD_BOUNCE
        story.signs_up("cleo@example.com")
        story.day(0.5)
        item = world.client("dynamodb").get_item(TableName=table, Key=key)["Item"]
        assert "because" not in item, "another message bounced"
        world.mailbox.receiver = lambda mail, _to: HARD_BOUNCE
        story.confirms("ben@example.com")
        story.day(0.6)
        item = world.client("dynamodb").get_item(TableName=table, Key=key)["Item"]
        assert item["because"]["S"].startswith("6 of ")
        world.mailbox.receiver = None
        story.signs_up("dora@example.com")
        story.confirms("dora@example.com")
        story.day(1)
        assert story.messages("dora@example.com") == ["confirm"], "what was asked for goes"
        assert story.sends("dora@example.com")[-1]["reason"] == "braked"


def test_what_the_simulator_answers_says_nothing_of_a_message(story: Story) -> None:
    counted = {"send_id": {"S": "brake:confirm"}}
    table = story.world.stack.resources["Sends"].name
    for who in ("bounce", "complaint", "success"):
        story.signs_up(f"{who}@simulator.amazonses.com")
    story.a_moment()
    assert story.register("bounce@simulator.amazonses.com")["suppressed"]["reason"] == "bounced"
    dynamodb = story.world.client("dynamodb")
    assert "Item" not in dynamodb.get_item(TableName=table, Key=counted)
    story.world.mailbox.receiver = lambda _mail, _to: HARD_BOUNCE
    story.signs_up("cleo@example.com")
    story.a_moment()
    assert dynamodb.get_item(TableName=table, Key=counted)["Item"]["bounced"] == {"N": "1"}
