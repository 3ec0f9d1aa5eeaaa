"""`all`, `any` and `none`, with the exact instant at which the whole changes.

The three are one question: is every part as it must be (all: true, any and none: false)? While
all are, the first part to change changes the whole. While one is not, the whole cannot change
before that part does, so the parts are asked again at that instant, and so on, leap by leap: the
first instant at which all of them are as they must be is the answer.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from relance.conditions.facts import FOREVER, Facts
from relance.conditions.needs import Needs
from relance.conditions.node import Evaluate, Node, Test, Verdict, timeless

STEPS = 64
"""How many leaps are made. After that the instant reached is given as `until`, where
the verdict may well be the same: a wake too early costs one evaluation, one too late is wrong."""


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
    moving = sorted((node for node in nodes if node.test is None), key=lambda node: node.cost)
    if not moving:
        return timeless(_tests(tests, wanted=wanted, then=then), needs)
    timed = tuple(node.evaluate for node in moving)
    cost = sum(node.cost for node in nodes)
    return Node(_evaluation(tests, timed, wanted=wanted, then=then), needs, cost=cost)


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
    """Timeless parts first, then the cheaper: a wrong one may settle the matter for ever."""
    settled: Verdict = (not then, FOREVER)

    def evaluate(facts: Facts, now: int) -> Verdict:
        for test in tests:
            if test(facts) is not wanted:
                return settled
        soonest = FOREVER
        for each in timed:
            holds, until = each(facts, now)
            if holds is not wanted:
                if until == FOREVER:
                    return settled
                return not then, _first_time(timed, facts, until, wanted=wanted)
            soonest = min(soonest, until)
        return then, soonest

    return evaluate


def _first_time(timed: tuple[Evaluate, ...], facts: Facts, at: int, *, wanted: bool) -> int:
    """The first instant from `at` on at which every part's verdict is `wanted`.

    A part is asked again only when its own `until` has come, so that parts which are groups look
    at each stretch of time once, however deep they stand.
    """
    so_until = [at] * len(timed)
    for _ in range(STEPS):
        for index, each in enumerate(timed):
            if so_until[index] > at:
                continue
            holds, until = each(facts, at)
            if holds is not wanted:
                if until == FOREVER:
                    return FOREVER
                at = until
                break
            so_until[index] = until
        else:
            return at
    return at
