"""What is left of a contact that was erased: a tombstone, one event, and a proof.

The *tombstone* stands in place of the register. It names no person: when the contact was erased,
why, and how many items of each table were found then. What comes later for the contact is dropped,
and the links in old mails go on answering, because it stands there. Where several contacts were
joined into one person there is one for each of their ids, and they go on naming each other, so that
whoever looks under any of the ids finds that the person was erased.

The *proof* is a file that outlives it all: a hash of the contact's id, the tombstone's counts, and
what a last look found left, which is nothing.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from relance.events import Event, Name
from relance.ids import event_id, milliseconds
from relance.moments import from_text, to_text
from relance.register import RECORD
from relance.storage import AllOf, Condition, Equals, Item, Missing, Present, Put, Table, Value

PROOFS = "proofs"
"""The folder of the proofs among the private files."""

_JOINS = ("joined_to", "absorbed", "joins")


class Why(StrEnum):
    """Why somebody was erased. Not a free text, in which a person could be named."""

    REQUEST = "request"
    OBJECTION = "objection"
    EXPIRED = "expired"
    MISTAKE = "mistake"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items each table holds of a contact. Those of a tombstone are not counted."""

    contacts: int
    identities: int
    events: int
    sends: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.contacts + self.identities + self.events + self.sends

    def to_json(self) -> dict[str, Value]:
        """By table."""
        return {
            "contacts": self.contacts,
            "identities": self.identities,
            "events": self.events,
            "sends": self.sends,
        }

    def in_words(self) -> str:
        """For a sentence."""
        return (
            f"{self.contacts:,} in Contacts, {self.identities:,} in Identities, "
            f"{self.events:,} in Events and {self.sends:,} in Sends"
        )


NONE = Counts(0, 0, 0, 0)


def counts_of(value: Value) -> Counts:
    """The counts that `to_json` wrote."""
    found = value if isinstance(value, Mapping) else {}
    return Counts(
        *(int(str(found.get(name, 0))) for name in ("contacts", "identities", "events", "sends"))
    )


@dataclass(frozen=True, slots=True)
class Tombstone:
    """When a contact was erased, why, and what was found of it.

    `found` is what the whole person had, at the survivor of joined contacts; at the others zero.
    `joins` are the attributes of the register that say who was joined to whom: ids alone.
    """

    contact_id: str
    erased_at: datetime
    why: Why
    found: Counts
    joins: Item = field(default_factory=dict)

    def to_item(self) -> Item:
        """What stands in place of the register."""
        return {
            "contact_id": self.contact_id,
            "record": RECORD,
            "erased_at": to_text(self.erased_at),
            "why": self.why.value,
            "found": self.found.to_json(),
            **self.joins,
        }

    def put(self) -> Put:
        """The write that erases the register, refused if that was done before.

        It is refused as well if somebody joined the contact, or undid a join, since it was read.
        """
        as_read = _as_read(self.joins)
        when = AllOf((Present(), Missing("erased_at"), as_read))
        return Put(Table.CONTACTS, self.to_item(), when=when)

    def put_again(self) -> Put:
        """The write that removes what somebody wrote beside it meanwhile."""
        return Put(Table.CONTACTS, self.to_item(), when=Present())

    def event(self) -> Event:
        """The event `erased`, the only one of the contact that stays."""
        return Event(
            contact_id=self.contact_id,
            event_id=event_id(milliseconds(self.erased_at), "privacy", self.contact_id),
            name=Name.ERASED,
            occurred_at=self.erased_at,
            received_at=self.erased_at,
            source="privacy",
        )

    def left_company(self, company_id: str) -> Event:
        """The event by which the company learns that somebody has gone."""
        about = f"{self.contact_id}#{company_id}"
        return Event(
            contact_id=self.contact_id,
            event_id=event_id(milliseconds(self.erased_at), "privacy", about),
            name=Name.COMPANY_LEFT,
            occurred_at=self.erased_at,
            received_at=self.erased_at,
            source="privacy",
            properties={"company": company_id},
        )

    def proof(self, contact_id: str, left: Counts, *, now: datetime) -> str:
        """The proof for one id of the person, as JSON on one line."""
        return json.dumps(
            {
                "contact_sha256": _hashed(contact_id),
                "erased_at": to_text(self.erased_at),
                "why": self.why.value,
                "found": self.found.to_json(),
                "looked_again_at": to_text(now),
                "left": left.to_json(),
            }
        )


def _as_read(joins: Item) -> Condition:
    """Nobody was joined to the contact since, nor it to anybody."""
    count = joins.get("joins")
    return Equals("joins", int(str(count))) if count else Missing("joins")


def proof_key(contact_id: str) -> str:
    """Where the proof stands: under the SHA-256 of the contact's id."""
    return f"{PROOFS}/{_hashed(contact_id)}.json"


def _hashed(contact_id: str) -> str:
    return hashlib.sha256(contact_id.encode()).hexdigest()


def tombstone_of(register: Item) -> Tombstone:
    """The tombstone that stands."""
    return Tombstone(
        contact_id=str(register["contact_id"]),
        erased_at=from_text(str(register["erased_at"])),
        why=Why(str(register.get("why", Why.REQUEST))),
        found=counts_of(register.get("found")),
        joins=joins_of(register),
    )


def joins_of(register: Item) -> Item:
    """The attributes of a register that say who was joined to whom."""
    return {name: register[name] for name in _JOINS if register.get(name) is not None}
