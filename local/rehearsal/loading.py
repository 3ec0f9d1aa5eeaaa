"""A person of a file as items of the four tables, as they stand before the rehearsal begins.

Whoever comes as a row is taken as an import takes it, on the dictionaries that stand in for the
tables; whoever comes with everything that the tables held keeps it, but for pauses and enrolments:
the executions that they belong to are elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from relance.contacts import read_contact, read_history, write_profile
from relance.content.compiled import Content
from relance.engine import Plan
from relance.identities import email_identity, user_identity
from relance.ids import milliseconds
from relance.importing.job import Job, Mode
from relance.importing.mapping import ImportSource
from relance.ports import Services
from relance.refolding import fold_or_replay
from relance.register import (
    RECORD,
    ConsentState,
    SuppressionReason,
    consent_value,
    suppressed_value,
)
from relance.storage import Absent, Item, Put, Store, Table, Update, Value
from relance.suppression import Suppressions
from relance.usecases.import_person import RowToTake, take_row

from local.memory import MemoryStore
from local.rehearsal.people import Subject

_BEFORE = timedelta(hours=1)
_ELSEWHERE = ("now#wait#", "now#enrolment#")


@dataclass(frozen=True, slots=True)
class _Taking:
    """What taking a row asks for."""

    store: Store
    content: Content
    plan: Plan
    suppressions: Suppressions
    now: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A contact's id, and its items by table."""

    contact_id: str
    items: Mapping[Table, Sequence[Item]]


def load(subject: Subject, content: Content, plan: Plan, *, start: datetime, seed: int) -> Loaded:
    """The contact as it stands at `start`; its id follows from the seed and the person alone."""
    return _whole(subject) if subject.items else _from_row(subject, content, plan, start, seed)


def user_id_of(subject: Subject) -> str:
    """The id by which the shop's server names somebody who came without one."""
    own = subject.person.user_id if subject.person else ""
    return own or f"rehearsed-{hashlib.sha256(subject.key.encode()).hexdigest()[:16]}"


def _from_row(subject: Subject, content: Content, plan: Plan, start: datetime, seed: int) -> Loaded:
    store = MemoryStore()
    at = start - _BEFORE
    chance = random.Random(f"{seed}|contact|{subject.key}")
    services = _Taking(
        store=store,
        content=content,
        plan=plan,
        suppressions=Suppressions(store, secrets={"1": "rehearsal"}, current="1"),
        now=lambda: at,
        random_bytes=chance.randbytes,
    )
    job = Job(
        mode=Mode.WRITE,
        execution="rehearsal",
        file=f"{chance.getrandbits(64):016x}",
        at=milliseconds(at),
        source=ImportSource(),
    )
    person = subject.person
    assert person is not None  # noqa: S101 - a subject is a row or items
    take_row(RowToTake(subject.line, person, again=False), job, cast("Services", services))
    contact_id = _found(store)
    store.write(Update(Table.CONTACTS, (contact_id, RECORD), set=_said(subject, at)))
    named = user_identity(user_id_of(subject))
    if not person.user_id:
        store.write(
            Put(Table.IDENTITIES, {"identity": named, "contact_id": contact_id}, when=Absent())
        )
    contact = read_contact(store, contact_id)
    folded = fold_or_replay(store, contact, read_history(store, contact_id), plan)
    store.write(write_profile(folded.profile))
    return Loaded(contact_id, {table: store.items(table) for table in Table})


def _said(subject: Subject, at: datetime) -> dict[str, Value]:
    """What an export says and no row of an import can: who is asked, and who is suppressed."""
    said: dict[str, Value] = {
        f"consent#{topic}": consent_value(ConsentState.PENDING, at, "export")
        for topic in subject.pending
    }
    if subject.suppressed:
        known = subject.suppressed in list(SuppressionReason)
        reason = SuppressionReason(subject.suppressed) if known else SuppressionReason.IMPORTED
        said["suppressed"] = suppressed_value(reason, at)
    return said


def _found(store: MemoryStore) -> str:
    return next(
        str(item["contact_id"])
        for item in store.items(Table.CONTACTS)
        if item.get("record") == RECORD
    )


def _whole(subject: Subject) -> Loaded:
    items: dict[Table, list[Item]] = {}
    for table in Table:
        items[table] = [_as_stored(each) for each in subject.items.get(table.value, ())]
    items[Table.CONTACTS] = [
        each
        for each in items[Table.CONTACTS]
        if not str(each.get("record", "")).startswith(_ELSEWHERE)
    ]
    register = next(i for i in items[Table.CONTACTS] if i.get("record") == RECORD)
    contact_id = str(register.get("joined_to") or register["contact_id"])
    identities = {str(each["identity"]) for each in items[Table.IDENTITIES]}
    wanted = [user_identity(user_id_of(subject))]
    if subject.address:
        wanted.append(email_identity(subject.address))
    items[Table.IDENTITIES] += [
        {"identity": each, "contact_id": contact_id} for each in wanted if each not in identities
    ]
    return Loaded(contact_id, items)


def _as_stored(item: Item) -> Item:
    """An item of an export as the tables hold it: a profile is text there."""
    body = item.get("body")
    if isinstance(body, Mapping):
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return {**item, "body": text}
    return item
