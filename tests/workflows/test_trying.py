"""Journeys are tried, told as stories: the real graphs with short days, nothing outside them."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

from local.faults import Fault, FaultPlan, Rule
from local.permissions import missing
from local.world import ROOT, World
from tests.workflows.journeys import Tale
from tests.workflows.story import MONDAY
from tests.workflows.widgets import Widget

TESTERS = ("tester@example.com", "other@example.com")
SAMPLES = ROOT / "events" / "executions" / "operation-try-journey"


@pytest.fixture
def make() -> Iterator[Any]:
    """Makes a world on a Monday at nine, with two test addresses."""
    with ExitStack() as stack:

        def made(**more: Any) -> Tale:
            given = {"TestAddresses": ",".join(TESTERS), **more.pop("parameters", {})}
            world = World.build(start=MONDAY, seed=1, parameters=given, **more)
            return Tale(stack.enter_context(world))

        yield made


@pytest.fixture
def tale(make: Any) -> Tale:
    """The usual world."""
    tale = make()
    assert isinstance(tale, Tale)
    return tale


def asks(tale: Tale, **typed: Any) -> dict[str, Any]:
    """Start the operation; how it ended."""
    told = tale.world.describe(tale.world.start("operation-try-journey", typed))
    tale.a_moment(2)
    told = tale.world.describe(told["executionArn"])
    return {**told, "output": json.loads(told["output"]) if "output" in told else None}


def tried(tale: Tale, journey: str, contact: str, *, minutes: float, **more: Any) -> dict[str, Any]:
    """Try a journey, let time pass, and say how the tryout ended and how long it took."""
    asked = asks(tale, journey=journey, contact=contact, **more)
    assert asked["output"]["outcome"] == "being tried", asked
    tale.world.run(for_=timedelta(minutes=minutes))
    told = tale.world.describe(asked["output"]["execution"])
    assert told["status"] == "SUCCEEDED", told
    lasted = (told["stopDate"] - told["startDate"]).total_seconds() / 60
    return {**json.loads(told["output"]), "execution": told["executionArn"], "minutes": lasted}


def everything(tale: Tale) -> dict[str, list[str]]:
    """All that is known of everybody, table by table; where links lead belongs to nobody."""
    return {
        table: sorted(
            json.dumps(row, sort_keys=True, default=str)
            for row in tale.rows(table)
            if not str(row.get("send_id", "")).startswith("links")
        )
        for table in ("Contacts", "Identities", "Events", "Sends")
    }


def notes(tale: Tale, execution: str) -> list[str]:
    """What the steps of a tryout say that they did not do, as its history shows it."""
    client = tale.world.client("stepfunctions")
    pages = client.get_paginator("get_execution_history").paginate(executionArn=execution)
    outputs = [
        json.loads(each["taskSucceededEventDetails"]["output"])
        for page in pages
        for each in page["events"]
        if each["type"] == "TaskSucceeded"
    ]
    answers = [each.get("Payload", each) for each in outputs]
    return [each["tryout"] for each in answers if isinstance(each, dict) and "tryout" in each]


def test_welcome_is_tried_in_minutes_beside_somebody_who_is_really_in_it(tale: Tale) -> None:
    tale.signs_up("ana@example.com", first_name="Ana")
    ana = tale.contact("ana@example.com")
    before = everything(tale)
    ended = tried(
        tale, "welcome", ana, minutes=15, one_day="1 minute", happens=["confirmed", "email_clicked"]
    )
    assert ended["outcome"] == "became engaged"
    assert ended["minutes"] < 1
    # Each letter went to the testers, marked, and to nobody else.
    for tester in TESTERS:
        assert tale.messages(tester) == ["confirm", "welcome", "first-steps"]
        assert all(each.startswith("[Test] ") for each in tale.subjects(tester))
    assert tale.messages("ana@example.com") == ["confirm"]
    # Nothing of it is left: she waits in her own welcome as before, and confirms when she likes.
    assert everything(tale) == before
    tale.confirms("ana@example.com")
    assert tale.messages("ana@example.com") == ["confirm", "welcome"]
    assert missing(tale.world.stack, tale.world.recorder.uses) == []


def test_whoever_does_nothing_is_reminded_after_two_short_days(tale: Tale) -> None:
    tale.signs_up("ana@example.com")
    ended = tried(tale, "welcome", tale.contact("ana@example.com"), minutes=10)
    assert ended["outcome"] == "never confirmed"
    assert 7 <= ended["minutes"] < 7.2
    assert tale.messages(TESTERS[0]) == ["confirm", "confirm-reminder"]


def test_a_cart_is_tried_with_the_event_that_began_it(tale: Tale) -> None:
    ana = tale.arrives("ana")
    tale.happens("ana", "product_added", cart_id="c1", name="Huila beans", price=12)
    tale.world.run(for_=timedelta(minutes=2))
    before = everything(tale)
    ended = tried(tale, "cart_recovery", ana, minutes=9, begun_by="product_added")
    assert ended["outcome"] == "did not buy"
    assert 7 <= ended["minutes"] < 7.3  # she still shops: six hours, of two and a half seconds each
    assert tale.messages(TESTERS[1])[:2] == ["cart-reminder", "cart-proof"]
    assert "Huila beans" in tale.mails(TESTERS[1])[0].parts()[1]
    assert everything(tale) == before


def test_a_goal_that_is_taken_to_happen_ends_it(tale: Tale) -> None:
    ana = tale.arrives("ana")
    ended = tried(tale, "cart_recovery", ana, minutes=1, happens=["order_completed"])
    assert ended["outcome"] == "bought"
    assert tale.messages(TESTERS[0]) == []
    assert tale.names("ana@example.com").count("order_completed") == 0


def test_a_birthday_in_four_days_comes_in_four_minutes(tale: Tale) -> None:
    ana = tale.arrives("ana", birth_date="1990-01-09", time_zone="Europe/Paris")
    before = everything(tale)
    ended = tried(tale, "birthday", ana, minutes=10)
    assert ended["outcome"] == "congratulated"
    # From Monday at nine to Friday at nine in Paris: an hour less than four days.
    assert 3.9 < ended["minutes"] < 4
    assert tale.messages(TESTERS[0]) == ["birthday"]
    assert everything(tale) == before


def test_no_hour_and_no_consent_holds_it_up_and_both_are_told(tale: Tale) -> None:
    bob = tale.arrives("bob", agreed=False, birth_date="1990-01-09")
    tale.world.run(for_=timedelta(hours=14))  # eleven at night
    ended = tried(tale, "birthday", bob, minutes=10)
    assert ended["outcome"] == "congratulated"
    (note,) = notes(tale, ended["execution"])
    assert note.startswith("A tryout: sent to 2 of 2 test addresses. Really it would not go: ")
    entered = tale.world.client("stepfunctions").get_execution_history(
        executionArn=ended["execution"], maxResults=10
    )["events"]
    told = json.dumps(entered, default=str)
    assert "in, as a tryout; really not let in: consent to newsletter: none" in told
    ana = tale.arrives("ana", birth_date="1990-01-09")
    (note,) = notes(tale, tried(tale, "birthday", ana, minutes=10)["execution"])
    assert "Really it would wait until 2026-01-06T" in note


def test_an_unsubscribe_ends_a_tryout_too(tale: Tale) -> None:
    ana = tale.arrives("ana")
    execution = asks(tale, journey="win_back", contact=ana)["output"]["execution"]
    tale.happens("ana", "unsubscribed", topic="newsletter")
    told = json.loads(tale.world.describe(execution)["output"])
    assert (told["outcome"], "unsubscribed" in told["summary"]) == ("left: unsubscribed", True)


def test_one_contact_tries_a_journey_once_at_a_time(tale: Tale) -> None:
    ana = tale.arrives("ana")
    first = asks(tale, journey="win_back", contact=ana)["output"]["execution"]
    second = asks(tale, journey="win-back", contact=ana)
    assert (second["status"], second["output"]["outcome"]) == ("SUCCEEDED", "not tried twice")
    assert "is being tried with this contact already" in second["output"]["summary"]
    # Another journey can be tried beside it; and it can be tried again once it is stopped.
    assert asks(tale, journey="birthday", contact=ana)["output"]["outcome"] == "being tried"
    record = tale.records("ana@example.com", "now#enrolment#win_back")
    assert record == ["now#enrolment#win_back#tryout"]
    finder = Widget(tale.world, {"view": "find"})
    finder.shows()
    assert "win_back (a tryout)" in finder.presses("Find", who=ana).text
    counts = Widget(tale.world, {"view": "count", "journey": "win-back"}).shows()
    assert "0 entries of 1 contact;" in counts.text
    tale.world.client("stepfunctions").stop_execution(executionArn=first)
    tale.a_moment()
    assert tale.records("ana@example.com", "now#enrolment#win_back") == []
    assert tale.records("ana@example.com", "past#") == []
    assert tale.records("ana@example.com", "now#wait#") == []
    assert asks(tale, journey="win_back", contact=ana)["output"]["outcome"] == "being tried"


def test_a_tryout_says_what_it_did_not_do(tale: Tale) -> None:
    ana = tale.arrives("ana", deal_value=900)
    tale.declares(sales="sales@relance.example", sales_lead="https://chat.example/hook")
    before = everything(tale)
    ended = tried(tale, "sales_handoff", ana, minutes=6)
    assert ended["outcome"] == "nobody took it"
    told = notes(tale, ended["execution"])
    assert told == [
        'A tryout: "sales" was told nothing.',
        'A tryout: "sales_lead" was told nothing.',
        'A tryout: the journey "lead_nurturing" was not started.',
    ]
    refused = tried(tale, "sales_handoff", ana, minutes=6, happens=["lead_refused"])
    assert refused["outcome"] == "refused by sales"
    assert notes(tale, refused["execution"])[-1] == (
        'A tryout: the journey "lead_nurturing" was not started.'
    )
    asleep = tried(tale, "win_back", ana, minutes=44)
    assert asleep["outcome"] == "put to sleep"
    assert notes(tale, asleep["execution"])[-1] == (
        'A tryout: they were not put on the list "asleep".'
    )
    assert tale.of("lead_nurturing") == []
    assert tale.mails("sales@relance.example") == []
    assert everything(tale) == before


def test_every_journey_can_be_tried_at_once_and_leaves_nothing_behind(tale: Tale) -> None:
    ana = tale.arrives("ana", birth_date="1990-01-09", time_zone="America/New_York")
    tale.happens("ana", "event_registered", starts_at="2026-01-20T21:00:00Z")
    tale.happens("ana", "order_completed", order_id="o1", total=40)
    tale.world.run(for_=timedelta(minutes=2))
    before = everything(tale)
    began = {"event_promotion": "event_registered", "replenishment": "order_completed"}
    names = sorted(
        path.name.removesuffix(".asl.json")
        for path in (ROOT / "statemachines" / "journeys").glob("*.asl.json")
    )
    running = {}
    for name in names:
        more = {"begun_by": began[name]} if name in began else {}
        running[name] = asks(tale, journey=name, contact=ana, **more)["output"]["execution"]
    tale.world.run(for_=timedelta(minutes=155))
    told = {name: tale.world.describe(each) for name, each in running.items()}
    assert {each["status"] for each in told.values()} == {"SUCCEEDED"}
    outcomes = {name: json.loads(each["output"])["outcome"] for name, each in told.items()}
    assert outcomes["event_promotion"] == "did not come"
    assert outcomes["opportunity_support"] == "still open"
    assert outcomes["replenishment"] == "not ordered"
    assert {each.recipients for each in tale.world.mailbox.mails} == {(each,) for each in TESTERS}
    assert everything(tale) == before


SHORT = {(Fault.STOP_AFTER, 4), (Fault.STOP_AFTER, 6)}
BREAKS = [
    pytest.param(fault, call, marks=() if (fault, call) in SHORT else pytest.mark.long)
    for fault in (Fault.STOP_BEFORE, Fault.STOP_AFTER, Fault.FAIL_BEFORE)
    for call in range(1, 9)
]


@pytest.mark.parametrize(("fault", "call"), BREAKS)
def test_a_step_that_breaks_off_sends_no_test_twice(make: Any, fault: Fault, call: int) -> None:
    broken = FaultPlan([Rule(fault, function="send-email", invocation=1, index=call)])
    tale = make(faults=broken)
    ana = tale.arrives("ana", birth_date="1990-01-09")
    tried(tale, "birthday", ana, minutes=30)
    assert all(len(tale.messages(tester)) <= 1 for tester in TESTERS)


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"journey": "welcom"}, 'There is no journey "welcom". Did you mean welcome?'),
    ({"journey": "welcome", "contact": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, "There is no contact"),
    ({"journey": "welcome", "contact": "ana"}, '"contact" is not a contact id'),
    ({"one_day": "1 minute"}, '"journey" is missing.'),
    ({"journey": "welcome", "one_day": "2 days"}, '"one_day" is how long a day takes'),
    ({"journey": "welcome", "one_day": "1 second"}, '"one_day" is how long a day takes'),
    ({"journey": "welcome", "happens": ["email_clickd"]}, "Did you mean email_clicked,"),
    ({"journey": "welcome", "happens": "confirmed"}, '"happens"'),
    ({"journey": "welcome", "begun_by": "order_completed"}, 'has no event "order_completed"'),
    ({"journey": "welcome", "contact": "ana@example.com"}, "An e-mail address is not accepted"),
    ({"journey": "welcome", "oneday": "1 minute"}, 'did you mean "one_day"'),
]


def test_a_wrong_input_says_what_to_paste(tale: Tale) -> None:
    ana = tale.arrives("ana")
    for typed, said in MISTAKES:
        ended = asks(tale, **{"contact": ana, **typed})
        assert (ended["status"], ended["error"]) == ("FAILED", "InvalidInput"), typed
        assert said in ended["cause"], typed
        assert "Paste for example" in ended["cause"], typed
        assert "ana@" not in ended["cause"], typed
    assert tale.of("welcome") == []


def test_without_test_addresses_nothing_is_tried(make: Any) -> None:
    tale = make(parameters={"TestAddresses": ""})
    ended = asks(tale, journey="welcome", contact=tale.arrives("ana"))
    assert ended["error"] == "InvalidInput"
    misspelt = asks(tale, journey="welcme", contact=tale.arrives("ben"))
    assert 'There is no journey "welcme". Did you mean welcome? Paste' in misspelt["cause"]
    unknown = asks(tale, journey="welcome", contact=tale.arrives("eve"), happens=["confirmd"])
    assert 'there is no event "confirmd". Did you mean confirmed?' in unknown["cause"]
    assert '"happens": ["confirmed"]}.' in unknown["cause"]
    assert ended["cause"] == (
        "Nothing was tried: no test address is declared. Write some into the stack's parameter "
        "TestAddresses and deploy."
    )


def test_a_real_start_cannot_pass_for_a_tryout(tale: Tale) -> None:
    ana = tale.arrives("ana")
    execution = tale.world.start("journey-birthday", {"contact": ana, "entry": "tryout-1"})
    tale.a_moment()
    told = tale.world.describe(execution)
    assert told["error"] == "InvalidInput"
    assert '"entry" begins with "tryout-"' in told["cause"].replace("Entry", "entry")


EXPECTED = {
    "try": "being tried",
    "what_happens": "being tried",
    "nothing": "nothing to do yet",
    "misspelt": "InvalidInput",
    "an_address": "InvalidInput",
}


def test_every_sample_ends_as_it_should(tale: Tale) -> None:
    found = {}
    for path in SAMPLES.glob("*.json"):
        typed = json.loads(path.read_text("utf-8"))
        if EXPECTED[path.stem] == "being tried":
            typed["contact"] = tale.arrives(path.stem.replace("_", ""))
        ended = asks(tale, **typed)
        found[path.stem] = (ended["output"] or {}).get("outcome", ended.get("error"))
    assert found == EXPECTED


def test_what_is_done_to_a_journey_passes_a_tryout_by(make: Any) -> None:
    """It is tried while it is paused; nobody is inside whom its end or a move could concern."""
    tale = make()
    ana = tale.arrives("ana")

    def control(do: str, **more: Any) -> dict[str, Any]:
        told = tale.world.start("operation-control", {"journey": "welcome", "do": do, **more})
        tale.a_moment(60)
        return dict(json.loads(tale.world.describe(told)["output"]))

    assert control("pause")["outcome"] == "done"
    asked = asks(tale, journey="welcome", contact=ana, one_day="1 hour", happens=["confirmed"])
    tale.a_moment(60)
    assert control("end")["summary"] == 'Nobody is in "welcome".'
    assert control("move", contact=ana)["summary"] == f'{ana} is not in "welcome".'
    tale.day(2)
    told = tale.world.describe(asked["output"]["execution"])
    assert json.loads(told["output"])["outcome"] == "welcomed, no click"
    assert [mail.subject for mail in tale.mails(TESTERS[0])] != []
