"""Durations, dates, shares and numbers as people write them; each raises ValueError, a sentence."""

import re
from datetime import date
from fractions import Fraction

from relance.conditions.facts import DAY

_UNITS = {"minute": 60_000, "hour": 3_600_000, "day": DAY, "week": 7 * DAY}
_LENGTH = r"([1-9][0-9]{0,4}) (minute|hour|day|week)s?"
_DURATION = re.compile(_LENGTH)
_UNEVEN = re.compile(r"([0-9]+(?:\.[0-9]+)?|an?|one) (month|year)s?")
_DAYS_OF = {"month": 30, "year": 365}
_SHORT = re.compile(r"([1-9][0-9]{0,4}|an?|one) ?(m|h|d|w)(?:in|ins|inutes?|rs?|ours?|ays?|eeks?)?")
_UNIT_OF = {"m": "minute", "h": "hour", "d": "day", "w": "week"}
_AGO = re.compile(rf"{_LENGTH} ago")
_AHEAD = re.compile(rf"in {_LENGTH}")
_DATE = re.compile(r"(?:19|2[01])[0-9]{2}-[0-9]{2}-[0-9]{2}")
_LEADING_NUMBER = re.compile(r"[1-9][0-9]*(?:\.[0-9]+)?")
_SHARE = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,4})?)%")
_KEY = r"[A-Za-z_$][\w$-]*(?:\[\])?"
_PATH = re.compile(rf"{_KEY}(?:\.{_KEY}){{0,9}}")
_LONGEST_PATH = 200

DURATION_PATTERN = f"^{_LENGTH}$"
SHARE_PATTERN = f"^{_SHARE.pattern}$"

Bound = str | int
"""A day: a date as text, or so many days from today."""

Scalar = bool | int | float | str


def quoted(value: object) -> str:
    """A value as it was written."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "a group of named values"
    if isinstance(value, list):
        return "a list"
    return f'"{value}"' if isinstance(value, str) else str(value)


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
    if value in {"tomorrow", "yesterday"}:
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


def share(value: object) -> Fraction:
    """`10%`: more than nobody, less than everybody."""
    found = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if not found or not (part := Fraction(found[1]) / 100):
        raise ValueError(
            f"{quoted(value)} is not a share of the contacts. Write for example "
            f'"{_meant_share(value)}" (more than 0%, less than 100%).'
        )
    return part


def _meant_share(value: object) -> str:
    """`0.1`, `10` and `10 %` as a share that may be meant; else any."""
    text = value.replace(" ", "") if isinstance(value, str) else ""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 100:
        text = f"{value * 100:g}%" if value < 1 else f"{value:g}%"
    return text if _SHARE.fullmatch(text) and Fraction(text[:-1]) else "10%"


def number(value: object) -> int | float:
    """A number, not yes or no, not in quotes."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(not_a_number(value))  # noqa: TRY004 - pydantic makes a finding of it
    return value


def not_a_number(value: object) -> str:
    """The sentence about a value that is none, with the number that it may hold."""
    return f"{quoted(value)} is not a number. {_the_number_in(value, 'Write for example 50.')}"


def count(value: object) -> int:
    """How many times."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(
            f"{quoted(value)} is not a number of times. "
            f"{_the_number_in(value, 'Write for example 3.')}"
        )
    return value


def times(value: object) -> Fraction:
    """A factor above 0, `1.5`: as exact as it is written."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ValueError(
            f"{quoted(value)} is not a factor. {_the_number_in(value, 'Write for example 1.5.')}"
        )
    return Fraction(str(value))


def scalar(value: object) -> Scalar:
    """A text, a number, or yes/no."""
    if value is None or value == "":
        raise ValueError('nothing is written here. To ask for a missing value write "is_set: no".')
    if not isinstance(value, str | int | float | bool):
        sentence = f"{quoted(value)} stands where one value is needed."
        raise ValueError(sentence)  # noqa: TRY004
    return value


def words(value: object) -> str:
    """A text."""
    if not isinstance(value, str) or not value.strip():
        if value is None or value == "":
            raise ValueError("nothing is written here.")
        if isinstance(value, dict | list):
            raise ValueError(
                f"{quoted(value)} stands where one text is needed. Write several conditions below "
                '"any:", one for each.'
            )
        raise ValueError(f'{quoted(value)} is not a text. Put it in quotes: "{_plain(value)}".')
    return value


def names(value: object) -> tuple[str, ...]:
    """One name, or a list of names."""
    if isinstance(value, list):
        if not value:
            raise ValueError("this list is empty. Write at least one name.")
        return tuple(words(each) for each in value)
    return (words(value),)


def path(value: object) -> str:
    """Where an event says something: `revenue`, `page.path`, `products[].category`.

    A dot leads into a property of a property, `[]` to every entry of a list.
    """
    if not isinstance(value, str) or not _PATH.fullmatch(value) or len(value) > _LONGEST_PATH:
        raise ValueError(
            f'{quoted(value)} is no path to a property. Write for example "revenue", "page.path" '
            'or "products[].category".'
        )
    return value


def number_path(value: object) -> str:
    """Where an event says a number that can be added up: not in what came along with it."""
    found = path(value)
    if found.startswith("context."):
        raise ValueError(
            f'"{found}" came along with the event and cannot be added up. Name a property of the '
            'event itself, for example "revenue" or "products[].price".'
        )
    return found


def yes(value: object) -> bool:
    """`yes`, nothing else."""
    if value is not True:
        raise ValueError(
            f'{quoted(value)} is not possible here. Write "yes", or leave this line out.'
        )
    return True


def yes_or_no(value: object) -> bool:
    """`yes` or `no`."""
    if not isinstance(value, bool):
        raise ValueError(  # noqa: TRY004 - a sentence, not a type
            f'{quoted(value)} is neither yes nor no. Write "yes" or "no".'
        )
    return value


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


def _the_number_in(value: object, otherwise: str) -> str:
    """`"50"`, `3 times` and `5000 EUR` hold a number that may be meant."""
    found = _LEADING_NUMBER.match(value) if isinstance(value, str) else None
    if not found:
        return otherwise
    alone = "without quotes" if found[0] == value else "alone"
    return f"Write {found[0]} {alone}."


def _plain(value: object) -> str:
    return quoted(value).strip('"')


def next_day(day_: str, days_: int) -> str:
    """The date so many days later."""
    return date.fromordinal(date.fromisoformat(day_).toordinal() + days_).isoformat()
