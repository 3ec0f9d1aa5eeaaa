"""Storms: people do anything in any order while calls fail; every journey ends all the same.

Whatever happens, each execution comes to a named ending, no pause and no enrolment is left behind,
nobody gets a message twice, and nobody gets one after leaving. The short form is one storm for some
journeys; `make test-long` sends many over each, and says which ways of the graph none took.
"""

import json
import random
import re
from collections import Counter
from datetime import datetime, timedelta

import pytest
from relance.moments import to_text
from relance.storage import Table

from local.faults import Fault, FaultPlan, SeededFaults, not_allowed
from local.world import ROOT, World
from tests.stack import table_names
from tests.workflows.journeys import Tale, tale_of
from tests.workflows.story import BROWSER, MONDAY, Story
from tests.workflows.test_coverage import suppress

MACHINES = {
    path.name.removesuffix(".asl.json"): json.loads(path.read_text("utf-8"))
    for path in sorted((ROOT / "statemachines" / "journeys").glob("*.asl.json"))
    if path.name != "welcome.asl.json"  # which has suites of its own
}
PERSONAL = ("@example", "1984-01-08", "Huila", "https://")
"""What nobody may read in a history: an address, a trait, what is in a cart, where a page leads."""

SALES = "sales@example.org"
PEOPLE = ("ana", "ben", "cleo", "dan", "eve")
SAID = {
    "cart_id": ("a", "b"),
    "order_id": ("1", "2"),
    "qualification": ("sales",),
    "starts_at": ("2026-01-20T21:00:00Z", "2026-01-06T10:00:00Z", "soon"),
    "topic": ("newsletter",),
}
"""What an event may say of each property, at random."""

SOME_FAULTS = (
    Fault.STOP_BEFORE, Fault.STOP_AFTER, Fault.FAIL_BEFORE, Fault.FAIL_AFTER, Fault.DELAY,
)  # fmt: skip

Ways = Counter[tuple[str, str, str]]


def heard(machine: dict[str, object]) -> list[str]:
    """The events that the machine waits for, ends by or begins with."""
    names: set[str] = set()

    def look(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("event"), str):
                names.add(value["event"])
            for each in value.values():
                look(each)
        elif isinstance(value, list):
            for each in value:
                look(each)

    look(machine)
    told = {each for each in names if each.replace("_", "").isalpha() and each != "qualified"}
    return sorted(told - {"email_clicked", "email_replied"})


def storm(journey: str, seed: int, faults: FaultPlan | None = None) -> Ways:
    """Send a storm over a journey; which ways were taken."""
    chance = random.Random(f"{journey}#{seed}")
    parameters = {"Languages": "en,fr,pt", "JourneysStart": "by-hand"}
    with World.build(start=MONDAY, seed=seed, faults=faults, parameters=parameters) as world:
        tale = tale_of(world, journey)
        if seed % 5:
            tale.declares(sales=SALES, sales_lead=SALES)
        left: dict[str, datetime] = {}
        people = {
            name: tale.arrives(
                name,
                role=chance.choice(["owner", "other"]),
                birth_date="1984-01-08",
                time_zone="Europe/Lisbon",
            )
            for name in PEOPLE
        }
        machine = f"journey-{journey.replace('_', '-')}"
        for typed in ({}, {"contact": "nobody"}):
            world.start(machine, typed)
        for name, contact in people.items():
            if chance.random() < 0.5:
                something(tale, name, journey, chance)
            world.start(machine, {"contact": contact})
        for _ in range(25):
            tale.world.run(for_=timedelta(hours=chance.choice([0.2, 2, 20, 60, 200])))
            name = chance.choice(PEOPLE)
            if chance.random() < 0.1:
                tale.happens(name, "unsubscribed", topic="newsletter")
                left.setdefault(name, world.now)
            else:
                acts(tale, name, chance)
            if chance.random() < 0.1 and name not in left:
                world.start(machine, {"contact": people[name]})
        tale.all_have_ended()
        world.run(for_=timedelta(days=2))
        told = f"{journey}, storm {seed}"
        assert_all_is_over(tale, told)
        assert_nobody_got_too_much(tale, left if faults is None else {}, told)
        return Counter(tale.paths(journey))


