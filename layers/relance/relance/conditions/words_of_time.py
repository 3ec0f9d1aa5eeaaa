"""Durations and days as people write them; each raises ValueError, a sentence."""

import re
from datetime import date

from relance.conditions.facts import DAY
from relance.conditions.words import quoted

_UNITS = {"minute": 60_000, "hour": 3_600_000, "day": DAY, "week": 7 * DAY}
_LENGTH = r"([1-9][0-9]{0,4}) (minute|hour|day|week)s?"
_DURATION = re.compile(_LENGTH)
_AGO = re.compile(rf"{_LENGTH} ago")
_AHEAD = re.compile(rf"in {_LENGTH}")
_DATE = re.compile(r"(?:19|2[01])[0-9]{2}-[0-9]{2}-[0-9]{2}")

_UNEVEN = re.compile(r"([0-9]+(?:\.[0-9]+)?|an?|one) (month|year)s?")
_DAYS_OF = {"month": 30, "year": 365}
_SHORT = re.compile(r"([1-9][0-9]{0,4}|an?|one) ?(m|h|d|w)(?:in|ins|inutes?|rs?|ours?|ays?|eeks?)?")
_UNIT_OF = {"m": "minute", "h": "hour", "d": "day", "w": "week"}

DURATION_PATTERN = f"^{_LENGTH}$"

Bound = str | int
"""A day: a date as text, or so many days from today."""


def duration(value: object) -> int:
    """`30 days` in milliseconds; a day has 24 hours."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found:
        return _milliseconds(found)
    if isinstance(value, str) and (uneven := _UNEVEN.fullmatch(value)):
        amount = float(uneven[1]) if uneven[1][0].isdigit() else 1.0
        days_ = round(amount * _DAYS_OF[uneven[2]])
        raise ValueError(
            f'"{value}": months and years differ in length. Write days or weeks, for example '
            f'"{days_} days".'
        )
    example = _meant_duration(value)
    raise ValueError(
        f'{quoted(value)} is not a duration. Write for example "{example}" (minutes, hours, days '
        "or weeks)."
    )


def _meant_duration(value: object) -> str:
    """`7d`, `7` and `a week` as a duration that may be meant; else any."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 100_000:
        return f"{value} day" if value == 1 else f"{value} days"
    found = _SHORT.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    if not found:
        return "30 days"
    amount, unit = found[1], _UNIT_OF[found[2]]
    return f"1 {unit}" if amount in {"a", "an", "one", "1"} else f"{amount} {unit}s"


def ago(value: object) -> int | None:
    """`30 days ago` in milliseconds; None if it is nothing of the kind."""
    found = _AGO.fullmatch(value) if isinstance(value, str) else None
    return _milliseconds(found) if found else None


def day(value: object) -> Bound:
    """`2026-11-21`, `today`, `7 days ago` or `in 7 days`."""
    if isinstance(value, str):
        if value == "today":
            return 0
        if found := _AGO.fullmatch(value):
            return -_whole_days(value, found)
        if found := _AHEAD.fullmatch(value):
            return _whole_days(value, found)
        if _DATE.fullmatch(value):
            return calendar_day(value)
    if instead := _meant_day(value):
        raise ValueError(f"{quoted(value)} is not a day. Write {instead}.")
    raise ValueError(
        f'{quoted(value)} is not a day. Write a date like "2026-11-21", or "today", '
        '"7 days ago", "in 7 days".'
    )


def _meant_day(value: object) -> str | None:
    if isinstance(value, str) and value in {"tomorrow", "yesterday"}:
        return '"in 1 day"' if value == "tomorrow" else '"1 day ago"'
    if isinstance(value, str) and _DURATION.fullmatch(value):
        return f'"{value} ago" or "in {value}"'
    return None


def calendar_day(value: object) -> str:
    """`2026-11-21`."""
    if isinstance(value, str) and _DATE.fullmatch(value) and _exists(value):
        return value
    if isinstance(value, str) and _DURATION.fullmatch(value):
        raise ValueError(f'"{value}" is not a date. Write "{value} ago".')
    raise ValueError(
        f'{quoted(value)} is not a date. Write year, month and day, for example "2026-11-21".'
    )


def _exists(day_: str) -> bool:
    try:
        date.fromisoformat(day_)
    except ValueError:
        return False
    return True


def _milliseconds(found: re.Match[str]) -> int:
    return int(found[1]) * _UNITS[found[2]]


def _whole_days(value: str, found: re.Match[str]) -> int:
    length = _milliseconds(found)
    if length % DAY:
        raise ValueError(
            f'"{value}": a date knows no hours. Write days or weeks, for example "7 days ago".'
        )
    return length // DAY


def next_day(day_: str, days_: int) -> str:
    """The date so many days later."""
    return date.fromordinal(date.fromisoformat(day_).toordinal() + days_).isoformat()
