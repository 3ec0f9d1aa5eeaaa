"""`did` and `did_not`: how often, ever or in a window of the past (`acts`)."""

from relance.conditions.acts import NOTHING, kept_since, on_days, slide, told_by_the_last
from relance.conditions.facts import FOREVER, Facts
from relance.conditions.needs import Depth, Needs
from relance.conditions.node import (
    NEVER,
    Canonical,
    Evaluate,
    Node,
    Verdict,
    text,
    timeless,
    whole,
)


def count(leaf: Canonical) -> Node:
    """`at_least` and `at_most` so many times."""
    name = text(leaf, "behaviour")
    least = whole(leaf, "at_least") if "at_least" in leaf else 0
    most = whole(leaf, "at_most") if "at_most" in leaf else FOREVER
    if "far" in leaf:
        return _rolling(name, least, most, leaf)
    if "from" in leaf:
        return _calendar(name, least, most, leaf)

    def ever(facts: Facts) -> bool:
        done = facts.behaviours.get(name)
        return least <= (done.times if done is not None else 0) <= most

    return timeless(ever, Needs(behaviours={name: Depth()}))


def _calendar(name: str, least: int, most: int, leaf: Canonical) -> Node:
    inside = on_days(leaf)
    if told_by_the_last(leaf):

        def since(facts: Facts) -> bool:
            done = facts.behaviours.get(name, NOTHING)
            start, end = inside(facts, [(done.last, "", {})] if done.times else [])
            return least <= end - start <= most

        return timeless(since, Needs(behaviours={name: Depth()}, zone=True))

    def test(facts: Facts) -> bool:
        start, end = inside(facts, facts.behaviours.get(name, NOTHING).newest)
        return least <= end - start <= most

    return timeless(test, Needs(behaviours={name: Depth(since=kept_since(leaf))}, zone=True))


def _rolling(name: str, least: int, most: int, leaf: Canonical) -> Node:
    """A window that ends now loses its acts one by one, and only a new event enters it.

    So the `least`-th newest act and the one after the `most`-th say everything.
    """
    far, near = whole(leaf, "far"), whole(leaf, "near")
    if near:
        evaluate, depth = _sliding(name, least, most, (far, near)), Depth(window=far)
    elif most == FOREVER:
        evaluate = (
            _by_the_last(name, far, done_is=True) if least == 1 else _at_least(name, least, far)
        )
        depth = Depth(newest=least if least > 1 else 0)
    elif not most:
        evaluate, depth = _by_the_last(name, far, done_is=False), Depth()
    else:
        evaluate, depth = _between(name, least, most, far), Depth(newest=most + 1)
    return Node(evaluate, Needs(behaviours={name: depth}))


def _by_the_last(name: str, far: int, *, done_is: bool) -> Evaluate:
    """At least once, or not at all: until the last act leaves the window, and ever after."""
    gone: Verdict = (not done_is, FOREVER)

    def evaluate(facts: Facts, now: int) -> Verdict:
        done = facts.behaviours.get(name)
        if done is None or not done.times:
            return gone
        until = done.last + far
        return (done_is, until) if until > now else gone

    return evaluate


def _at_least(name: str, least: int, far: int) -> Evaluate:
    def evaluate(facts: Facts, now: int) -> Verdict:
        done = facts.behaviours.get(name)
        if done is None or len(done.newest) < least:
            return NEVER
        until = done.newest[-least][0] + far
        return (True, until) if until > now else NEVER

    return evaluate


def _between(name: str, least: int, most: int, far: int) -> Evaluate:
    def evaluate(facts: Facts, now: int) -> Verdict:
        newest = facts.behaviours.get(name, NOTHING).newest
        there = len(newest)
        if there < least:
            return NEVER
        too_few = newest[-least][0] + far if least else FOREVER
        if there > most:
            enough = newest[-most - 1][0] + far
            if enough > now:
                # Too many still. Once enough have left, too many may have left with them.
                return False, enough if enough < too_few else FOREVER
        return (True, too_few) if too_few > now else NEVER

    return evaluate


def _sliding(name: str, least: int, most: int, window: tuple[int, int]) -> Evaluate:
    far, near = window

    def judge(start: int, end: int) -> bool:
        return least <= end - start <= most

    def evaluate(facts: Facts, now: int) -> Verdict:
        return slide(facts.behaviours.get(name, NOTHING).newest, far, near, now, judge)

    return evaluate
