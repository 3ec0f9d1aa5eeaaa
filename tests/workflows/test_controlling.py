"""A journey is paused, goes on, is ended, and somebody is moved within it, told as stories."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from relance.aws.services import StepFunctionsExecutions
from relance.content.compiled import Content
from relance.engine import Plan
from relance.events import event_of
from relance.ledger import SendState, send_of
from relance.timeline import lines, timeline
from relance.usecases import end_journey, resume_journey
from relance.usecases.control_journey import JourneyRequest, control_journey
from relance.usecases.controlling import SoFar

from local.content import compiled_content
from local.faults import CallMade, FaultPlan, stops_at
from local.permissions import missing
from local.world import ROOT, World
from tests.workflows.journeys import tale_of
from tests.workflows.privacy import asks
from tests.workflows.story import MONDAY, Story
from tests.workflows.test_identities import services_of

CONTROL = "operation-control"
ANA, BEN, CLEO = "ana@example.com", "ben@example.com", "cleo@example.com"


@pytest.fixture
def story() -> Iterator[Story]:
    """A world on a Monday morning."""
    with World.build(start=MONDAY, seed=1) as world:
        yield Story(world)


def control(story: Story, do: str, *, seconds: float = 60, **more: object) -> dict[str, Any]:
    """What somebody is told who does this to the welcome."""
    told = asks(story, CONTROL, {"journey": "welcome", "do": do, **more}, seconds=seconds)
    assert told["status"] == "SUCCEEDED", told
    return dict(told["output"])


def told(story: Story, address: str) -> list[str]:
    """The timeline of a person."""
    events = map(event_of, story.events(address))
    return lines(timeline(events, map(send_of, story.sends(address))))


def may_do_all_that(story: Story) -> None:
    assert missing(story.world.stack, story.world.recorder.uses) == []


# -- Pause and resume --------------------------------------------------------------------------


def test_a_paused_journey_sends_nothing_and_goes_on_where_it_stood(story: Story) -> None:
    """Monday: Ana signs up. An hour later the welcome is paused; she confirms, and it waits."""
    story.signs_up(ANA)
    story.day(0.05)
    assert control(story, "pause")["outcome"] == "done"
    story.a_moment(60)
    story.confirms(ANA)
    story.day(1)
    assert story.messages(ANA) == ["confirm"]
    (held,) = [each for each in story.sends(ANA) if each["message"] == "welcome"]
    assert (held["state"], held["reason"]) == ("deferred", "journey_paused")
    assert any("The journey is paused" in each for each in told(story, ANA))
    done = control(story, "resume")
    assert done["summary"] == (
        '"welcome" goes on. 0 people who had waited came to be let in, by its rules. 1 message '
        "held back will be decided afresh within minutes."
    )
    story.day(1.1)
    assert story.messages(ANA) == ["confirm", "welcome"]
    story.day(30)
    assert Counter(story.messages(ANA)) == Counter(["confirm", "welcome", "welcome-again"])
    assert story.outcomes() == ["welcomed, no click"]
    assert story.records(ANA, "now#") == ["now#profile", "now#register"]
    may_do_all_that(story)


def test_whoever_comes_meanwhile_waits_and_is_let_in_once_in_order(story: Story) -> None:
    control(story, "pause")
    story.signs_up(BEN)
    story.signs_up(ANA)
    story.day(2)
    assert story.outcomes() == ["held", "held"]
    assert story.messages(ANA) == story.messages(BEN) == []
    assert any("Waits to enter the workflow" in each for each in told(story, ANA))
    assert control(story, "pause")["summary"].endswith(
        '2 people wait to be let in. To go on paste {"journey": "welcome", "do": "resume"}.'
    )
    done = control(story, "resume", seconds=120)
    assert "2 people who had waited" in done["summary"]
    began = [json.loads(each["input"])["contact"] for each in story.executions()[2:]]
    assert began == [story.contact(BEN), story.contact(ANA)]
    assert story.messages(ANA) == story.messages(BEN) == ["confirm"]
    story.confirms(ANA)
    story.day(30)
    assert story.messages(ANA) == ["confirm", "welcome", "welcome-again"]
    assert not [each for each in story.rows("Contacts") if each["contact_id"].startswith("journey")]
    assert control(story, "resume")["outcome"] == "not possible"
    may_do_all_that(story)


def test_deadlines_run_on_in_a_paused_journey(story: Story) -> None:
    """Ana never confirms: after seven days her journey ends, paused or not."""
    story.signs_up(ANA)
    story.day(3)
    control(story, "pause")
    story.day(6.9)
    assert story.outcomes() == ["RUNNING"]
    story.day(7.1)
    assert story.outcomes() == ["never confirmed"]


def test_a_message_that_waits_too_long_for_the_journey_to_go_on_is_not_sent(story: Story) -> None:
    """The reminder of Wednesday may wait for a week."""
    story.signs_up(ANA)
    control(story, "pause")
    story.day(8.9)
    assert story.outcomes() == ["RUNNING"]
    story.day(9.1)
    reminder = story.sends(ANA)[-1]
    assert (reminder["state"], reminder["reason"]) == ("skipped", "too_late")
    assert story.outcomes() == ["not sent: too_late"]
    assert story.messages(ANA) == ["confirm"]


def test_who_unsubscribes_while_it_is_paused_leaves_at_once(story: Story) -> None:
    story.signs_up(ANA)
    story.confirms(ANA)
    story.day(1)
    control(story, "pause")
    story.day(4)
    assert story.sends(ANA)[-1]["reason"] == "journey_paused"
    assert story.unsubscribes(ANA) == 200
    assert story.outcomes() == ["left: unsubscribed"]
    assert "0 people" in control(story, "resume")["summary"]
    story.day(10)
    assert story.messages(ANA) == ["confirm", "welcome"]


def test_another_journey_and_campaigns_go_on(story: Story) -> None:
    asked = asks(story, CONTROL, {"journey": "Win_Back", "do": "pause"})
    assert asked["output"]["outcome"] == "done"
    story.signs_up(ANA)
    assert story.messages(ANA) == ["confirm"]


def test_two_colleagues_do_the_same(story: Story) -> None:
    control(story, "pause")
    for address in (ANA, BEN, CLEO):
        story.signs_up(address)
    story.day(1)
    for _ in range(2):
        story.world.start(CONTROL, {"journey": "welcome", "do": "resume"})
    story.a_moment(300)
    assert Counter(story.outcomes()) == Counter({"held": 3, "RUNNING": 3})
    assert [story.messages(each) for each in (ANA, BEN, CLEO)] == [["confirm"]] * 3


def test_a_journey_paused_again_holds_again_whoever_had_waited(story: Story) -> None:
    control(story, "pause")
    story.signs_up(ANA)
    control(story, "resume")
    control(story, "pause")
    story.signs_up(BEN)
    control(story, "resume")
    control(story, "pause")
    control(story, "resume")
    assert story.messages(ANA) == story.messages(BEN) == ["confirm"]
    assert Counter(story.outcomes()) == Counter({"held": 2, "RUNNING": 2})


def test_an_entry_is_let_in_with_the_cart_that_it_came_for_hours_later() -> None:
    """Ana's cart of the morning waits until the evening: who ordered it meanwhile is not let in."""
    with World.build(start=MONDAY, seed=1) as world:
        tale = tale_of(world, "cart_recovery")
        tale.arrives("ana")
        tale.arrives("ben")
        asks(tale, CONTROL, {"journey": "cart_recovery", "do": "pause"})
        for name in ("ana", "ben"):
            entry = tale.happens(name, "product_added", cart_id=f"cart-{name}")
            contact = tale.contact(f"{name}@example.com")
            world.start("journey-cart-recovery", {"contact": contact, "entry": entry})
        tale.hour(5)
        tale.happens("ben", "order_completed", cart_id="cart-ben")
        tale.hour(12)
        asks(tale, CONTROL, {"journey": "cart_recovery", "do": "resume"}, seconds=120)
        assert tale.ends("ana") == ["held", "RUNNING"]
        assert tale.ends("ben") == ["held", "not eligible"]


