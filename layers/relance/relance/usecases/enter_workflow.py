"""Letting a contact into a workflow, or saying why not.

The first state of a workflow carries its rules: re-entry, exits, the consent it needs. The
enrolment is written in one transaction with the event `workflow_entered`, so that two executions
at once let a contact in once; the same execution, asked again, finds itself let in.

A tryout is let in beside a real entry, whoever it is tried with: what would keep the contact out is
said, and its enrolment is all that is written.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from relance.begun import begun_by
from relance.contacts import Contact, stage_at
from relance.errors import ConditionFailed
from relance.events import Event, Name, event_of, put_once
from relance.holds import HeldEntry, Hold, read_hold
from relance.moments import from_text, to_text
from relance.ports import Services
from relance.splitting import chance_of
from relance.storage import Absent, AllOf, AnyOf, Below, Equals, Missing, Put, Table, Value, Write
from relance.tryouts import DAY, TRYOUT, Tryout
from relance.usecases.await_event import AwaitedEvent
from relance.usecases.change_list import check_list
from relance.usecases.close_workflow import close_enrolment
from relance.usecases.inputs import EXAMPLE, Request, Word, parse_start, telling_who_is_missing
from relance.usecases.steps import append, be_heard, fresh_contact, list_event, step_event, view
from relance.usecases.verdicts import Written, holds
from relance.workflows import (
    Awaited,
    Ending,
    Enrolment,
    Exit,
    ExitRule,
    ReEntry,
    Step,
    entry_of,
    past_prefix,
    thing,
)


class Decision(StrEnum):
    """Whether the contact is in."""

    ENTERED = "entered"
    ALREADY_IN = "already_in"
    NOT_AGAIN = "not_again"
    NOT_ELIGIBLE = "not_eligible"
    HELD_OUT = "held_out"
    HELD = "held"
    NOTHING_TO_DO = "nothing_to_do"


_WAITS = "the journey is paused, and this entry waits until it goes on"


class ConsentNeeded(Request):
    """The consent that a contact must have to be let in."""

    topic: Word
    states: Annotated[tuple[str, ...], Field(min_length=1)]


class EndingRule(AwaitedEvent):
    """An event that ends the journey, and the reason that is told.

    `same` names properties in which it must agree with the event that began the entry, where both
    have them: the order of another cart ends nothing. `alike` names those that both must have: of
    an entry that no product began, a product that is taken out ends nothing.
    """

    reason: Word
    same: tuple[Word, ...] = ()
    alike: tuple[Word, ...] = ()

    def ending(self, began: Event | None) -> Ending | None:
        """The rule for an entry that this event began; None where it cannot be met."""
        said = began.properties if began else {}
        if any(said.get(name) is None for name in self.alike):
            return None
        return Ending(
            self.reason,
            Awaited(self.event, {**self.where, **{name: said[name] for name in self.alike}}),
            {name: said[name] for name in self.same if said.get(name) is not None},
        )


class EntryRules(Request):
    """The rules of a workflow, whole in its own file.

    `re_entry_if_started` holds in the place of `re_entry` for entries that another journey started.
    `per` is the property of the event that begins an entry which tells entries of one contact
    apart: the cart. `only` is the condition that must hold, `hold_out` how many of a hundred are
    left out for comparison. `on_list` is the list on which the contact is from its entry until
    the execution ends, however it ends. Whoever comes more than `too_late_after_hours` after the
    event that begins the entry, because the journey was paused or its start failed, is not let in.
    """

    re_entry: ReEntry
    re_entry_days: Annotated[int, Field(ge=0, le=3650)] = 0
    re_entry_if_started: ReEntry | None = None
    per: Word | None = None
    exits: tuple[ExitRule | EndingRule, ...]
    goals: tuple[EndingRule, ...] = ()
    consent: ConsentNeeded | None = None
    only: Written | None = None
    on_list: Word | None = None
    too_late_after_hours: Annotated[int, Field(ge=1, le=8760)] | None = None
    hold_out: Annotated[int, Field(ge=0, le=90)] = 0
    lease_days: Annotated[int, Field(ge=1, le=365)]


class EnterRequest(Request):
    """What the first state of a workflow asks."""

    workflow: Word
    execution: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:states:.+$")]
    input: object
    rules: EntryRules


@dataclass(frozen=True, slots=True)
class _Asking:
    """A contact that asks to be let in: by which entry, begun by which event, and for what.

    `contact_id` is the id that the execution was started for; `started_by` is the journey that
    started it, and `tryout` says how it is tried.
    """

    contact_id: str
    contact: Contact
    entry: str
    began: Event | None
    since: Sequence[Event]
    per: str
    events: Sequence[Event]
    tryout: Tryout | None = None
    started_by: str | None = None

    def again(self, rules: EntryRules) -> ReEntry:
        """Whether the contact may go through again."""
        started = rules.re_entry_if_started if self.started_by else None
        return started or rules.re_entry


def enter_workflow(request: EnterRequest, services: Services) -> dict[str, Value]:
    """Let the contact in, or say why not. `day` is how long a day takes, in milliseconds.

    Raises:
        InvalidInput: the execution was started with something wrong; says what to paste. Or the
            rules name what the content does not declare.
    """
    start = parse_start(request.input)
    if start is None:
        return {
            "decision": Decision.NOTHING_TO_DO.value,
            "reason": f"This execution names nobody. {EXAMPLE}",
            "day": _day(None),
        }
    tryout = start.tryout
    entry = start.entry or entry_of(TRYOUT if tryout else "manual", request.execution)
    with telling_who_is_missing(EXAMPLE):
        contact, events = fresh_contact(services, start.contact)
    if tryout:
        began = _event(contact, tryout.began, services)
        asking = _Asking(start.contact, contact, entry, began, (), TRYOUT, (), tryout)
    else:
        began = next((each for each in events if each.event_id == entry), None)
        if began is None:  # an entry that was held may have begun long ago
            began = begun_by(services.store, (start.contact, *contact.ids), entry)
            if began:
                contact, events = fresh_contact(services, start.contact, since=began.received_at)
        per = thing(began.properties.get(request.rules.per)) if began and request.rules.per else ""
        since = [each for each in events if began and each.received_at >= began.received_at]
        by = start.started_by
        asking = _Asking(start.contact, contact, entry, began, since, per, events, started_by=by)
    refusal = _refusal(asking, request, services)
    if refusal:
        decision, reason = refusal
        return _answer(decision, reason, asking, services, at=services.now())
    return _let_in(asking, request, services)


def _day(tryout: Tryout | None) -> int:
    """How long a day takes, in milliseconds."""
    return round((tryout.one_day if tryout else DAY).total_seconds() * 1000)


def _event(contact: Contact, event_id: str, services: Services) -> Event | None:
    """The event of the contact that a tryout is taken to have begun with, if it names one."""
    if not event_id:
        return None
    found = (services.store.query(Table.EVENTS, each, prefix=event_id) for each in contact.ids)
    return next((event_of(item) for items in found for item in items), None)


def _refusal(
    asking: _Asking, request: EnterRequest, services: Services
) -> tuple[Decision, str] | None:
    contact = asking.contact
    there = _open_enrolment(asking, request)
    if there and there.execution == request.execution:
        return None
    if there and _is_alive(contact, there, services):
        return Decision.ALREADY_IN, "already in this workflow"
    if contact.register.erased_at:
        return Decision.NOT_ELIGIBLE, "erased"
    if asking.tryout:
        return None
    unfit = _unfit(asking, request, services)
    if unfit:
        return Decision.NOT_ELIGIBLE, unfit
    return _too_soon(asking, request, services) or _held_out(asking, request, services)


def _unfit(asking: _Asking, request: EnterRequest, services: Services) -> str | None:
    """Why the workflow is not for this contact now; None if it is."""
    contact, rules = asking.contact, request.rules
    needed = rules.consent
    if needed:
        state = contact.register.consent_to(needed.topic)
        if (state.value if state else "none") not in needed.states:
            return f"consent to {needed.topic}: {state or 'none'}"
    stage = stage_at(contact.profile, services.plan, services.now())
    if stage and not stage.allows_journey(request.workflow):
        return f"not in stage {stage.name}"
    if rules.only is not None and not holds(rules.only, contact, services, where="rules.only"):
        return "the condition for this workflow does not hold"
    if ExitRule.REFUSED_WEB in rules.exits and contact.register.refuses_web:
        return "does not want to be followed on the web"
    reached = _reached(asking, rules)
    return f"already over: {reached}" if reached else _too_late(asking, rules, services)


def _too_late(asking: _Asking, rules: EntryRules, services: Services) -> str | None:
    """That what begins the entry is so long ago that its messages are stale; None if it is not."""
    if rules.too_late_after_hours is None or asking.began is None:
        return None
    last = asking.began.received_at + timedelta(hours=rules.too_late_after_hours)
    return f"too late: let in until {to_text(last)} at most" if services.now() > last else None


def _open_enrolment(asking: _Asking, request: EnterRequest) -> Enrolment | None:
    return next(
        (
            each
            for each in asking.contact.enrolments
            if (each.workflow, each.per) == (request.workflow, asking.per)
        ),
        None,
    )


def _reached(asking: _Asking, rules: EntryRules) -> str | None:
    """The goal or exit that has been met since the event that began the entry, if one has."""
    named = [*_goals(asking, rules), *_exits(asking, rules)]
    others = [each for each in asking.since if each.event_id != asking.entry]
    endings = [each for each in named if isinstance(each, Ending)]
    return next((each.reason for each in endings if any(map(each.is_met_by, others))), None)


def _is_alive(contact: Contact, enrolment: Enrolment, services: Services) -> bool:
    """Whether the lease still holds; one whose execution ended unseen is closed here."""
    if enrolment.until > services.now() and services.executions.is_running(enrolment.execution):
        return True
    close_enrolment(contact, enrolment, "ended unseen", services)
    return False


def _too_soon(
    asking: _Asking, request: EnterRequest, services: Services
) -> tuple[Decision, str] | None:
    prefix = past_prefix(request.workflow)
    past = [
        item
        for each in asking.contact.ids
        for item in services.store.query(Table.CONTACTS, each, prefix=prefix)
        if (item.get("per") or "") == asking.per
    ]
    if any(item["entry"] == asking.entry for item in past):
        return Decision.NOT_AGAIN, "this entry was served before"
    re_entry = asking.again(request.rules)
    if not past or re_entry is ReEntry.ALWAYS:
        return None
    if re_entry is ReEntry.ONCE:
        return Decision.NOT_AGAIN, "once only"
    last = max(from_text(str(item["ended_at"])) for item in past)
    again = last + timedelta(days=request.rules.re_entry_days)
    if again > services.now():
        return Decision.NOT_AGAIN, f"not before {to_text(again)}"
    return None


def _held_out(
    asking: _Asking, request: EnterRequest, services: Services
) -> tuple[Decision, str] | None:
    """Whether the contact is left out for comparison: always the same ones of a workflow."""
    share = request.rules.hold_out / 100
    if chance_of(f"hold out#{request.workflow}", asking.contact.contact_id) >= share:
        return None
    step = Step(request.workflow, asking.contact_id, asking.entry, "enter")
    append(services, step_event(services, step, Name.HELD_OUT, about="held out", properties={}))
    return Decision.HELD_OUT, "held out, to compare with those who are let in"


def _let_in(asking: _Asking, request: EnterRequest, services: Services) -> dict[str, Value]:
    """Write the enrolment, under the very id that the execution was started for."""
    there = asking.contact.enrolment(request.workflow, asking.entry)
    reason = _let_in_because(asking, request, services)
    if there and there.execution == request.execution:
        _take_over(there, asking, request, services)
        return _answer(Decision.ENTERED, reason, asking, services, at=there.entered_at)
    hold = None if asking.tryout else read_hold(services.store, request.workflow)
    if hold and hold.is_on and _hold(asking, request, hold, services):
        return _answer(Decision.HELD, _WAITS, asking, services, at=services.now())
    now = services.now()
    enrolment = Enrolment(
        contact_id=asking.contact_id,
        workflow=request.workflow,
        entry=asking.entry,
        execution=request.execution,
        entered_at=now,
        until=now + timedelta(days=request.rules.lease_days),
        exits=_exits(asking, request.rules),
        goals=_goals(asking, request.rules),
        per=asking.per,
        on_list=_list(request.rules, services),
        tryout=asking.tryout,
        began_at=asking.began.received_at if asking.began and not asking.tryout else None,
    )
    be_heard(services, asking.contact, asking.contact_id)
    writes: list[Write] = [_open(enrolment)]
    if not asking.tryout:
        writes.append(put_once(_entered(enrolment, services)))
    joined = list_event(services, enrolment, Name.LIST_JOINED)
    if joined:
        writes.append(put_once(joined))
    try:
        services.store.transact(writes)
    except ConditionFailed:
        there_is = "already in this workflow"
        return _answer(Decision.ALREADY_IN, there_is, asking, services, at=now)
    return _answer(Decision.ENTERED, reason, asking, services, at=now)


def _let_in_because(asking: _Asking, request: EnterRequest, services: Services) -> str:
    """What is told to whoever is let in: of a tryout also why it would not be, if it were meant."""
    if not asking.tryout:
        return "in"
    unfit = _unfit(asking, request, services)
    return f"in, as a tryout; really not let in: {unfit}" if unfit else "in, as a tryout"


def _list(rules: EntryRules, services: Services) -> str | None:
    """The list on which the contact is while it is in."""
    if rules.on_list is not None:
        check_list(rules.on_list, services)
    return rules.on_list


def _exits(asking: _Asking, rules: EntryRules) -> tuple[Exit, ...]:
    rules_of_it = (
        each if isinstance(each, ExitRule) else each.ending(asking.began) for each in rules.exits
    )
    return tuple(each for each in rules_of_it if each is not None)


def _goals(asking: _Asking, rules: EntryRules) -> tuple[Ending, ...]:
    goals = (each.ending(asking.began) for each in rules.goals)
    return tuple(each for each in goals if each is not None)


def _hold(asking: _Asking, request: EnterRequest, hold: Hold, services: Services) -> bool:
    """Let the entry wait for the journey to go on; False if it does by now.

    Whoever resumes may have seen the entry wait already, and started another execution for it; the
    enrolment lets one of the two in.
    """
    now = services.now()
    at = asking.began.received_at if asking.began else now
    who = (request.workflow, asking.contact_id, asking.entry)
    held = HeldEntry(*who, at, hold.times, asking.started_by)
    services.store.write(held.write(now=now))
    if not read_hold(services.store, request.workflow).is_on:
        services.store.write(held.removal())
        return False
    step = Step(request.workflow, asking.contact_id, asking.entry, "enter")
    about = f"held#{hold.times}"
    append(services, step_event(services, step, Name.ENTRY_HELD, about=about, properties={}))
    return True


def _take_over(
    there: Enrolment, asking: _Asking, request: EnterRequest, services: Services
) -> None:
    """Give an entry that was moved here the exits and goals of this execution's own rules.

    What ended the journey while nobody listened ends it now.
    """
    if not there.taken_over:
        return
    rules, now = request.rules, services.now()
    enrolment = replace(
        there,
        until=now + timedelta(days=rules.lease_days),
        exits=_exits(asking, rules),
        goals=_goals(asking, rules),
        taken_over=False,
    )
    leaving = there.leaving or enrolment.exit_met_by(asking.events)
    with suppress(ConditionFailed):  # it has just been marked, moved again, or closed
        services.store.write(
            Put(
                Table.CONTACTS,
                replace(enrolment, leaving=leaving).to_item(),
                when=AllOf(
                    (
                        Equals("execution", request.execution),
                        Equals("leaving", there.leaving) if there.leaving else Missing("leaving"),
                    )
                ),
            )
        )


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
    decision: Decision, reason: str, asking: _Asking, services: Services, *, at: datetime
) -> dict[str, Value]:
    """`about` is what the event that began the entry says, as far as it may be seen."""
    return {
        "decision": decision.value,
        "reason": reason,
        "entry": asking.entry,
        "entered_at": to_text(at),
        "day": _day(asking.tryout),
        "about": asking.began.public() if asking.began else {},
        "view": view(services, asking.contact),
    }
