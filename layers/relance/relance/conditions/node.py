"""What every leaf and every group compiles to, and how leaves read their canonical form."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from relance.conditions.facts import FOREVER, Facts
from relance.conditions.needs import Needs

Verdict: TypeAlias = tuple[bool, int]
"""Whether it holds, and until when time alone leaves it so: the first ms of another verdict."""

Evaluate: TypeAlias = Callable[[Facts, int], Verdict]
Test: TypeAlias = Callable[[Facts], bool]
Canonical: TypeAlias = Mapping[str, object]

ALWAYS: Verdict = (True, FOREVER)
NEVER: Verdict = (False, FOREVER)

EQUAL = 1e-6
"""Scores, sums and greatest values that differ by less are equal: they are sums of fractions."""


@dataclass(frozen=True, slots=True)
class Node:
    """A compiled leaf or group.

    `test` is there where time plays no part. `cost` is about how long it takes, in counts.
    """

    evaluate: Evaluate
    needs: Needs = field(default_factory=Needs)
    test: Test | None = None
    cost: int = 1


def timeless(test: Test, needs: Needs) -> Node:
    """A node whose verdict time alone never changes."""

    def evaluate(facts: Facts, _: int) -> Verdict:
        return ALWAYS if test(facts) else NEVER

    return Node(evaluate, needs, test)


def text(leaf: Canonical, key: str) -> str:
    """The text that the build wrote under `key`."""
    value = leaf[key]
    if not isinstance(value, str):
        raise TypeError(f"{key}: a text was expected")
    return value


def number(leaf: Canonical, key: str) -> float:
    """The number under `key`, as whole as it was written."""
    value = leaf[key]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{key}: a number was expected")
    return value


def whole(leaf: Canonical, key: str) -> int:
    """The whole number under `key`. DynamoDB and JSON may have made it 3.0."""
    return int(number(leaf, key))


def texts(leaf: Canonical, key: str) -> tuple[str, ...]:
    """The texts under `key`."""
    return tuple(str(each) for each in items(leaf, key))


def items(leaf: Canonical, key: str) -> Sequence[object]:
    """The list under `key`."""
    value = leaf[key]
    if not isinstance(value, list | tuple):
        raise TypeError(f"{key}: a list was expected")
    return value


def ratio(leaf: Canonical, key: str) -> tuple[int, int]:
    """The fraction under `key`: numerator and denominator, so that instants come out exact."""
    above, below = items(leaf, key)
    if not isinstance(above, int) or not isinstance(below, int):
        raise TypeError(f"{key}: a fraction of whole numbers was expected")
    return above, below


def bounds(leaf: Canonical) -> tuple[float, float]:
    """The half-open range of an amount (low ≤ amount < high), `EQUAL` taken into account."""
    low, high = float("-inf"), float("inf")
    if "at_least" in leaf:
        low = number(leaf, "at_least") - EQUAL
    if "greater_than" in leaf:
        low = number(leaf, "greater_than") + EQUAL
    if "at_most" in leaf:
        high = number(leaf, "at_most") + EQUAL
    if "less_than" in leaf:
        high = number(leaf, "less_than") - EQUAL
    return low, high
