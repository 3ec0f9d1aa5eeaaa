"""What the steps of journeys share: the fresh look at a contact, and what they answer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from relance.contacts import Contact, contact_view, fold_or_replay, read_contact, read_history
from relance.errors import ConditionFailed
from relance.events import Event, put_once
from relance.ids import event_id, is_ulid, ulid_ms
from relance.ports import Services
from relance.storage import Store, Value, Write
from relance.workflows import Step

STREAM_LAG = timedelta(hours=26)
"""How long an event may be on its way into the profile."""


def fresh_contact(
    services: Services, contact_id: str, *, since: datetime | None = None
) -> tuple[Contact, Sequence[Event]]:
    """The contact with every event folded that has arrived, and the events read for it.

    The events are those that arrived since `since`, or since the stream may be late, whichever
    is earlier.

    Raises:
        ContactNotFound: no such contact.
    """
    lag = services.now() - STREAM_LAG
    events = read_history(services.store, contact_id, since=min(since, lag) if since else lag)
    contact = read_contact(services.store, contact_id)
    return _with_events(services, contact, events), events


def _with_events(services: Services, contact: Contact, events: Sequence[Event]) -> Contact:
    """The contact as it will be when these events are folded; nothing is written."""
    profile, _ = fold_or_replay(services.store, contact.profile, events, services.plan)
    return replace(contact, profile=profile)


def view(services: Services, contact: Contact) -> dict[str, Value]:
    """What the workflow may see of the contact now."""
    return contact_view(contact, services.plan, services.now())


def step_event(
    services: Services, step: Step, name: str, *, about: str, properties: Mapping[str, Value]
) -> Event:
    """The event that a step writes: the same one however often the step is run.

    `about` tells apart what one step may write; the time in the id is the entry's own.
    """
    now = services.now()
    source = f"workflow:{step.workflow}"
    message = f"{step.contact_id}#{step.name}#{about}"
    return Event(
        contact_id=step.contact_id,
        event_id=event_id(_entry_ms(step), source, message),
        name=name,
        occurred_at=now,
        received_at=now,
        source=source,
        properties={
            **properties,
            "workflow": step.workflow,
            "entry": step.entry,
            "step": step.step,
        },
    )


def _entry_ms(step: Step) -> int:
    """A time that a repetition of the step finds again: the entry's, if it names one."""
    return ulid_ms(step.entry) if is_ulid(step.entry) else 0


def append(services: Services, event: Event) -> bool:
    """Append the event to the history; False if it is there already."""
    try:
        services.store.write(put_once(event))
    except ConditionFailed:
        return False
    return True


def transact_what_holds(store: Store, writes: Sequence[Write]) -> bool:
    """Carry out the writes at once; those whose condition no longer holds are left out.

    The first is the one that tells whether this was done before: if it is refused, nothing is
    written, and the answer is False.
    """
    left = list(writes)
    while True:
        try:
            store.transact(left)
        except ConditionFailed as refused:
            if 0 in refused.failed:
                return False
            left = [write for at, write in enumerate(left) if at not in refused.failed]
        else:
            return True


def append_and_view(
    services: Services, step: Step, name: str, properties: Mapping[str, Value]
) -> dict[str, Value]:
    """Append the event of a step once, and answer with the contact as it is with it.

    Raises:
        ContactNotFound: no such contact.
    """
    read_contact(services.store, step.contact_id)
    event = step_event(services, step, name, about=name, properties=properties)
    append(services, event)
    contact, _ = fresh_contact(services, step.contact_id)
    contact = _with_events(services, contact, [event])
    return {"decision": "done", "view": view(services, contact)}
