"""Durations and daily bounds as people write them."""

import re
from datetime import timedelta

from relance.conditions import words_of_time
from relance.conditions.words import quoted

_AT_MOST = re.compile(r"([1-9][0-9]{0,3}) per day")

AT_MOST_PATTERN = f"^{_AT_MOST.pattern}$"


def duration(text: object) -> timedelta:
    """Read "30 days". Raises ValueError with a sentence."""
    return timedelta(milliseconds=words_of_time.duration(text))


def per_day(text: object) -> int:
    """Read "3 per day". Raises ValueError with a sentence."""
    found = _AT_MOST.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError(f'{quoted(text)} is not a daily bound. Write for example "3 per day".')
    return int(found[1])