@pytest.mark.parametrize("away", [2, 6])
def test_what_came_about_while_the_journey_was_paused_counts_when_it_goes_on(away: int) -> None:
    """Monday: Ana, Ben and Cleo order. Wednesday: Ana has it, Cleo cancels. Then it goes on."""
    with World.build(start=MONDAY, seed=1) as world:
        tale = tale_of(world, "after_purchase")
        asks(tale, CONTROL, {"journey": "after_purchase", "do": "pause"})
        for name in ("ana", "ben", "cleo"):
            contact = tale.arrives(name)
            entry = tale.happens(name, "order_completed", order_id=f"{name}-1")
            world.start("journey-after-purchase", {"contact": contact, "entry": entry})
        tale.day(1.9)
        tale.happens("ana", "order_delivered", order_id="ana-1")
        tale.happens("ben", "order_delivered", order_id="another")
        tale.happens("cleo", "order_cancelled", order_id="cleo-1")
        tale.day(away)
        asks(tale, CONTROL, {"journey": "after_purchase", "do": "resume"}, seconds=120)
        assert tale.ends("cleo") == ["held", "not eligible"]
        tale.day(away + 41)
        assert tale.got("ana") == ["after-review", "after-next"]
        assert tale.ends("ana") == ["held", "looked after"]
        assert tale.ends("ben") == ["held", "never delivered"]


