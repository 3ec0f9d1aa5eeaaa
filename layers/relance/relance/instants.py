"""The instant at which a journey goes on: a day, an hour where the contact lives, certain weekdays.

Pure. A day comes from a date of the profile, from its next anniversary, or from an instant some
days away. An hour that clocks leap over is the one an hour later; one that comes twice is the
first. A 29 February is kept on the 28th in years that have none.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from relance.conditions.days import day_of
from relance.conditions.leaves_days import next_kept


class Weekday(StrEnum):
    """The days of the week, Monday first."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wished for: so many days from the day named, at an hour, on certain weekdays.

    Without an hour it is that of the instant counted from; of a date without a time, midnight. No
    weekday means any; the day moves on to the next that is named.
    """

    days: int = 0
    at: time | None = None
    on: frozenset[Weekday] = frozenset()


def some_days_after(start: datetime, wish: Wish, zone: tzinfo) -> datetime:
    """The first instant as wished that is not before `start` and the days are over."""
    local = start.astimezone(zone)
    hour = wish.at or local.time()
    found = _on_a_weekday(local.date() + timedelta(days=wish.days), wish)
    instant = at_the_hour(found, hour, zone)
    if instant < start:
        instant = at_the_hour(_on_a_weekday(found + timedelta(days=1), wish), hour, zone)
    return instant


def on_the_date(value: object, wish: Wish, zone: tzinfo) -> datetime | None:
    """The instant as wished from the date, or the date and time, that stands there; None if none.

    Text as ISO 8601. Where it has a time, and no hour is wished for, that time holds.
    """
    ordinal = day_of(value, zone)
    if ordinal is None:
        return None
    hour = wish.at or _time_of(str(value), zone)
    return at_the_hour(_on_a_weekday(_shifted(ordinal, wish.days), wish), hour, zone)


def next_anniversary(
    value: object, wish: Wish, zone: tzinfo, *, after: datetime
) -> datetime | None:
    """The first instant as wished from an anniversary that is not before `after`; None if none."""
    ordinal = day_of(value, zone)
    if ordinal is None:
        return None
    born, hour = date.fromordinal(ordinal), wish.at or time()
    earliest = after.astimezone(zone).toordinal() - wish.days - 7
    while (kept := next_kept(born, earliest)) is not None:
        instant = at_the_hour(_on_a_weekday(_shifted(kept, wish.days), wish), hour, zone)
        if instant >= after:
            return instant
        earliest = kept + 1
    return None


def at_the_hour(day: date, hour: time, zone: tzinfo) -> datetime:
    """The instant of an hour on a day where the contact lives, in UTC and whole milliseconds."""
    wall = datetime.combine(day, hour, zone).astimezone(UTC)
    return wall.replace(microsecond=wall.microsecond // 1000 * 1000)


def _shifted(ordinal: int, days: int) -> date:
    return date.fromordinal(max(1, min(ordinal + days, date.max.toordinal() - 8)))


def _on_a_weekday(day: date, wish: Wish) -> date:
    wanted = list(Weekday)
    while wish.on and wanted[day.weekday()] not in wish.on:
        day += timedelta(days=1)
    return day


def _time_of(value: str, zone: tzinfo) -> time:
    if len(value) <= 10:
        return time()
    moment = datetime.fromisoformat(value)
    return (moment.astimezone(zone) if moment.tzinfo else moment).time()
