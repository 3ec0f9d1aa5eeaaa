"""A campaign stopped at every AWS call, before it and after it: nobody lost, nobody mailed twice.

The short form stops at a spread of the calls, `make test-long` at every one, at pairs of them, and
at whatever chance hits.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from relance.ledger import SendState

from local.faults import CallMade, Fault, FaultPlan, Rule, SeededFaults, stops_at
from tests.workflows.mailing import Gathered, Mailing, asked

FUNCTIONS = ("send-batch", "list-audience", "count-campaign")
SIZE = 5


@pytest.fixture(scope="module")
def gathered() -> Gathered:
    """Five people: one has unsubscribed, one wants a mail a week."""
    return Gathered.of(SIZE)


@dataclass(frozen=True)
class Result:
    """What there is in the end."""

    ended: dict[str, Any]
    mails: Counter[str]
    ledger: Counter[str]
    trace: list[CallMade]


def live_through(gathered: Gathered, faults: FaultPlan | None = None) -> Result:
    """The campaign is sent, five hours pass; if it broke off, somebody says resume."""
    with gathered.somewhere() as mailing:
        mailing.unsubscribes(1)
        mailing.changes(2, frequency={"mode": "weekly", "at": "2026-01-01T00:00:00.000Z"})
        mailing.world.sandboxes.faults = faults
        trace: list[CallMade] = []
        mailing.world.sandboxes.trace = trace
        execution = mailing.world.start("operation-send-campaign", asked(confirm=SIZE))
        ended = mailing.ending(execution, minutes=300)
        if ended["status"] != "SUCCEEDED" and mailing.ledger():
            mailing.controls("resume", minutes=300)
            ended = mailing.latest()
        _nobody_lost_or_doubled(mailing, ended)
        return Result(ended, mailing.mails(), mailing.ledger(), trace)


def _nobody_lost_or_doubled(mailing: Mailing, ended: dict[str, Any]) -> None:
    assert ended["output"]["outcome"] == "sent", ended
    mailing.adds_up(ended)
    ledger = mailing.ledger()
    assert ledger.total() == SIZE, ledger
    assert ledger["skipped/unsubscribed"] == 1, ledger
    assert not ledger.keys() - {"delivered", "given_up", "skipped/unsubscribed"}, ledger
    assert mailing.address(1) not in mailing.mails()
    reached = sum(
        count for state, count in ledger.items() if SendState(state.partition("/")[0]).went_out
    )
    assert reached + ledger["given_up"] == SIZE - 1, ledger


@pytest.fixture(scope="module")
def undisturbed(gathered: Gathered) -> Result:
    """The run in which nothing goes wrong."""
    return live_through(gathered)


def plans(trace: list[CallMade], function: str) -> Iterator[tuple[CallMade, FaultPlan]]:
    return stops_at([made for made in trace if made.function.endswith(function)])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_stopped_at_a_call_and_run_again_nobody_is_lost_or_doubled(
    gathered: Gathered, undisturbed: Result, function: str
) -> None:
    spread = 6 if function == "send-batch" else 13
    for made, plan in list(plans(undisturbed.trace, function))[1::spread]:
        result = live_through(gathered, plan)
        assert plan.struck, f"the fault at {made} never struck"
        assert result.mails.total() in range(SIZE), f"{made} {plan.rules[0].fault}"


@pytest.mark.long
@pytest.mark.parametrize("function", FUNCTIONS)
def test_stopped_at_every_call_nobody_is_lost_or_doubled(
    gathered: Gathered, undisturbed: Result, function: str
) -> None:
    for made, plan in plans(undisturbed.trace, function):
        live_through(gathered, plan)
        assert plan.struck, f"the fault at {made} never struck"


@pytest.mark.long
def test_stopped_twice_nobody_is_lost_or_doubled(gathered: Gathered, undisturbed: Result) -> None:
    calls = [made for made in undisturbed.trace if made.function.endswith("send-batch")]
    for first in calls:
        for fault in (Fault.STOP_BEFORE, Fault.STOP_AFTER, Fault.FAIL_AFTER):
            for second in (1, 2, 3, 5):
                rules = [
                    Rule(fault, function="send-batch", invocation=1, index=first.index),
                    Rule(Fault.STOP_AFTER, function="send-batch", invocation=2, index=second),
                ]
                live_through(gathered, FaultPlan(rules))


SOME = (
    Fault.STOP_BEFORE, Fault.STOP_AFTER, Fault.FAIL_BEFORE, Fault.FAIL_AFTER, Fault.DELAY,
)  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("seed", range(300))
def test_whatever_chance_does_nobody_is_lost_or_doubled(gathered: Gathered, seed: int) -> None:
    with gathered.somewhere() as mailing:
        faults = SeededFaults(seed, rate=0.15, faults=SOME)
        mailing.world.sandboxes.faults = faults
        mailing.world.start("operation-send-campaign", asked(confirm=SIZE))
        mailing.world.run(for_=timedelta(minutes=40))
        mailing.world.sandboxes.faults = None
        mailing.world.run(for_=timedelta(hours=5))
        mailing.sends_lost_reports_again()
        if not mailing.is_begun():
            mailing.sends(minutes=300)
        elif mailing.latest()["status"] != "SUCCEEDED":
            mailing.controls("resume", minutes=300)
        ended = mailing.latest()
        if ended["status"] != "SUCCEEDED":  # it broke off behind the end of the campaign
            ended = mailing.sends(minutes=300)
        if ended["output"]["outcome"] == "paused":
            mailing.controls("resume", minutes=300)
            ended = mailing.latest()
        assert ended["output"]["outcome"] in ("sent", "already"), ended
        mails = mailing.mails()
        assert all(count == 1 for count in mails.values()), mails
        ledger = mailing.ledger()
        assert ledger.total() == SIZE, ledger
        states = {SendState(state.partition("/")[0]): n for state, n in ledger.items()}
        assert all(state.is_final for state in states), ledger
        reached = sum(count for state, count in states.items() if state.went_out)
        assert reached == mails.total() == mailing.told_in_histories().total(), ledger