def test_what_came_about_at_the_same_moment_counts() -> None:
    """Ana buys at the counter: the order and its delivery are told at once."""
    with World.build(start=MONDAY, seed=1) as world:
        tale = tale_of(world, "after_purchase")
        contact = tale.arrives("ana")
        entry = tale.happens("ana", "order_completed", order_id="1")
        tale.happens("ana", "order_delivered", order_id="1")
        world.start("journey-after-purchase", {"contact": contact, "entry": entry})
        tale.day(4)
        assert tale.got("ana") == ["after-review"]


# -- End ---------------------------------------------------------------------------------------


def test_those_inside_leave_when_somebody_ends_it(story: Story) -> None:
    """Ana waits for a click, Ben has not confirmed; on Wednesday the welcome is ended."""
    story.signs_up(ANA)
    story.signs_up(BEN)
    story.confirms(ANA)
    story.day(1)
    counted = control(story, "end")
    assert counted["outcome"] == "counted"
    assert counted["summary"].startswith('Counted: 2 people in "welcome". Nothing was done.')
    assert control(story, "end", confirm=1)["summary"].startswith(
        'Counted: 2 people in "welcome". That is more than the 1 confirmed.'
    )
    assert story.outcomes() == ["RUNNING", "RUNNING"]
    done = control(story, "end", confirm=2)
    assert done["summary"].startswith('"welcome" was ended for 2 people')
    assert story.outcomes() == ["left: ended_by_hand"] * 2
    for address in (ANA, BEN):
        assert story.records(address, "now#") == ["now#profile", "now#register"]
    story.day(20)
    assert story.messages(ANA) == ["confirm", "welcome"]
    assert story.messages(BEN) == ["confirm"]
    assert control(story, "end", confirm=2)["outcome"] == "not possible"
    may_do_all_that(story)


def test_what_was_held_back_is_skipped_when_it_is_ended(story: Story) -> None:
    story.signs_up(ANA)
    control(story, "pause")
    story.a_moment(60)
    story.confirms(ANA)
    control(story, "end", confirm=1)
    assert story.outcomes() == ["left: ended_by_hand"]
    assert story.sends(ANA)[-1]["state"] == "skipped"
    control(story, "resume")
    story.day(10)
    assert story.messages(ANA) == ["confirm"]


