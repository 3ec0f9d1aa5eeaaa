"""Scores that fade: a sum of points in which each event's part halves every half-life.

    score(t) = Σ points_i · 2^(−(t − t_i) / half_life)      for events with t_i ≤ t

(exponential decay, the usual form of "recency"). The sum is kept at one reference instant and
moved by one multiplication, so that neither the order of events nor the clock matters. An event
of a rule with a daily bound counts if it is among the first n of its UTC day by
`(occurred_at, event_id)`; since a late event can push out a later one, the days that may still
change are kept, older ones need the history (`NeedsHistory`).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from relance.content.rules import PointRule, Score
from relance.events import Event
from relance.ids import milliseconds
from relance.moments import day_of

Counted: TypeAlias = tuple[int, str, float]
"""An event that counts on its day: occurred at (ms), event id, points."""

DAYS_KEPT = 3
"""How many UTC days before the newest arrival the bounded days are kept."""


class NeedsHistory(Exception):
    """The event changes a day that is no longer kept: fold the whole history instead."""


@dataclass(slots=True)
class DecayedSum:
    """A sum of points at the instant `at` (ms since 1970) that halves every `half_life` ms."""

    amount: float = 0.0
    at: int = 0

    def add(self, points: float, at: int, half_life: float) -> None:
        """Add points given at the instant `at`, before or after the reference."""
        if at > self.at:
            self.amount = self.amount * 2.0 ** (-(at - self.at) / half_life) + points
            self.at = at
        else:
            self.amount += points * 2.0 ** (-(self.at - at) / half_life)

    def value(self, now: int, half_life: float) -> float:
        """The sum at `now`; before the reference it is the sum as of the reference."""
        amount: float = self.amount * 2.0 ** (-max(0, now - self.at) / half_life)
        return amount


@dataclass(slots=True)
class ScoreState:
    """What a profile keeps of one score: the sum, and the bounded days by `rule/day`."""

    total: DecayedSum = field(default_factory=DecayedSum)
    days: dict[str, list[Counted]] = field(default_factory=dict)

    def fold(self, score: Score, event: Event, *, oldest_day: str) -> None:
        """Count the event.

        Raises:
            NeedsHistory: its day is before `oldest_day` and its rule is bounded.
        """
        rule = score.rule_for(event.name, event.properties)
        if rule is None:
            return
        half_life = score.half_life.total_seconds() * 1000
        occurred = milliseconds(event.occurred_at)
        counted = (occurred, event.event_id, rule.worth(event.properties))
        for at, points in self._changes(score, rule, counted, event.occurred_at, oldest_day):
            self.total.add(points, at, half_life)

    def _changes(
        self, score: Score, rule: PointRule, counted: Counted, occurred: datetime, oldest_day: str
    ) -> list[tuple[int, float]]:
        """The points to add: the event's own, less those of the one it pushes out of its day."""
        if rule.at_most_per_day is None:
            return [(counted[0], counted[2])]
        day = day_of(occurred)
        if day < oldest_day:
            raise NeedsHistory
        place = f"{score.points.index(rule)}/{day}"
        ranked = sorted([*self.days.get(place, ()), counted])
        kept, out = ranked[: rule.at_most_per_day], ranked[rule.at_most_per_day :]
        self.days[place] = kept
        if counted in out:
            return []
        return [(counted[0], counted[2]), *((at, -points) for at, _, points in out)]

    def forget_before(self, oldest_day: str) -> None:
        """Drop the days that can no longer change without the history."""
        self.days = {
            place: kept
            for place, kept in self.days.items()
            if place.partition("/")[2] >= oldest_day
        }
