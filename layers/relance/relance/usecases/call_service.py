"""Calling a web service from a journey: by a name, so that neither address nor secret is seen.

What is sent is JSON: the words in the state machine and those traits of the profile that it names,
which the function adds, so that nothing personal stands in an execution's history. The same step is
always called with the same `Idempotency-Key`.
"""

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from relance.content.names import suggestion
from relance.errors import InvalidInput, ServiceUnavailable
from relance.events import Name
from relance.ids import send_id
from relance.ports import Services, WebAnswer
from relance.storage import Value
from relance.usecases.inputs import StepRequest, Word
from relance.usecases.steps import append, fresh_contact, step_event, told, view
from relance.usecases.tell import WEB, reached_at

CODE = re.compile(r"(?=.*[a-z])[a-z0-9_-]{1,40}")
"""A text in the answer that a journey may look at: a word of the service's own, such as `gold` or
`tier_2`. No name, which has capitals or spaces, no address, and no telephone number, which has no
letter."""

NUMBERS_BELOW = 10_000_000
"""A number in the answer that a journey may look at is smaller: a telephone number is not."""


class Decision(StrEnum):
    """What the service said."""

    DONE = "done"
    REFUSED = "refused"
    NOT_DECLARED = "not_declared"


class CallRequest(StepRequest):
    """Which service, what to send, which traits to add, and what of its answer to keep."""

    service: Word
    send: Annotated[dict[Word, str | int | float | bool], Field(max_length=20)] = Field(
        default_factory=dict
    )
    traits: Annotated[tuple[Word, ...], Field(max_length=20)] = ()
    keep: Annotated[tuple[Word, ...], Field(max_length=10)] = ()


def call_service(request: CallRequest, services: Services) -> dict[str, Value]:
    """Call it; `answer` holds what was to be kept, `status` the HTTP status.

    A 4xx is a decision of the service (`refused`); 408, 425, 429, a 5xx and silence are troubles.

    Raises:
        ContactNotFound: no such contact.
        InvalidInput: the content declares no such trait, or the connection is no web address.
        ServiceUnavailable: try again.
    """
    contact, _ = fresh_contact(services, request.contact)
    address = reached_at(request.service, services)
    if address is None:
        return _answer(Decision.NOT_DECLARED, WebAnswer(0, ""), {}, view(services, contact))
    if not address.startswith(WEB):
        raise InvalidInput(f'The connection "{request.service}" must begin with {WEB}.')
    traits = _declared(request.traits, services)
    if request.key.is_tryout:
        named: dict[str, Value] = {"service": request.service}
        answered = _answer(Decision.DONE, WebAnswer(0, ""), {}, view(services, contact))
        return {**answered, **told(request.key, Name.SERVICE_CALLED, named)}
    known = contact.profile.trait_values() | {"email": contact.register.address}
    body = {
        **request.send,
        "contact": request.contact,
        "traits": {name: known.get(name) for name in traits},
    }
    answer = services.web.post(address, json.dumps(body), _headers(request, services))
    if answer.is_trouble:
        raise ServiceUnavailable(f'The service "{request.service}" answered {answer.status}.')
    decision = Decision.DONE if answer.accepted else Decision.REFUSED
    kept = _kept(answer.text, request.keep)
    about: dict[str, Value] = {"service": request.service, "status": answer.status}
    event = step_event(
        services, request.key, Name.SERVICE_CALLED, about=Name.SERVICE_CALLED, properties=about
    )
    append(services, event)
    return _answer(decision, answer, kept, view(services, contact))


def _answer(
    decision: Decision, answer: WebAnswer, kept: dict[str, Value], seen: dict[str, Value]
) -> dict[str, Value]:
    return {"decision": decision.value, "status": answer.status, "answer": kept, "view": seen}


def _headers(request: CallRequest, services: Services) -> dict[str, str]:
    """The key of the step and, where the secret has one, the token of the service."""
    step = request.key
    key = send_id(
        workflow=step.workflow,
        contact=step.contact_id,
        entry=step.entry,
        step=step.step,
        round_=step.round,
    )
    token = services.connections.get(f"{request.service}.token")
    return {"Idempotency-Key": key, **({"Authorization": f"Bearer {token}"} if token else {})}


def _declared(names: tuple[str, ...], services: Services) -> tuple[str, ...]:
    declared = [each.name for each in services.content.rules.traits]
    for name in names:
        if name not in declared:
            near = suggestion(name, declared)
            raise InvalidInput(f'There is no trait "{name}" in traits.yaml. {near}')
    return names


def _kept(text: str, names: tuple[str, ...]) -> dict[str, Value]:
    """Of a JSON answer the numbers, yes or no and codes under these names; no other text."""
    try:
        said = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(said, Mapping):
        return {}
    return {name: said[name] for name in names if name in said and _may_be_seen(said[name])}


def _may_be_seen(value: object) -> bool:
    if isinstance(value, str):
        return CODE.fullmatch(value) is not None
    return isinstance(value, bool | int | float) and abs(value) < NUMBERS_BELOW
