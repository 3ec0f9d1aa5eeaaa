"""Handing a lead to sales: a mail with everything sales needs, and a page on which it decides.

The journey then waits for `lead_accepted` or `lead_refused` with this hand-over's id, until its
deadline. Systems of sales will come behind the same port: who takes a task and how it is answered.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from html import escape
from itertools import islice
from typing import Protocol

from pydantic import AwareDatetime

from relance.contacts import Contact
from relance.events import Event, Name
from relance.ids import send_id
from relance.links import Answer
from relance.moments import to_text
from relance.ports import Mail, Services
from relance.storage import Value
from relance.usecases.alert_people import Sentence
from relance.usecases.inputs import StepRequest, Word
from relance.usecases.last_acts import is_act, latest_events
from relance.usecases.last_acts import told as in_words
from relance.usecases.steps import append, fresh_contact, is_appended, step_event, told, view
from relance.usecases.tell import WEB, person_of, reached_at, tell

MOST_ACTS = 15
"""How many of the last things that somebody did are told."""

_TECHNICAL = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
"""A name of the content's files within a sentence."""


class Decision(StrEnum):
    """Whether sales got it."""

    HANDED_OVER = "handed_over"
    NOBODY_DECLARED = "nobody_declared"


class _Titled(Protocol):
    """Something that the content declares, with a title for people."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...


class HandOverRequest(StepRequest):
    """Who gets the lead, by the name of a connection, why, and until when it may decide.

    `qualification` is the one whose own reason is told besides, if the contact reached it.
    """

    to: Word
    why: Sentence
    qualification: Word | None = None
    until: AwareDatetime


def hand_over(request: HandOverRequest, services: Services) -> dict[str, Value]:
    """Mail the lead, at least once; `hand_over` is the id that the decision will bear.

    To a chat goes the link alone: the person's details stay in mail.

    Raises:
        ContactNotFound: no such contact.
        ServiceUnavailable, SendRateExceeded: try again.
        SendRefused, RecipientRefused, InvalidInput: it is not taken as it is.
    """
    contact, _ = fresh_contact(services, request.contact)
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
    if not is_appended(services, event):
        where = reached_at(request.to, services)
        if where is None:
            decision = Decision.NOBODY_DECLARED
        elif not request.key.is_tryout:
            tell(where, _mail(where, request, contact, services), services)
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


def _mail(where: str, request: HandOverRequest, contact: Contact, services: Services) -> Mail:
    answer = Answer(request.contact, _id_of(request), services.now(), request.until)
    link = f"{services.link_base_url}/a/{services.signer.answer_token(answer)}"
    about, acts = ([], []) if where.startswith(WEB) else _details(request, contact, services)
    lines = [request.why, *about, "", f"Accept or refuse until {_day(request.until)}:", link]
    if acts:
        lines += ["", "What happened last:", *acts]
    text = "\n".join(lines) + "\n"
    paragraphs = "".join(f"<p>{escape(each)}</p>" for each in lines if each and each != link)
    button = f'<p><a href="{escape(link)}">Accept or refuse</a></p>'
    return Mail(to=where, subject="A lead for you", html=paragraphs + button, text=text)


def _details(
    request: HandOverRequest, contact: Contact, services: Services
) -> tuple[list[str], list[str]]:
    """Why, who it is and how they stand; and what they did last."""
    events = latest_events(contact, services.store)
    about = [
        *_reason(request, events, services),
        "",
        *person_of(contact),
        *_standing(contact, services),
    ]
    return about, _acts(events)


def _reason(request: HandOverRequest, events: Sequence[Event], services: Services) -> list[str]:
    """Why they reached the qualification that is asked for, the last time that they did."""
    titles = {each.name: each.title for each in services.content.rules.behaviours}
    ready = (each.properties for each in events if each.name == Name.QUALIFIED)
    asked = (each for each in ready if each.get("qualification") == request.qualification)
    reasons = (str(each["reason"]) for each in asked if each.get("reason"))
    return [_TECHNICAL.sub(lambda it: _plainly(it[0], titles), each) for each in islice(reasons, 1)]


def _plainly(name: str, titles: Mapping[str, str]) -> str:
    """A behaviour by its title, any other name in words."""
    title = titles.get(name, "")
    return title[:1].lower() + title[1:] or name.replace("_", " ")


def _standing(contact: Contact, services: Services) -> list[str]:
    """How they stand, in the words of the content: titles, not the names of its files."""
    seen, rules = view(services, contact), services.content.rules
    declared: Mapping[str, Sequence[_Titled]] = {
        "stage": rules.stages,
        "persona": rules.personas,
        "scores": rules.scores,
        "grades": rules.fits,
        "potentials": rules.potentials,
    }
    return [
        f"{name}: {value}"
        for name, each in declared.items()
        if (value := _plain(seen.get(name), {one.name: one.title for one in each}))
    ]


def _plain(value: Value, titles: Mapping[str, str]) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{titles.get(name, name)} {each}" for name, each in sorted(value.items()))
    return titles.get(str(value), "")


def _acts(events: Sequence[Event]) -> list[str]:
    """The last things that somebody did, the newest first."""
    acts = islice(filter(is_act, events), MOST_ACTS)
    return [f"{_day(each.occurred_at)}: {in_words(each)}" for each in acts]


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
