"""Handing a lead to sales: a mail with everything sales needs, and a page on which it decides.

The journey then waits for `lead_accepted` or `lead_refused` with this hand-over's id, until its
deadline. Systems of sales will come behind the same port: who takes a task and how it is answered.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from html import escape

from pydantic import AwareDatetime

from relance.contacts import Contact
from relance.events import Event, Name, in_order
from relance.ids import send_id
from relance.links import Answer
from relance.moments import to_text
from relance.ports import Mail, Services
from relance.storage import Value
from relance.usecases.alert_people import Sentence
from relance.usecases.inputs import StepRequest, Word
from relance.usecases.steps import append, fresh_contact, step_event, told, view
from relance.usecases.tell import WEB, person_of, reached_at, tell

MOST_ACTS = 15
"""How many of the last things that somebody did are told."""


class Decision(StrEnum):
    """Whether sales got it."""

    HANDED_OVER = "handed_over"
    NOBODY_DECLARED = "nobody_declared"


class HandOverRequest(StepRequest):
    """Who gets the lead, by the name of a connection, why, and until when it may decide."""

    to: Word
    why: Sentence
    until: AwareDatetime


def hand_over(request: HandOverRequest, services: Services) -> dict[str, Value]:
    """Mail the lead, at least once; `hand_over` is the id that the decision will bear.

    To a chat goes the link alone: the person's details stay in mail.

    Raises:
        ContactNotFound: no such contact.
        ServiceUnavailable, SendRateExceeded: try again.
        SendRefused, RecipientRefused, InvalidInput: it is not taken as it is.
    """
    contact, events = fresh_contact(services, request.contact)
    handed = _id_of(request)
    about: dict[str, Value] = {
        "to": request.to,
        "hand_over": handed,
        "until": to_text(request.until),
        "reason": request.why,
    }
    event = step_event(
        services, request.key, Name.HANDED_OVER, about=Name.HANDED_OVER, properties=about
    )
    decision = Decision.HANDED_OVER
    there = next((each for each in events if each.event_id == event.event_id), None)
    if there is None:
        where = reached_at(request.to, services)
        if where is None:
            decision = Decision.NOBODY_DECLARED
        elif not request.key.is_tryout:
            details = (
                []
                if where.startswith(WEB)
                else [*person_of(contact, where), *_standing(contact, services)]
            )
            acts = _acts(events) if details else []
            tell(where, _mail(where, request, details, acts, services), services)
            append(services, event)
    return {
        "decision": decision.value,
        "hand_over": handed,
        **told(request.key, Name.HANDED_OVER, about),
        "view": view(services, contact),
    }


def _id_of(request: HandOverRequest) -> str:
    step = request.key
    return send_id(
        workflow=step.workflow,
        contact=step.contact_id,
        entry=step.entry,
        step=step.step,
        round_=step.round,
    )


def _mail(
    where: str,
    request: HandOverRequest,
    told: Sequence[str],
    acts: Sequence[str],
    services: Services,
) -> Mail:
    answer = Answer(request.contact, _id_of(request), services.now(), request.until)
    link = f"{services.link_base_url}/a/{services.signer.answer_token(answer)}"
    lines = [request.why, "", *told, "", f"Accept or refuse until {_day(request.until)}:", link]
    if acts:
        lines += ["", "What happened last:", *acts]
    text = "\n".join(lines) + "\n"
    paragraphs = "".join(f"<p>{escape(each)}</p>" for each in lines if each and each != link)
    button = f'<p><a href="{escape(link)}">Accept or refuse</a></p>'
    return Mail(to=where, subject="A lead for you", html=paragraphs + button, text=text)


def _standing(contact: Contact, services: Services) -> list[str]:
    seen = view(services, contact)
    return [
        f"{name}: {value}"
        for name in ("stage", "persona", "scores", "grades", "potentials")
        if (value := _plain(seen.get(name)))
    ]


def _plain(value: Value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in sorted(value.items()))
    return str(value or "")


def _acts(events: Sequence[Event]) -> list[str]:
    last = in_order(events)[-MOST_ACTS:]
    return [f"{_day(each.occurred_at)}: {each.name.replace('_', ' ')}" for each in last]


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
