"""Frozen values to JSON types and back, by the types that their dataclasses declare.

Known are dataclasses, `tuple[X, ...]`, `tuple[X, Y]`, `frozenset[X]`, `Mapping[str, X]`, enums,
durations (seconds), scalars, `X | None`, and what is JSON already (`Mapping[str, object]`). A field
that is as its default says is left out, so that a file shows what was said. Standard library only.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from enum import Enum
from functools import cache
from types import UnionType
from typing import TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def encode(value: object) -> object:
    """The value in JSON types; `decode` is the inverse."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            name: encode(given)
            for name, default in _defaults(type(value)).items()
            if (given := getattr(value, name)) != default
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {str(key): encode(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [encode(each) for each in value]
    if isinstance(value, frozenset):
        return sorted(value)
    return value


def decode(kind: type[T], raw: object) -> T:
    """The value that `encode` wrote.

    Raises:
        KeyError, TypeError, ValueError: it is not of this kind; the build has checked it.
    """
    return cast("T", _decode(kind, raw))


def _decode(kind: object, raw: object) -> object:
    if isinstance(kind, type):
        return _plain(kind, raw)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _one_of(arguments, raw)
    if origin is tuple:
        return _tuple(arguments, raw)
    if origin is frozenset:
        return frozenset(_decode(arguments[0], each) for each in _list(raw))
    return {str(key): _decode(arguments[1], each) for key, each in _object(raw).items()}


def _plain(kind: type, raw: object) -> object:
    """A kind without parameters."""
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, raw)
    if issubclass(kind, Enum):
        return kind(raw)
    if kind is timedelta and isinstance(raw, int | float):
        return timedelta(seconds=raw)
    if kind is float and isinstance(raw, int):
        return float(raw)
    if kind is not object and not isinstance(raw, kind):
        raise TypeError(f"{kind.__name__} was expected")
    return raw


def _dataclass(kind: type, raw: object) -> object:
    hints, given = _hints(kind), _object(raw)
    return kind(
        **{
            name: _decode(hints[name], given[name])
            for name, default in _defaults(kind).items()
            if name in given or default is dataclasses.MISSING
        }
    )


def _tuple(arguments: Sequence[object], raw: object) -> tuple[object, ...]:
    parts = _list(raw)
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_decode(arguments[0], each) for each in parts)
    return tuple(_decode(each, part) for each, part in zip(arguments, parts, strict=True))


def _one_of(kinds: Sequence[object], raw: object) -> object:
    """The kind of the raw value itself, else the first that it can be read as."""
    if any(kind is type(raw) for kind in kinds):
        return raw
    for kind in kinds:
        with suppress(KeyError, TypeError, ValueError):
            return _decode(kind, raw)
    raise TypeError("none of the kinds that are possible here")


def _list(raw: object) -> Sequence[object]:
    if not isinstance(raw, list):
        raise TypeError("a list was expected")
    return raw


def _object(raw: object) -> Mapping[str, object]:
    if not isinstance(raw, Mapping):
        raise TypeError("an object was expected")
    return raw


@cache
def _hints(kind: type) -> Mapping[str, object]:
    return get_type_hints(kind)


@cache
def _defaults(kind: type) -> Mapping[str, object]:
    """The fields by name with their defaults, MISSING where there is none."""
    return {
        each.name: (each.default_factory() if callable(each.default_factory) else each.default)
        for each in dataclasses.fields(kind)
        if each.init
    }