def acts(tale: Tale, name: str, chance: random.Random) -> None:
    """Somebody does something, sales decides, or an address goes bad elsewhere."""
    if chance.random() < 0.06:
        chance.choice([suppress, forgets_consent])(tale, f"{name}@example.com")
    elif chance.random() < 0.3 and tale.mails(SALES):
        decides(tale, chance)
    elif chance.random() < 0.2 and tale.got(name):
        follows_a_link(tale, f"{name}@example.com")
    else:
        something(tale, name, tale.journey, chance)


def forgets_consent(story: Story, address: str) -> None:
    """The consent is gone, and no event says so."""
    story.world.client("dynamodb").update_item(
        TableName=table_names()[Table.CONTACTS],
        Key={"contact_id": {"S": story.contact(address)}, "record": {"S": "now#register"}},
        UpdateExpression="REMOVE #c",
        ExpressionAttributeNames={"#c": "consent#newsletter"},
    )


def decides(tale: Tale, chance: random.Random) -> None:
    """Sales presses a button of the last page that it got, or the mail was an alert."""
    pages = re.findall(r"/a/[A-Za-z0-9_-]+", str(tale.mails(SALES)[-1].parts()))
    if pages:
        tale.posts(pages[0], b"answer=" + chance.choice([b"accept", b"refuse"]))


def follows_a_link(tale: Tale, address: str) -> None:
    """Click in the last mail, whatever the answer is while calls fail."""
    tale.world.request("GET", tale.link(address, "/c/"), headers=BROWSER)
    tale.a_moment(60)


def something(tale: Tale, name: str, journey: str, chance: random.Random) -> None:
    """One of the events that the journey hears of, saying anything."""
    event = chance.choice([*heard(MACHINES[journey]), "page_viewed"])
    said = {key: chance.choice(values) for key, values in SAID.items()}
    tale.happens(name, event, **said)


def assert_all_is_over(tale: Tale, told: str) -> None:
    """Every execution has ended by its name, and nothing is left behind."""
    for each in tale.of():
        assert each["status"] in {"SUCCEEDED", "FAILED"}, told
        if each["status"] == "SUCCEEDED":
            assert json.loads(each["output"])["summary"], told
        shown = tale.world.client("stepfunctions").get_execution_history(
            executionArn=each["executionArn"], maxResults=1000
        )
        assert not any(word in str(shown["events"]) for word in PERSONAL), told
    left = [
        row["record"]
        for row in tale.rows("Contacts")
        if row["record"].startswith((f"now#wait#{tale.journey}#", f"now#enrolment#{tale.journey}"))
    ]
    assert left == [], told


def assert_nobody_got_too_much(tale: Tale, left: dict[str, datetime], told: str) -> None:
    """No message went twice, and none to whoever had left."""
    sent = Counter(dict(mail.draft.tags).get("send_id") for mail in tale.world.mailbox.mails)
    del sent[None]  # to colleagues
    assert all(count == 1 for count in sent.values()), told
    for name, moment in left.items():
        late = [
            each["message"]
            for each in tale.sends(f"{name}@example.com")
            if each["workflow"] == tale.journey
            and each["claimed_at"] > to_text(moment)
            and each["state"] != "skipped"
        ]
        assert late == [], told


STORMY = ("cart_recovery", "lead_nurturing", "sales_handoff")


@pytest.mark.parametrize("journey", STORMY)
def test_a_journey_comes_through_a_storm(journey: str) -> None:
    storm(journey, 1)


@pytest.mark.long
@pytest.mark.parametrize("journey", MACHINES)
def test_a_journey_comes_through_many_storms(journey: str) -> None:
    ways: Ways = Counter()
    for seed in range(8):
        ways += storm(journey, seed)
        ways += storm(journey, 100 + seed, SeededFaults(seed, rate=0.02, faults=SOME_FAULTS))
    for function in functions_of(journey):
        for invocation in (1, 4, 8, 12):
            ways += storm(journey, 200 + invocation, not_allowed(function, invocation))
    with World.build(start=MONDAY, seed=1) as world:
        every = tale_of(world, journey).paths(journey)
    missed = [" ".join(way) for way in every if not ways[way]]
    print(f"{journey}: {len(every)} ways, not taken by storms: {missed}")


def functions_of(journey: str) -> list[str]:
    """The functions that a machine calls, by their names in AWS."""
    text = json.dumps(MACHINES[journey])
    camels = {part.split("FunctionArn}")[0] for part in text.split("${")[1:]}
    return sorted(
        "".join("-" + c.lower() if c.isupper() else c for c in each).strip("-") for each in camels
    )
