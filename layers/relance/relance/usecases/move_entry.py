"""Moving somebody to a journey's present version: another execution takes the entry over.

The former one is stopped, and what it had under way comes to its end. The entry stays what it was,
so every step that was done finds that it was, and what was sent is not sent again.
"""

from collections.abc import Sequence
from contextlib import suppress

from relance.contacts import Contact, read_contact
from relance.errors import ConditionFailed
from relance.events import Name, put_once
from relance.ports import Services
from relance.storage import AllOf, Equals, Table, Update, Value
from relance.usecases.controlling import Answer, Asked, Decision, Moving, go_on, told
from relance.usecases.end_entries import forget_waits, set_down
from relance.usecases.inputs import EXAMPLE, telling_who_is_missing
from relance.usecases.steps import step_event
from relance.workflows import MOVED, Enrolment, Step

PARTS_BETWEEN = 3
"""After how many parts, ten seconds each, no step of the former execution is under way any more."""


def move_entry(asked: Asked, services: Services) -> Answer:
    """End the executions of a contact's entries, and start others that take the entries over."""
    journey, contact_id, so_far = asked.journey, asked.contact, asked.so_far
    with telling_who_is_missing(EXAMPLE):
        contact = read_contact(services.store, contact_id)
    inside = contact.entries_in(asked.workflow)
    if contact.register.erased_at or not (inside or so_far.parts):
        return told(Decision.NOT_POSSIBLE, f'{contact_id} is not in "{journey}".')
    if not so_far.parts:
        moving = tuple(Moving.of(each) for each in inside)
        so_far = so_far.model_copy(update={"moving": moving})
    still = [each for each in inside if Moving.of(each) in so_far.moving]
    if so_far.parts < PARTS_BETWEEN:
        for each in still:
            set_down(each, services)
        return go_on(so_far, soon=True)
    for each in still:
        _hand_on(contact, each, journey, services)
    begun = _begin(asked, so_far.moving, services)
    if not begun:
        return told(Decision.NOT_POSSIBLE, f'{contact_id} has left "{journey}" meanwhile.')
    return told(
        Decision.DONE,
        f'{contact_id} goes through the present version of "{journey}", in the execution '
        f"{' and '.join(begun)}. What was sent is not sent again.",
    )


def _hand_on(contact: Contact, enrolment: Enrolment, journey: str, services: Services) -> None:
    """Write the entry over to its next execution; once, however many do it."""
    forget_waits(contact, enrolment, services)
    name = Moving.of(enrolment).next_execution
    step = Step(enrolment.workflow, enrolment.contact_id, enrolment.entry, "enter")
    about = f"moved#{enrolment.execution}"
    moved = step_event(
        services, step, Name.ENTRY_MOVED, about=about, properties={"execution": name}
    )
    over = Update(
        Table.CONTACTS,
        enrolment.key,
        set={
            "execution": services.executions.journey_arn_of(journey, name),
            "taken_over": True,
        },
        remove=("leaving",),
        when=AllOf((Equals("execution", enrolment.execution), Equals("leaving", MOVED))),
    )
    with suppress(ConditionFailed):  # somebody else has, or it leaves for a better reason
        services.store.transact([over, put_once(moved)])


def _begin(asked: Asked, moving: Sequence[Moving], services: Services) -> list[str]:
    """Start the next executions of the entries that were written over to them; their names."""
    contact, journey = read_contact(services.store, asked.contact), asked.journey
    begun = []
    for each in moving:
        name = each.next_execution
        there = contact.enrolment(asked.workflow, each.entry)
        if there and there.execution == services.executions.journey_arn_of(journey, name):
            data: dict[str, Value] = {"contact": each.contact, "entry": each.entry}
            services.executions.start_journey(journey, name=name, data=data)
            begun.append(name)
    return begun
