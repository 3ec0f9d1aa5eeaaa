"""Letting a contact into a workflow, or saying why not.

The first state of a workflow carries its rules: re-entry, exits, the consent it needs. The
enrolment is written in one transaction with the event `workflow_entered`, so that two executions
at once let a contact in once; the same execution, asked again, finds itself let in.
"""

import base64
import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from relance.contacts import Contact, stage_at
from relance.errors import ConditionFailed
from relance.events import Event, Name, put_once
from relance.moments import from_text, to_text
from relance.ports import Services
from relance.storage import Absent, AnyOf, Below, Equals, Put, Table, Value
from relance.usecases.close_workflow import close_enrolment
from relance.usecases.inputs import EXAMPLE, Request, Word, parse_start, telling_who_is_missing
from relance.usecases.steps import be_heard, fresh_contact, step_event, view
from relance.workflows import Enrolment, ExitRule, ReEntry, Step, past_prefix


class Decision(StrEnum):
    """Whether the contact is in."""

    ENTERED = "entered"
    ALREADY_IN = "already_in"
    NOT_AGAIN = "not_again"
    NOT_ELIGIBLE = "not_eligible"
    NOTHING_TO_DO = "nothing_to_do"


class ConsentNeeded(Request):
    """The consent that a contact must have to be let in."""

    topic: Word
    states: Annotated[tuple[str, ...], Field(min_length=1)]


class EntryRules(Request):
    """The rules of a workflow, whole in its own file."""

    re_entry: ReEntry
    re_entry_days: Annotated[int, Field(ge=0, le=3650)] = 0
    exits: tuple[ExitRule, ...]
    consent: ConsentNeeded | None = None
    lease_days: Annotated[int, Field(ge=1, le=365)]


class EnterRequest(Request):
    """What the first state of a workflow asks."""

    workflow: Word
    execution: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:states:.+$")]
    input: object
    rules: EntryRules


def enter_workflow(request: EnterRequest, services: Services) -> dict[str, Value]:
    """Let the contact in, or say why not.

    Raises:
        InvalidInput: the execution was started with something wrong; says what to paste.
    """
    start = parse_start(request.input)
    if start is None:
        return {
            "decision": Decision.NOTHING_TO_DO.value,
            "reason": f"This execution names nobody. {EXAMPLE}",
        }
    entry = start.entry or _manual_entry(request.execution)
    with telling_who_is_missing(EXAMPLE):
        contact, _ = fresh_contact(services, start.contact)
    refusal = _refusal(contact, request, entry, services)
    if refusal:
        decision, reason = refusal
        return _answer(decision, reason, entry, contact, services, at=services.now())
    return _let_in(start.contact, contact, request, entry, services)


def _manual_entry(execution: str) -> str:
    """The entry of an execution that names none: a hash, since anything may be typed as its name.

    It is the same however often the execution asks.
    """
    digest = hashlib.sha256(execution.encode()).digest()[:16]
    return "manual-" + base64.b32encode(digest).decode().rstrip("=")


def _refusal(
    contact: Contact, request: EnterRequest, entry: str, services: Services
) -> tuple[Decision, str] | None:
    there = next((e for e in contact.enrolments if e.workflow == request.workflow), None)
    if there and there.execution == request.execution:
        return None
    if there and _is_alive(contact, there, services):
        return Decision.ALREADY_IN, "already in this workflow"
    if contact.register.erased_at:
        return Decision.NOT_ELIGIBLE, "erased"
    needed = request.rules.consent
    if needed:
        state = contact.register.consent_to(needed.topic)
        if (state.value if state else "none") not in needed.states:
            return Decision.NOT_ELIGIBLE, f"consent to {needed.topic}: {state or 'none'}"
    stage = stage_at(contact.profile, services.plan, services.now())
    if stage and not stage.allows_journey(request.workflow):
        return Decision.NOT_ELIGIBLE, f"not in stage {stage.name}"
    return _too_soon(contact, request, entry, services)


def _is_alive(contact: Contact, enrolment: Enrolment, services: Services) -> bool:
    """Whether the lease still holds; one whose execution ended unseen is closed here."""
    if enrolment.until > services.now() and services.executions.is_running(enrolment.execution):
        return True
    close_enrolment(contact, enrolment, "ended unseen", services)
    return False


def _too_soon(
    contact: Contact, request: EnterRequest, entry: str, services: Services
) -> tuple[Decision, str] | None:
    prefix = past_prefix(request.workflow)
    past = [
        item
        for each in contact.ids
        for item in services.store.query(Table.CONTACTS, each, prefix=prefix)
    ]
    if any(item["entry"] == entry for item in past):
        return Decision.NOT_AGAIN, "this entry was served before"
    if not past or request.rules.re_entry is ReEntry.ALWAYS:
        return None
    if request.rules.re_entry is ReEntry.ONCE:
        return Decision.NOT_AGAIN, "once only"
    last = max(from_text(str(item["ended_at"])) for item in past)
    again = last + timedelta(days=request.rules.re_entry_days)
    if again > services.now():
        return Decision.NOT_AGAIN, f"not before {to_text(again)}"
    return None


def _let_in(
    contact_id: str, contact: Contact, request: EnterRequest, entry: str, services: Services
) -> dict[str, Value]:
    """Write the enrolment, under the very id that the execution was started for."""
    there = contact.enrolment(request.workflow, entry)
    if there and there.execution == request.execution:
        return _answer(Decision.ENTERED, "in", entry, contact, services, at=there.entered_at)
    now = services.now()
    enrolment = Enrolment(
        contact_id=contact_id,
        workflow=request.workflow,
        entry=entry,
        execution=request.execution,
        entered_at=now,
        until=now + timedelta(days=request.rules.lease_days),
        exits=request.rules.exits,
    )
    be_heard(services, contact, contact_id)
    try:
        services.store.transact([_open(enrolment), put_once(_entered(enrolment, services))])
    except ConditionFailed:
        reason = "already in this workflow"
        return _answer(Decision.ALREADY_IN, reason, entry, contact, services, at=now)
    return _answer(Decision.ENTERED, "in", entry, contact, services, at=now)


def _open(enrolment: Enrolment) -> Put:
    """The write of the lease: nobody holds it, or whoever held it is past its time."""
    free = AnyOf(
        (
            Absent(),
            Below("until", to_text(enrolment.entered_at)),
            Equals("execution", enrolment.execution),
        )
    )
    return Put(Table.CONTACTS, enrolment.to_item(), when=free)


def _entered(enrolment: Enrolment, services: Services) -> Event:
    step = Step(enrolment.workflow, enrolment.contact_id, enrolment.entry, "enter")
    return step_event(
        services,
        step,
        Name.WORKFLOW_ENTERED,
        about=enrolment.execution,
        properties={"execution": enrolment.execution},
    )


def _answer(
    decision: Decision,
    reason: str,
    entry: str,
    contact: Contact,
    services: Services,
    *,
    at: datetime,
) -> dict[str, Value]:
    return {
        "decision": decision.value,
        "reason": reason,
        "entry": entry,
        "entered_at": to_text(at),
        "view": view(services, contact),
    }
