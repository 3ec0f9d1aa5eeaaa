"""Where everybody is in a journey: for each step how many came, are there, and how long they stay.

It is counted from what Step Functions tells of executions (`GetExecutionHistory`), so the same
figures stand in a widget, on a terminal and in a rehearsal. Tallies add up: whoever reads some of
the executions at a time puts them together with `+`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

RUNNING = "RUNNING"
"""The status of an execution that has not ended."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay in a step; `left_at` is None while it lasts."""

    step: str
    entered_at: datetime
    left_at: datetime | None


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """A step of a journey.

    `came` counts contacts, who may come more than once, `here` those who are there now. Of the
    stays that are over, half were no longer than `median`; None if there was none. `waiting` is
    the like of those who are there, up to now.
    """

    name: str
    came: int
    here: int
    median: timedelta | None
    waiting: timedelta | None


@dataclass(slots=True)
class Tally:
    """Executions, counted. Stays are kept as how often each length in seconds was seen."""

    executions: int = 0
    came: Counter[str] = field(default_factory=Counter)
    here: Counter[str] = field(default_factory=Counter)
    stays: dict[str, Counter[int]] = field(default_factory=dict)
    waits: dict[str, Counter[int]] = field(default_factory=dict)

    def take(self, visits: Sequence[Visit], *, running: bool, now: datetime) -> None:
        """Count one execution; `visits` in the order in which they were."""
        self.executions += 1
        self.came.update({each.step for each in visits})
        for each in visits:
            if each.left_at is not None:
                _seconds(self.stays, each.step)[_length(each.entered_at, each.left_at)] += 1
        last = visits[-1] if visits else None
        if running and last is not None and last.left_at is None:
            self.here[last.step] += 1
            _seconds(self.waits, last.step)[_length(last.entered_at, now)] += 1

    def __add__(self, other: Self) -> "Tally":
        """Both together."""
        return Tally(
            self.executions + other.executions,
            self.came + other.came,
            self.here + other.here,
            _together(self.stays, other.stays),
            _together(self.waits, other.waits),
        )

    def steps(self, order: Iterable[str]) -> list[FunnelStep]:
        """The steps of the machine in the order in which it is drawn, those never reached too."""
        return [
            FunnelStep(
                name,
                self.came[name],
                self.here[name],
                _median(self.stays.get(name)),
                _median(self.waits.get(name)),
            )
            for name in order
        ]


def visits_of(events: Iterable[Mapping[str, object]]) -> list[Visit]:
    """The steps that an execution went through, from its history, the oldest event first.

    Steps within a parallel branch or an iteration count like any other.
    """
    found: list[Visit] = []
    open_at: dict[str, int] = {}
    for event in events:
        at = event["timestamp"]
        assert isinstance(at, datetime)  # noqa: S101 - boto3 gives datetimes
        entered, exited = _named(event, "stateEntered"), _named(event, "stateExited")
        if entered:
            open_at[entered] = len(found)
            found.append(Visit(entered, at, None))
        elif exited and exited in open_at:
            place = open_at.pop(exited)
            found[place] = Visit(exited, found[place].entered_at, at)
    return found


def _named(event: Mapping[str, object], kind: str) -> str:
    details = event.get(f"{kind}EventDetails")
    return str(details["name"]) if isinstance(details, Mapping) else ""


def _seconds(lengths: dict[str, Counter[int]], name: str) -> Counter[int]:
    return lengths.setdefault(name, Counter())


def _length(since: datetime, until: datetime) -> int:
    return max(0, round((until - since).total_seconds()))


def _together(
    one: Mapping[str, Counter[int]], other: Mapping[str, Counter[int]]
) -> dict[str, Counter[int]]:
    names = dict.fromkeys((*one, *other))
    return {name: one.get(name, Counter()) + other.get(name, Counter()) for name in names}


def _median(lengths: Counter[int] | None) -> timedelta | None:
    """The lower median."""
    if not lengths:
        return None
    half, passed = (lengths.total() + 1) // 2, 0
    for seconds in sorted(lengths):
        passed += lengths[seconds]
        if passed >= half:
            break
    return timedelta(seconds=seconds)
