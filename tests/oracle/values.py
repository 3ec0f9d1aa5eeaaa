"""What one value can be asked: `equals`, `in`, `starts_with` … as the language's docs say it.

Texts compare without regard to case and surrounding space. What is missing (nothing, an empty
text) passes `not`, `not_in` and `is_set: no` alone, and so does a value of another kind.
"""

import re
from collections.abc import Mapping, Sequence

from tests.oracle.cases import Source


def at_path(properties: Mapping[str, object], path: str) -> object:
    """What stands at `product.category`; None where nothing does."""
    found: object = properties
    for key in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(key)
    return found


def fits(value: object, test: Source) -> bool:
    """Whether the value passes every part of the test."""
    return all(_passes(value, name, wanted) for name, wanted in test.items())


def _passes(value: object, name: str, wanted: object) -> bool:
    missing = value is None or value in ("", [])
    match name:
        case "is_set":
            return missing != wanted
        case "equals":
            return not missing and _same(value, wanted)
        case "not":
            return missing or not _same(value, wanted)
        case "in":
            return not missing and any(_same(value, each) for each in _list(wanted))
        case "not_in":
            return missing or not any(_same(value, each) for each in _list(wanted))
        case "contains" | "starts_with" | "ends_with" | "matches":
            return isinstance(value, str) and not missing and _text(value, name, str(wanted))
        case _:
            return _is_number(value) and _number(float(value), name, wanted)  # type: ignore[arg-type]


def _text(value: str, name: str, wanted: str) -> bool:
    if name == "matches":
        return re.fullmatch(wanted, value.strip(), re.IGNORECASE) is not None
    value, wanted = _folded(value), _folded(wanted)
    match name:
        case "contains":
            return wanted in value
        case "starts_with":
            return value[: len(wanted)] == wanted
        case _:
            return wanted == "" or value[-len(wanted) :] == wanted


def _number(value: float, name: str, wanted: object) -> bool:
    if name == "between":
        low, high = _list(wanted)
        return _number(value, "at_least", low) and _number(value, "at_most", high)
    bound = float(str(wanted))
    match name:
        case "at_least":
            return value >= bound
        case "at_most":
            return value <= bound
        case "greater_than":
            return value > bound
        case "less_than":
            return value < bound
    raise KeyError(name)


def _same(value: object, wanted: object) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        return _folded(value) == _folded(wanted)
    return (type(value) is type(wanted) and value == wanted) or (
        _is_number(value) and _is_number(wanted) and value == wanted
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _folded(text: str) -> str:
    return text.strip().casefold()


def _list(value: object) -> Sequence[object]:
    assert isinstance(value, list | tuple)
    return value
