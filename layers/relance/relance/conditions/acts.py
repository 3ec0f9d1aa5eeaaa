"""The acts of a behaviour that fall into a window of the past.

`far` and `near` (ms) hold the acts with now − far < occurred ≤ now − near, so that an act enters
at occurred + near and leaves at exactly occurred + far. `from` and `to` are calendar days where
the contact lives, both of them included.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import date
from itertools import accumulate
from typing import TypeAlias

from relance.conditions.days import start_of
from relance.conditions.facts import DAY, FOREVER, Act, Done, Facts
from relance.conditions.node import Canonical, Verdict, text

NOTHING = Done(times=0, first=0, last=0)
"""What somebody did who never did it."""

_EPOCH = date(1970, 1, 1).toordinal()
_ZONES_AHEAD = 16 * 3_600_000
"""No day begins earlier than so long before its beginning in UTC."""

Judge: TypeAlias = Callable[[int, int], bool]
"""Whether it holds of the acts from one index up to, without, another."""

Inside: TypeAlias = Callable[[Facts, Sequence[Act]], tuple[int, int]]
"""Which acts are in a window, as such indexes."""


def slide(acts: Sequence[Act], far: int, near: int, now: int, judge: Judge) -> Verdict:
    """The verdict on a window at `now`, and the first instant at which moving on changes it."""
    start = bisect_left(acts, (now - far + 1,))
    end = bisect_left(acts, (now - near + 1,))
    there = len(acts)
    holds = judge(start, end)
    while start < there:
        at = acts[start][0] + far
        if end < there:
            at = min(at, acts[end][0] + near)
        while start < there and acts[start][0] + far <= at:
            start += 1
        while end < there and acts[end][0] + near <= at:
            end += 1
        if judge(start, end) is not holds:
            return holds, at
    return holds, FOREVER


def on_days(leaf: Canonical) -> Inside:
    """The acts on the days `from` to `to`; `to` may be open."""
    first = date.fromisoformat(text(leaf, "from")).toordinal()
    after = date.fromisoformat(text(leaf, "to")).toordinal() + 1 if "to" in leaf else None

    def inside(facts: Facts, acts: Sequence[Act]) -> tuple[int, int]:
        start = bisect_left(acts, (start_of(first, facts.zone),))
        if after is None:
            return start, len(acts)
        return start, bisect_left(acts, (start_of(after, facts.zone),))

    return inside


def told_by_the_last(leaf: Canonical) -> bool:
    """Whether the time of the last act says all: done at all, or never, from then until now."""
    once = leaf.get("at_least") == 1 and "at_most" not in leaf
    until_now = not leaf.get("near") and "to" not in leaf
    return leaf["leaf"] == "count" and until_now and (once or leaf.get("at_most") == 0)


def kept_since(leaf: Canonical) -> int:
    """From when on acts must be kept for `on_days`, whatever the zone (ms since 1970)."""
    first = date.fromisoformat(text(leaf, "from")).toordinal()
    return (first - _EPOCH) * DAY - _ZONES_AHEAD


GREATEST = "greatest "
"""Stands before a path into a list where an act carries the greatest number, not the sum."""


def greatest_of(path: str) -> str:
    """The name under which an act carries the greatest number at a path."""
    return f"{GREATEST}{path}" if "[]" in path else path


def running(values: Sequence[float]) -> Sequence[float]:
    """The sums of the first 0, 1, 2 … values."""
    return list(accumulate(values, initial=0))
