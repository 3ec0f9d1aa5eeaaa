"""Sizes of items as DynamoDB counts them, in one quick walk that also vouches for the values.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

DOUBTFUL = -1
_DEEPEST = 32

Value = dict[str, Any]
Item = dict[str, Value]


class Measure:
    """Sizes; `canonical` and `number_size` are the emulator's own functions for numbers."""

    def __init__(
        self, canonical: Callable[[str], str | None], number_size: Callable[[str], int]
    ) -> None:
        @lru_cache(maxsize=65_536)
        def number(text: object) -> int:
            """Return the size of a number that is written canonically, else DOUBTFUL."""
            if type(text) is not str or canonical(text) != text:
                return DOUBTFUL
            return number_size(text)

        self._number = number

    def value(self, value: object, depth: int = 1) -> int:
        """Return the bytes of a value that is certainly valid and canonical, else DOUBTFUL."""
        if type(value) is not dict or len(value) != 1 or depth > _DEEPEST:
            return DOUBTFUL
        for kind, inner in value.items():
            if kind == "S":
                if type(inner) is not str:
                    return DOUBTFUL
                return len(inner) if inner.isascii() else len(inner.encode())
            if kind == "N":
                return self._number(inner) if type(inner) is str else DOUBTFUL
            if kind == "M":
                return self._members(inner.values(), depth, _names(inner)) if inner else 3
            if kind == "L":
                return self._members(inner, depth, 3 + len(inner))
            return self._plain(kind, inner)
        return DOUBTFUL

    def _members(self, members: Iterable[object], depth: int, total: int) -> int:
        depth += 1
        for member in members:
            size = self.value(member, depth)
            if size < 0:
                return DOUBTFUL
            total += size
        return total

    def _plain(self, kind: str, inner: object) -> int:
        if kind == "BOOL" and type(inner) is bool:
            return 1
        if kind == "NULL" and inner is True:
            return 1
        if kind in ("SS", "NS") and type(inner) is list and inner:
            member: dict[str, Any]
            total = 0
            for text in inner:
                member = {kind[0]: text}
                size = self.value(member)
                if size < 0 or text == "":
                    return DOUBTFUL
                total += size
            return total if len(set(inner)) == len(inner) else DOUBTFUL
        return DOUBTFUL


def _names(inner: dict[str, object]) -> int:
    """Return the bytes of a map without its values."""
    names = "".join(inner)
    return 3 + len(inner) + (len(names) if names.isascii() else len(names.encode()))
