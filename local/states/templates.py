"""JSON values with expressions in them, and fields that must give a certain kind of value."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

from relance.states_language.expressions import is_expression, source

from local.states.errors import QUERY_EVALUATION, Failure
from local.states.jsonata import UNDEFINED, Jsonata, Query, QueryError, Scope

Template = Callable[[Scope], object]
"""Gives a JSON value, which nobody may change, or raises Failure."""
Constant = TypeVar("Constant")


def template(value: object, field: str, jsonata: Jsonata) -> Template:
    """Compile a JSON value; strings at any depth may be expressions.

    Raises ValueError, naming the field, for an expression that is no JSONata.
    """
    if isinstance(value, str) and is_expression(value):
        return _expression(source(value), field, jsonata)
    if not _has_expression(value):
        return lambda _: value
    if isinstance(value, dict):
        return _object(value, field, jsonata)
    if isinstance(value, list):
        parts = [template(inner, f"{field}[{index}]", jsonata) for index, inner in enumerate(value)]
        return lambda scope: [part(scope) for part in parts]
    raise AssertionError(value)


def _object(value: dict[str, object], field: str, jsonata: Jsonata) -> Template:
    parts = [(key, template(inner, f"{field}/{key}", jsonata)) for key, inner in value.items()]
    return lambda scope: {key: part(scope) for key, part in parts}


def _has_expression(value: object) -> bool:
    if isinstance(value, str):
        return is_expression(value)
    if isinstance(value, dict):
        return any(_has_expression(inner) for inner in value.values())
    return isinstance(value, list) and any(_has_expression(inner) for inner in value)


def _expression(text: str, field: str, jsonata: Jsonata) -> Template:
    try:
        query: Query = jsonata.compile(text)
    except ValueError as error:
        msg = f'{field}: "{text}" is not JSONata ({error}).'
        raise ValueError(msg) from None
    about = f"The JSONata expression '{text}' specified for the field '{field}'"

    def evaluate(scope: Scope) -> object:
        try:
            result = query(scope)
        except QueryError as error:
            told = str(error)
            if not told.startswith("returned"):
                told = f"threw an error during evaluation. {told}"
            raise Failure(QUERY_EVALUATION, f"{about} {told}", field) from None
        if result is UNDEFINED:
            raise Failure(QUERY_EVALUATION, f"{about} returned nothing (undefined).", field)
        return result

    return evaluate


def _refused(field: str, expected: str, value: object) -> Failure:
    names = {"bool": "boolean", "str": "string", "dict": "object", "list": "array"}
    kind = "null" if value is None else names.get(type(value).__name__, "number")
    cause = (
        f"The JSONata expression specified for the field '{field}' returned an unexpected result "
        f"type. Expected '{expected}', but was '{kind}'."
    )
    if expected == "integer" and kind == "number":
        cause = f"The field '{field}' does not accept the number {value}."
    return Failure(QUERY_EVALUATION, cause, field)


def integer(
    value: object, field: str, jsonata: Jsonata, *, least: int, most: int
) -> Callable[[Scope], int]:
    """Compile a field that must give a whole number between two bounds."""
    part = template(value, field, jsonata)

    def evaluate(scope: Scope) -> int:
        number = part(scope)
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise _refused(field, "integer", number)
        if math.floor(number) != number or not least <= number <= most:
            raise _refused(field, "integer", number)
        return int(number)

    return evaluate


def share(value: object, field: str, jsonata: Jsonata) -> Callable[[Scope], float]:
    """Compile a field that must give a number from 0 to 100."""
    part = template(value, field, jsonata)

    def evaluate(scope: Scope) -> float:
        number = part(scope)
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise _refused(field, "number", number)
        if not 0 <= number <= 100:
            raise _refused(field, "integer", number)
        return float(number)

    return evaluate


def mapping(value: object, field: str, jsonata: Jsonata) -> Callable[[Scope], dict[str, object]]:
    """Compile a field that must give an object."""
    part = template(value, field, jsonata)

    def evaluate(scope: Scope) -> dict[str, object]:
        result = part(scope)
        if isinstance(result, dict):
            return result
        raise _refused(field, "object", result)

    return evaluate


def boolean(value: object, field: str, jsonata: Jsonata) -> Callable[[Scope], bool]:
    """Compile a field that must give true or false."""
    part = template(value, field, jsonata)

    def evaluate(scope: Scope) -> bool:
        result = part(scope)
        if result is True or result is False:
            return result
        raise _refused(field, "boolean", result)

    return evaluate


def text(value: object, field: str, jsonata: Jsonata) -> Callable[[Scope], str]:
    """Compile a field that must give a string."""
    part = template(value, field, jsonata)

    def evaluate(scope: Scope) -> str:
        result = part(scope)
        if isinstance(result, str):
            return result
        raise _refused(field, "string", result)

    return evaluate


def array(value: object, field: str, jsonata: Jsonata) -> Callable[[Scope], list[object]]:
    """Compile a field that must give an array."""
    part = template(value, field, jsonata)

    def evaluate(scope: Scope) -> list[object]:
        result = part(scope)
        if isinstance(result, list):
            return result
        raise _refused(field, "array", result)

    return evaluate
