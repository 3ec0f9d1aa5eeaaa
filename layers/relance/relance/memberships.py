"""Who is in which segment: a record for each membership, which an index finds by segment."""

from collections.abc import Iterable, Iterator, Mapping

from relance.engine import Conclusion
from relance.events import Name
from relance.ids import moment_of
from relance.moments import to_text
from relance.storage import MEMBERS, Delete, Put, Store, Table, Write

MEMBER_SHARDS = 8
"""Over how many partitions the members of a segment are spread."""


def memberships(
    contact_id: str, conclusions: Iterable[Conclusion], standing: Mapping[str, int] | None = None
) -> list[Write]:
    """The writes that follow from entering and leaving segments; the last word on each counts.

    `standing` are segments, with since when (ms), whose records have to be written in any case.
    """
    writes: dict[str, Write] = {
        segment: _entered(contact_id, segment, since) for segment, since in (standing or {}).items()
    }
    for each in conclusions:
        if each.name not in (Name.SEGMENT_ENTERED, Name.SEGMENT_LEFT):
            continue
        segment = str(each.properties["segment"])
        if each.name == Name.SEGMENT_LEFT:
            writes[segment] = Delete(Table.CONTACTS, (contact_id, _record(segment)))
        else:
            writes[segment] = _entered(contact_id, segment, each.at)
    return list(writes.values())


def no_memberships(contact_id: str, segments: Iterable[str]) -> list[Delete]:
    """The writes that take a contact out of the indexes of these segments."""
    return [Delete(Table.CONTACTS, (contact_id, _record(each))) for each in segments]


def _entered(contact_id: str, segment: str, at: int) -> Put:
    return Put(
        Table.CONTACTS,
        {
            "contact_id": contact_id,
            "record": _record(segment),
            "member_shard": member_shard(segment, contact_id),
            "entered_at": to_text(moment_of(at)),
        },
    )


def _record(segment: str) -> str:
    return f"segment#{segment}"


def member_shard(segment: str, contact_id: str) -> str:
    """The partition of the index of members that a contact's membership belongs to."""
    return f"{segment}#{sum(contact_id.encode()) % MEMBER_SHARDS}"


def members(store: Store, segment: str) -> Iterator[str]:
    """The ids of a segment's members, as far as the index has caught up."""
    for shard in range(MEMBER_SHARDS):
        for item in store.query_index(MEMBERS, f"{segment}#{shard}"):
            yield str(item["contact_id"])
