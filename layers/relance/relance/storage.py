"""What use cases ask of a store, and the words to ask it in.

Four tables, strongly consistent reads, conditional writes, transactions: no more is needed. The
store is a `Protocol` since there are two: DynamoDB (`relance.aws.dynamodb`) and, for rehearsals
and fast tests, a dictionary (`local.memory`). One contract suite runs on both.

Values are what JSON knows, plus integers that stay integers. A missing attribute and `None` are
the same thing: `None` is not stored.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeAlias

Value: TypeAlias = "str | int | float | bool | Sequence[Value] | Mapping[str, Value] | None"
Item: TypeAlias = Mapping[str, Value]


class Table(StrEnum):
    """The four tables."""

    CONTACTS = "contacts"
    IDENTITIES = "identities"
    EVENTS = "events"
    SENDS = "sends"


KEYS: Mapping[Table, tuple[str, ...]] = {
    Table.CONTACTS: ("contact_id", "record"),
    Table.IDENTITIES: ("identity",),
    Table.EVENTS: ("contact_id", "event_id"),
    Table.SENDS: ("send_id",),
}
"""The attributes that make an item's key: the partition, then the sort key if there is one."""


@dataclass(frozen=True, slots=True)
class Index:
    """A sparse index of `table`: the items that have `partition`, in the order of `sort`."""

    name: str
    table: Table
    partition: str
    sort: str


UNSETTLED = Index("unsettled", Table.SENDS, "unsettled_shard", "unsettled_at")
DUE = Index("due", Table.CONTACTS, "due_shard", "due_at")
MEMBERS = Index("members", Table.CONTACTS, "member_shard", "contact_id")
IDENTITIES_OF = Index("of_contact", Table.IDENTITIES, "contact_id", "identity")
SENDS_OF = Index("of_contact", Table.SENDS, "contact_id", "claimed_at")
SENDS_TALLY = Index("tally", Table.SENDS, "tally_shard", "state")


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no such item."""


@dataclass(frozen=True, slots=True)
class Present:
    """There is such an item."""


@dataclass(frozen=True, slots=True)
class Equals:
    """The attribute `name` has this value."""

    name: str
    value: str | int


@dataclass(frozen=True, slots=True)
class Missing:
    """The item has no attribute `name` (or there is no item)."""

    name: str


@dataclass(frozen=True, slots=True)
class Below:
    """The attribute `name` is there and sorts before `value`."""

    name: str
    value: str | int


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The attribute `name` is there and does not sort before `value`."""

    name: str
    value: str | int


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of these holds."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of these hold."""

    conditions: tuple["Condition", ...]


Condition: TypeAlias = Absent | Present | Equals | Missing | Below | AtLeast | AnyOf | AllOf


@dataclass(frozen=True, slots=True)
class Put:
    """Write the whole `item`, if `when` holds for what is there now."""

    table: Table
    item: Item
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """Change some attributes of the item at `key` (and create it if it is not there)."""

    table: Table
    key: tuple[str, ...]
    set: Item = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    remove: Sequence[str] = ()
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove the item at `key`, if `when` holds; no such item is no mistake."""

    table: Table
    key: tuple[str, ...]
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Write nothing, but fail the transaction unless `when` holds for the item at `key`."""

    table: Table
    key: tuple[str, ...]
    when: Condition


Write: TypeAlias = Put | Update | Delete | Check


class Store(Protocol):
    """The four tables. Every read sees every write that was answered before it."""

    def get(self, table: Table, key: tuple[str, ...]) -> Item | None:
        """The item at `key`, or None."""

    def get_many(
        self, table: Table, keys: Iterable[tuple[str, ...]]
    ) -> dict[tuple[str, ...], Item]:
        """The items at any number of keys, by key; what is not there is left out.

        Raises:
            StoreBusy: some could not be read now.
        """

    def query(
        self, table: Table, partition: str, *, prefix: str = "", start: str = ""
    ) -> list[Item]:
        """The items of a partition by sort key: those that begin with `prefix`, or from `start`.

        `prefix` and `start` exclude each other. All pages are read.
        """

    def latest(self, table: Table, partition: str, *, most: int, before: str = "") -> list[Item]:
        """The last items of a partition by sort key, before one if it is given, the last first.

        At most `most` are read, however many there are.
        """

    def query_index(
        self, index: Index, partition: str, *, up_to: str | None = None
    ) -> Iterator[Item]:
        """The keys of an index's partition in its order, up to a sort key; read page by page.

        Index reads are eventually consistent: read the item itself before acting on it.
        """

    def scan(
        self,
        table: Table,
        *,
        records: Sequence[str],
        attributes: Sequence[str],
        prefixes: Sequence[str] = (),
        after: tuple[str, ...] | None = None,
    ) -> Iterator[Item]:
        """The items of a whole table whose sort key is one of `records`, with `attributes` alone.

        So are those whose sort key begins with one of `prefixes`.
        Partition after partition, in an order of the store's own, within each by sort key; `after`
        is the key of an item to go on behind. Read page by page and eventually consistent: what
        was written in the last second may be missing. It costs what the whole table is read for.
        """

    def write(self, write: Put | Update | Delete) -> None:
        """Carry out one write.

        Raises:
            ConditionFailed: the condition does not hold; nothing was written.
            StoreBusy: try again; nothing was written, unless the connection broke.
        """

    def change(self, update: Update) -> Item:
        """Carry out one update; the whole item as it is afterwards.

        Raises:
            ConditionFailed: the condition does not hold; nothing was written. It brings the item.
            StoreBusy: try again; nothing was written, unless the connection broke.
        """

    def transact(self, writes: Sequence[Write]) -> None:
        """Carry out up to 100 writes on different items, all or none.

        Raises:
            ConditionFailed: with the positions of the writes whose condition does not hold.
            StoreBusy: try again; nothing was written, unless the connection broke.
        """
