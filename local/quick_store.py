"""The four tables of a world as dictionaries, in the place of DynamoDB: quicker, and no less exact.

A rehearsal asks the tables a hundred times for each contact, and most of what DynamoDB's stand-in
does with a call (the client, its checks, expressions as text) is for finding mistakes in calls. In
a world with quick tables the store of `relance.storage` is answered here. Everything else is as
ever: each call takes its time, is counted and charged by the sizes of its items, is seen by streams
and sweeps, and items expire. The contract suite of the stores runs on it, and a test shows that a
rehearsal on either comes to the same, to the bill.

Faults are played as its client meets them: it asks again while a call fails, and a write whose
answer is lost is made once more. DynamoDB's own API sees nothing of these tables.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import orjson
import relance.aws.dynamodb as real
from botocore.exceptions import ClientError
from relance.aws.passing import passes
from relance.aws.values import to_attributes
from relance.errors import ConditionFailed, StoreBusy
from relance.storage import (
    DUE,
    IDENTITIES_OF,
    KEYS,
    MEMBERS,
    SENDS_OF,
    UNSETTLED,
    Check,
    Condition,
    Delete,
    Index,
    Item,
    Put,
    Table,
    Update,
    Value,
    Write,
)

from local.faults import CallMade, Fault, Rule
from local.latency import latency
from local.memory import holds, key_of, without_none

if TYPE_CHECKING:
    from local.hook import Call

Key = tuple[str, ...]
_Change = tuple[Table, Key, Mapping[str, Any] | None, Mapping[str, Any] | None]
_BATCH = 100
_TTL = "expires_at"
_TTL_DELAY = 2 * 86_400
_READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan"})
_ATTEMPTS = 10
_FIRST_PAUSE = 0.05
"""How often botocore makes a call of DynamoDB at most, and the seconds it waits, doubled each time.

https://docs.aws.amazon.com/boto3/latest/guide/retries.html
"""
_INDEXES: Mapping[Table, tuple[Index, ...]] = {
    table: tuple(i for i in (UNSETTLED, DUE, MEMBERS, IDENTITIES_OF, SENDS_OF) if i.table is table)
    for table in Table
}
_ORIGINAL = real.DynamoStore


@dataclass(frozen=True, slots=True)
class Made:
    """A call as the meter knows one; nothing is told of its parameters."""

    operation: str
    service: str = "dynamodb"
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """An item as it is kept: its JSON, and its size in bytes as DynamoDB counts it."""

    raw: bytes
    size: int

    @property
    def item(self) -> dict[str, Any]:
        """A copy of one's own."""
        found: dict[str, Any] = orjson.loads(self.raw)
        return found


class Around:
    """What happens around a call: its time, its count, its charge; nothing, without a world."""

    def begin(self, operation: str) -> None:
        """A call is made."""

    def charge(self, table: Table, reads: float, writes: float) -> None:
        """What it consumed."""

    def end(self) -> None:
        """It is answered."""

    def lost(self) -> bool:
        """Whether the answer to what was written is lost, so that the client writes again."""
        return False

    def changed(
        self, table: Table, key: Key, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
    ) -> None:
        """An item was written, and is not what it was."""

    def index_units(
        self,
        table: Table,  # noqa: ARG002
        old: Mapping[str, Any] | None,  # noqa: ARG002
        new: Mapping[str, Any] | None,  # noqa: ARG002
    ) -> float:
        """The write units of the indexes that a change concerns."""
        return 0.0

    def now(self) -> float:
        """Epoch seconds, for what expires."""
        return 0.0


