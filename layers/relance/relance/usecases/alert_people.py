"""Alerting people from a journey: a sentence to a mailbox or a chat, with the contact's id."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from relance.begun import begun_by
from relance.contacts import Contact
from relance.events import Event, Name
from relance.ports import Mail, Services
from relance.storage import Value
from relance.timeline import sentence
from relance.usecases.inputs import ADDRESS, StepRequest, Word
from relance.usecases.last_acts import told as in_words
from relance.usecases.steps import append, fresh_contact, is_appended, step_event, told, view
from relance.usecases.tell import WEB, person_of, reached_at, tell


def _without_address(text: str) -> str:
    if ADDRESS.search(text):
        raise ValueError("must not hold an e-mail address, since a state machine can be read")
    return text


_FIND = "Look the contact up with the finder."
_PLAIN = re.compile(r"[\w :\"./-]{1,120}")

Sentence = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_without_address)]
"""What is told, as it stands in the state machine."""


class Decision(StrEnum):
    """Whether somebody was told."""

    TOLD = "told"
    NOBODY_DECLARED = "nobody_declared"


class AlertRequest(StepRequest):
    """Whom to tell, by the name of a connection, and what.

    `sign` is the event that they are told of: it is named, and with it, in a mail, the person.
    """

    to: Word
    text: Sentence
    sign: Word | None = None


def alert_people(request: AlertRequest, services: Services) -> dict[str, Value]:
    """Tell them, at least once: an answer that is lost may make it twice.

    Raises:
        ContactNotFound: no such contact.
        ServiceUnavailable, SendRateExceeded: try again.
        SendRefused, RecipientRefused, InvalidInput: it is not taken as it is.
    """
    contact, _ = fresh_contact(services, request.contact)
    about: dict[str, Value] = {"to": request.to, "text": request.text}
    event = step_event(
        services, request.key, Name.PEOPLE_ALERTED, about=Name.PEOPLE_ALERTED, properties=about
    )
    decision = Decision.TOLD
    if not is_appended(services, event):
        where = reached_at(request.to, services)
        if where is None:
            decision = Decision.NOBODY_DECLARED
        elif not request.key.is_tryout:
            sign = begun_by(services.store, contact.ids, request.sign or "")
            tell(where, _alert(where, request, contact, sign), services)
            append(services, event)
    return {
        "decision": decision.value,
        **told(request.key, Name.PEOPLE_ALERTED, about),
        "view": view(services, contact),
    }


def _said(sign: Event) -> str:
    """What happened, with what it was about where that is plain: a form, a file."""
    words = in_words(sign)
    return words if _PLAIN.fullmatch(words) else sentence(sign)


def _alert(where: str, request: AlertRequest, contact: Contact, sign: Event | None) -> Mail:
    told = [f"{sign.occurred_at:%Y-%m-%d %H:%M} UTC: {_said(sign)}"] if sign else []
    if request.sign is not None and not where.startswith(WEB):
        told += person_of(contact)
    lines = [
        request.text,
        *(["", *told] if told else []),
        "",
        f"Contact {request.contact}, journey {request.workflow}. {_FIND}",
    ]
    text = "\n".join(lines) + "\n"
    subject = request.text if len(request.text) <= 90 else f"{request.text[:89]}…"
    return Mail(to=where, subject=subject, html="", text=text)
