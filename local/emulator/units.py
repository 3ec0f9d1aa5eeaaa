"""What a call of DynamoDB costs, in request units, by the sizes of the items concerned.

A read unit is 4 KB read consistently (half for an eventually consistent read, double in a
transaction); a write unit is 1 KB of the larger of the old and the new item (double in a
transaction), and each index that changes is charged for its own write.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from local.emulator.quicker import Quicker
from local.emulator.sizes import Item

Charge = tuple[str, float, float]
Written = Sequence[tuple[str, Item | None, Item | None]]


def read_units(
    module: Any, quicker: Quicker, operation: str, data: dict[str, Any], answer: dict[str, Any]
) -> Iterator[Charge]:
    """Yield (table, read units, 0) for a read and its answer."""
    if operation in ("Query", "Scan"):
        table = data["TableName"]
        size = sum(map(quicker.size, _entries(module, data, quicker.page)))
        yield table, _reads(size, consistent=data.get("ConsistentRead", False)), 0.0
    elif operation == "GetItem":
        size = quicker.size(answer.get("Item"))
        yield data["TableName"], _reads(size, consistent=data.get("ConsistentRead", False)), 0.0
    elif operation == "BatchGetItem":
        for table, items in answer.get("Responses", {}).items():
            consistent = data["RequestItems"].get(table, {}).get("ConsistentRead", False)
            for item in items:
                yield table, _reads(quicker.size(item), consistent=consistent), 0.0
    else:
        for member, found in zip(data["TransactItems"], answer.get("Responses", []), strict=False):
            size = quicker.size(found.get("Item"))
            yield member["Get"]["TableName"], 2 * _reads(size, consistent=True), 0.0


def write_units(
    module: Any, quicker: Quicker, operation: str, data: dict[str, Any], written: Written
) -> Iterator[Charge]:
    """Yield (table, 0, write units) for a write and the changes it made."""
    factor = 2 if operation == "TransactWriteItems" else 1
    for name, old, new in written:
        yield name, 0.0, factor * _writes(max(quicker.size(old), quicker.size(new)))
        table = module._tables.get(name) or {}  # noqa: SLF001
        for index in table.get("GlobalSecondaryIndexes") or ():
            units = module._index_write_units(table, index, old, new)  # noqa: SLF001
            if units:
                yield name, 0.0, units
    yield from _idle(operation, data, len(written))


def _idle(operation: str, data: dict[str, Any], changed: int) -> Iterator[Charge]:
    """Yield the least charge for what changed nothing: checks, and deletes of what is not there."""
    if operation == "TransactWriteItems":
        members = [next(iter(member.items())) for member in data["TransactItems"]]
        checks = [op["TableName"] for kind, op in members if kind == "ConditionCheck"]
        others = [op["TableName"] for kind, op in members if kind != "ConditionCheck"]
        for table in checks + others[changed:]:
            yield table, 0.0, 2.0
    elif not changed and "TableName" in data:
        yield data["TableName"], 0.0, 1.0


def _entries(module: Any, data: dict[str, Any], page: Iterable[Item]) -> Iterable[Item]:
    index = data.get("IndexName")
    if not index:
        return page
    table = module._tables.get(data["TableName"])  # noqa: SLF001
    return [module._apply_index_projection(item, table, index) for item in page]  # noqa: SLF001


def _reads(size: int, *, consistent: bool) -> float:
    return max(1, -(-size // 4096)) * (1.0 if consistent else 0.5)


def _writes(size: int) -> float:
    return float(max(1, -(-size // 1024)))
