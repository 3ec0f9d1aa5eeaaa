"""JSONata expressions, compiled once, evaluated in virtual time.

The evaluator is `jsonatapy`; what it leaves to be told apart is told apart here: undefined from
null, a function from a value, a number from an infinity. An expression that is a constant, or a
plain way into a variable, is answered without it. A test compares both ways, and jsonatapy with
an independent implementation, over a corpus of expressions.

Functions that Step Functions adds, and those that ask for time or chance, answer from the hub:
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Final, Protocol, cast
from uuid import UUID

import jsonatapy
from relance.states_language.rules_expressions import AWS_FUNCTIONS, JSONATA_FUNCTIONS

from local.states.ports import HubLike


class Undefined:
    """The type of `UNDEFINED`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNDEFINED"


UNDEFINED: Final = Undefined()
"""What an expression gives that finds nothing; not the same as null, which is None."""


class QueryError(Exception):
    """An expression could not be evaluated."""


class Scope(Protocol):
    """What an expression can see."""

    variables: Mapping[str, object]

    def states(self, field: str) -> object:
        """Return `$states.<field>`, or UNDEFINED."""


Query = Callable[[Scope], object]
"""An expression, ready: gives a JSON value or UNDEFINED, or raises QueryError."""

_PATH = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)((?:\.[A-Za-z_][A-Za-z0-9_]*)*)")
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,8})(\.\d{1,6})?")  # short enough to be exact
_TEXT = re.compile(r"'[^'\\]*'|\"[^\"\\]*\"")
_VARIABLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_STATES = re.compile(r"\$states\b(?:\.([A-Za-z]+))?")
_FIELDS = ("input", "result", "errorOutput", "context")
_WORDS: Mapping[str, object] = {"true": True, "false": False, "null": None}
_FUNCTIONS = JSONATA_FUNCTIONS | AWS_FUNCTIONS
_JSONATA_WORDS = frozenset({"and", "or", "in", "true", "false", "null", "function"})
MOST_RANGE = 1_000
"""How many numbers `$range` gives at most."""
_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384"} | {
    "SHA-512": "sha512"
}


class _Ambient:
    """Whose time and chance an evaluation sees: set before each, for there is one thread."""

    hub: HubLike


_LIBRARY: dict[str, jsonatapy.JsonataExpression] = {}
"""Every expression as the library compiled it, for as long as the process lives.

The library's objects may only be let go by the thread that made them. Kept here, they are never
picked up by the garbage collector while another thread is running.
"""


def _library(source: str) -> jsonatapy.JsonataExpression:
    expression = _LIBRARY.get(source)
    if expression is None:
        expression = jsonatapy.compile(source)
        called = set(_VARIABLE.findall(source))
        for name in called & _GIVEN.keys():
            expression.register(name, _GIVEN[name])
        for name in called & _REPLACED.keys():
            expression.register_override(name, _REPLACED[name])
        _LIBRARY[source] = expression
    return expression


class Jsonata:
    """Compiles expressions for one simulation."""

    def __init__(self, hub: HubLike) -> None:
        self._hub = hub
        self._compiled: dict[str, Query] = {}

    def compile(self, source: str) -> Query:
        """Return the expression ready for use. Raises ValueError for what is no JSONata."""
        query = self._compiled.get(source)
        if query is None:
            query = _constant(source) or _way(source) or self._general(source)
            self._compiled[source] = query
        return query

    def evaluator(self, source: str) -> Query:
        """Return the expression as the library evaluates it, without short cuts (for tests)."""
        return self._general(source)

    def _general(self, source: str) -> Query:
        expression = _library(source)
        hub = self._hub
        names = tuple(dict.fromkeys(_VARIABLE.findall(source)))
        variables = tuple(name for name in names if name != "states")
        fields = _states_fields(source)
        computes = any(sign in source for sign in ("/", "%", "*", "$power", "$number"))
        evaluate = expression.evaluate

        def query(scope: Scope) -> object:
            known = scope.variables
            bindings = {name: known[name] for name in variables if name in known}
            if fields:
                states = {field: scope.states(field) for field in fields}
                bindings["states"] = {
                    field: value for field, value in states.items() if value is not UNDEFINED
                }
            _Ambient.hub = hub
            try:
                result = evaluate(None, bindings)
                if result is None:
                    return _nothing(expression.evaluate_json_or_none(None, bindings))
            except (ValueError, OverflowError, TypeError, RecursionError) as error:
                raise QueryError(str(error)) from None
            if computes and not _is_finite(result):
                raise QueryError("D1001: Number out of range")
            return cast("object", result)

        return query


