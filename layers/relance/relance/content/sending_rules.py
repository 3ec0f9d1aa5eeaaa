"""When and how much may be sent: what sending.yaml says, as one frozen value.

The build writes it to `sending.json`, senders read it back. Standard library only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Self

from relance.content.jsonable import decode, encode
from relance.content.pace_rules import PaceRules

DAY = 24 * 60
"""The minutes of a day on the clock."""

EVERY_DAY = tuple(range(7))

LONGEST_WAIT = timedelta(days=7)
"""No message waits longer for its hour or for room: the steps of journeys wait as long as that."""


class Hours(StrEnum):
    """At which hours of the contact's own day a message may go."""

    ANY = "any"
    WAKING = "waking"
    BUSINESS = "business"
    PREFERRED = "preferred"


class Priority(StrEnum):
    """Which of several messages goes when there is not room for all."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"

    @property
    def rank(self) -> int:
        """Greater is more important."""
        return (Priority.LOW, Priority.NORMAL, Priority.HIGH).index(self)


@dataclass(frozen=True, slots=True)
class Window:
    """A time of the local day, in minutes from midnight: from `begins` until before `ends`.

    One that ends no later than it begins ends on the next day. `days` are those on which it
    begins, Monday being 0.
    """

    begins: int
    ends: int
    days: tuple[int, ...] = EVERY_DAY

    def holds(self, wall: datetime, closed: frozenset[date] = frozenset()) -> bool:
        """Whether a local time is in it; it does not begin on a day that is `closed`."""
        minute, today = wall.hour * 60 + wall.minute, wall.date()
        over_midnight = self.ends <= self.begins
        last = DAY if over_midnight else self.ends
        if self.begins <= minute < last and self._begins_on(today, closed):
            return True
        before = today - timedelta(days=1)
        return over_midnight and minute < self.ends and self._begins_on(before, closed)

    def _begins_on(self, day: date, closed: frozenset[date]) -> bool:
        return day.weekday() in self.days and day not in closed


@dataclass(frozen=True, slots=True)
class Cap:
    """How many messages at most: on a calendar day, and on seven days in a row; None: no bound."""

    per_day: int | None = None
    per_week: int | None = None


@dataclass(frozen=True, slots=True)
class InPeace:
    """Whoever is in this segment gets no marketing of these `intents`; none named: none at all."""

    segment: str
    title: str
    intents: tuple[str, ...] = ()

    def stops(self, intent: str) -> bool:
        """Whether a message of this intent is not for them."""
        return not self.intents or intent in self.intents


@dataclass(frozen=True, slots=True)
class SendingRules:
    """When and how much may be sent.

    `caps` by channel and message class; transactional messages have none. `quiet` are the hours in
    which nothing goes but what may go at any hour, `business` those of work. `holidays` are by
    country (ISO 3166), as `2026-12-25`; `country` is assumed of whoever has none. `priorities` are
    by intent, for messages that name none. A message that would wait longer than `too_late` is
    skipped, unless it says otherwise itself. A send whose outcome is unknown is given up after
    `settling_time`. `pace` is how fast mail leaves, and what stops a message. `in_peace` is whom
    marketing leaves alone, whatever would send it; `hold_out` is the share of all contacts that
    gets none, to compare with.
    """

    caps: Mapping[str, Mapping[str, Cap]] = field(default_factory=dict, hash=False)
    quiet: tuple[Window, ...] = ()
    business: tuple[Window, ...] = ()
    holidays: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    country: str | None = None
    priorities: Mapping[str, Priority] = field(default_factory=dict, hash=False)
    too_late: timedelta = timedelta(days=3)
    settling_time: timedelta = timedelta(hours=1)
    pace: PaceRules = field(default_factory=PaceRules)
    in_peace: tuple[InPeace, ...] = ()
    hold_out: float = 0.0

    def cap(self, channel: str, message_class: str) -> Cap:
        """The bounds of a class of messages on a channel."""
        return self.caps.get(channel, {}).get(message_class, Cap())

    def closed(self, country: str | None) -> frozenset[date]:
        """The holidays of a country, or of the one that is assumed where it is not known here."""
        known = country if country in self.holidays else self.country
        return frozenset(date.fromisoformat(each) for each in self.holidays.get(known or "", ()))

    def to_json(self) -> dict[str, object]:
        """Return the values as JSON types; `from_json` is the inverse."""
        written = encode(self)
        assert isinstance(written, dict)  # noqa: S101 - a dataclass becomes an object
        return written

    @classmethod
    def from_json(cls, raw: Mapping[str, object]) -> Self:
        """Read what `to_json` wrote. The build has checked it: a wrong shape is a KeyError."""
        return decode(cls, raw)
