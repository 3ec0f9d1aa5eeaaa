"""Scoring contacts anew after the rules changed: who is behind, what to tell them, what it costs.

A profile names the version of the rules that it was folded with. Whoever does something is folded
with today's rules at that moment; the others are *behind* until `rules_changed` is appended to
their history. What follows then carries `cause: rules_changed`.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from relance.contacts import PROFILE
from relance.events import Event, Name
from relance.ids import event_id, is_ulid, ulid_ms
from relance.register import RECORD as REGISTER
from relance.storage import Item, Store, Table

CONTACTS_PER_SECOND = 100
"""How fast `rescore_contacts` goes at least: four batches of 50 at once, each within two seconds
with the pause after it (MaxConcurrency and the Wait state in its file)."""

DOLLARS_PER_CONTACT = 12e-6
"""What scoring one contact anew costs, in us-east-1 and rounded up.

DynamoDB: the event (1 write unit), the profile of at most 4 KB with its place in the index (5 to
6), one conclusion in two (1 with its membership), reading profile and a history of 100 events (8
read units); EventBridge: one or two events; Lambda: 1 GB for 0.1 s in all; Step Functions: a
fiftieth of an Express execution. Prices as of 21 November 2026.
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A contact as it is found: `version` counts the writes of its profile, 0 if it has none.

    `rules` is the version of the rules that the profile was folded with.
    """

    contact_id: str
    version: int
    rules: str

    def is_behind(self, rules: str) -> bool:
        """Whether the profile follows from other rules than these."""
        return self.version > 0 and self.rules != rules

    def to_line(self) -> str:
        """The line of a list that names the contact."""
        return json.dumps({"contact": self.contact_id}, separators=(",", ":"))


def everybody(store: Store, *, after: str = "") -> Iterator[Found]:
    """All contacts behind the contact `after`; ids and versions alone.

    Those that are erased, and those that were joined to another, are left out.
    """
    profile: Mapping[str, object] = {}
    items: Iterable[Item] = store.scan(
        Table.CONTACTS,
        records=(PROFILE, REGISTER),
        attributes=("contact_id", "record", "version", "rules", "erased_at", "joined_to"),
        after=(after, REGISTER) if after else None,
    )
    for item in items:
        if item["record"] == PROFILE:
            profile = item
            continue
        its_own = profile if profile.get("contact_id") == item["contact_id"] else {}
        if not item.keys() & {"erased_at", "joined_to"}:
            yield Found(
                str(item["contact_id"]),
                int(str(its_own.get("version", 0))),
                str(its_own.get("rules", "")),
            )


def look_at(store: Store, contact_id: str) -> Found:
    """One contact as it is now, however broken the body of its profile is."""
    profile = store.get(Table.CONTACTS, (contact_id, PROFILE)) or {}
    return Found(contact_id, int(str(profile.get("version", 0))), str(profile.get("rules", "")))


def rules_changed(contact_id: str, version: int, rules: str, now: datetime) -> Event:
    """The event that scores a contact anew, whose profile was written `version` times.

    Its id follows from contact, profile and rules: whoever is told again before the profile was
    written anew is told nothing new. Going back to former rules is told again.
    """
    born = ulid_ms(contact_id) if is_ulid(contact_id) else 0
    return Event(
        contact_id=contact_id,
        event_id=event_id(born, "rules", f"{contact_id}#{version}#{rules}"),
        name=Name.RULES_CHANGED,
        occurred_at=now,
        received_at=now,
        source="rules",
        properties={"rules": rules},
    )


def in_words(contacts: int) -> str:
    """So many contacts."""
    return f"{contacts:,} contact" if contacts == 1 else f"{contacts:,} contacts"


def price(contacts: int) -> str:
    """What scoring so many contacts anew costs, as people say it."""
    dollars = contacts * DOLLARS_PER_CONTACT
    return "less than a cent" if dollars < 0.01 else f"about ${dollars:,.2f}"


def duration(contacts: int) -> str:
    """How long it takes at most, as people say it."""
    return in_minutes(contacts / CONTACTS_PER_SECOND)


def in_minutes(seconds: float) -> str:
    """So long, rounded up."""
    minutes = math.ceil(seconds / 60)
    if minutes <= 1:
        return "a minute"
    return f"{minutes} minutes" if minutes < 120 else f"{-(-minutes // 60)} hours"
