"""Alerting people from a journey: a sentence to a mailbox or a chat, with the contact's id."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from relance.events import Name
from relance.ports import Mail, Services
from relance.storage import Value
from relance.usecases.inputs import ADDRESS, StepRequest, Word
from relance.usecases.steps import append, fresh_contact, is_appended, step_event, told, view
from relance.usecases.tell import reached_at, tell


def _without_address(text: str) -> str:
    if ADDRESS.search(text):
        raise ValueError("must not hold an e-mail address, since a state machine can be read")
    return text


Sentence = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_without_address)]
"""What is told, as it stands in the state machine."""


class Decision(StrEnum):
    """Whether somebody was told."""

    TOLD = "told"
    NOBODY_DECLARED = "nobody_declared"


class AlertRequest(StepRequest):
    """Whom to tell, by the name of a connection, and what."""

    to: Word
    text: Sentence


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
            tell(where, _alert(where, request), services)
            append(services, event)
    return {
        "decision": decision.value,
        **told(request.key, Name.PEOPLE_ALERTED, about),
        "view": view(services, contact),
    }


def _alert(where: str, request: AlertRequest) -> Mail:
    text = (
        f"{request.text}\n\nContact {request.contact}, journey {request.workflow}. "
        "Look the contact up with the finder.\n"
    )
    subject = request.text if len(request.text) <= 90 else f"{request.text[:89]}…"
    return Mail(to=where, subject=subject, html="", text=text)
