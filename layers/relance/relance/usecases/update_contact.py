"""Bringing a contact up to date: fold what is new, then answer pauses and tell everybody.

One read and one write for a contact and a batch, however many events the batch brings. Folding
happens once; answering and publishing happen at least once, so an event that was folded before (a
batch delivered again) is still answered and published. Whoever listens is idempotent by event id.

Since the enrolments and waits are read anyway, those whose ending nobody noticed are put away here,
and what has expired of the history is condensed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias

from relance.answering import forget, resume
from relance.contacts import (
    Contact,
    contact_view,
    read_contact,
    write_profile,
)
from relance.engine import Conclusion, Plan
from relance.engine.companies import company_of
from relance.errors import ConditionFailed, StoreBusy
from relance.events import Event, Name
from relance.ids import event_id, moment_of
from relance.memberships import memberships
from relance.moments import to_text
from relance.ports import Services
from relance.refolding import fold_or_replay
from relance.storage import AllOf, Delete, Equals, Missing, Put, Table, Update, Value, Write
from relance.usecases.close_workflow import close_enrolment, skip_what_waits
from relance.usecases.condense_history import condense_if_due, drop_condensed_of_others
from relance.usecases.identify import confirmed_visitor
from relance.usecases.join_company import keep_company
from relance.workflows import Enrolment, WaitKind

TRANSACTION = 100
"""How many writes DynamoDB takes at once."""

LOST_AFTER = timedelta(days=1)
"""How long after its time an ending may still be on its way: EventBridge tries for a day."""

_TOLD_OF_THE_ERASED = frozenset({Name.ERASED, Name.COMPANY_JOINED, Name.COMPANY_LEFT})
"""What others must hear of a contact although it was erased."""

_TRIES = 8
"""How often a profile is folded anew when somebody else wrote it in between."""


def update_contact(contact_id: str, events: Sequence[Event], services: Services) -> Sequence[Event]:
    """Fold the events into the contact's profile and answer the pauses they end.

    Events of a contact that was joined to another are folded into the survivor's profile. What
    comes for an erased contact is dropped.

    Returns the events as they are to be published. That is left to the caller, who gathers the
    events of many contacts (`Bus.publish`).

    Raises:
        ContactNotFound: the contact has no register.
        StoreBusy: somebody else kept writing the same profile.
    """
    for _ in range(_TRIES):
        contact = read_contact(services.store, contact_id)
        if contact.register.erased_at:
            return drop_events(events, services)
        leaving = _who_leaves(contact, events)
        try:
            contact = _written(contact, events, leaving, services)
        except ConditionFailed:
            continue
        if leaving or any(event.has_odd_clock for event in events):
            waits = read_contact(services.store, contact_id).waits
            contact = replace(contact, waits=waits)
        _answer(contact, events, leaving, services)
        _put_away(contact, services)
        keep_company(contact, events, services)
        _recognise(events, services)
        if any(event.name == Name.JOIN_UNDONE for event in events):
            drop_condensed_of_others(contact_id, services)
        condense_if_due(contact.contact_id, contact.profile, services)
        return _with_company(contact, events, services.plan)
    raise StoreBusy(f"the profile of contact {contact_id} is written by others all the time")


def drop_events(events: Sequence[Event], services: Services) -> Sequence[Event]:
    """Drop what came for an erased contact; what is left to be published.

    That is that it was erased, and that it joined or left a company, which then looks anew who
    belongs to it: ids only.
    """
    gone = sorted(
        {(event.contact_id, event.event_id) for event in events if event.name != Name.ERASED}
    )
    for start in range(0, len(gone), TRANSACTION):
        some = gone[start : start + TRANSACTION]
        services.store.transact([Delete(Table.EVENTS, each) for each in some])
    return [event for event in events if event.name in _TOLD_OF_THE_ERASED]


def _with_company(contact: Contact, events: Sequence[Event], plan: Plan) -> list[Event]:
    """The events, with the contact's company where they may change what it amounts to."""
    company = company_of(contact.profile)
    if company is None:
        return list(events)
    return [
        replace(event, company=company) if plan.counts_for_company(event.name) else event
        for event in events
    ]


Leaving: TypeAlias = Mapping[tuple[str, str], tuple[Enrolment, str]]
"""The enrolments that end early, by workflow and entry, each with its reason."""


def _who_leaves(contact: Contact, events: Sequence[Event]) -> Leaving:
    met = ((each, each.exit_met_by(events)) for each in contact.enrolments)
    return {(each.workflow, each.entry): (each, reason) for each, reason in met if reason}


