"""Messages that wait for their hour: seen, woken, decided afresh, and never left behind.

Whoever confirms at half past ten in the evening gets the welcome at once. Three days later, in the
quiet hours, the second one waits until eight.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from relance.brakes import Brakes
from relance.content.compiled import Content
from relance.engine import Plan
from relance.events import event_of
from relance.feedback import Kind, Report
from relance.ledger import SendState, send_of
from relance.timeline import lines, timeline
from relance.usecases.record_email_event import record_report
from relance.usecases.retry_send import Retry, retry_send

from local.content import compiled_content
from local.faults import CallMade, Fault, FaultPlan, Rule, stops_at
from local.world import ROOT, World
from tests.workflows.privacy import erases
from tests.workflows.story import MONDAY, Story
from tests.workflows.test_identities import services_of

EVENING = datetime(2026, 1, 5, 22, 30, tzinfo=UTC)
ANA = "ana@example.com"
AGAIN = "welcome-again"
SENDER = "send-deferred"

Evening = Callable[..., Story]


@pytest.fixture
def evening() -> Iterator[Evening]:
    """Makes a world in which Ana signed up and confirmed on a Monday, late in the evening."""
    with ExitStack() as stack:

        def make(faults: FaultPlan | None = None) -> Story:
            world = World.build(start=EVENING, seed=1, faults=faults)
            story = Story(stack.enter_context(world), start=EVENING)
            story.signs_up(ANA, role="owner")
            story.confirms(ANA)
            return story

        yield make


def again(story: Story) -> dict[str, Any]:
    """The record of the second welcome."""
    (found,) = [each for each in story.sends(ANA) if each["message"] == AGAIN]
    return found


def test_a_message_waits_until_the_night_is_over_and_says_why(evening: Evening) -> None:
    story = evening()
    story.day(3.01)
    assert story.messages(ANA) == ["confirm", "welcome"]
    record = again(story)
    assert (record["state"], record["reason"]) == ("deferred", "quiet_hours")
    assert record["until"] == "2026-01-09T08:00:00.000Z"
    (event,) = story.events(ANA, "email_deferred")
    assert event["properties"]["reason"] == "quiet_hours"
    (said,) = [
        each
        for each in lines(
            timeline(map(event_of, story.events(ANA)), map(send_of, story.sends(ANA)))
        )
        if "waits" in each
    ]
    assert 'The e-mail "welcome-again" waits. It is Thursday, 22:30 where the contact lives' in said
    story.day(3.4)
    assert story.messages(ANA) == ["confirm", "welcome", AGAIN]
    assert "2026-01-09T08:00" < again(story)["claimed_at"] < "2026-01-09T08:02"
    assert again(story)["wanted_at"] < "2026-01-08T22:31:00.000Z"
    assert story.outcomes() == ["welcomed, no click"]
    assert story.records(ANA, "now#") == ["now#profile", "now#register"]


def test_a_lost_answer_to_its_claim_defers_a_message_all_the_same(evening: Evening) -> None:
    _, trace = live_through()
    first = next(each for each in trace if each.operation == "PutItem" and _defers(each, trace))
    plan = FaultPlan(
        [
            Rule(
                Fault.FAIL_AFTER,
                function=first.function,
                invocation=first.invocation,
                index=first.index,
                code="InternalServerError",
                status=500,
            )
        ]
    )
    story = evening(plan)
    story.day(3.01)
    assert len(plan.struck) == 1
    assert (again(story)["state"], again(story)["reason"]) == ("deferred", "quiet_hours")
    story.day(3.5)
    assert story.messages(ANA) == ["confirm", "welcome", AGAIN]


def _defers(made: CallMade, trace: list[CallMade]) -> bool:
    """Whether it is the claim before a deferral: the next call writes that, and is the last."""
    its_own = [
        each.operation
        for each in trace
        if (each.function, each.invocation) == (made.function, made.invocation)
    ]
    return made.function.endswith("send-email") and its_own[made.index - 1 :] == [
        "PutItem",
        "TransactWriteItems",
    ]


def test_whoever_unsubscribes_meanwhile_leaves_and_gets_nothing(evening: Evening) -> None:
    story = evening()
    story.day(3.01)
    assert story.unsubscribes(ANA) == 200
    assert (again(story)["state"], again(story)["reason"]) == ("skipped", "left")
    assert story.outcomes() == ["left: unsubscribed"]
    story.day(10)
    assert story.messages(ANA) == ["confirm", "welcome"]
    assert story.records(ANA, "now#") == ["now#profile", "now#register"]


def test_an_unsubscribe_counts_although_the_stream_stands_still(evening: Evening) -> None:
    plan = FaultPlan()
    story = evening(plan)
    story.day(3.01)
    stalled = Rule(Fault.FAIL_BEFORE, function="update-contact", times=None, code="Stalled")
    plan.rules.append(stalled)
    assert story.unsubscribes(ANA) == 200
    story.day(3.5)
    assert (again(story)["state"], again(story)["reason"]) == ("skipped", "unsubscribed")
    plan.rules.clear()
    story.day(10)
    assert story.messages(ANA) == ["confirm", "welcome"]
    assert story.outcomes() == ["left: unsubscribed"]


def test_a_stopped_journey_leaves_no_message_behind(evening: Evening) -> None:
    story = evening()
    story.day(3.01)
    (execution,) = story.executions()
    story.world.client("stepfunctions").stop_execution(executionArn=execution["executionArn"])
    story.a_moment()
    assert (again(story)["state"], again(story)["reason"]) == ("skipped", "left")
    assert story.records(ANA, "now#") == ["now#profile", "now#register"]
    story.day(10)
    assert story.messages(ANA) == ["confirm", "welcome"]


class Meanwhile(FaultPlan):
    """A call is slow, and something else happens before its answer comes."""

    def __init__(self, slow: Rule, happens: Callable[[], object]) -> None:
        super().__init__([slow])
        self._happens = happens

    def decide(self, made: CallMade) -> Rule | None:
        rule = super().decide(made)
        if rule:
            self._happens()
        return rule


@pytest.mark.parametrize(
    ("operation", "before"),
    [("Query", 1), ("Query", 0), ("TransactWriteItems", 0)],
    ids=["before the read", "after the read", "after the claim"],
)
def test_who_unsubscribes_before_ses_is_called_gets_nothing(
    evening: Evening, operation: str, before: int
) -> None:
    """After the read the claim is refused with the room; after a slow claim it is read again."""
    _, trace = live_through()
    index = next(
        each.index
        for each in trace
        if each.function.endswith(SENDER) and each.operation == operation
    )
    slow = Rule(Fault.DELAY, function=SENDER, index=index - before, seconds=2)
    plan = Meanwhile(slow, lambda: story.posts_now(urlsplit(url).path))
    story = evening(plan)
    (url,) = re.findall(r"<(https:[^>]+)>", story.mails(ANA)[-1].parts()[0]["List-Unsubscribe"])
    story.day(10)
    assert len(plan.struck) == 1
    assert story.messages(ANA) == ["confirm", "welcome"]
    assert again(story)["state"] == "skipped"
    assert story.outcomes()[0].startswith("left")


def test_an_erased_contact_has_no_message_waiting(evening: Evening) -> None:
    story = evening()
    story.day(3.01)
    erases(story, story.contact(ANA))
    story.day(10)
    records = [each for each in story.rows("Sends") if each.get("message") == AGAIN]
    assert [each["state"] for each in records] == ["skipped"]
    assert "because" not in records[0]
    assert len(story.world.mailbox.to(ANA)) == 2


# -- A person's retry --------------------------------------------------------------------------


def test_what_was_given_up_is_tried_again_when_a_person_asks_and_only_then() -> None:
    dies = Rule(Fault.STOP_BEFORE, function="send-email", service="sesv2", invocation=2)
    with World.build(start=MONDAY, seed=1, faults=FaultPlan([dies])) as world:
        story = Story(world)
        story.signs_up(ANA)
        story.confirms(ANA)
        story.day(1)
        assert story.messages(ANA) == ["confirm"]
        (lost,) = [each for each in story.sends(ANA) if each["message"] == "welcome"]
        assert (lost["state"], lost["reason"]) == ("given_up", "outcome_unknown")
        assert story.outcomes() == ["not sent: outcome_unknown"]
        services = services_of(story)
        assert retry_send(lost["send_id"], asked_by="control-1", services=services) is (
            Retry.WILL_BE_TRIED
        )
        assert retry_send(lost["send_id"], asked_by="control-2", services=services) is (
            Retry.NOT_TO_BE_TRIED
        )
        assert retry_send("NONE", asked_by="control-2", services=services) is Retry.NO_SUCH_MESSAGE
        story.a_moment(180)
        assert story.messages(ANA) == ["confirm", "welcome"]
        (sent,) = [each for each in story.sends(ANA) if each["message"] == "welcome"]
        assert (sent["state"], sent["retried_by"]) == ("delivered", "control-1")
        assert retry_send(lost["send_id"], asked_by="control-3", services=services) is (
            Retry.NOT_TO_BE_TRIED
        )
        assert story.records(ANA, "now#") == ["now#profile", "now#register"]


def test_what_ses_took_after_all_is_not_made_again() -> None:
    """The report comes when a person has already asked for another try."""
    dies = Rule(Fault.STOP_AFTER, function="send-email", service="sesv2", invocation=2)
    mute = Rule(Fault.FAIL_BEFORE, function="record-email-event", times=None, code="Stalled")
    plan = FaultPlan([dies, mute])
    with World.build(start=MONDAY, seed=1, faults=plan) as world:
        story = Story(world)
        story.signs_up(ANA)
        story.confirms(ANA)
        story.day(0.06)
        (lost,) = [each for each in story.sends(ANA) if each["message"] == "welcome"]
        assert lost["state"] == "given_up"
        plan.rules.clear()
        again_ = retry_send(lost["send_id"], asked_by="control-1", services=services_of(story))
        assert again_ is Retry.WILL_BE_TRIED
        services = services_of(story)
        content = Content.open(compiled_content(ROOT))
        cast("Any", services).plan = Plan(content.rules, ZoneInfo("UTC"))
        brakes = Brakes(services.store, content.sending.pace.brake, now=services.now)
        cast("Any", services).brakes = brakes
        record_report(report(lost["send_id"]), services)
        story.day(1)
        assert story.messages(ANA) == ["confirm", "welcome"]
        (record,) = [each for each in story.sends(ANA) if each["message"] == "welcome"]
        assert SendState(record["state"]).went_out


def report(send_id: str) -> Report:
    return Report(Kind.DELIVERY, "ses-1", send_id, MONDAY + timedelta(hours=2), {})


# -- Stopped anywhere --------------------------------------------------------------------------


def live_through(faults: FaultPlan | None = None) -> tuple[dict[str, Any], list[CallMade]]:
    """Ana's second welcome waits for the morning; ten days pass. What there is then."""
    with World.build(start=EVENING, seed=1, faults=faults) as world:
        trace: list[CallMade] = []
        world.sandboxes.trace = trace
        story = Story(world, start=EVENING)
        story.signs_up(ANA, role="owner")
        story.a_moment(600)
        if "confirm" in story.messages(ANA):
            story.confirms(ANA)
        story.day(10)
        there = {
            "mails": Counter(story.messages(ANA)),
            "ledger": {each["message"]: each["state"] for each in story.sends(ANA)},
            "outcomes": story.outcomes(),
            "open": story.records(ANA, "now#"),
        }
        return there, trace


