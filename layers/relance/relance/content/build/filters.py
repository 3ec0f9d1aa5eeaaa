"""`where:` of a behaviour and of points: what an event must say, path by path."""

from collections.abc import Callable, Mapping

from relance.conditions import words
from relance.conditions.hints import not_possible
from relance.conditions.places import Place
from relance.conditions.translate_ranges import amount
from relance.content.behaviours import Filter

Canonical = dict[str, object]

_BOUNDS = ("at_least", "at_most", "greater_than", "less_than", "between")


def filters(written: Mapping[str, object], where: Place) -> tuple[Filter, ...]:
    """The filters as far as they are right, after noting every mistake at its place."""
    found = [(path, _test(value, where / path)) for path, value in written.items()]
    return tuple(Filter(path, test) for path, test in found if test is not None)


def _test(raw: object, where: Place) -> Canonical | None:
    """`machines`, `[machines, beans]` or `{starts_with: /pricing}`."""
    if isinstance(raw, list):
        return _read("in", raw, where)
    if not isinstance(raw, dict):
        return _read("equals", raw, where)
    if not raw:
        where.wrong('say what to ask, for example "starts_with: /pricing".')
        return None
    for key in raw:
        if key not in _READ and key not in _BOUNDS:
            where.wrong(not_possible("where", str(key), (*_READ, *_BOUNDS)))
            return None
    bounds = [key for key in raw if key in _BOUNDS]
    if len(raw) > 1 and len(bounds) < len(raw):
        first, second = list(raw)[:2]
        where.wrong(f"{first} and {second} are two questions. Keep one of the two.")
        return None
    return _amount(raw, where) if bounds else _read(*next(iter(raw.items())), where)


def _read(key: str, value: object, where: Place) -> Canonical | None:
    try:
        return _READ[key](value)
    except ValueError as error:
        where.wrong(str(error))
        return None


def _amount(raw: Mapping[str, object], where: Place) -> Canonical | None:
    given: dict[str, object] = {}
    for key, value in raw.items():
        try:
            given[key] = value if key == "between" else words.number(value)
        except ValueError as error:
            (where / key).wrong(str(error))
            return None
    return amount(given, "it", where)


def _scalars(value: object) -> list[words.Scalar]:
    if not isinstance(value, list) or not value:
        raise ValueError("write at least one value, for example [machines, beans].")
    return [words.scalar(each) for each in value]


def _pattern(value: object) -> Canonical:
    from relance.conditions.patterns import pattern  # noqa: PLC0415 - seldom needed

    text = words.words(value)
    try:
        pattern(text)
    except ValueError as error:
        raise ValueError(
            f'"{text}" is not a regular expression that can be used here ({error}). Write for '
            'example "[A-Z]{2}-[0-9]+".'
        ) from None
    return {"matches": text}


_READ: Mapping[str, Callable[[object], Canonical]] = {
    "equals": lambda value: {"in": [words.scalar(value)]},
    "not": lambda value: {"not_in": [words.scalar(value)]},
    "in": lambda value: {"in": _scalars(value)},
    "not_in": lambda value: {"not_in": _scalars(value)},
    "contains": lambda value: {"contains": words.scalar(value)},
    "starts_with": lambda value: {"starts_with": words.words(value)},
    "ends_with": lambda value: {"ends_with": words.words(value)},
    "matches": _pattern,
    "is_set": lambda value: {"is_set": words.yes_or_no(value)},
}
