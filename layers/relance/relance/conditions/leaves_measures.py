"""`sum` and `max` of a property of what a contact did, ever or in a window of the past (`acts`).

Who never did it has a sum of 0 and no greatest value; an event without the property counts for
neither. Of a path into a list (`products[].price`) every entry counts.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from relance.conditions.acts import NOTHING, Judge, greatest_of, kept_since, on_days, running, slide
from relance.conditions.facts import Act, Done, Facts
from relance.conditions.needs import Depth, Needs
from relance.conditions.node import Canonical, Node, Verdict, bounds, text, timeless, whole

_Judging: TypeAlias = Callable[[Sequence[Act]], Judge]


def total(leaf: Canonical) -> Node:
    """`did: ordered`, `sum: {of: revenue, at_least: 200}`."""
    of = text(leaf, "of")
    low, high = bounds(leaf)

    def judging(acts: Sequence[Act]) -> Judge:
        sums = running([act[2].get(of, 0) for act in acts])
        return lambda start, end: low <= sums[end] - sums[start] < high

    def ever(done: Done) -> bool:
        return low <= done.sums.get(of, 0) < high

    if "far" in leaf or "from" in leaf:
        return _in_window(leaf, of, judging)
    return _ever(leaf, ever, Depth(sums=frozenset({of})))


def greatest(leaf: Canonical) -> Node:
    """`did: ordered`, `max: {of: revenue, at_least: 500}`."""
    of = greatest_of(text(leaf, "of"))
    low, high = bounds(leaf)

    def judging(acts: Sequence[Act]) -> Judge:
        values = [act[2].get(of) for act in acts]
        enough = running([value is not None and value >= low for value in values])
        beyond = running([value is not None and value >= high for value in values])
        return lambda start, end: enough[end] > enough[start] and beyond[end] == beyond[start]

    def ever(done: Done) -> bool:
        value = done.maxima.get(of)
        return value is not None and low <= value < high

    if "far" in leaf or "from" in leaf:
        return _in_window(leaf, of, judging)
    return _ever(leaf, ever, Depth(maxima=frozenset({of})))


def _ever(leaf: Canonical, ever: Callable[[Done], bool], depth: Depth) -> Node:
    name = text(leaf, "behaviour")
    return timeless(
        lambda facts: ever(facts.behaviours.get(name, NOTHING)), Needs(behaviours={name: depth})
    )


def _in_window(leaf: Canonical, of: str, judging: _Judging) -> Node:
    name, numbers = text(leaf, "behaviour"), frozenset({of})
    if "from" in leaf:
        inside = on_days(leaf)

        def test(facts: Facts) -> bool:
            acts = facts.behaviours.get(name, NOTHING).newest
            return judging(acts)(*inside(facts, acts))

        depth = Depth(since=kept_since(leaf), numbers=numbers)
        return timeless(test, Needs(behaviours={name: depth}, zone=True))
    far, near = whole(leaf, "far"), whole(leaf, "near")

    def evaluate(facts: Facts, now: int) -> Verdict:
        acts = facts.behaviours.get(name, NOTHING).newest
        return slide(acts, far, near, now, judging(acts))

    needs = Needs(behaviours={name: Depth(window=far, numbers=numbers)})
    return Node(evaluate, needs, cost=20)