def _constant(source: str) -> Query | None:
    """Return a query for a text, a number, true, false or null."""
    if source in _WORDS:
        value = _WORDS[source]
    elif _TEXT.fullmatch(source):
        value = source[1:-1]
    elif _NUMBER.fullmatch(source):
        value = json.loads(source)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
    else:
        return None
    return lambda _: value


def _way(source: str) -> Query | None:
    """Return a query for `$name.field.field`; arrays on the way are left to the library."""
    match = _PATH.fullmatch(source)
    if match is None:
        return None
    name, *keys = (match[1] + match[2]).split(".")
    if _JSONATA_WORDS.intersection(keys) or name in _FUNCTIONS:
        return None
    general: list[Query] = []

    def by_library(scope: Scope) -> object:
        if not general:
            general.append(_plain(source))
        return general[0](scope)

    if name == "states":
        if not keys or keys[0] not in _FIELDS:
            return None
        field, *rest = keys
        return _states_way(field, rest, by_library)
    if not keys:
        return lambda scope: scope.variables.get(name, UNDEFINED)

    def query(scope: Scope) -> object:
        return _walk(scope.variables.get(name, UNDEFINED), keys, scope, by_library)

    return query


def _states_way(field: str, keys: list[str], by_library: Query) -> Query:
    if not keys:
        return lambda scope: scope.states(field)
    return lambda scope: _walk(scope.states(field), keys, scope, by_library)


def _walk(value: object, keys: list[str], scope: Scope, by_library: Query) -> object:
    for key in keys:
        if isinstance(value, dict):
            value = value.get(key, UNDEFINED)
        elif isinstance(value, list):
            return by_library(scope)
        else:
            return UNDEFINED
    return value


def _plain(source: str) -> Query:
    """Evaluate by the library what needs neither time nor chance."""
    return Jsonata(cast("HubLike", None)).evaluator(source)


def _states_fields(source: str) -> tuple[str, ...]:
    """Return the parts of `$states` to bind: those named, or all when it is used whole."""
    found = _STATES.findall(source)
    return _FIELDS if "" in found else tuple(field for field in _FIELDS if field in found)


def _nothing(text: str | None) -> object:
    """Tell apart what the library gives as None: undefined, null, a function."""
    if text is None:
        return UNDEFINED
    if text == "null":
        return None
    raise QueryError("returned an unsupported result type.")


def _is_finite(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(_is_finite(inner) for inner in value.values())
    return not isinstance(value, list) or all(_is_finite(inner) for inner in value)


def _partition(array: list[object] | None, size: float) -> list[list[object]] | None:
    if array is None:
        return None
    if size < 1:
        raise ValueError("$partition needs a size of 1 or more")
    step = int(size)
    return [array[start : start + step] for start in range(0, len(array), step)]


def _range(first: float, last: float, step: float) -> list[float]:
    if step == 0:
        raise ValueError("$range needs a step other than 0")
    count = max(0, math.floor((last - first) / step) + 1)
    if count > MOST_RANGE:
        msg = f"$range gives at most {MOST_RANGE} numbers"
        raise ValueError(msg)
    return [first + index * step for index in range(count)]


def _hash(text: str, algorithm: str = "SHA-256") -> str:
    if algorithm not in _HASHES:
        msg = f"$hash knows {', '.join(_HASHES)}, not {algorithm}"
        raise ValueError(msg)
    return hashlib.new(_HASHES[algorithm], text.encode(), usedforsecurity=False).hexdigest()


def _parse(text: str) -> object:
    return json.loads(text)


def _eval(*_: object) -> object:
    raise ValueError("$eval is not available; use $parse")


def _uuid() -> str:
    return str(UUID(int=_Ambient.hub.random.getrandbits(128), version=4))


def _random(seed: float | None = None) -> float:
    return (_Ambient.hub.random if seed is None else Random(seed)).random()


def _millis() -> int:
    return math.floor(_Ambient.hub.now * 1_000)


def _now(picture: str | None = None, zone: str | None = None) -> object:
    values = {"m": _millis(), "p": picture, "z": zone}
    if picture is None:
        return _library("$fromMillis($m)").evaluate(None, values)
    if zone is None:
        return _library("$fromMillis($m, $p)").evaluate(None, values)
    return _library("$fromMillis($m, $p, $z)").evaluate(None, values)


_GIVEN: Mapping[str, Callable[..., object]] = {
    "hash": _hash,
    "parse": _parse,
    "partition": _partition,
    "range": _range,
    "uuid": _uuid,
}
"""Functions that Step Functions adds."""
_REPLACED: Mapping[str, Callable[..., object]] = {
    "eval": _eval,
    "millis": _millis,
    "now": _now,
    "random": _random,
}
"""Functions of JSONata that must not answer by themselves."""
