"""`all`, `any` and `none`, with the exact instant at which the whole changes.

The three are one question: is every part as it must be (all: true, any and none: false)? While
all are, the first part to change changes the whole. While some are not, the whole cannot change
before the last of them does, so that instant is looked at next, and so on: a leap per step, and
the first instant at which every part is as it must be is the answer.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from relance.conditions.facts import FOREVER, Facts
from relance.conditions.needs import Needs
from relance.conditions.node import Evaluate, Node, Test, Verdict, timeless

STEPS = 64
"""How many leaps are made. After so many the instant reached is given as `until`, where the
verdict may well be the same: a wake too early costs one evaluation, one too late would be wrong."""


def all_of(nodes: Sequence[Node]) -> Node:
    """Every part holds."""
    return _every(nodes, wanted=True, then=True)


def any_of(nodes: Sequence[Node]) -> Node:
    """At least one part holds."""
    return _every(nodes, wanted=False, then=False)


def none_of(nodes: Sequence[Node]) -> Node:
    """No part holds."""
    return _every(nodes, wanted=False, then=True)


def _every(nodes: Sequence[Node], *, wanted: bool, then: bool) -> Node:
    """The verdict is `then` exactly when every part's verdict is `wanted`."""
    needs = reduce(or_, (node.needs for node in nodes), Needs())
    tests = tuple(node.test for node in nodes if node.test is not None)
    timed = tuple(node.evaluate for node in nodes if node.test is None)
    if not timed:
        return timeless(_tests(tests, wanted=wanted, then=then), needs)
    return Node(_evaluation(tests, timed, wanted=wanted, then=then), needs)


def _tests(tests: tuple[Test, ...], *, wanted: bool, then: bool) -> Test:
    def test(facts: Facts) -> bool:
        for each in tests:
            if each(facts) is not wanted:
                return not then
        return then

    return test


def _evaluation(
    tests: tuple[Test, ...], timed: tuple[Evaluate, ...], *, wanted: bool, then: bool
) -> Evaluate:
    """Timeless parts first: they are cheap, and a wrong one settles the matter for ever."""
    settled: Verdict = (not then, FOREVER)

    def evaluate(facts: Facts, now: int) -> Verdict:
        for test in tests:
            if test(facts) is not wanted:
                return settled
        soonest, latest = FOREVER, 0
        for each in timed:
            holds, until = each(facts, now)
            if holds is wanted:
                soonest = min(soonest, until)
            elif until == FOREVER:
                return settled
            elif until > latest:
                latest = until
        if not latest:
            return then, soonest
        return not then, _first_time(timed, facts, latest, wanted=wanted)

    return evaluate


def _first_time(timed: tuple[Evaluate, ...], facts: Facts, at: int, *, wanted: bool) -> int:
    """The first instant from `at` on at which every part's verdict is `wanted`."""
    for _ in range(STEPS):
        latest = 0
        for each in timed:
            holds, until = each(facts, at)
            if holds is not wanted and until > latest:
                latest = until
                if until == FOREVER:
                    return FOREVER
        if not latest:
            return at
        at = latest
    return at
