"""Calendar days where the contact lives, counted as ordinals (1 is 1 January of the year 1).

A day begins at its first instant: where a zone's clocks leap over midnight, that is the leap.
"""

from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache

from relance.conditions.facts import DAY, FOREVER

_FIRST = date(1, 1, 3).toordinal()
_LAST = date(9998, 12, 31).toordinal()
_EPOCH = date(1970, 1, 1).toordinal()


def today(now: int, zone: tzinfo | None) -> int:
    """The day on which the instant `now` (ms since 1970) falls."""
    if zone is None:
        return _EPOCH + now // DAY
    return datetime.fromtimestamp(now // 1000, zone).toordinal()


@lru_cache(maxsize=4096)
def start_of(day: int, zone: tzinfo | None) -> int:
    """The first instant of a day; FOREVER beyond the year 9998, −FOREVER before the year 1."""
    if day > _LAST:
        return FOREVER
    if day < _FIRST:
        return -FOREVER
    if zone is None:
        return (day - _EPOCH) * DAY
    midnight = datetime.combine(date.fromordinal(day), datetime.min.time(), zone)
    return int(midnight.timestamp()) * 1000


def day_of(value: object, zone: tzinfo | None) -> int | None:
    """The day that a trait names: a date, or an instant, which falls on a day where they live."""
    if not isinstance(value, str):
        return None
    read = _read(value)
    if isinstance(read, datetime):
        try:
            return read.astimezone(zone or UTC).toordinal()
        except OverflowError:
            return None
    return read


@lru_cache(maxsize=4096)
def _read(value: str) -> int | datetime | None:
    try:
        if len(value) <= 10:
            return date.fromisoformat(value).toordinal()
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.toordinal()


def kept_in(year: int, month: int, day: int) -> int:
    """The day on which an anniversary is kept in a year: 29 February on the 28th if need be."""
    if month == 2 and day == 29 and (year % 4 or (year % 100 == 0 and year % 400)):
        day = 28
    return date(year, month, day).toordinal()
