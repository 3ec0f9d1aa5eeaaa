"""The page of one contact: how things stand, where its journeys are and why, what happened.

It shows what a workflow may see of a contact, and what the contact did. Neither its address nor
its name, number or any trait that `traits.yaml` does not mark as visible to workflows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from relance.contacts import Contact
from relance.ledger import Send
from relance.register import Register, Scope
from relance.storage import Value
from relance.timeline import Day
from relance.widgets.html import (
    Frame,
    Html,
    element,
    execution_address,
    facts,
    join,
    link,
    note,
    table,
)
from relance.workflows import Awaited, Enrolment, Wait, WaitKind


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read of a contact.

    `view` is `contact_view`; `sends` are by id; `days` are a part of the timeline, `older` the id
    of the event before which it goes on, None if there is nothing before.
    """

    contact: Contact
    view: Mapping[str, Value]
    sends: Mapping[str, Send]
    days: Sequence[Day]
    older: str | None = None
    is_latest: bool = True


def person_page(seen: Seen, frame: Frame, now: datetime) -> Html:
    """The page."""
    contact_id = seen.contact.contact_id
    parts = [
        element("h3", "Contact ", element("code", contact_id)),
        frame.button("Look for somebody else", "find"),
        frame.button("Read anew", "person", contact=contact_id),
    ]
    if seen.contact.asked not in (None, contact_id):
        parts.append(note(f"{seen.contact.asked} was joined to this contact."))
    if seen.is_latest:
        parts += [facts(_standing(seen, now)), *_journeys(seen, frame, now)]
    parts += _history(seen, frame)
    return join(parts)


def _standing(seen: Seen, now: datetime) -> dict[str, str]:
    view = seen.view
    said = {
        "Stage": str(view["stage"]),
        "Persona": str(view["persona"]),
        "Segments": _names(view["segments"]),
        "Lists": _names(view["lists"]),
        "Scores": _pairs(view["scores"]),
        "Fit": _pairs(view["grades"]),
        "Ready for": _names(view["qualified"]),
        "Consents": _pairs(view["consents"]),
        "Mail": _mail(seen.contact.register, now),
        "Traits": _pairs(view["traits"]),
    }
    return {name: text for name, text in said.items() if text}


def _mail(register: Register, now: datetime) -> str:
    if register.address is None:
        return "no address is known"
    if register.suppressed and register.suppressed_for is Scope.ALL:
        return f"none: the address is suppressed ({register.suppressed.value.replace('_', ' ')})"
    if register.suppressed:
        why = register.suppressed.value.replace("_", " ")
        return f"no marketing: the address is suppressed for it ({why})"
    if register.is_paused(now):
        return f"no marketing until {str(register.paused_until)[:10]}: asked to be left alone"
    return "can be written to, as the consents say"


def _names(value: Value) -> str:
    listed = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return ", ".join(map(str, listed))


def _pairs(value: Value) -> str:
    pairs = value.items() if isinstance(value, Mapping) else ()
    return ", ".join(f"{name}: {_said(each)}" for name, each in pairs)


def _said(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _journeys(seen: Seen, frame: Frame, now: datetime) -> list[Html]:
    head = element("h4", "In journeys now")
    if not seen.contact.enrolments:
        return [head, note("In none.")]
    rows = [_journey(each, seen, frame, now) for each in seen.contact.enrolments]
    return [head, table(("Journey", "Since", "Where it is, and why", "At the latest"), rows)]


def _journey(enrolment: Enrolment, seen: Seen, frame: Frame, now: datetime) -> tuple[str, ...]:
    pauses = [
        each
        for each in seen.contact.waits
        if enrolment.is_of(each.step.workflow, each.step.entry) and each.until > now
    ]
    where = "; ".join(_pause(each, seen.sends, frame) for each in pauses)
    until = min((each.deferred_until or each.until for each in pauses), default=None)
    name = f"{enrolment.workflow} (a tryout)" if enrolment.tryout else enrolment.workflow
    return (
        link(execution_address(enrolment.execution), name),
        frame.time_cell(enrolment.entered_at),
        where or "at work just now",
        frame.time_cell(until) if until else "",
    )


def _pause(wait: Wait, sends: Mapping[str, Send], frame: Frame) -> str:
    step = step_name(wait.step.step)
    if wait.kind is WaitKind.EVENT:
        awaited = " or ".join(_event(each, sends) for each in wait.awaited)
        return f"{step}: waits for {awaited or 'its hour'}"
    send = sends.get(wait.send_id or "")
    message = f' of "{send.message}"' if send else ""
    if wait.deferred_until is None:
        return f"{step}: waits for the outcome{message}"
    why = send.reason.sentence if send and send.reason else ""
    return f"{step}: waits to send until {frame.time(wait.deferred_until)}. {why}".rstrip()


def _event(awaited: Awaited, sends: Mapping[str, Send]) -> str:
    """`email clicked in "welcome"`: a message is told by its name instead of its id."""
    name = awaited.event.replace("_", " ")
    send = sends.get(str(awaited.where.get("send_id")))
    others = ", ".join(
        f"{key.replace('_', ' ')} {_said(value)}"
        for key, value in awaited.where.items()
        if key != "send_id"
    )
    return name + (f' in "{send.message}"' if send else "") + (f" ({others})" if others else "")


def step_name(step: str) -> str:
    """The step as a person reads it: `ask_to_confirm` is "Ask to confirm"."""
    return step.replace("_", " ").capitalize()


def _history(seen: Seen, frame: Frame) -> list[Html]:
    entries = [entry for day in seen.days for entry in day.entries]
    rows = [(frame.time_cell(entry.at), entry.sentence) for entry in reversed(entries)]
    parts = [element("h4", "What happened" if seen.is_latest else "What happened before")]
    parts.append(
        table((f"When ({frame.label})", "What"), rows) if rows else note("Nothing is recorded.")
    )
    if not seen.is_latest:
        parts.append(frame.button("Latest", "person", contact=seen.contact.contact_id))
    if seen.older:
        contact_id = seen.contact.contact_id
        parts.append(frame.button("Before that", "person", contact=contact_id, before=seen.older))
    return parts
