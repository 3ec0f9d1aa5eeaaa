"""A journey that people hold up: it is paused, and whoever comes meanwhile waits to be let in.

Whether it is paused stands in one record in the table Sends, `journey#<workflow>`, which whoever
lets somebody in reads each time. Senders read it off the record of the pace (`paused:<workflow>`),
as they do the brake's marks: that costs no call and is at most a minute old. Both are written at
once, and a sender that has seen the mark looks at the record itself before it holds a message back.

An *entry* that came meanwhile stands in the table Contacts, in the partition `journey:<workflow>`
and in the order in which what began it arrived. Its execution has ended; whoever resumes starts
another one for it.

Nothing is lost between the two: an entry, or a message held back, is written first, and then it is
looked whether the journey is still paused; whoever resumes says so first, and then looks who waits.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from relance.limiter import KEY
from relance.limiter import paused_mark as mark
from relance.moments import from_text, to_text
from relance.storage import (
    AllOf,
    AtLeast,
    Delete,
    Item,
    Missing,
    Put,
    Store,
    Table,
    Update,
    Value,
    Write,
)

KEPT = timedelta(days=90)
"""How long an entry waits for a journey that nobody resumes."""

_ENTRY = "held#"


@dataclass(frozen=True, slots=True)
class Hold:
    """Whether a journey is paused, since when, and how often it was so far."""

    workflow: str
    paused_at: datetime | None = None
    times: int = 0

    @property
    def is_on(self) -> bool:
        """Whether it is paused."""
        return self.paused_at is not None


def read_hold(store: Store, workflow: str) -> Hold:
    """Whether the journey is paused now."""
    return hold_of(workflow, store.get(Table.SENDS, hold_key(workflow)) or {})


def hold_of(workflow: str, item: Item) -> Hold:
    """What the record of a journey says; an empty one is that it was never paused."""
    at = item.get("paused_at")
    return Hold(
        workflow,
        None if at is None else from_text(str(at)),
        int(str(item.get("pauses", 0))),
    )


def pause(workflow: str, *, now: datetime) -> list[Write]:
    """The writes that pause a journey; the first is refused if it is paused already."""
    return [
        Update(
            Table.SENDS,
            hold_key(workflow),
            set={"workflow": workflow, "paused_at": to_text(now)},
            add={"pauses": 1},
            when=Missing("paused_at"),
        ),
        Update(Table.SENDS, KEY, set={mark(workflow): to_text(now)}),
    ]


def resume(workflow: str) -> list[Write]:
    """The writes that let a journey go on; the first is refused if it is not paused."""
    return [
        Update(
            Table.SENDS,
            hold_key(workflow),
            remove=("paused_at",),
            when=AllOf((AtLeast("paused_at", ""),)),
        ),
        Update(Table.SENDS, KEY, remove=(mark(workflow),)),
    ]


def hold_key(workflow: str) -> tuple[str]:
    """The key of the record in the table Sends; no send has such an id."""
    return (f"journey#{workflow}",)


@dataclass(frozen=True, slots=True)
class HeldEntry:
    """Somebody who waits to be let in: by which entry, come at which instant.

    `pause` says in which of the journey's pauses it came, `started_by` which journey started it.
    """

    workflow: str
    contact_id: str
    entry: str
    at: datetime
    pause: int
    started_by: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The key of the record; in the order of arrival."""
        who = f"{to_text(self.at)}#{self.contact_id}#{self.entry}"
        return _partition(self.workflow), f"{_ENTRY}{who}"

    @property
    def start(self) -> dict[str, Value]:
        """What that execution is started with."""
        begun = {"started_by": self.started_by} if self.started_by else {}
        return {"contact": self.contact_id, "entry": self.entry, **begun}

    @property
    def execution(self) -> str:
        """The name of the execution that is started for it when the journey goes on."""
        return again(self.contact_id, self.entry, f"pause {self.pause}")

    def write(self, *, now: datetime) -> Put:
        """The write of the record."""
        partition, record = self.key
        item: dict[str, Value] = {
            "contact_id": partition,
            "record": record,
            "held": self.contact_id,
            "entry": self.entry,
            "at": to_text(self.at),
            "pause": self.pause,
            "started_by": self.started_by,
            "expires_at": round((now + KEPT).timestamp()),
        }
        return Put(Table.CONTACTS, item)

    def removal(self) -> Delete:
        """The write that removes the record."""
        return Delete(Table.CONTACTS, self.key)


def held_entries(store: Store, workflow: str) -> list[HeldEntry]:
    """Everybody who waits to be let in, the first to come first."""
    items = store.query(Table.CONTACTS, _partition(workflow), prefix=_ENTRY)
    return [_held_of(workflow, item) for item in items]


def _held_of(workflow: str, item: Item) -> HeldEntry:
    started_by = item.get("started_by")
    return HeldEntry(
        workflow=workflow,
        contact_id=str(item["held"]),
        entry=str(item["entry"]),
        at=from_text(str(item["at"])),
        pause=int(str(item["pause"])),
        started_by=None if started_by is None else str(started_by),
    )


def _partition(workflow: str) -> str:
    return f"journey:{workflow}"


def again(contact_id: str, entry: str, why: str) -> str:
    """The name of another execution for an entry that had one: the same for the same reason.

    Step Functions takes 80 characters; an entry that is longer is told by its hash.
    """
    digest = hashlib.sha256(f"{entry}#{why}".encode()).digest()[:5]
    told = base64.b32encode(digest).decode()
    return f"{contact_id}-{entry[:44]}-{told}"
