"""Stopped at every AWS call, before it and after it: nobody lost, nobody mailed twice.

The short form stops at a spread of the calls, `make test-long` at every one, and at whatever chance
hits.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from relance.ledger import SendState

from local.faults import CallMade, Fault, FaultPlan, SeededFaults, stops_at
from local.world import World
from tests.workflows.story import MONDAY, Story

ANA = "ana@example.com"
FUNCTIONS = ("send-email", "update-contact", "record-email-event")
ENDINGS = {"became engaged", "not sent: outcome_unknown", "left: unsubscribed"}


@dataclass(frozen=True)
class Result:
    """What is compared between the disturbed and the undisturbed run."""

    mails: Counter[str]
    ledger: dict[str, str]
    outcomes: list[str]
    facts: Counter[str]
    profile: dict[str, object]
    scores: dict[str, float]


def live_through(faults: FaultPlan | None = None) -> tuple[Result, list[CallMade]]:
    """Ana signs up, confirms, clicks; then ten days pass. What there is then."""
    with World.build(start=MONDAY, seed=1, faults=faults) as world:
        world.sandboxes.trace = trace = []
        story = Story(world)
        story.signs_up(ANA, role="owner")
        story.day(0.2)
        if "confirm" in story.messages(ANA):
            story.confirms(ANA)
        story.day(1)
        if "welcome" in story.messages(ANA):
            story.clicks(ANA)
        story.day(10)
        assert story.records(ANA, "now#") == ["now#profile", "now#register"], "nothing is left open"
        profile = story.profile(ANA)
        scores = {name: each[0] for name, each in profile["fading"].items()}
        return (
            Result(
                mails=Counter(story.messages(ANA)),
                ledger={each["message"]: each["state"] for each in story.sends(ANA)},
                # An event that is told twice starts a second execution, which ends at once.
                outcomes=[each for each in story.outcomes() if each != "already in"],
                facts=Counter(story.names(ANA)),
                profile={
                    "lists": list(profile["lists"]),
                    "behaviours": sorted(profile["behaviours"]),
                    "decided": {name: each[0] for name, each in profile["decided"].items()},
                },
                scores=scores,
            ),
            trace,
        )


@pytest.fixture(scope="module")
def undisturbed() -> tuple[Result, list[CallMade]]:
    """The run in which nothing goes wrong."""
    return live_through()


def plans(trace: list[CallMade], function: str) -> Iterator[tuple[CallMade, FaultPlan]]:
    return stops_at([made for made in trace if made.function.endswith(function)])


def assert_nobody_lost_or_doubled(result: Result, expected: Result, where: str) -> None:
    assert all(count == 1 for count in result.mails.values()), f"{where}: {result.mails}"
    final = {state.value for state in SendState if state.is_final}
    assert set(result.ledger.values()) <= final, f"{where}: {result.ledger}"
    assert len(result.outcomes) == 1, where
    assert result.outcomes[0] in ENDINGS, f"{where}: {result.outcomes}"
    went_out = {name for name, state in result.ledger.items() if SendState(state).went_out}
    assert went_out == set(result.mails), f"{where}: the ledger says what the mail box holds"
    if "given_up" not in result.ledger.values():
        assert replace(result, scores={}) == replace(expected, scores={}), where
        # What came a few seconds later has faded a little less.
        assert result.scores == pytest.approx(expected.scores, rel=1e-4), where


@pytest.mark.parametrize("function", FUNCTIONS)
def test_stopped_at_a_call_and_run_again_it_comes_out_the_same(
    undisturbed: tuple[Result, list[CallMade]], function: str
) -> None:
    expected, trace = undisturbed
    for made, plan in list(plans(trace, function))[::13]:
        result, _ = live_through(plan)
        assert plan.struck, f"the fault at {made} never struck"
        assert_nobody_lost_or_doubled(result, expected, f"{made} {plan.rules[0].fault}")


@pytest.mark.long
@pytest.mark.parametrize("function", FUNCTIONS)
def test_stopped_at_every_call_it_comes_out_the_same(
    undisturbed: tuple[Result, list[CallMade]], function: str
) -> None:
    expected, trace = undisturbed
    for made, plan in plans(trace, function):
        result, _ = live_through(plan)
        assert plan.struck, f"the fault at {made} never struck"
        assert_nobody_lost_or_doubled(result, expected, f"{made} {plan.rules[0].fault}")


# -- whatever chance does ------------------------------------------------------------------------

SOME = (
    Fault.STOP_BEFORE, Fault.STOP_AFTER, Fault.FAIL_BEFORE, Fault.FAIL_AFTER, Fault.DELAY,
)  # fmt: skip
PEOPLE = (ANA, "ben@example.com", "cem@example.com")
FINAL = {state.value for state in SendState if state.is_final}
SETTLED_BY = timedelta(hours=2)
"""After the last fault: the settling time, the sweep after it, the last report of SES."""


def weather(story: Story, seed: int, chance: random.Random) -> None:
    """Calls fail, functions die, reports of SES come late, twice, in any order or not at all."""
    rate = chance.choice((0.01, 0.03, 0.06))
    story.world.sandboxes.faults = SeededFaults(seed, rate=rate, faults=SOME)
    feedback = story.world.feedback
    feedback.seed, feedback.delayed, feedback.delay = seed, 0.2, 1200
    feedback.doubled, feedback.disordered, feedback.lost_on_bus = 0.3, 0.5, 0.3


def in_spite_of_it(story: Story, act: Callable[[str], object], address: str) -> None:
    """Somebody does something whose own request fails for nobody: they would press again."""
    faults, story.world.sandboxes.faults = story.world.sandboxes.faults, None
    act(address)
    story.world.sandboxes.faults = faults


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1_100))
def test_whatever_chance_does_nobody_is_lost_or_doubled(seed: int) -> None:
    lived_through(seed)


def test_in_some_weather_nobody_is_lost_or_doubled() -> None:
    for seed in (2_000, 2_001):
        lived_through(seed)


def lived_through(seed: int) -> None:
    """Three people sign up and do what they do for three bad days; then a fortnight is fine."""
    chance = random.Random(seed)
    with World.build(start=MONDAY, seed=seed) as world:
        story = Story(world)
        for address in PEOPLE:
            story.signs_up(address)
        weather(story, seed, chance)
        for hour in sorted(chance.uniform(0.1, 72) for _ in range(9)):
            story.day(hour / 24)
            address = chance.choice(PEOPLE)
            known = story.messages(address)
            acts = (
                [story.confirms] * 2
                if known[-1:] == ["confirm"]
                else [story.clicks] * ("welcome" in known)
            ) + [story.unsubscribes] * (chance.random() < 0.3 and "welcome" in known)
            if acts:
                in_spite_of_it(story, chance.choice(acts), address)
        story.day(3.1)
        world.sandboxes.faults = None
        world.run(for_=SETTLED_BY)
        for address in PEOPLE:
            unsettled = {
                each["message"]: each["state"]
                for each in story.sends(address)
                if each["state"] in (SendState.CLAIMED, SendState.UNKNOWN)
            }
            assert not unsettled, f"seed {seed}: {unsettled}"
        story.day(18)
        for address in PEOPLE:
            told_apart(story, address, f"seed {seed}, {address}")


def told_apart(story: Story, address: str, where: str) -> None:
    """Mail box, ledger and history agree, and the journey has one named ending."""
    mails = Counter(story.messages(address))
    assert all(count == 1 for count in mails.values()), f"{where}: {mails}"
    ledger = {each["message"]: each["state"] for each in story.sends(address)}
    assert set(ledger.values()) <= FINAL, f"{where}: {ledger}"
    went_out = {name for name, state in ledger.items() if SendState(state).went_out}
    given_up = {name for name, state in ledger.items() if state == SendState.GIVEN_UP}
    assert went_out <= set(mails) <= went_out | given_up, f"{where}: {ledger} {mails}"
    sent = Counter(event["properties"]["message"] for event in story.events(address, "email_sent"))
    assert sent == Counter(went_out), f"{where}: {sent} {ledger}"
    assert story.records(address, "now#") == ["now#profile", "now#register"], where
