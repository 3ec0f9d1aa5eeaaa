"""The kinds of values that fields take: numbers, times, payloads, each or an expression.

An expression is a string that begins with `{%` and ends with `%}` (see `expressions.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue, PlainValidator
from pydantic.alias_generators import to_pascal

from relance.states_language.expressions import is_expression

MOST_SECONDS = 99_999_999
"""The longest time-out or wait that the language allows, in seconds (about three years)."""
MOST_DELAY_SECONDS = 31_622_400
"""The longest MaxDelaySeconds of a retrier, in seconds (a leap year)."""

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def _number(least: int, most: int, what: str, example: str) -> Callable[[object], int | str]:
    """Return a validator for a whole number between two bounds, or an expression."""

    def validate(value: object) -> int | str:
        if isinstance(value, str) and is_expression(value):
            return value
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        msg = f"must be {what}, or an expression such as {example}"
        raise ValueError(msg)

    return validate


def _share(value: object) -> int | float | str:
    if isinstance(value, str) and is_expression(value):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100:
        return value
    raise ValueError('must be a number from 0 to 100, or an expression such as "{% $limit %}"')


def _condition(value: object) -> bool | str:
    if isinstance(value, bool) or (isinstance(value, str) and is_expression(value)):
        return value
    raise ValueError('must be an expression that is true or false, such as "{% $clicked %}"')


def _timestamp(value: object) -> str:
    if isinstance(value, str) and (is_expression(value) or _TIMESTAMP.fullmatch(value)):
        return value
    raise ValueError(
        'must be a time such as "2026-03-01T09:00:00Z", or an expression such as "{% $deadline %}"'
    )


def _container(kind: type, what: str) -> Callable[[object], object]:
    """Return a validator for a JSON array or object, or an expression that gives one."""

    def validate(value: object) -> object:
        if isinstance(value, kind) or (isinstance(value, str) and is_expression(value)):
            return value
        msg = f"must be {what}, or an expression that gives one"
        raise ValueError(msg)

    return validate


_ABOUT_SECONDS = "a whole number of seconds from {least} to 99999999"
Seconds: TypeAlias = Annotated[
    int | str,
    PlainValidator(
        _number(1, MOST_SECONDS, _ABOUT_SECONDS.format(least=1), '"{% $seconds_left %}"')
    ),
]
"""A positive number of seconds, or an expression."""
WaitSeconds: TypeAlias = Annotated[
    int | str,
    PlainValidator(_number(0, MOST_SECONDS, _ABOUT_SECONDS.format(least=0), '"{% $seconds %}"')),
]
Count: TypeAlias = Annotated[
    int | str, PlainValidator(_number(0, 10**9, "a whole number, 0 or more", '"{% $limit %}"'))
]
ItemCount: TypeAlias = Annotated[
    int | str,
    PlainValidator(_number(0, 100_000_000, "a whole number from 0 to 100000000", '"{% $limit %}"')),
]
"""How many items are read: 0 means all."""
PositiveCount: TypeAlias = Annotated[
    int | str, PlainValidator(_number(1, 10**9, "a whole number, 1 or more", '"{% $limit %}"'))
]
Percentage: TypeAlias = Annotated[int | float | str, PlainValidator(_share)]
Condition: TypeAlias = Annotated[bool | str, PlainValidator(_condition)]
Timestamp: TypeAlias = Annotated[str, PlainValidator(_timestamp)]
Payload: TypeAlias = Annotated[JsonValue, Field()]
"""Any JSON; strings in it, at any depth, may be expressions."""
Arguments: TypeAlias = Annotated[JsonValue, PlainValidator(_container(dict, "an object"))]
Items: TypeAlias = Annotated[JsonValue, PlainValidator(_container(list, "an array"))]


class Strict(BaseModel):
    """Only the fields of the language, each as the language has it."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        alias_generator=to_pascal,
        hide_input_in_errors=True,
    )
