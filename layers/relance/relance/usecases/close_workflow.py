"""Closing a journey: frees the enrolment and the waits, whatever way the execution ended.

Step Functions tells of every ending: reached, stopped by hand, failed, timed out. All of them free
the contact to enter again, and leave `workflow_left` in its history with the reason.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from relance.answering import forget
from relance.contacts import Contact, read_contact
from relance.errors import ConditionFailed, ContactNotFound
from relance.events import Name, put_once
from relance.ids import is_ulid
from relance.ledger import SendState, send_of, skip_deferred
from relance.ports import Services
from relance.reasons import Reason
from relance.splitting import counted
from relance.storage import Delete, Equals, Put, Table, Value, Write
from relance.usecases.steps import list_event, step_event, transact_what_holds
from relance.workflows import Departure, Enrolment, Step, Wait

_OUTCOMES: Mapping[str, str] = {
    "ABORTED": "stopped in the console",
    "FAILED": "failed",
    "TIMED_OUT": "timed out",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """An execution that has ended, as its status event tells it."""

    execution: str
    contact_id: str
    outcome: str


def read_ending(detail: Mapping[str, object]) -> Ending | None:
    """The ending in the detail of an execution-status event; None if it concerns nobody.

    Whoever is concerned stands in the execution's own input; the outcome is the one that the
    ending names in its output.
    """
    status = str(detail.get("status"))
    if status not in (*_OUTCOMES, "SUCCEEDED"):
        return None
    contact_id = str(_object(detail.get("input")).get("contact")).strip().upper()
    if not is_ulid(contact_id):
        return None
    outcome = _OUTCOMES.get(status) or _object(detail.get("output")).get("outcome")
    return Ending(str(detail["executionArn"]), contact_id, str(outcome or "ended"))


def _object(text: object) -> Mapping[str, object]:
    """The JSON object in a text that a person may have typed; {} if it is something else."""
    try:
        value = json.loads(str(text))
    except json.JSONDecodeError:
        return {}
    return value if isinstance(value, Mapping) else {}


def close_workflow(ending: Ending, services: Services) -> None:
    """Close the enrolment that the execution holds, if it holds one.

    One that a person is moving stays open for the execution that takes it over.
    """
    try:
        contact = read_contact(services.store, ending.contact_id)
    except ContactNotFound:
        return
    for enrolment in contact.enrolments:
        moving = enrolment.is_being_moved and not contact.register.erased_at
        if enrolment.execution == ending.execution and not moving:
            close_enrolment(contact, enrolment, ending.outcome, services)


def close_enrolment(
    contact: Contact, enrolment: Enrolment, outcome: str, services: Services
) -> None:
    """Move an enrolment to the past, remove its waits and say so in the history; once.

    Whoever was on a list while it was open is taken off it.

    A message that was deferred for it is skipped, and whoever wakes it finds that. An erased
    contact has neither past nor history, nor has a tryout: its enrolment is only removed.
    """
    now = services.now()
    for wait in contact.waits:
        of_it = (wait.step.workflow, wait.step.entry) == (enrolment.workflow, enrolment.entry)
        if of_it and wait.is_of_a_journey:
            skip_what_waits(wait, services)
            forget(services, wait)
    ours = Equals("execution", enrolment.execution)
    if contact.register.erased_at or enrolment.tryout:
        with suppress(ConditionFailed):  # somebody has removed it
            services.store.write(Delete(Table.CONTACTS, enrolment.key, when=ours))
        return
    past = enrolment.to_past(ended_at=now, outcome=outcome)
    step = Step(enrolment.workflow, enrolment.contact_id, enrolment.entry, "leave")
    event = step_event(
        services,
        step,
        Name.WORKFLOW_LEFT,
        about=enrolment.execution,
        properties={"outcome": outcome, "execution": enrolment.execution, **_goal(enrolment)},
    )
    writes: list[Write] = [
        Delete(Table.CONTACTS, enrolment.key, when=ours),
        Put(Table.CONTACTS, past),
        put_once(event),
        *_counted(enrolment),
    ]
    off = list_event(services, enrolment, Name.LIST_LEFT)
    if off:
        writes.append(put_once(off))
    transact_what_holds(services.store, writes)


def _counted(enrolment: Enrolment) -> list[Write]:
    """The writes that count for its adaptive splits that it has reached their goal."""
    return [
        counted(each.split, each.name, enrolment.contact_id, "reached")
        for each in enrolment.splits
        if each.goal == enrolment.leaving
    ]


def _goal(enrolment: Enrolment) -> dict[str, Value]:
    """The goal that was reached, if one was."""
    reason = enrolment.leaving
    if reason and enrolment.departure(reason) is Departure.GOAL:
        return {"goal": reason}
    return {}


def skip_what_waits(wait: Wait, services: Services) -> bool:
    """End the message that a wait was deferred for, its journey being over; whether it is skipped.

    Not skipped is one that is on its way already: whoever sends it answers the wait.
    """
    if wait.deferred_until is None or wait.send_id is None or not wait.is_of_a_journey:
        return False
    try:
        services.store.write(skip_deferred(wait.send_id, Reason.LEFT))
    except ConditionFailed:
        item = services.store.get(Table.SENDS, (wait.send_id,))
        return item is not None and send_of(item).state is SendState.SKIPPED
    return True