class QuickTables:
    """What is stored, and how it is found."""

    def __init__(self, around: Around | None = None) -> None:
        self.around = around or Around()
        self._rows: dict[Table, dict[str, dict[str, Kept]]] = {table: {} for table in Table}
        self._index: dict[tuple[str, str, str], dict[Key, str]] = {}
        self._expiring: list[tuple[float, str, Key]] = []

    # -- looking --------------------------------------------------------------------------------

    def at(self, table: Table, key: Key) -> Kept | None:
        """The item at a key."""
        return self._rows[table].get(key[0], {}).get(key[-1])

    def partition(self, table: Table, name: str) -> list[tuple[str, Kept]]:
        """A partition by sort key."""
        return sorted(self._rows[table].get(name, {}).items())

    def indexed(self, index: Index, partition: str) -> list[tuple[str, Key]]:
        """The keys of an index's partition in its order."""
        found = self._index.get((index.table, index.name, partition), {})
        return sorted((sort, key) for key, sort in found.items())

    def items(self, table: Table) -> list[Item]:
        """Every item of a table, by key."""
        rows = self._rows[table]
        return [kept.item for name in sorted(rows) for _, kept in sorted(rows[name].items())]

    # -- changing -------------------------------------------------------------------------------

    def keep(self, table: Table, key: Key, item: Item | None) -> tuple[Kept | None, Kept | None]:
        """Put an item in the place of what is there, None to remove it; (what was, what is)."""
        rows = self._rows[table]
        old = self.at(table, key)
        new = None if item is None else _kept(item)
        if new is None:
            if old is not None:
                del rows[key[0]][key[-1]]
        else:
            rows.setdefault(key[0], {})[key[-1]] = new
        before = old.item if old is not None and _INDEXES[table] else {}
        for index in _INDEXES[table]:
            self._enter(index, key, before, item or {})
        expires = None if item is None else item.get(_TTL)
        if isinstance(expires, int | float):
            heapq.heappush(self._expiring, (float(expires), table.value, key))
        return old, new

    def _enter(
        self, index: Index, key: Key, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        was, now = before.get(index.partition), after.get(index.partition)
        if was is not None:
            self._index.get((index.table, index.name, str(was)), {}).pop(key, None)
        if now is not None and index.sort in after:
            place = self._index.setdefault((index.table, index.name, str(now)), {})
            place[key] = str(after[index.sort])

    def expire(self) -> None:
        """Remove what expired two days ago."""
        limit = self.around.now() - _TTL_DELAY
        while self._expiring and self._expiring[0][0] <= limit:
            _, name, key = heapq.heappop(self._expiring)
            table = Table(name)
            there = self.at(table, key)
            if there is None:
                continue
            item = there.item
            expires = item.get(_TTL)
            if isinstance(expires, int | float) and expires <= limit:
                self.keep(table, key, None)
                self.around.changed(table, key, item, None)


class QuickStore:
    """The store over quick tables; made like `DynamoStore`, whose client it has no use for."""

    def __init__(
        self,
        tables: QuickTables,
        *_: object,
        sleep: object = None,  # noqa: ARG002
        chance: object = None,  # noqa: ARG002
    ) -> None:
        self._tables = tables
        self._around = tables.around

    # -- reading --------------------------------------------------------------------------------

    def get(self, table: Table, key: Key) -> Item | None:
        """The item at `key`, or None."""
        self._around.begin("GetItem")
        try:
            kept = self._tables.at(table, key)
            self._around.charge(table, _reads(kept.size if kept else 0), 0.0)
            return kept.item if kept else None
        finally:
            self._around.end()

    def get_many(self, table: Table, keys: Iterable[Key]) -> dict[Key, Item]:
        """The items at these keys, by key, a hundred with a call."""
        wanted = list(dict.fromkeys(keys))
        found: dict[Key, Item] = {}
        for start in range(0, len(wanted), _BATCH):
            self._around.begin("BatchGetItem")
            try:
                for key in wanted[start : start + _BATCH]:
                    kept = self._tables.at(table, key)
                    if kept is not None:
                        self._around.charge(table, _reads(kept.size), 0.0)
                        found[key] = kept.item
            finally:
                self._around.end()
        return found

    def query(
        self, table: Table, partition: str, *, prefix: str = "", start: str = ""
    ) -> list[Item]:
        """The items of a partition by sort key."""
        self._around.begin("Query")
        try:
            found = [
                kept
                for sort, kept in self._tables.partition(table, partition)
                if sort.startswith(prefix) and sort >= start
            ]
            self._around.charge(table, _reads(sum(kept.size for kept in found)), 0.0)
            return [kept.item for kept in found]
        finally:
            self._around.end()

    def latest(self, table: Table, partition: str, *, most: int, before: str = "") -> list[Item]:
        """The last items of a partition, the last first."""
        self._around.begin("Query")
        try:
            kept = [
                kept
                for sort, kept in self._tables.partition(table, partition)
                if not before or sort < before
            ]
            found = kept[::-1][:most]
            self._around.charge(table, _reads(sum(each.size for each in found)), 0.0)
            return [each.item for each in found]
        finally:
            self._around.end()

    def query_index(
        self, index: Index, partition: str, *, up_to: str | None = None
    ) -> Iterator[Item]:
        """The items of an index's partition in its order."""
        self._around.begin("Query")
        try:
            table = index.table
            found = [
                self._tables.at(table, key)
                for sort, key in self._tables.indexed(index, partition)
                if up_to is None or sort <= up_to
            ]
            names = (*KEYS[table], index.partition, index.sort)
            shown = [
                {name: item[name] for name in names if name in item}
                for item in (kept.item for kept in found if kept is not None)
            ]
            size = sum(_size(each) for each in shown)
            self._around.charge(table, 0.5 * _reads(size), 0.0)
            return iter(shown)
        finally:
            self._around.end()

    def scan(
        self,
        table: Table,
        *,
        records: Sequence[str],
        attributes: Sequence[str],
        prefixes: Sequence[str] = (),
        after: Key | None = None,
    ) -> Iterator[Item]:
        """The items with one of these sort keys, with some attributes."""
        self._around.begin("Scan")
        try:
            found = []
            size = 0
            for item in self._tables.items(table):
                key = tuple(str(item[name]) for name in KEYS[table])
                if after is not None and key <= after:
                    continue
                size += _size(item)
                if key[-1] in records or key[-1].startswith(tuple(prefixes)):
                    found.append({name: item[name] for name in attributes if name in item})
            self._around.charge(table, 0.5 * _reads(size), 0.0)
            return iter(found)
        finally:
            self._around.end()

    # -- writing --------------------------------------------------------------------------------

    def write(self, write: Put | Update | Delete) -> None:
        """Carry out one write."""
        self._change(type(write).__name__ + "Item", [write])

    def change(self, update: Update) -> Item:
        """Carry out one update; the item as it is afterwards."""
        try:
            return self._change("UpdateItem", [update])
        except ConditionFailed as refused:
            kept = self._tables.at(update.table, update.key)
            raise ConditionFailed(refused.failed, kept.item if kept else None) from None

    def transact(self, writes: Sequence[Write]) -> None:
        """Carry out several writes, all or none.

        Raises:
            ValueError: two writes of one item, or more than 100, as DynamoDB refuses them.
        """
        places = [(write.table, key_of(write)) for write in writes]
        if len(set(places)) < len(places) or not 0 < len(writes) <= _BATCH:
            raise ValueError("a transaction has 1 to 100 writes, each of another item")
        self._change("TransactWriteItems", writes)

    def _change(self, operation: str, writes: Sequence[Write]) -> dict[str, Any]:
        done = self._once(operation, writes)
        while self._around.lost():
            # A transaction that comes twice with its token is carried out once.
            # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
            if operation == "TransactWriteItems":
                break
            done = self._once(operation, writes)
        return done

    def _once(self, operation: str, writes: Sequence[Write]) -> dict[str, Any]:
        self._around.begin(operation)
        try:
            self._tables.expire()
            factor = 2.0 if operation == "TransactWriteItems" else 1.0
            there = [self._tables.at(write.table, key_of(write)) for write in writes]
            failed = tuple(
                at
                for at, (write, kept) in enumerate(zip(writes, there, strict=True))
                if write.when is not None and not _holds(write.when, kept)
            )
            if failed:
                for write in writes:
                    self._around.charge(write.table, 0.0, factor)
                raise ConditionFailed(failed)
            last: dict[str, Any] = {}
            told: list[_Change] = []
            for write, kept in zip(writes, there, strict=True):
                last, changes = self._carry_out(write, kept, factor)
                told += changes
            for each in told:
                self._around.changed(*each)
            return last
        finally:
            self._around.end()

    def _carry_out(
        self, write: Write, kept: Kept | None, factor: float
    ) -> tuple[dict[str, Any], list[_Change]]:
        """Make one change, and charge it; the item as it is now, and what is to be told."""
        table, key = write.table, key_of(write)
        before = kept.item if kept else None
        after = _after(write, before, key)
        if isinstance(write, Check) or (before is None and after is None):
            self._around.charge(table, 0.0, factor)
            return after or {}, []
        old, new = self._tables.keep(table, key, after)
        size = max(old.size if old else 0, new.size if new else 0)
        self._around.charge(table, 0.0, factor * _writes(size))
        units = self._around.index_units(table, before, after)
        if units:
            self._around.charge(table, 0.0, units)
        same = old is not None and new is not None and old.raw == new.raw
        if after is None or new is None:
            return {}, [(table, key, before, None)]
        shown = new.item
        return shown, [] if same else [(table, key, before, shown)]


def _after(write: Write, before: dict[str, Any] | None, key: Key) -> dict[str, Any] | None:
    """The item as a write leaves it."""
    if isinstance(write, Put):
        return without_none(dict(write.item))
    if isinstance(write, Delete):
        return None
    if isinstance(write, Check):
        return before
    fresh: dict[str, Any] = dict(zip(KEYS[write.table], key, strict=True))
    item: dict[str, Any] = dict(before) if before is not None else fresh
    for name in write.remove:
        item.pop(name, None)
    item.update(write.set)
    for name, amount in write.add.items():
        item[name] = int(str(item.get(name) or 0)) + amount
    return without_none(item)


def _holds(when: Condition, kept: Kept | None) -> bool:
    return holds(when, kept.item if kept is not None else None)


def _kept(item: Item) -> Kept:
    return Kept(orjson.dumps(item, option=orjson.OPT_SORT_KEYS), _size(item))


def _size(item: Mapping[str, Any]) -> int:
    """The bytes of an item as DynamoDB counts them (`local.emulator.sizes`)."""
    return sum(_text(name) + _size_of(value) for name, value in item.items())


def _size_of(value: Value) -> int:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool) or value is None:
        return 1
    if isinstance(value, int | float):
        return _number(repr(value))
    if isinstance(value, Mapping):
        return 3 + sum(1 + _text(name) + _size_of(each) for name, each in value.items())
    return 3 + sum(1 + _size_of(each) for each in value)


