"""Tests of one value: what `trait`, `company` and a behaviour's filter compare with.

Texts are compared without regard to case and to space around them. Numbers compare with numbers,
yes and no with yes and no; a value of another kind fails every test that is not a negation.
Missing are null, a blank text and an empty list: they pass `not`, `not_in` and `is_set: no`, and
nothing else. A list passes when one of its entries does, a negation when none of them fails it;
`contains` asks a list for an entry, a text for a part.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from relance.conditions.node import Canonical, items, number, text

ValueTest: TypeAlias = Callable[[object], bool]

LONGEST_MATCHED = 10_000
"""Texts with more characters match no pattern."""


def compile_test(canonical: Canonical) -> ValueTest:
    """One test from its canonical form: one operator, or two bounds of a range."""
    tests = [_OPERATORS[name](canonical) for name in canonical]
    if len(tests) == 1:
        return tests[0]
    return lambda value: all(test(value) for test in tests)


def is_missing(value: object) -> bool:
    """Whether there is nothing to compare."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, list | tuple) and not value)


def normal(value: object) -> object:
    """The form in which values are compared; True never equals 1."""
    if isinstance(value, str):
        return value.strip().casefold()
    return ("yes/no", value) if isinstance(value, bool) else value


def _entries(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else (value,)


def _one_of(wanted: Sequence[object]) -> ValueTest:
    known = frozenset(normal(each) for each in wanted)

    def test(value: object) -> bool:
        if isinstance(value, str):
            return value.strip().casefold() in known
        if isinstance(value, list | tuple):
            return any(test(each) for each in value)
        return not isinstance(value, Mapping) and normal(value) in known

    return test


def _not(test: ValueTest) -> ValueTest:
    return lambda value: not test(value)


def _on_text(check: Callable[[str], bool]) -> ValueTest:
    def test(value: object) -> bool:
        if isinstance(value, str):
            return bool(value := value.strip()) and check(value.casefold())
        return isinstance(value, list | tuple) and any(
            isinstance(each, str) and check(each.strip().casefold()) for each in value
        )

    return test


def _on_number(check: Callable[[float], bool]) -> ValueTest:
    def test(value: object) -> bool:
        return any(
            isinstance(each, int | float) and not isinstance(each, bool) and check(each)
            for each in _entries(value)
        )

    return test


def _contains(canonical: Canonical) -> ValueTest:
    wanted = canonical["contains"]
    member = _one_of([wanted])
    if not isinstance(wanted, str):
        return lambda value: isinstance(value, list | tuple) and member(value)
    part = wanted.strip().casefold()
    in_text = _on_text(lambda value: part in value)
    return lambda value: member(value) if isinstance(value, list | tuple) else in_text(value)


def _starts_with(canonical: Canonical) -> ValueTest:
    beginning = text(canonical, "starts_with").strip().casefold()
    return _on_text(lambda value: value.startswith(beginning))


def _ends_with(canonical: Canonical) -> ValueTest:
    ending = text(canonical, "ends_with").strip().casefold()
    return _on_text(lambda value: value.endswith(ending))


def _matches(canonical: Canonical) -> ValueTest:
    """The whole text, in linear time by RE2; the package is loaded where a pattern is."""
    from relance.conditions.patterns import pattern  # noqa: PLC0415 - a megabyte, seldom needed

    matches = pattern(text(canonical, "matches"))

    def test(value: object) -> bool:
        return any(
            isinstance(each, str) and 0 < len(each) <= LONGEST_MATCHED and matches(each.strip())
            for each in _entries(value)
        )

    return test


def _is_set(canonical: Canonical) -> ValueTest:
    wanted = canonical["is_set"] is True
    return lambda value: is_missing(value) is not wanted


def _bound(name: str, check: Callable[[float, float], bool]) -> Callable[[Canonical], ValueTest]:
    def compiled(canonical: Canonical) -> ValueTest:
        limit = number(canonical, name)
        return _on_number(lambda value: check(value, limit))

    return compiled


_OPERATORS: Mapping[str, Callable[[Canonical], ValueTest]] = {
    "in": lambda canonical: _one_of(items(canonical, "in")),
    "not_in": lambda canonical: _not(_one_of(items(canonical, "not_in"))),
    "contains": _contains,
    "starts_with": _starts_with,
    "ends_with": _ends_with,
    "matches": _matches,
    "is_set": _is_set,
    "at_least": _bound("at_least", lambda value, limit: value >= limit),
    "at_most": _bound("at_most", lambda value, limit: value <= limit),
    "greater_than": _bound("greater_than", lambda value, limit: value > limit),
    "less_than": _bound("less_than", lambda value, limit: value < limit),
}
