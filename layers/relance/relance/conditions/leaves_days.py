"""Leaves about calendar days: a trait's date, its anniversary, the day of a first or last act.

Everything is a range of days, ends included. An end is a date, or so many days from today; the
range [today + a, today + b] holds a day d while today is in [d − b, d − a], so that the instant of
change is the beginning of a day.
"""

from datetime import MAXYEAR, date, tzinfo

from relance.conditions.days import day_of, kept_in, start_of, today
from relance.conditions.facts import FOREVER, Facts
from relance.conditions.needs import Depth, Needs
from relance.conditions.node import ALWAYS, NEVER, Canonical, Node, Verdict, text, whole

_COUNT = Depth()


class Days:
    """A range of days. An end is None (open), an ordinal, or an offset from today."""

    __slots__ = ("ahead", "back", "first", "last")

    def __init__(self, canonical: Canonical) -> None:
        """Read `from` and `to`: a date as text, or an offset as a whole number."""
        first, last = canonical.get("from"), canonical.get("to")
        self.first = date.fromisoformat(first).toordinal() if isinstance(first, str) else None
        self.last = date.fromisoformat(last).toordinal() if isinstance(last, str) else None
        self.back = whole(canonical, "from") if isinstance(first, int | float) else None
        self.ahead = whole(canonical, "to") if isinstance(last, int | float) else None

    def verdict(self, day: int, zone: tzinfo | None, now: int) -> Verdict:
        """Whether the day is in the range at `now`, and until when."""
        if (self.first is not None and day < self.first) or (
            self.last is not None and day > self.last
        ):
            return NEVER
        if self.back is None and self.ahead is None:
            return ALWAYS
        here = today(now, zone)
        if self.back is not None and here > day - self.back:
            return NEVER
        if self.ahead is not None and here < day - self.ahead:
            if self.back is not None and self.ahead < self.back:
                return NEVER
            return False, start_of(day - self.ahead, zone)
        if self.back is None:
            return ALWAYS
        return True, start_of(day - self.back + 1, zone)


def day(leaf: Canonical) -> Node:
    """`trait: trial_ends` with `within_next`, `within_last`, `before`, `after`, `on`, `between`."""
    name, days = text(leaf, "trait"), Days(leaf)

    def evaluate(facts: Facts, now: int) -> Verdict:
        found = day_of(facts.traits.get(name), facts.zone)
        return NEVER if found is None else days.verdict(found, facts.zone, now)

    return Node(evaluate, Needs(traits=frozenset({name}), zone=True), cost=5)


def anniversary(leaf: Canonical) -> Node:
    """`trait: birth_date`, `anniversary: {within_next: 7 days}`; the first is a year after."""
    name = text(leaf, "trait")
    back, ahead = whole(leaf, "from"), whole(leaf, "to")

    def evaluate(facts: Facts, now: int) -> Verdict:
        zone = facts.zone
        found = day_of(facts.traits.get(name), zone)
        if found is None:
            return NEVER
        here = today(now, zone)
        kept = next_kept(date.fromordinal(found), here + back)
        if kept is None:
            return NEVER
        if here < kept - ahead:
            return False, start_of(kept - ahead, zone)
        return True, start_of(kept - back + 1, zone)

    return Node(evaluate, Needs(traits=frozenset({name}), zone=True), cost=5)


def next_kept(born: date, earliest: int) -> int | None:
    """The first anniversary on the day `earliest` or later."""
    year = max(date.fromordinal(max(earliest, 1)).year, born.year + 1)
    while year < MAXYEAR:
        kept = kept_in(year, born.month, born.day)
        if kept >= earliest:
            return kept
        year += 1
    return None


def when(leaf: Canonical) -> Node:
    """`did: ordered`, `last: {on: 2026-11-21}`: the day of the first or the last time."""
    name, first, days = text(leaf, "behaviour"), text(leaf, "which") == "first", Days(leaf)

    def evaluate(facts: Facts, now: int) -> Verdict:
        done = facts.behaviours.get(name)
        if done is None or not done.times:
            return NEVER
        zone = facts.zone
        return days.verdict(today(done.first if first else done.last, zone), zone, now)

    return Node(evaluate, Needs(behaviours={name: _COUNT}, zone=True), cost=5)


def since(leaf: Canonical) -> Node:
    """`did: ordered`, `last: {within: 30 days}` or `{longer_ago_than: 30 days}`."""
    name, first = text(leaf, "behaviour"), text(leaf, "which") == "first"
    near = whole(leaf, "near")
    far = whole(leaf, "far") if "far" in leaf else FOREVER

    def evaluate(facts: Facts, now: int) -> Verdict:
        done = facts.behaviours.get(name)
        if done is None or not done.times:
            return NEVER
        at = done.first if first else done.last
        if now < at + near:
            return False, at + near
        if far == FOREVER:
            return ALWAYS
        return (True, at + far) if now < at + far else NEVER

    return Node(evaluate, Needs(behaviours={name: _COUNT}))