def assert_nobody_lost_or_doubled(there: dict[str, Any], where: str) -> None:
    assert all(count == 1 for count in there["mails"].values()), f"{where}: {there}"
    states = {name: SendState(state) for name, state in there["ledger"].items()}
    assert all(state.is_final for state in states.values()), f"{where}: {there}"
    went_out = {name for name, state in states.items() if state.went_out}
    assert went_out == set(there["mails"]), f"{where}: the ledger says what the mail box holds"
    assert there["outcomes"][0] in {"welcomed, no click", "not sent: outcome_unknown"}, where
    assert there["open"] == ["now#profile", "now#register"], f"{where}: {there}"


def stops(trace: list[CallMade], *functions: str) -> list[tuple[CallMade, FaultPlan]]:
    return list(stops_at([made for made in trace if made.function.endswith(functions)]))


def test_a_woken_message_that_is_stopped_somewhere_is_sent_once_or_given_up() -> None:
    there, trace = live_through()
    assert there["outcomes"] == ["welcomed, no click"]
    for made, plan in stops(trace, SENDER, "settle-sends")[::15]:
        found, _ = live_through(plan)
        assert plan.struck, f"the fault at {made} never struck"
        assert_nobody_lost_or_doubled(found, f"{made} {plan.rules[0].fault}")


