"""Durations and daily bounds as people write them."""

import re
from datetime import timedelta

_UNITS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_DURATION = re.compile(r"([1-9][0-9]{0,4}) (minute|hour|day|week)s?")
_AT_MOST = re.compile(r"([1-9][0-9]{0,3}) per day")


def duration(text: object) -> timedelta:
    """Read "30 days". Raises ValueError with a sentence."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError(f'{quoted(text)} is not a duration. Write for example "30 days".')
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def per_day(text: object) -> int:
    """Read "3 per day". Raises ValueError with a sentence."""
    found = _AT_MOST.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError(f'{quoted(text)} is not a daily bound. Write for example "3 per day".')
    return int(found[1])


def quoted(value: object) -> str:
    """Show a value as it was written."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f'"{value}"' if isinstance(value, str) else str(value)
