"""Stopped at every AWS call, before it and after it: nobody lost, nobody mailed twice.

The short form stops at a spread of the calls, `make test-long` at every one.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from relance.ledger import SendState

from local.faults import CallMade, FaultPlan, stops_at
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
    for made, plan in list(plans(trace, function))[::7]:
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
