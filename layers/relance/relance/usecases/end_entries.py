"""Ending the entry of a contact by hand, as an exit does, or so that another execution goes on.

The mark on the enrolment tells every later step; the pauses are answered here and now. Whoever is
between two steps finds the mark at the next one.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from relance.answering import forget, resume
from relance.contacts import Contact, contact_view
from relance.errors import ConditionFailed
from relance.ports import Services
from relance.storage import AllOf, AnyOf, Equals, Missing, Table, Update, Value
from relance.usecases.close_workflow import close_enrolment, skip_what_waits
from relance.usecases.update_contact import departed
from relance.workflows import ENDED_BY_HAND, MOVED, Enrolment, Wait, WaitKind


def end_entry(contact: Contact, enrolment: Enrolment, services: Services) -> None:
    """Let the contact leave with the reason `ended_by_hand`; what leaves already goes on leaving.

    An entry whose execution is gone is closed.

    Raises:
        StoreBusy, ServiceUnavailable: try again; whoever was answered is not answered twice.
    """
    _mark(enrolment, ENDED_BY_HAND, AnyOf((Missing("leaving"), Equals("leaving", MOVED))), services)
    waits = _waits(contact, enrolment)
    for wait in waits:
        if wait.kind is not WaitKind.EVENT and not skip_what_waits(wait, services):
            continue  # it is on its way: whoever sends it answers
        seen = _seen(contact, wait, services)
        resume(services, wait, departed(enrolment, enrolment.leaving or ENDED_BY_HAND, seen))
    if not waits and not services.executions.is_running(enrolment.execution):
        close_enrolment(contact, enrolment, f"left: {ENDED_BY_HAND}", services)


def set_down(enrolment: Enrolment, services: Services) -> None:
    """Stop the execution of an entry, so that another can take the entry over.

    It is stopped, and not answered: a graph may do something for those who leave, and whoever is
    moved does not.
    """
    _mark(enrolment, MOVED, Missing("leaving"), services)
    services.executions.stop(enrolment.execution, cause="Another execution takes it over.")


def forget_waits(contact: Contact, enrolment: Enrolment, services: Services) -> None:
    """Remove what an execution waited for that is no more."""
    for wait in _waits(contact, enrolment):
        forget(services, wait)


def _mark(enrolment: Enrolment, reason: str, when: Missing | AnyOf, services: Services) -> None:
    mark = Update(
        Table.CONTACTS,
        enrolment.key,
        set={"leaving": reason},
        when=AllOf((Equals("execution", enrolment.execution), when)),
    )
    with suppress(ConditionFailed):  # it has ended, or leaves already
        services.store.write(mark)


def _waits(contact: Contact, enrolment: Enrolment) -> list[Wait]:
    ours = (enrolment.contact_id, enrolment.workflow, enrolment.entry)
    return [
        each
        for each in contact.waits
        if (each.step.contact_id, each.step.workflow, each.step.entry) == ours
        and each.is_of_a_journey
    ]


def _seen(contact: Contact, wait: Wait, services: Services) -> Mapping[str, Value]:
    whose = replace(contact, asked=wait.step.contact_id)
    return contact_view(whose, services.plan, services.now())
