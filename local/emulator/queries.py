"""The commonest query, answered quickly: one partition of a table with string keys.

Everything else (indexes, filters, projections, pages that begin somewhere) goes the emulator's own
way, and so does the first query of each kind, so that a wrong one gets the emulator's own error.
"""

import re
from collections.abc import Callable
from typing import Any

from local.emulator.quicker import Quicker
from local.emulator.sizes import Item

_PAGE_BYTES = 1_048_576
_TAKEN = frozenset(
    {
        "TableName",
        "KeyConditionExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "ConsistentRead",
        "ScanIndexForward",
        "Limit",
    }
)
_PARTITION = re.compile(r"^\(?\s*(#?\w+)\s*=\s*(:\w+)\s*(?:AND\s+(.+?))?\s*$", re.IGNORECASE)
_PREFIX = re.compile(r"^begins_with\s*\(\s*(#?\w+)\s*,\s*(:\w+)\s*\)\s*\)?$")
_COMPARED = re.compile(r"^(#?\w+)\s*(<=|>=|<|>|=)\s*(:\w+)\s*\)?$")
_BETWEEN = re.compile(r"^(#?\w+)\s+BETWEEN\s+(:\w+)\s+AND\s+(:\w+)\s*\)?$", re.IGNORECASE)

Test = Callable[[str, str, str], bool]
_TESTS: dict[str, Test] = {
    "begins_with": lambda key, low, _: key.startswith(low),
    "between": lambda key, low, high: low <= key <= high,
    "=": lambda key, low, _: key == low,
    "<": lambda key, low, _: key < low,
    "<=": lambda key, low, _: key <= low,
    ">": lambda key, low, _: key > low,
    ">=": lambda key, low, _: key >= low,
}

# The names and values of a condition: partition (name, value), and sort (name, test, low, high).
Plan = tuple[str, str, str, str, str, str]


def plan(expression: str) -> Plan | None:
    """Read a key condition of the common forms; None for any other."""
    found = _PARTITION.match(expression)
    if found is None:
        return None
    name, value, rest = found.groups()
    if rest is None or not rest.strip(" )"):
        return name, value, "", "", "", ""
    if prefix := _PREFIX.match(rest):
        return name, value, prefix[1], "begins_with", prefix[2], prefix[2]
    if compared := _COMPARED.match(rest):
        return name, value, compared[1], compared[2], compared[3], compared[3]
    if between := _BETWEEN.match(rest):
        return name, value, between[1], "between", between[2], between[3]
    return None


class QuickQueries:
    """Answers queries of kinds that the emulator has answered before."""

    def __init__(self, module: Any, quicker: Quicker) -> None:
        self._module = module
        self._quicker = quicker
        self._plans: dict[str, Plan | None] = {}
        self._accepted: set[tuple[object, ...]] = set()

    def answer(self, data: dict[str, Any]) -> dict[str, Any] | None:
        """Return the answer, or None for the emulator to find it."""
        if not _TAKEN.issuperset(data):
            return None
        expression = data.get("KeyConditionExpression")
        table = self._module._tables.get(data["TableName"])  # noqa: SLF001
        if not isinstance(expression, str) or table is None:
            return None
        if expression not in self._plans:
            self._plans[expression] = plan(expression)
        reading = self._plans[expression]
        if reading is None or not self._acceptable(data, reading, table):
            return None
        return self._read(data, reading, table)

    def _acceptable(self, data: dict[str, Any], reading: Plan, table: Any) -> bool:
        """Whether the emulator has accepted such a query before, with values of this type."""
        values = data.get("ExpressionAttributeValues", {})
        names = data.get("ExpressionAttributeNames", {})
        for value in values.values():
            if type(value) is not dict or len(value) != 1 or not value.get("S"):
                return False
        if names.get(reading[0], reading[0]) != table["pk_name"]:
            return False
        if reading[3] == "between" and values[reading[4]]["S"] > values[reading[5]]["S"]:
            return False
        limit = data.get("Limit", 1)
        kind = (
            id(table),
            data["KeyConditionExpression"],
            tuple(sorted(names.items())),
            tuple(sorted(values)),
            limit > 0,
        )
        if kind in self._accepted:
            return True
        # Let the emulator judge this one; what it accepts is accepted from now on.
        status = self._module._query({**data, "Limit": limit})[0]  # noqa: SLF001
        if status < 300:
            self._accepted.add(kind)
            return True
        return False

    def _read(self, data: dict[str, Any], reading: Plan, table: Any) -> dict[str, Any]:
        values = data["ExpressionAttributeValues"]
        _, value, sort, test, low, high = reading
        sort_name = table["sk_name"]
        partition: dict[str, Item] = table["items"].get(values[value]["S"], {})
        keys: list[str] = list(partition)
        if sort:
            passes, least, most = _TESTS[test], values[low]["S"], values[high]["S"]
            keys = [key for key in keys if passes(key, least, most)]
        if sort_name:
            keys.sort(reverse=not data.get("ScanIndexForward", True))
        page, stopped = self._page([partition[key] for key in keys], data.get("Limit"))
        self._quicker.page = page
        answer = {"Items": page, "Count": len(page), "ScannedCount": len(page)}
        if stopped:
            last = page[-1]
            key_names = (table["pk_name"], sort_name)
            answer["LastEvaluatedKey"] = {n: last[n] for n in key_names if n}
        return answer

    def _page(self, items: list[Item], limit: int | None) -> tuple[list[Item], bool]:
        """Return the first page and whether it stopped at a boundary, as the emulator does."""
        page: list[Item] = []
        total = 0
        for item in items:
            size = self._quicker.size(item)
            if page and total + size > _PAGE_BYTES:
                return page, True
            page.append(item)
            total += size
            if (limit is not None and len(page) >= limit) or total >= _PAGE_BYTES:
                return page, True
        return page, False
