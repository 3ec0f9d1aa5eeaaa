"""Texts, numbers, shares and paths as people write them; each raises ValueError, a sentence."""

import re
from fractions import Fraction
from typing import TypeGuard

_SHARE = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,4})?)%")
_LEADING_NUMBER = re.compile(r"[1-9][0-9]*(?:\.[0-9]+)?")
_KEY = r"[A-Za-z_$][\w$-]*(?:\[\])?"
_PATH = re.compile(rf"{_KEY}(?:\.{_KEY}){{0,9}}")
_LONGEST_PATH = 200
_GREATEST = 10**15
"""Beyond it numbers are no longer told apart."""

SHARE_PATTERN = f"^{_SHARE.pattern}$"

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
    if not is_number(value):
        raise ValueError(not_a_number(value))
    return value


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number that can be compared and written as JSON."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= _GREATEST  # which what is infinite or no number is not


def not_a_number(value: object) -> str:
    """The sentence about a value that is none, with the number that it may hold."""
    return f"{quoted(value)} is not a number. {_the_number_in(value, 'Write for example 50.')}"


def count(value: object) -> int:
    """How many times."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _GREATEST:
        raise ValueError(
            f"{quoted(value)} is not a number of times. "
            f"{_the_number_in(value, 'Write for example 3.')}"
        )
    return value


def times(value: object) -> Fraction:
    """A factor above 0, `1.5`: as exact as it is written."""
    if not is_number(value) or value <= 0:
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
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
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


def _the_number_in(value: object, otherwise: str) -> str:
    """`"50"`, `3 times` and `5000 EUR` hold a number that may be meant."""
    found = _LEADING_NUMBER.match(value) if isinstance(value, str) else None
    if not found:
        return otherwise
    alone = "without quotes" if found[0] == value else "alone"
    return f"Write {found[0]} {alone}."


def _plain(value: object) -> str:
    return quoted(value).strip('"')