def _written(
    contact: Contact,
    events: Sequence[Event],
    leaving: Leaving,
    services: Services,
) -> Contact:
    """Write the profile, if the events change it, what follows, and what enrolments must know.

    One write where no membership changes and nothing follows; else one transaction, or several
    where it would be too long, the profile last.
    """
    writes: list[Write] = [
        _mark(each, reason) for each, reason in leaving.values() if not each.leaving
    ]
    known = contact.profile.recent
    if any(event.folded and event.event_id not in known for event in events):
        folded = fold_or_replay(services.store, contact, events, services.plan)
        contact = replace(contact, profile=folded.profile)
        standing = folded.profile.segments() if folded.returns else {}
        writes += memberships(contact.contact_id, folded.conclusions, standing)
        writes += [_append(contact.contact_id, each, services) for each in folded.conclusions]
        writes.append(write_profile(folded.profile))
    for start in range(0, len(writes), TRANSACTION):
        some = writes[start : start + TRANSACTION]
        if len(some) == 1 and isinstance(some[0], Put):
            services.store.write(some[0])
        else:
            services.store.transact(some)
    return contact


def _append(contact_id: str, conclusion: Conclusion, services: Services) -> Put:
    """The write of a conclusion: the same event however often it is concluded."""
    said = sorted(conclusion.properties.items())
    what = "#".join(f"{name}={value}" for name, value in said if name != "reason")
    cause = {"cause": conclusion.cause} if conclusion.cause else {}
    at = moment_of(conclusion.at)
    event = Event(
        contact_id=contact_id,
        event_id=event_id(conclusion.at, "engine", f"{contact_id}#{conclusion.name}#{what}"),
        name=conclusion.name,
        occurred_at=at,
        received_at=max(at, services.now()),
        source="engine",
        properties={**conclusion.properties, **cause},
    )
    return Put(Table.EVENTS, event.to_item())


def _mark(enrolment: Enrolment, reason: str) -> Update:
    """The write that tells every later step of the journey that the contact leaves."""
    return Update(
        Table.CONTACTS,
        enrolment.key,
        set={"leaving": reason},
        when=AllOf((Equals("entry", enrolment.entry), Missing("leaving"))),
    )


def _answer(
    contact: Contact,
    events: Sequence[Event],
    leaving: Leaving,
    services: Services,
) -> None:
    """Answer the pauses that an event or an exit ends."""
    for wait in contact.waits:
        leaves = leaving.get((wait.step.workflow, wait.step.entry))
        if wait.kind is not WaitKind.EVENT:
            # Who wakes a deferred message first answers its journey: the sweep, or the exit here.
            if leaves and skip_what_waits(wait, services):
                whose = replace(contact, asked=wait.step.contact_id)
                seen = contact_view(whose, services.plan, services.now())
                resume(services, wait, departed(*leaves, seen))
            continue
        event = wait.answered_by(events)
        if leaves or event:
            whose = replace(contact, asked=wait.step.contact_id)
            seen = contact_view(whose, services.plan, services.now())
            resume(services, wait, departed(*leaves, seen) if leaves else happened(event, seen))


def _put_away(contact: Contact, services: Services) -> None:
    """Close enrolments and remove waits whose ending got lost."""
    lost = services.now() - LOST_AFTER
    for enrolment in contact.enrolments:
        if enrolment.until < lost:
            close_enrolment(contact, enrolment, "ended unseen", services)
    for wait in contact.waits:
        if wait.until < lost:
            forget(services, wait)


def _recognise(events: Sequence[Event], services: Services) -> None:
    """Let the browser in which somebody signed up lead to whoever confirmed."""
    for event in events:
        visitor = event.properties.get("visitor")
        if event.name == Name.CONFIRMED and isinstance(visitor, str):
            confirmed_visitor(event.contact_id, visitor, services)


def departed(enrolment: Enrolment, reason: str, seen: Mapping[str, Value]) -> dict[str, Value]:
    """What a pause answers when an exit or a goal ends the journey."""
    return {**left(reason, seen), "decision": enrolment.departure(reason).value}


def left(reason: str, seen: Mapping[str, Value]) -> dict[str, Value]:
    """What a pause answers when an exit rule ends the journey."""
    return {"decision": "left", "reason": reason, "view": dict(seen)}


def happened(event: Event | None, seen: Mapping[str, Value]) -> dict[str, Value]:
    """What a pause answers when what it waited for has happened."""
    assert event is not None  # noqa: S101 - the caller has looked
    return {
        "decision": "happened",
        "event": event.public(),
        "at": to_text(event.received_at),
        "view": dict(seen),
    }
