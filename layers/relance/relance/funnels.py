"""Where the contacts of a journey stand: counted from its enrolments and waits, nothing else.

An open enrolment stands at the step whose pause it is in, a past one at its outcome. How long is
the median: since the entry for those inside, from entry to end for those who are through. No step
is counted that somebody went through without pausing in it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from relance.moments import from_text
from relance.register import RECORD as REGISTER
from relance.storage import Item
from relance.workflows import past_prefix

AT_WORK = "at_work_just_now"
"""Where an open enrolment stands that is in no pause."""

ATTRIBUTES = (
    "contact_id",
    "record",
    "entry",
    "step",
    "since",
    "until",
    "entered_at",
    "ended_at",
    "outcome",
)
"""What is read of each record."""


@dataclass(frozen=True, slots=True)
class Standing:
    """So many stand somewhere, and the median of how long."""

    count: int
    median: timedelta


@dataclass(frozen=True, slots=True)
class Funnel:
    """The figures of a journey: `inside` by step, `ended` by outcome, the most frequent first.

    `contacts` is how many were read; not `is_complete` if there are more.
    """

    journey: str
    contacts: int
    is_complete: bool
    inside: Mapping[str, Standing]
    ended: Mapping[str, Standing]

    @property
    def entered(self) -> int:
        """How many entries were found."""
        return sum(each.count for each in (*self.inside.values(), *self.ended.values()))


def prefixes(journey: str) -> tuple[str, ...]:
    """What the keys of a journey's records begin with, but for its open enrolment."""
    return past_prefix(journey), f"now#wait#{journey}#"


def records(journey: str) -> tuple[str, ...]:
    """The keys of its open enrolment, and of what every contact has."""
    return f"now#enrolment#{journey}", REGISTER


def funnel(journey: str, items: Iterable[Item], *, now: datetime, is_complete: bool) -> Funnel:
    """The figures that these records of contacts amount to, in whatever order they come."""
    contacts = 0
    entries: dict[tuple[str, str], datetime] = {}
    steps: dict[tuple[str, str], tuple[str, str]] = {}
    ended: dict[str, list[timedelta]] = {}
    past = past_prefix(journey)
    for item in items:
        record, key = str(item["record"]), (str(item["contact_id"]), str(item.get("entry")))
        if record == REGISTER:
            contacts += 1
        elif record.startswith(past):
            lasted = from_text(str(item["ended_at"])) - from_text(str(item["entered_at"]))
            ended.setdefault(str(item["outcome"]), []).append(lasted)
        elif "step" in item:
            # A pause whose time is up may still be written down; the latest is the one that counts.
            if from_text(str(item["until"])) > now:
                pause = str(item["since"]), str(item["step"])
                steps[key] = max(pause, steps.get(key, pause))
        else:
            entries[key] = from_text(str(item["entered_at"]))
    inside: dict[str, list[timedelta]] = {}
    for key, entered_at in entries.items():
        step = steps[key][1] if key in steps else AT_WORK
        inside.setdefault(step, []).append(now - entered_at)
    return Funnel(journey, contacts, is_complete, _ranked(inside), _ranked(ended))


def _ranked(found: Mapping[str, list[timedelta]]) -> dict[str, Standing]:
    ranked = sorted(found.items(), key=lambda each: (-len(each[1]), each[0]))
    return {name: Standing(len(times), _median(times)) for name, times in ranked}


def _median(times: list[timedelta]) -> timedelta:
    return timedelta(seconds=median(each.total_seconds() for each in times))
