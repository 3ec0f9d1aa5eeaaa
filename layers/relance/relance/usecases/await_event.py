"""The pause of a journey: until an event or a deadline, whichever comes first.

A pause that names no event waits for its deadline alone; exits and goals still end it at once.

In a tryout, what is taken to happen answers the first pause that it ends.

The wait is stored first, then the history is read again from where the question begins: what came
before the wait was stored is found in the history, what comes after finds the wait. The deadline
itself is the state's time-out; nothing here measures time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from relance.answering import resume
from relance.contacts import Contact
from relance.events import Event
from relance.ports import Services
from relance.storage import Put, Table, Value
from relance.usecases.inputs import Request, StepRequest, Word
from relance.usecases.steps import STREAM_LAG, be_heard, fresh_contact, view
from relance.usecases.taken_to_happen import taken_to_happen
from relance.usecases.update_contact import departed, happened, left
from relance.workflows import Awaited, Wait, WaitKind


class AwaitedEvent(Request):
    """An event to wait for: its name, and properties that must be equal."""

    event: Word
    where: Mapping[str, str | int | float | bool] = Field(default_factory=dict)


class AwaitRequest(StepRequest):
    """What a pause asks. `since` is where its question begins, `until` its deadline.

    A question that begins where the contact was let in begins with the event that began the entry.
    """

    token: Annotated[str, Field(min_length=1)]
    events: Annotated[tuple[AwaitedEvent, ...], Field(max_length=10)] = ()
    since: AwareDatetime
    until: AwareDatetime


def await_event(request: AwaitRequest, services: Services) -> None:
    """Store the wait, and answer it at once if it has happened or the contact is leaving.

    Raises:
        ContactNotFound: no such contact.
    """
    wait = Wait(
        step=request.key,
        token=request.token,
        kind=WaitKind.EVENT,
        since=request.since,
        until=request.until,
        awaited=tuple(Awaited(each.event, each.where) for each in request.events),
    )
    services.store.write(Put(Table.CONTACTS, wait.to_item()))
    contact, events = fresh_contact(services, request.contact, since=request.since)
    if be_heard(services, contact, request.contact):
        contact, events = fresh_contact(services, request.contact, since=request.since)
    begun = _begun(contact, request)
    if begun and begun < services.now() - STREAM_LAG:
        contact, events = fresh_contact(services, request.contact, since=begun)
    leaves = how_it_ends(contact, request, events, services)
    since = begun or request.since
    others = [each for each in events if each.event_id != request.entry]
    event = replace(wait, since=since).answered_by(others)
    if request.key.is_tryout and not (leaves or event):
        leaves, event = taken_to_happen(contact, wait, services)
    if leaves:
        resume(services, wait, leaves)
    elif event:
        resume(services, wait, happened(event, view(services, contact)))


def _begun(contact: Contact, request: AwaitRequest) -> datetime | None:
    """When the entry began, if that is where the question begins: as soon as there was an entry."""
    enrolment = contact.enrolment(request.workflow, request.entry)
    at_once = enrolment is not None and request.since <= enrolment.entered_at
    return enrolment.began_at if enrolment and at_once else None


def how_it_ends(
    contact: Contact, request: StepRequest, events: Sequence[Event], services: Services
) -> Mapping[str, Value] | None:
    """What a pause answers where the entry ends early; None if it goes on.

    It was marked already, an event meets an exit or a goal, or somebody else has ended it.
    """
    enrolment = contact.enrolment(request.workflow, request.entry)
    if enrolment is None:
        return left("ended", view(services, contact))
    if enrolment.is_being_moved:
        return None  # this execution is stopped, and another one waits in its place
    reason = enrolment.leaving or enrolment.exit_met_by(events)
    return departed(enrolment, reason, view(services, contact)) if reason else None
