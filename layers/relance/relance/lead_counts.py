"""Visits, sign-ups and confirmed leads by where they came from, counted by day.

Items of the table Contacts, since no table of its own is worth its price:

| `contact_id` | `record` | holds |
|---|---|---|
| `leads#<day>#<shard>` | `<measure>#<hash>` | `count`, and what it counts: form, source, … |
| `leads#<day>#<shard>` | `distinct` | how many kinds of visits that day and shard know |

A sign-up and a confirmation are counted in the transaction of their event, so that the figures add
up with the history. Both stand under the day (UTC) of the sign-up: how many of those who signed up
on a day confirmed, whenever they did. A visit is counted by itself, and may be lost when the table
is busy.

Whoever visits can write anything into an address. So a day and shard know 200 kinds of visits at
most; what comes on top is counted as `(other)`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from relance.errors import ConditionFailed
from relance.events import Event
from relance.moments import day_of
from relance.storage import AnyOf, Below, Item, Missing, Present, Store, Table, Update
from relance.touches import Touch, touch_in

SHARDS = 4
"""Over how many partitions a day is spread: each takes 1,000 writes a second."""

MOST_KINDS = 200
"""Kinds of visits that a shard of a day knows."""

OTHER = "(other)"

DIMENSIONS = ("source", "medium", "campaign", "landing", "variant", "form")
"""What is told apart."""


class Measure(StrEnum):
    """What is counted."""

    VISITS = "visits"
    SIGNED_UP = "signed_up"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Origin:
    """Which form, and what had led to it."""

    form: str
    touch: Touch

    def values(self) -> dict[str, str]:
        """What is told apart, by name."""
        of_touch = (each for each in DIMENSIONS if each != "form")
        return {**{name: getattr(self.touch, name) for name in of_touch}, "form": self.form}


def origin_of(sign_up: Event) -> Origin:
    """Which form somebody signed up with, and what had led to it."""
    return Origin(str(sign_up.properties.get("form")), touch_in(sign_up.properties.get("source")))


def counted(measure: Measure, sign_up: Event) -> Update:
    """The write that counts a sign-up, or its confirmation; for the transaction of the event."""
    shard = hashlib.sha256(sign_up.event_id.encode()).digest()[0] % SHARDS
    return _count(measure, origin_of(sign_up), day_of(sign_up.received_at), shard)


def count_visit(origin: Origin, day: str, chance: int, store: Store) -> None:
    """Count a visit.

    Raises:
        StoreBusy: it was not counted.
    """
    shard = chance % SHARDS
    one_more = _count(Measure.VISITS, origin, day, shard)
    try:
        store.write(replace(one_more, when=Present()))
    except ConditionFailed:
        try:
            store.transact([_one_more_kind(day, shard), one_more])
        except ConditionFailed:
            other = Touch(source=OTHER, landing=origin.touch.landing)
            store.write(_count(Measure.VISITS, replace(origin, touch=other), day, shard))


Row = tuple[str, ...]
"""The values of the dimensions that are asked for, in their order."""


def totals(store: Store, days: Iterable[str], by: tuple[str, ...]) -> dict[Row, dict[Measure, int]]:
    """What was counted on these days, by these dimensions."""
    found: dict[Row, dict[Measure, int]] = {}
    for day in days:
        for shard in range(SHARDS):
            for item in store.query(Table.CONTACTS, _partition(day, shard)):
                if "#" in str(item["record"]):
                    _add(found, item, by)
    return found


def _add(found: dict[Row, dict[Measure, int]], item: Item, by: tuple[str, ...]) -> None:
    row = tuple(str(item.get(name) or "") for name in by)
    measure = Measure(str(item["record"]).partition("#")[0])
    counts = found.setdefault(row, dict.fromkeys(Measure, 0))
    counts[measure] += _number(item)


def _number(item: Mapping[str, object]) -> int:
    count = item.get("count")
    return count if isinstance(count, int) else 0


def _count(measure: Measure, origin: Origin, day: str, shard: int) -> Update:
    values = origin.values()
    told = hashlib.sha256("\0".join(values.values()).encode()).hexdigest()[:16]
    return Update(
        Table.CONTACTS,
        (_partition(day, shard), f"{measure}#{told}"),
        set={name: value for name, value in values.items() if value},
        add={"count": 1},
    )


def _one_more_kind(day: str, shard: int) -> Update:
    return Update(
        Table.CONTACTS,
        (_partition(day, shard), "distinct"),
        add={"count": 1},
        when=AnyOf((Missing("count"), Below("count", MOST_KINDS))),
    )


def _partition(day: str, shard: int) -> str:
    return f"leads#{day}#{shard}"
