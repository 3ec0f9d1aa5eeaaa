"""JSON that can be kept: its texts, its depth and its numbers are what the tables hold."""

from collections.abc import Mapping

from relance.errors import InvalidInput
from relance.storage import Value

_DEPTH = 20
"""Levels of nesting; DynamoDB itself ends at 32."""

_SMALLEST, _TOO_LARGE = 1e-130, 1e15
"""Between these lies every number but 0 that is stored: below is DynamoDB's own limit, above it
whole numbers would lose their last digits in a float.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""

_SHOWN = 100
"""Characters of a place in an event that an answer repeats."""


def json_object(value: object, field: str) -> dict[str, Value]:
    """The JSON object in a field, {} where there is none.

    Raises:
        InvalidInput: it is none, or it cannot be kept; the message names the place.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidInput(f'"{field}" must be a JSON object')
    return _object(value, field, 1)


def _object(value: Mapping[str, object], place: str, depth: int) -> dict[str, Value]:
    if "" in value:
        raise InvalidInput(f'"{place}" holds something without a name')
    return {name: _value(each, f"{place}.{name}"[:_SHOWN], depth) for name, each in value.items()}


def _value(value: object, place: str, depth: int) -> Value:
    if depth > _DEPTH:
        raise InvalidInput(f'"{place}" is nested too deeply ({_DEPTH} levels at most)')
    if isinstance(value, Mapping):
        return _object(value, place, depth + 1)
    if isinstance(value, list):
        return [_value(each, place, depth + 1) for each in value]
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int | float) and (value == 0 or _SMALLEST <= abs(value) < _TOO_LARGE):
        return value
    raise InvalidInput(f'"{place}" holds a number that is out of range')