@pytest.mark.long
def test_stopped_at_every_call_it_is_sent_once_or_given_up() -> None:
    _, trace = live_through()
    for made, plan in stops(trace, SENDER, "settle-sends", "send-email"):
        found, _ = live_through(plan)
        assert plan.struck, f"the fault at {made} never struck"
        assert_nobody_lost_or_doubled(found, f"{made} {plan.rules[0].fault}")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(250))
def test_stopped_twice_it_is_sent_once_or_given_up(seed: int) -> None:
    _, trace = live_through()
    chance = random.Random(seed)
    rules = [plan.rules[0] for _, plan in stops(trace, SENDER, "settle-sends", "send-email")]
    found, _ = live_through(FaultPlan(chance.sample(rules, 2)))
    assert_nobody_lost_or_doubled(found, f"seed {seed}")


def test_a_message_woken_twice_is_sent_once() -> None:
    twice = Rule(Fault.REPEAT, function="settle-sends", service="sqs", times=None)
    found, _ = live_through(FaultPlan([twice]))
    assert found["outcomes"] == ["welcomed, no click"]
    assert_nobody_lost_or_doubled(found, "woken twice")


@pytest.mark.parametrize("apart", [0.0, 0.004, 0.02])
def test_of_two_senders_who_have_the_same_message_one_sends(evening: Evening, apart: float) -> None:
    """They take turns at their calls."""
    stuck = Rule(Fault.FAIL_BEFORE, function="settle-sends", times=None, code="Stalled")
    story = evening(FaultPlan([stuck]))
    story.day(3.5)
    event = {"Records": [{"messageId": "1", "body": again(story)["send_id"]}]}
    world, name = story.world, story.world.function_name("send_deferred")
    answers: list[object] = []
    for after in (0.0, apart):
        world.hub.after(
            after,
            lambda: world.sandboxes.invoke(name, event, lambda it: answers.append(it.payload)),
        )
    story.a_moment()
    assert answers == [{"batchItemFailures": []}] * 2
    assert story.messages(ANA) == ["confirm", "welcome", AGAIN]
    assert story.outcomes() == ["welcomed, no click"]
    assert story.records(ANA, "now#") == ["now#profile", "now#register"]
