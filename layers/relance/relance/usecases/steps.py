"""What the steps of journeys share: the fresh look at a contact, and what they answer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from relance.contacts import Contact, contact_view, read_contact, read_history
from relance.errors import ConditionFailed, StoreBusy
from relance.events import Event, Name, put_once
from relance.ids import event_id, is_ulid, ulid_ms
from relance.joins import absorb
from relance.ports import Services
from relance.refolding import fold_or_replay
from relance.storage import Store, Table, Value, Write
from relance.tryouts import would
from relance.workflows import Enrolment, Step

_TRIES = 4

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
    begin = min(since, lag) if since else lag
    events = read_history(services.store, contact_id, since=begin)
    contact = read_contact(services.store, contact_id)
    others = [each for each in contact.ids if each != contact_id]
    events += read_history(services.store, *others, since=begin)
    return _with_events(services, contact, events), events


def be_heard(services: Services, contact: Contact, contact_id: str) -> bool:
    """Let records that stand under an absorbed id be read with the survivor's; whether it was news.

    Raises:
        StoreBusy: the contact is being joined all the time.
    """
    for _ in range(_TRIES):
        register = contact.register
        absorbed = register.absorbed.get(contact_id)
        if absorbed is None or not absorbed.quiet:
            return False
        heard = {**register.absorbed, contact_id: replace(absorbed, quiet=False)}
        try:
            services.store.write(absorb(register, heard))
        except ConditionFailed:
            contact = read_contact(services.store, contact_id)
            continue
        return True
    raise StoreBusy(f"contact {contact_id} is being joined all the time")


def _with_events(services: Services, contact: Contact, events: Sequence[Event]) -> Contact:
    """The contact as it will be when these events are folded; nothing is written."""
    folded = fold_or_replay(services.store, contact, events, services.plan)
    return replace(contact, profile=folded.profile)


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


def list_event(services: Services, enrolment: Enrolment, name: Name) -> Event | None:
    """That the contact joins or leaves the list on which it is while it is in; None if on none.

    What else puts it on the list, another entry too, stands by itself.
    """
    if enrolment.on_list is None or enrolment.tryout:
        return None
    step = Step(enrolment.workflow, enrolment.contact_id, enrolment.entry, "while_in")
    said: dict[str, Value] = {"list": enrolment.on_list, "while_in": True}
    return step_event(services, step, name, about=f"{name}#{enrolment.execution}", properties=said)


def is_appended(services: Services, event: Event) -> bool:
    """Whether the event of a step stands in the history, so that the step was done before."""
    return services.store.get(Table.EVENTS, (event.contact_id, event.event_id)) is not None


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

    In a tryout nothing is appended: the contact is as it would be, and `tryout` says so.

    Raises:
        ContactNotFound: no such contact.
    """
    read_contact(services.store, step.contact_id)
    event = step_event(services, step, name, about=name, properties=properties)
    if not step.is_tryout:
        append(services, event)
    contact, _ = fresh_contact(services, step.contact_id)
    contact = _with_events(services, contact, [event])
    return {"decision": "done", **told(step, name, properties), "view": view(services, contact)}


def told(step: Step, name: str, properties: Mapping[str, Value]) -> dict[str, Value]:
    """What a step of a tryout answers besides: what it would have done. Else nothing."""
    return {"tryout": would(name, properties)} if step.is_tryout else {}
