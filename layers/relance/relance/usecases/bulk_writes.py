"""Writes of many contacts with few calls, of which a bad one takes no other with it.

What is written for one contact (a *group*) is written as a whole or not at all; groups share a
transaction only to save calls. When one is refused the others are written without it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from relance.errors import ConditionFailed, StoreBusy
from relance.storage import Store, Write

MOST_WRITES = 100
"""Writes in one transaction."""

Groups = Mapping[str, Sequence[Write]]


@dataclass(slots=True)
class Written:
    """What became of the groups that were not written.

    `refused` holds the positions, within the group, of the writes whose condition does not hold;
    `broken` the kind of the error of a group that the store cannot take at all.
    """

    refused: dict[str, frozenset[int]] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether a group was written."""
        return name not in self.refused and name not in self.broken


def write_groups(store: Store, groups: Groups) -> Written:
    """Write the groups, as many with a call as fit; none of them has the item of another.

    Raises:
        StoreBusy: one of them alone could not be written; others were.
    """
    written = Written()
    packed: dict[str, Sequence[Write]] = {}
    size = 0
    for name, writes in groups.items():
        if packed and size + len(writes) > MOST_WRITES:
            _write(store, packed, written)
            packed, size = {}, 0
        packed[name] = writes
        size += len(writes)
    if packed:
        _write(store, packed, written)
    return written


def _write(store: Store, groups: dict[str, Sequence[Write]], written: Written) -> None:
    while groups:
        places = [(name, at) for name, writes in groups.items() for at in range(len(writes))]
        try:
            store.transact([write for writes in groups.values() for write in writes])
        except ConditionFailed as error:
            for position in error.failed:
                name, at = places[position]
                written.refused[name] = written.refused.get(name, frozenset()) | {at}
            groups = {name: it for name, it in groups.items() if name not in written.refused}
        except StoreBusy:
            if len(groups) == 1:
                raise
            _in_halves(store, groups, written)
            return
        except Exception as error:  # noqa: BLE001 - one that the store cannot take stops no other
            if len(groups) == 1:
                written.broken[next(iter(groups))] = type(error).__name__
                return
            _in_halves(store, groups, written)
            return
        else:
            return


def _in_halves(store: Store, groups: dict[str, Sequence[Write]], written: Written) -> None:
    names = list(groups)
    middle = len(names) // 2
    for some in (names[:middle], names[middle:]):
        _write(store, {name: groups[name] for name in some}, written)
