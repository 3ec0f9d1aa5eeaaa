"""The hours of a contact's own day at which a message may go, and when the next of them begins.

Windows are on the clock of the zone, so an instant is looked at as its local time: an hour that
the clock skips in spring is no instant, one that it shows twice in autumn is two. Between two
*turns* (the bounds of windows, midnight, and the instants at which the zone changes its offset)
nothing changes; so the first turn at which it is open is the first instant at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from relance.content.sending_rules import DAY, EVERY_DAY, Window

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Opening:
    """When a message may go to a contact in `zone`.

    Never in `quiet`; where `work` is given, in it alone, and it does not begin on a day that is
    `closed`. `hour` is the only hour of the day, where one is asked for; on a day on which the
    clock skips it the hour after it stands for it. Nothing before the day `not_before`.
    """

    zone: ZoneInfo
    quiet: tuple[Window, ...] = ()
    work: tuple[Window, ...] | None = None
    closed: frozenset[date] = frozenset()
    hour: int | None = None
    not_before: date | None = None

    def is_quiet(self, now: datetime) -> bool:
        """Whether it is in the quiet hours."""
        wall = self._wall(now)
        return any(each.holds(wall) for each in self.quiet)

    def is_work(self, now: datetime) -> bool:
        """Whether it is in the hours of work, if only these are asked for."""
        wall = self._wall(now)
        return self.work is None or any(each.holds(wall, self.closed) for each in self.work)

    def is_hour(self, now: datetime) -> bool:
        """Whether it is the hour that is asked for, if one is."""
        if self.hour is None:
            return True
        wall = self._wall(now)
        before = wall - timedelta(hours=1)
        return wall.hour == self.hour or (before.hour == self.hour and self._is_skipped(before))

    def is_open(self, now: datetime) -> bool:
        """Whether a message may go at this instant."""
        in_time = self.not_before is None or self._wall(now).date() >= self.not_before
        return in_time and self.is_work(now) and self.is_hour(now) and not self.is_quiet(now)

    def next(self, now: datetime, *, latest: datetime) -> datetime | None:
        """The first instant from now on at which a message may go; None: not until `latest`."""
        if self.is_open(now):
            return now
        turns = sorted({each for each in self._turns(now, latest) if each > now})
        for each in sorted({*turns, *self._changes([now, *turns])}):
            if each > latest:
                return None
            if self.is_open(each):
                return each
        return None

    def _turns(self, now: datetime, latest: datetime) -> Iterator[datetime]:
        """The bounds of windows and midnights, both where the clock shows them twice."""
        minutes = {0}
        for window in (*self.quiet, *(self.work or ())):
            minutes |= {window.begins % DAY, window.ends % DAY}
        if self.hour is not None:
            minutes |= {(self.hour + ahead) % 24 * 60 for ahead in range(3)}
        day = self._wall(now).date()
        last = self._wall(latest).date() + timedelta(days=1)
        while day <= last:
            for minute in minutes:
                clock = time(minute // 60, minute % 60)
                for fold in (0, 1):
                    there = datetime.combine(day, clock, self.zone).replace(fold=fold)
                    yield there.astimezone(UTC)
            day += timedelta(days=1)

    def _changes(self, turns: list[datetime]) -> Iterator[datetime]:
        """The instants, to the second, at which the zone's offset changes between these."""
        for before, after in pairwise(turns):
            low, high = before, after
            was = self._offset(low)
            if self._offset(high) == was:
                continue
            while high - low > _SECOND:
                middle = low + (high - low) / 2
                low, high = (middle, high) if self._offset(middle) == was else (low, middle)
            yield high.replace(microsecond=0)

    def _is_skipped(self, wall: datetime) -> bool:
        """Whether the clock shows no minute of this local hour."""
        return not any(self._exists(wall.replace(minute=minute)) for minute in (0, 59))

    def _exists(self, wall: datetime) -> bool:
        there = wall.replace(tzinfo=self.zone)
        return self._wall(there.astimezone(UTC)) == wall

    def _wall(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def _offset(self, moment: datetime) -> timedelta | None:
        return moment.astimezone(self.zone).utcoffset()


def waking_hour(hour: int, quiet: tuple[Window, ...]) -> int:
    """The hour itself, or the first after it that is not quiet on every day of the week."""
    monday = datetime(2026, 1, 5)  # noqa: DTZ001 - a time on the clock
    for ahead in range(24):
        found = (hour + ahead) % 24
        for day in EVERY_DAY:
            wall = monday + timedelta(days=day, hours=found)
            if not all(
                any(each.holds(wall + timedelta(minutes=minute)) for each in quiet)
                for minute in range(60)
            ):
                return found
    return hour
