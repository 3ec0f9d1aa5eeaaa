"""The store as dictionaries: for rehearsals and fast tests, held to DynamoDB by one contract suite.

Items are copied on the way in and out, so that nobody can change what is stored.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy

from relance.errors import ConditionFailed
from relance.storage import (
    KEYS,
    Absent,
    AllOf,
    AnyOf,
    AtLeast,
    Below,
    Condition,
    Delete,
    Equals,
    Index,
    Item,
    Missing,
    Present,
    Put,
    Table,
    Update,
    Value,
    Write,
)


class MemoryStore:
    """Four dictionaries by key."""

    def __init__(self) -> None:
        self._tables: dict[Table, dict[tuple[str, ...], dict[str, Value]]] = {
            table: {} for table in Table
        }

    def items(self, table: Table) -> list[Item]:
        """Every item of a table, by key."""
        return [deepcopy(item) for _, item in sorted(self._tables[table].items())]

    def get(self, table: Table, key: tuple[str, ...]) -> Item | None:
        """The item at `key`, or None."""
        return deepcopy(self._tables[table].get(key))

    def get_many(
        self, table: Table, keys: Iterable[tuple[str, ...]]
    ) -> dict[tuple[str, ...], Item]:
        """The items at these keys, by key."""
        there = self._tables[table]
        return {key: deepcopy(there[key]) for key in keys if key in there}

    def query(
        self, table: Table, partition: str, *, prefix: str = "", start: str = ""
    ) -> list[Item]:
        """The items of a partition by sort key."""
        found = sorted(
            key
            for key in self._tables[table]
            if key[0] == partition and key[-1].startswith(prefix) and key[-1] >= start
        )
        return [deepcopy(self._tables[table][key]) for key in found]

    def latest(self, table: Table, partition: str, *, most: int, before: str = "") -> list[Item]:
        """The last items of a partition, the last first."""
        found = [
            each
            for each in self.query(table, partition)
            if not before or str(each[KEYS[table][-1]]) < before
        ]
        return found[::-1][:most]

    def query_index(
        self, index: Index, partition: str, *, up_to: str | None = None
    ) -> Iterator[Item]:
        """The items of an index's partition in its order."""
        found: list[Item] = [
            deepcopy(item)
            for item in self._tables[index.table].values()
            if item.get(index.partition) == partition
            and index.sort in item
            and (up_to is None or str(item[index.sort]) <= up_to)
        ]
        return iter(sorted(found, key=lambda item: str(item[index.sort])))

    def scan(
        self,
        table: Table,
        *,
        records: Sequence[str],
        attributes: Sequence[str],
        prefixes: Sequence[str] = (),
        after: tuple[str, ...] | None = None,
    ) -> Iterator[Item]:
        """The items with one of these sort keys, with some attributes."""
        found: list[Item] = [
            {name: deepcopy(item[name]) for name in attributes if name in item}
            for key, item in sorted(self._tables[table].items())
            if key[-1] in records or key[-1].startswith(tuple(prefixes))
            if after is None or key > after
        ]
        return iter(found)

    def write(self, write: Put | Update | Delete) -> None:
        """Carry out one write."""
        self.transact([write])

    def change(self, update: Update) -> Item:
        """Carry out one update; the item as it is afterwards."""
        there = self._tables[update.table]
        try:
            self.transact([update])
        except ConditionFailed as refused:
            raise ConditionFailed(refused.failed, deepcopy(there.get(update.key))) from None
        return deepcopy(there[update.key])

    def transact(self, writes: Sequence[Write]) -> None:
        """Carry out several writes, all or none.

        Raises:
            ValueError: two writes of one item, or more than 100, as DynamoDB refuses them.
        """
        places = [(write.table, key_of(write)) for write in writes]
        if len(set(places)) < len(places) or not 0 < len(writes) <= 100:
            raise ValueError("a transaction has 1 to 100 writes, each of another item")
        failed = tuple(
            at
            for at, write in enumerate(writes)
            if write.when is not None
            and not holds(write.when, self._tables[write.table].get(key_of(write)))
        )
        if failed:
            raise ConditionFailed(failed)
        for write in writes:
            self._carry_out(write)

    def _carry_out(self, write: Write) -> None:
        table, key = self._tables[write.table], key_of(write)
        if isinstance(write, Put):
            table[key] = without_none(deepcopy(dict(write.item)))
        elif isinstance(write, Update):
            item = table.setdefault(key, dict(zip(KEYS[write.table], key, strict=True)))
            for name in write.remove:
                item.pop(name, None)
            for name, value in write.set.items():
                item[name] = deepcopy(value)
            for name, amount in write.add.items():
                item[name] = int(str(item.get(name) or 0)) + amount
            table[key] = without_none(item)
        elif isinstance(write, Delete):
            table.pop(key, None)


def key_of(write: Write) -> tuple[str, ...]:
    """The key of the item that a write is about."""
    if isinstance(write, Put):
        return tuple(str(write.item[name]) for name in KEYS[write.table])
    return write.key


def without_none(item: dict[str, Value]) -> dict[str, Value]:
    """The item as it is stored: a missing attribute and None are the same."""
    return {name: value for name, value in item.items() if value is not None}


def holds(when: Condition, item: Mapping[str, Value] | None) -> bool:
    """Whether a condition holds for what is there."""
    match when:
        case Absent():
            return item is None
        case Present():
            return item is not None
        case Missing(name):
            return _at(item, name) is None
        case Equals(name, value):
            return _at(item, name) == value
        case Below(name, value):
            return _compares(_at(item, name), value) and not _reaches(_at(item, name), value)
        case AtLeast(name, value):
            return _compares(_at(item, name), value) and _reaches(_at(item, name), value)
        case AnyOf(conditions):
            return any(holds(each, item) for each in conditions)
        case AllOf(conditions):
            return all(holds(each, item) for each in conditions)


def _compares(there: Value, value: str | int) -> bool:
    return isinstance(there, str if isinstance(value, str) else int)


def _reaches(there: Value, value: str | int) -> bool:
    if isinstance(there, str) and isinstance(value, str):
        return there >= value
    return isinstance(there, int) and isinstance(value, int) and there >= value


def _at(item: Mapping[str, Value] | None, path: str) -> Value:
    value: Value = item
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