def in_parts(story: Story, do: str, **more: object) -> tuple[list[str], str]:
    """What each part answers, and the last sentence; other things go on in between."""
    services = cast("Any", services_of(story))
    client = story.world.client("stepfunctions")
    starts = story.world.machine_arn("journey-welcome").removesuffix("welcome")
    services.executions = StepFunctionsExecutions(client, journeys=starts)
    services.content = Content.open(compiled_content(ROOT))
    services.plan = Plan(services.content.rules, ZoneInfo("UTC"))
    services.journeys = ("welcome",)
    typed, so_far, decisions = {"journey": "welcome", "do": do, **more}, SoFar(), []
    while True:
        answer = control_journey(JourneyRequest(input=typed, so_far=so_far), services)
        decisions.append(str(answer["decision"]))
        if answer["decision"] != "unfinished":
            return decisions, str(answer["summary"])
        so_far = SoFar.model_validate(answer["so_far"])
        story.a_moment(10)


def test_many_leave_in_parts(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(end_journey, "ENDED_AT_ONCE", 2)
    monkeypatch.setattr(end_journey, "READ_AT_ONCE", 3)
    people = [f"{name}@example.com" for name in "abcde"]
    for address in people:
        story.signs_up(address)
    decisions, said = in_parts(story, "end", confirm=5)
    assert len(decisions) > 4
    assert said.startswith('"welcome" was ended for 5 people')
    story.a_moment()
    assert story.outcomes() == ["left: ended_by_hand"] * 5
    assert [story.records(each, "now#enrolment") for each in people] == [[]] * 5


def test_many_are_let_in_in_parts_and_in_order(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resume_journey, "LET_IN_AT_ONCE", 2)
    control(story, "pause")
    people = [f"{name}@example.com" for name in "ebdac"]
    for address in people:
        story.signs_up(address)
    decisions, said = in_parts(story, "resume")
    assert decisions == ["unfinished", "unfinished", "done"]
    assert "5 people who had waited" in said
    began = story.world.machines.executions("relance-journey-welcome")[5:]
    given = [json.loads(story.world.describe(each)["input"]) for each in began]
    assert [each["contact"] for each in given] == [story.contact(each) for each in people]


# -- Move --------------------------------------------------------------------------------------


def test_who_is_moved_gets_nothing_twice_and_keeps_the_deadlines(story: Story) -> None:
    """Ana was welcomed on Monday; moved on Wednesday, she is still reminded on Thursday."""
    story.signs_up(ANA)
    story.confirms(ANA)
    story.day(2)
    done = control(story, "move", contact=story.contact(ANA))
    assert "What was sent is not sent again." in done["summary"]
    assert story.outcomes() == ["ABORTED", "RUNNING"]
    assert story.messages(ANA) == ["confirm", "welcome"]
    assert any("Was moved" in each for each in told(story, ANA))
    assert story.names(ANA).count("workflow_left") == 0
    story.day(2.9)
    assert story.messages(ANA) == ["confirm", "welcome"]
    story.day(3.1)
    assert story.messages(ANA) == ["confirm", "welcome", "welcome-again"]
    assert story.outcomes() == ["ABORTED", "welcomed, no click"]
    assert story.records(ANA, "now#") == ["now#profile", "now#register"]
    assert story.names(ANA).count("workflow_left") == 1
    may_do_all_that(story)


def test_who_is_moved_does_not_do_what_those_do_who_leave() -> None:
    """An open deal stands on a list, from which its journey takes whoever leaves."""
    with World.build(start=MONDAY, seed=1) as world:
        tale = tale_of(world, "opportunity_support")
        contact = tale.arrives("ana")
        world.start("journey-opportunity-support", {"contact": contact})
        tale.day(1)
        asked = {"journey": "opportunity-support", "do": "move", "contact": contact}
        assert asks(tale, CONTROL, asked, seconds=90)["output"]["outcome"] == "done"
        assert tale.ends("ana") == ["ABORTED", "RUNNING"]
        names = tale.names("ana@example.com")
        assert (names.count("list_joined"), names.count("list_left")) == (1, 0)


def test_who_left_is_not_moved(story: Story) -> None:
    story.signs_up(ANA)
    story.confirms(ANA)
    story.unsubscribes(ANA)
    told_so = control(story, "move", contact=story.contact(ANA))
    assert told_so["outcome"] == "not possible"
    assert 'is not in "welcome"' in told_so["summary"]


def test_a_message_that_waits_for_its_hour_goes_once_for_whoever_is_moved(story: Story) -> None:
    story.signs_up(ANA)
    control(story, "pause")
    story.a_moment(60)
    story.confirms(ANA)
    story.day(1)
    control(story, "move", contact=story.contact(ANA))
    control(story, "resume")
    story.day(1.1)
    assert story.messages(ANA) == ["confirm", "welcome"]
    story.day(30)
    assert story.outcomes() == ["ABORTED", "welcomed, no click"]
    assert Counter(story.messages(ANA)) == Counter(["confirm", "welcome", "welcome-again"])


def test_who_unsubscribes_while_moving_leaves(story: Story) -> None:
    story.signs_up(ANA)
    story.confirms(ANA)
    story.day(1)
    story.world.start(CONTROL, {"journey": "welcome", "do": "move", "contact": story.contact(ANA)})
    story.a_moment(3)
    story.unsubscribes(ANA)
    story.day(10)
    assert story.messages(ANA) == ["confirm", "welcome"]
    assert story.outcomes()[-1] == "left: unsubscribed"
    assert story.records(ANA, "now#") == ["now#profile", "now#register"]


# -- What is typed -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"journey": "welcom", "do": "pause"}, "Did you mean welcome?"),
        ({"journey": "welcome", "do": "paus"}, "Did you mean pause?"),
        ({"journey": "welcome"}, '"do" is missing.'),
        ({"journey": "welcome", "do": "move"}, '"contact" is named to move somebody'),
        (
            {"journey": "welcome", "do": "end", "contact": "01J9Z3V8Q4T2M6K7B5N1X0C3DE"},
            '"contact" is named to move somebody',
        ),
        ({"journey": "welcome", "do": "move", "contact": ANA}, "An e-mail address is not accepted"),
        (
            {"journey": "welcome", "do": "move", "contact": "01J9Z3V8Q4T2M6K7B5N1X0C3DE"},
            "There is no contact",
        ),
        ({"journey": "welcome", "do": "end", "confirm": "all"}, '"confirm"'),
        ({"journey": ["welcome"], "do": "end"}, '"journey" must be a text in quotation marks'),
        (
            {"journey": "welcom", "do": "resume"},
            'Did you mean welcome? Paste for example {"journey": "welcome", "do": "resume"}.',
        ),
        (
            {"journey": "welcome", "do": "resme"},
            'Did you mean resume? Paste for example {"journey": "welcome", "do": "resume"}.',
        ),
        (
            {"journey": "Welcome", "do": "move"},
            '"do": "move", "contact": "01J9Z3V8Q4T2M6K7B5N1X0C3DE"}.',
        ),
        (
            {"journey": "welcome", "do": "pause", "contact": "01J9Z3V8Q4T2M6K7B5N1X0C3DE"},
            'Paste for example {"journey": "welcome", "do": "pause"}.',
        ),
    ],
)
def test_a_wrong_input_says_what_to_paste(story: Story, typed: dict[str, Any], said: str) -> None:
    ended = asks(story, CONTROL, typed, seconds=10)
    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidInput")
    assert said in ended["cause"]
    assert "Paste for example" in ended["cause"]
    assert "ana@" not in ended["cause"]


