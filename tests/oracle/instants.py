"""When to look: the instants at which the oracle evaluates, and what day it is where.

Instants are arrays of whole milliseconds since 1970 (UTC), ascending and without repetition.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Instants: TypeAlias = NDArray[np.int64]
Truth: TypeAlias = NDArray[np.bool_]
Amounts: TypeAlias = NDArray[np.float64]

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_YEARS = (2018, 2045)
"""Between which the clock changes of a zone are looked up: no history leaves them."""


def ms(moment: datetime) -> int:
    """The instant (aware) in whole milliseconds since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def moment(at: int) -> datetime:
    """The instant `at` milliseconds after 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)


def grid(start: int, end: int, boundaries: Iterable[int]) -> Instants:
    """Every hour from start to end; every minute for a day around each boundary; those exactly.

    Within the minute before and after a boundary the millisecond before it is looked at too.
    """
    exact = np.array(sorted({start, end, *boundaries}), dtype=np.int64)
    minutes = np.unique(exact // MINUTE)
    first = minutes - 720
    fresh = np.maximum(first, np.concatenate(([first[0]], minutes[:-1] + 721)))
    dense = np.concatenate(
        [np.arange(low, high) for low, high in zip(fresh, minutes + 721, strict=True)]
    )
    hourly = np.arange(start // HOUR, end // HOUR + 1) * HOUR
    every = np.sort(np.concatenate((hourly, dense * MINUTE, exact, exact - 1)), kind="stable")
    every = every[np.concatenate(([True], every[1:] != every[:-1]))]
    return every[(every >= start) & (every <= end)]


def local_days(instants: Instants, zone: str) -> Instants:
    """The calendar day of each instant in the zone, as days since 1970-01-01."""
    at, offsets = _clock_changes(zone)
    offset = offsets[np.searchsorted(at, instants, side="right") - 1]
    return (instants + offset) // DAY


@lru_cache(maxsize=64)
def _clock_changes(zone: str) -> tuple[Instants, Instants]:
    """From which instant on the zone has which offset (ms): looked up day by day, then halved."""
    info = ZoneInfo(zone)

    def offset(at: int) -> int:
        away = moment(at).astimezone(info).utcoffset()
        assert away is not None
        return away // timedelta(milliseconds=1)

    at = ms(datetime(_YEARS[0], 1, 1, tzinfo=UTC))
    end = ms(datetime(_YEARS[1], 1, 1, tzinfo=UTC))
    found = [(at, offset(at))]
    while at < end:
        low, high = at, at + DAY
        if offset(high) != offset(low):
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
            found.append((high, offset(high)))
        at += DAY
    return (
        np.array([each[0] for each in found], dtype=np.int64),
        np.array([each[1] for each in found], dtype=np.int64),
    )
