"""Durations and daily bounds as people write them."""

import re
from datetime import timedelta

from relance.conditions import words_of_time
from relance.conditions.words import quoted
from relance.content.sending_rules import LONGEST_WAIT

_AT_MOST = re.compile(r"([1-9][0-9]{0,3}) per day")

_LATE = "skip after "

AT_MOST_PATTERN = f"^{_AT_MOST.pattern}$"
LATE_PATTERN = words_of_time.DURATION_PATTERN.replace("^", f"^{_LATE}")


def duration(text: object) -> timedelta:
    """Read "30 days". Raises ValueError with a sentence."""
    return timedelta(milliseconds=words_of_time.duration(text))


def per_day(text: object) -> int:
    """Read "3 per day". Raises ValueError with a sentence."""
    found = _AT_MOST.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError(f'{quoted(text)} is not a daily bound. Write for example "3 per day".')
    return int(found[1])


def skip_after(text: object) -> timedelta:
    """Read "skip after 24 hours". Raises ValueError with a sentence."""
    if not isinstance(text, str) or not text.startswith(_LATE):
        raise ValueError(f'{quoted(text)} cannot be read. Write for example "skip after 24 hours".')
    return wait(text.removeprefix(_LATE))


def wait(text: object) -> timedelta:
    """Read how long a message may wait. Raises ValueError with a sentence."""
    found = duration(text)
    if found > LONGEST_WAIT:
        raise ValueError(f"{quoted(text)}: no message waits longer than {LONGEST_WAIT.days} days.")
    return found
