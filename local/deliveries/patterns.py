"""Event patterns: which events a rule (or an event source's filter) lets through.

Source: "Creating Amazon EventBridge event patterns"
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html).
A pattern is compiled once; an operator that is not documented there is refused by name.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

Check = Callable[[Any], bool]
"""Whether a value fits; gets `ABSENT` when the event lacks the field."""

ABSENT = object()
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class PatternError(Exception):
    """The pattern is not one that EventBridge would take; the message names the place."""


def compile_pattern(pattern: Mapping[str, Any]) -> Check:
    """Return a function that tells whether an event fits `pattern`.

    Raises PatternError for an empty pattern and for what EventBridge does not know.
    """
    if not pattern:
        raise PatternError("an event pattern cannot be empty")
    return _object(pattern, "")


def _object(pattern: Mapping[str, Any], where: str) -> Check:
    checks = [_field(name, wanted, where) for name, wanted in pattern.items()]

    def check(value: Any) -> bool:
        if isinstance(value, list):
            return any(check(item) for item in value)
        if not isinstance(value, Mapping):
            value = {}
        return all(fits(value) for fits in checks)

    return check


def _field(name: str, wanted: object, where: str) -> Check:
    place = f"{where}.{name}" if where else name
    if name == "$or":
        if not isinstance(wanted, list) or len(wanted) < 2:
            raise PatternError(f"{place} takes a list of two or more patterns")
        choices = [_object(choice, f"{place}[{n}]") for n, choice in enumerate(wanted)]
        return lambda event: any(fits(event) for fits in choices)
    if isinstance(wanted, Mapping):
        if not wanted:
            raise PatternError(f"{place} is empty")
        nested = _object(wanted, place)
        return lambda event: nested(event.get(name, ABSENT))
    if not isinstance(wanted, list) or not wanted:
        raise PatternError(
            f"{place} must be a list of what it may be, as in [{json.dumps(wanted)}]"
        )
    leaf = _leaf([_choice(choice, place) for choice in wanted])
    return lambda event: leaf(event.get(name, ABSENT))


def _leaf(choices: list[Check]) -> Check:
    def check(value: Any) -> bool:
        if isinstance(value, list) and value:
            return any(check(item) for item in value)
        if isinstance(value, Mapping | list):
            value = ABSENT
        return any(fits(value) for fits in choices)

    return check


def _choice(choice: object, where: str) -> Check:
    if not isinstance(choice, Mapping):
        return _exact(choice, where)
    if len(choice) != 1:
        raise PatternError(f"{where}: one operator at a time, not {sorted(choice)}")
    ((name, argument),) = choice.items()
    make = _OPERATORS.get(name)
    if make is None:
        raise PatternError(f'{where}: there is no operator "{name}"')
    return make(argument, where)


def _exact(wanted: object, where: str) -> Check:
    if isinstance(wanted, list):
        raise PatternError(f"{where}: a list inside of a list")
    text = json.dumps(wanted)
    return lambda value: value is not ABSENT and _same_text(value, wanted, text)


def _same_text(value: object, wanted: object, text: str) -> bool:
    if isinstance(wanted, str) or isinstance(value, str):
        return value == wanted
    return json.dumps(value) == text


def _of_text(test: Callable[[str], bool]) -> Check:
    return lambda value: isinstance(value, str) and test(value)


def _words(argument: object, where: str) -> list[str]:
    words: list[str] = argument if isinstance(argument, list) else [str(argument)]
    given = argument if isinstance(argument, list) else [argument]
    if not words or not all(isinstance(word, str) for word in given):
        raise PatternError(f"{where} takes text, not {json.dumps(argument)}")
    return words


def _affix(argument: object, where: str, test: Callable[[str, str], bool]) -> Check:
    if isinstance(argument, Mapping) and set(argument) == {"equals-ignore-case"}:
        (word,) = _words(argument["equals-ignore-case"], where)
        return _of_text(lambda value: test(value.casefold(), word.casefold()))
    (word,) = _words(argument, where)
    return _of_text(lambda value: test(value, word))


def _prefix(argument: object, where: str) -> Check:
    return _affix(argument, f"{where}.prefix", str.startswith)


def _suffix(argument: object, where: str) -> Check:
    return _affix(argument, f"{where}.suffix", str.endswith)


def _ignore_case(argument: object, where: str) -> Check:
    (word,) = _words(argument, f"{where}.equals-ignore-case")
    return _of_text(lambda value: value.casefold() == word.casefold())


def _wildcard(argument: object, where: str) -> Check:
    (word,) = _words(argument, f"{where}.wildcard")
    if "**" in word:
        raise PatternError(f"{where}.wildcard: two * in a row")
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", word)
    shape = re.compile(
        "".join(".*" if part == "*" else re.escape(part.removeprefix("\\")) for part in parts),
        re.DOTALL,
    )
    return _of_text(lambda value: shape.fullmatch(value) is not None)


def _numeric(argument: object, where: str) -> Check:
    if not isinstance(argument, list) or len(argument) not in {2, 4}:
        raise PatternError(f'{where}.numeric takes a list as in [">", 0, "<=", 5]')
    pairs = list(zip(argument[::2], argument[1::2], strict=True))
    for sign, bound in pairs:
        if sign not in _COMPARE or isinstance(bound, bool) or not isinstance(bound, int | float):
            raise PatternError(f"{where}.numeric: {json.dumps([sign, bound])}")

    def check(value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return all(_COMPARE[sign](value, bound) for sign, bound in pairs)

    return check


def _exists(argument: object, where: str) -> Check:
    if not isinstance(argument, bool):
        raise PatternError(f"{where}.exists takes true or false")
    return lambda value: (value is not ABSENT) is argument


def _cidr(argument: object, where: str) -> Check:
    try:
        network = ip_network(str(argument))
    except ValueError as error:
        raise PatternError(f"{where}.cidr: {error}") from error

    def inside(value: str) -> bool:
        try:
            return ip_address(value) in network
        except ValueError:
            return False

    return _of_text(inside)


def _anything_but(argument: object, where: str) -> Check:
    if isinstance(argument, Mapping):
        if len(argument) != 1:
            raise PatternError(f"{where}.anything-but: one operator at a time")
        ((name, inner),) = argument.items()
        make = {
            "prefix": _prefix,
            "suffix": _suffix,
            "equals-ignore-case": _ignore_case,
            "wildcard": _wildcard,
        }.get(name)
        if make is None:
            raise PatternError(f'{where}.anything-but: there is no operator "{name}"')
        place = f"{where}.anything-but"
        unwanted = [make(word, place) for word in _words(inner, place)]
        return _of_text(lambda value: not any(fits(value) for fits in unwanted))
    values = argument if isinstance(argument, list) else [argument]
    excluded = [_exact(value, where) for value in values]
    return lambda value: value is not ABSENT and not any(fits(value) for fits in excluded)


_OPERATORS: Mapping[str, Callable[[Any, str], Check]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _ignore_case,
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}
