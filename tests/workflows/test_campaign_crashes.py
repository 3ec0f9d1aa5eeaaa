"""A campaign stopped at every AWS call, before it and after it: nobody lost, nobody mailed twice.

The short form stops at a spread of the calls, `make test-long` at every one, at pairs of them, and
at whatever chance hits.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from relance.ledger import SendState

from local.faults import CallMade, Fault, FaultPlan, Rule, SeededFaults, stops_at
from local.services.ses_account import Quota
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
@pytest.mark.parametrize("seed", range(400))
def test_whatever_chance_does_nobody_is_lost_or_doubled(gathered: Gathered, seed: int) -> None:
    with gathered.somewhere() as mailing:
        mailing.world.sandboxes.faults = SeededFaults(seed, rate=0.15, faults=SOME)
        mailing.world.start("operation-send-campaign", asked(confirm=SIZE))
        mailing.world.run(for_=timedelta(minutes=40))
        _brought_to_an_end(mailing)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(250))
def test_whatever_people_do_and_chance_does_nobody_is_lost_or_doubled(
    gathered: Gathered, seed: int
) -> None:
    chance = random.Random(seed)
    with gathered.somewhere(quota=Quota(per_second=chance.choice((1, 2, 20)))) as mailing:
        _reports_are_unreliable(mailing, seed)
        mailing.world.sandboxes.faults = SeededFaults(seed, rate=0.04, faults=SOME)
        gone: dict[int, float] = {}
        mailing.world.start("operation-send-campaign", asked(confirm=SIZE))
        for _ in range(8):
            mailing.world.run(for_=timedelta(seconds=chance.choice((0.1, 0.7, 2, 5, 40))))
            act = chance.choice(("unsubscribe", "pause", "resume", "resume", "start", "cancel"))
            if act == "unsubscribe":
                number = chance.randrange(SIZE)
                mailing.unsubscribes(number)
                gone.setdefault(number, mailing.world.now.timestamp())
            elif act == "start":
                mailing.world.start("operation-send-campaign", asked(confirm=SIZE))
            elif act != "cancel" or chance.random() < 0.2:
                mailing.controls(act, minutes=0.01)
        mailing.world.run(for_=timedelta(minutes=30))
        _brought_to_an_end(mailing)
        for number, left_at in gone.items():
            for mail in mailing.world.mailbox.to(mailing.address(number)):
                assert mail.sent_at < left_at + JUST_CLAIMED, "claimed before, or not at all"


JUST_CLAIMED = 8
"""Seconds between a claim and its mail: an answer that comes late, the wait for a tick."""


def _reports_are_unreliable(mailing: Mailing, seed: int) -> None:
    """Reports of SES come late, twice, in any order, over the bus not always."""
    feedback = mailing.world.feedback
    feedback.seed, feedback.delayed, feedback.delay = seed, 0.2, 1200
    feedback.doubled, feedback.disordered, feedback.lost_on_bus = 0.3, 0.5, 0.3


def _brought_to_an_end(mailing: Mailing) -> None:
    """Nothing goes wrong any more, somebody sees to what broke off, and all adds up."""
    mailing.world.sandboxes.faults = None
    mailing.world.run(for_=timedelta(hours=5))
    mailing.sends_lost_reports_again()
    if mailing.record() is None:
        mailing.sends(minutes=300)
    for _ in range(2):
        if "ended_at" not in (record := mailing.record() or {}):
            cancelled = record["standing"] == "cancelled"
            mailing.controls("cancel" if cancelled else "resume", minutes=300)
    assert "ended_at" in (mailing.record() or {}), mailing.latest()
    mails, ledger = mailing.mails(), mailing.ledger()
    assert all(count == 1 for count in mails.values()), mails
    assert ledger.total() == SIZE, ledger
    states: Counter[SendState] = Counter()
    for state, count in ledger.items():
        states[SendState(state.partition("/")[0])] += count
    assert all(state.is_final for state in states), ledger
    reached = sum(count for state, count in states.items() if state.went_out)
    assert reached == mails.total() == mailing.told_in_histories().total(), ledger