def _text(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


@lru_cache(maxsize=65_536)
def _number(text: str) -> int:
    """Two digits a byte, one for the exponent, one for a sign; zeros at the ends are free."""
    digits = text.lstrip("-").partition("e")[0].replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + 1 + text.startswith("-")


def _reads(size: int) -> float:
    return float(max(1, -(-size // 4096)))


def _writes(size: int) -> float:
    return float(max(1, -(-size // 1024)))


class InWorld(Around):
    """Around the calls of a world: sandboxes, meter, streams, sweeps."""

    def __init__(self, world: Any) -> None:
        self._sandboxes = world.sandboxes
        self._hub = world.hub
        self._recorder = world.recorder
        self._wiring = world.wiring
        self._names: dict[Table, str] = world.table_names()
        self._module = world.dynamodb._module  # noqa: SLF001 - the emulator's own reckoning
        self._records = {table: world.dynamodb.table(name) for table, name in self._names.items()}
        self._streams = {
            table for table, name in self._names.items() if name in world.wiring.streams
        }
        self._sweeps = {table: world.wiring.sweeps_of(name) for table, name in self._names.items()}
        self._pending: dict[int, Rule] = {}

    def begin(self, operation: str) -> None:
        """Take the time that the call takes, and count it; again, while it fails."""
        run = self._sandboxes.current
        if run is None:
            return
        run.tick()
        self._pending.pop(id(run), None)
        for attempt in range(_ATTEMPTS):
            if run.stopped is not None:
                raise run.stopped
            run.calls += 1
            self._hub.sleep(latency("dynamodb", operation))
            rule = self._struck(run, operation)
            if rule is None or not self._fails(run, operation, rule):
                self._recorder.count_quick(run.function.name, cast("Call", Made(operation)))
                return
            self._hub.sleep(_FIRST_PAUSE * 2**attempt)
        raise StoreBusy("DynamoDB could not answer now")

    def _struck(self, run: Any, operation: str) -> Rule | None:
        faults = self._sandboxes.faults
        if faults is None and self._sandboxes.trace is None:
            return None
        made = CallMade(run.function.name, run.number, run.calls, "dynamodb", operation)
        if self._sandboxes.trace is not None:
            self._sandboxes.trace.append(made)
        return None if faults is None else faults.decide(made)

    def _fails(self, run: Any, operation: str, rule: Rule) -> bool:
        """Whether the call fails and has no effect; what befalls it afterwards is kept for then."""
        if rule.fault is Fault.STOP_BEFORE:
            raise self._sandboxes.stop(run, rule)
        reads = operation in _READS
        if rule.fault is Fault.FAIL_BEFORE or (reads and rule.fault is Fault.FAIL_AFTER):
            answered: Any = {
                "Error": {"Code": rule.code},
                "ResponseMetadata": {"HTTPStatusCode": rule.status},
            }
            error = ClientError(answered, operation)
            if not passes(error):
                raise error
            return True
        self._pending[id(run)] = rule
        if reads:
            self.lost()
        return False

    def lost(self) -> bool:
        """Whether it is; or the handler dies now, or waits for its answer."""
        run = self._sandboxes.current
        rule = None if run is None else self._pending.pop(id(run), None)
        if run is None or rule is None:
            return False
        if rule.fault is Fault.STOP_AFTER:
            raise self._sandboxes.stop(run, rule)
        if rule.fault is Fault.DELAY:
            self._hub.sleep(rule.seconds)
        return rule.fault in {Fault.FAIL_AFTER, Fault.REPEAT}

    def end(self) -> None:
        """The handler's own time runs again."""
        run = self._sandboxes.current
        if run is not None and run.handling:
            run.tock()

    def charge(self, table: Table, reads: float, writes: float) -> None:
        """Charge it to whoever runs."""
        if self._sandboxes.current is not None:
            self._recorder.count_capacity(self._names[table], reads, writes)

    def changed(
        self, table: Table, key: Key, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
    ) -> None:
        """Tell the stream and the sweeps of the table."""
        streams, sweeps = table in self._streams, self._sweeps[table]
        if not streams and not sweeps:
            return
        keys = to_attributes(dict(zip(KEYS[table], key, strict=True)))
        for attribute, index in sweeps:
            was, now = (old or {}).get(attribute), (new or {}).get(attribute)
            if was != now:
                index.write(keys, to_attributes({attribute: now}))
        if streams:
            event = "REMOVE" if new is None else "MODIFY" if old else "INSERT"
            images = [None if each is None else to_attributes(each) for each in (old, new)]
            self._wiring.streams[self._names[table]].write(event, keys, *images)

    def index_units(
        self, table: Table, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
    ) -> float:
        """As the emulator reckons them."""
        record = self._records[table]
        indexes = record.get("GlobalSecondaryIndexes") or ()
        named = [each.partition for each in _INDEXES[table]]
        if not any(name in (each or {}) for each in (old, new) for name in named):
            return 0.0
        images = [None if each is None else to_attributes(each) for each in (old, new)]
        return float(
            sum(self._module._index_write_units(record, each, *images) for each in indexes)  # noqa: SLF001
        )

    def now(self) -> float:
        """The hub's time."""
        return float(self._hub.now)


def install(tables: QuickTables) -> None:
    """Let every function's store be this one; one world at a time."""
    made: Callable[..., QuickStore] = lambda *given, **more: QuickStore(tables, *given, **more)  # noqa: E731
    real.DynamoStore = made  # type: ignore[assignment,misc]


def remove() -> None:
    """Give the real store back."""
    real.DynamoStore = _ORIGINAL  # type: ignore[misc]