SAMPLES = {
    "pause_journey": "done",
    "resume_journey": "done",
    "end_journey": "counted",
    "end_journey_confirmed": "done",
    "misspelt_journey": "InvalidInput",
    "move": "InvalidInput",
}


def test_every_sample_about_journeys_ends_as_it_should(story: Story) -> None:
    folder = ROOT / "events" / "executions" / CONTROL
    there = {path.stem: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")}
    assert {name for name, data in there.items() if "journey" in data} == set(SAMPLES)
    story.signs_up(ANA)
    for sample, outcome in SAMPLES.items():
        ended = asks(story, CONTROL, there[sample], seconds=60)
        said = (ended["output"] or {}).get("outcome", ended.get("error"))
        assert said == outcome, sample


# -- Stopped anywhere --------------------------------------------------------------------------


def live_through(faults: FaultPlan | None = None) -> tuple[dict[str, Any], list[CallMade]]:
    """Ana is inside, Ben comes while it is paused; Ana is moved, it goes on, and ten days pass."""
    with World.build(start=MONDAY, seed=1, faults=faults) as world:
        trace: list[CallMade] = []
        world.sandboxes.trace = trace
        story = Story(world)
        story.signs_up(ANA)
        story.day(0.05)
        _surely(story, "pause")
        story.a_moment(60)
        if "confirm" in story.messages(ANA):
            story.confirms(ANA)
        story.signs_up(BEN)
        story.day(0.5)
        _surely(story, "move", contact=story.contact(ANA))
        _surely(story, "resume")
        story.day(1)
        if "confirm" in story.messages(BEN):
            story.confirms(BEN)
        story.day(10)
        people = (ANA, BEN)
        there = {
            "mails": {each: Counter(story.messages(each)) for each in people},
            "states": [send["state"] for each in people for send in story.sends(each)],
            "open": {each: story.records(each, "now#") for each in people},
            "waiting": [r for r in story.rows("Contacts") if r["contact_id"].startswith("journey")],
            "outcomes": story.outcomes(),
        }
        return there, trace


def _surely(story: Story, do: str, **more: object) -> None:
    """Somebody does it, and again where it failed, as the ending says."""
    for _ in range(3):
        ended = asks(story, CONTROL, {"journey": "welcome", "do": do, **more}, seconds=900)
        if ended["status"] == "SUCCEEDED":
            return
    raise AssertionError(f"{do}: {ended}")


def assert_nobody_lost_or_doubled(there: dict[str, Any], where: str) -> None:
    for mails in there["mails"].values():
        assert all(count == 1 for count in mails.values()), f"{where}: {there}"
    assert all(SendState(each).is_final for each in there["states"]), f"{where}: {there}"
    assert there["waiting"] == [], f"{where}: {there}"
    for records in there["open"].values():
        assert records == ["now#profile", "now#register"], f"{where}: {there}"
    assert "confirm" in there["mails"][BEN] or "given_up" in there["states"], f"{where}: {there}"
    assert not {"FAILED", "RUNNING", "TIMED_OUT"} & set(there["outcomes"]), f"{where}: {there}"


FUNCTIONS = ("control-journey", "enter-workflow")


def stops(trace: list[CallMade], *functions: str) -> list[tuple[CallMade, FaultPlan]]:
    return list(stops_at([made for made in trace if made.function.endswith(functions)]))


def test_stopped_somewhere_nobody_is_lost_or_doubled() -> None:
    there, trace = live_through()
    assert there["mails"][ANA] == Counter(["confirm", "welcome", "welcome-again"])
    assert there["mails"][BEN] == Counter(["confirm", "welcome", "welcome-again"])
    assert_nobody_lost_or_doubled(there, "undisturbed")
    for made, plan in stops(trace, *FUNCTIONS)[::24]:
        found, _ = live_through(plan)
        assert plan.struck, f"the fault at {made} never struck"
        assert_nobody_lost_or_doubled(found, f"{made} {plan.rules[0].fault}")


@pytest.mark.long
def test_stopped_at_every_call_nobody_is_lost_or_doubled() -> None:
    _, trace = live_through()
    for made, plan in stops(trace, *FUNCTIONS, "send-email", "send-deferred"):
        found, _ = live_through(plan)
        assert plan.struck, f"the fault at {made} never struck"
        assert_nobody_lost_or_doubled(found, f"{made} {plan.rules[0].fault}")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100))
def test_stopped_twice_nobody_is_lost_or_doubled(seed: int) -> None:
    _, trace = live_through()
    chance = random.Random(seed)
    rules = [plan.rules[0] for _, plan in stops(trace, *FUNCTIONS, "send-deferred")]
    found, _ = live_through(FaultPlan(chance.sample(rules, 2)))
    assert_nobody_lost_or_doubled(found, f"seed {seed}")
