"""Trying a journey: its real graph runs for one contact, with short days and no effect outside.

`{"journey": "welcome", "contact": "01…", "one_day": "1 minute"}` starts an execution of the journey
as a tryout (`relance.tryouts`). Here is only checked what can be known before.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from relance.contacts import Contact, read_contact, read_history
from relance.content.known_events import EVENTS
from relance.content.names import closest, suggestion
from relance.errors import InvalidInput
from relance.events import Name
from relance.ports import Services
from relance.storage import Value
from relance.tryouts import DECLARE, TRYOUT, in_words, length
from relance.usecases.controlling import journey_named
from relance.usecases.inputs import (
    NO_ADDRESS,
    ContactId,
    Happens,
    OneDay,
    Request,
    Word,
    parse_typed,
    telling_who_is_missing,
    to_paste,
)
from relance.workflows import entry_of

EXAMPLE = (
    'Paste for example {"journey": "welcome", "contact": "01J9Z3V8Q4T2M6K7B5N1X0C3DE", '
    '"one_day": "1 minute"}; with "happens": ["confirmed", "email_clicked"] beside it these are '
    'taken to happen, with "begun_by": "order_completed" the last order is what it began with.'
)


class Decision(StrEnum):
    """What was done."""

    NOTHING_TO_DO = "nothing_to_do"
    BEING_TRIED = "being_tried"
    STARTED = "started"


class TryRequest(Request):
    """What is asked (`input`, as typed), and by which execution."""

    execution: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:states:.+$")]
    input: object


class Typed(Request):
    """What was typed."""

    journey: Annotated[str, Field(max_length=80)]
    contact: ContactId
    one_day: OneDay = "1 minute"
    begun_by: Word | None = None
    happens: Happens = ()


def try_journey(request: TryRequest, services: Services) -> dict[str, Value]:
    """Start the tryout, once for each execution that asks.

    Raises:
        InvalidInput: something in it is wrong, or no test address is declared; says what to do.
        ServiceUnavailable: try again.
    """
    typed = parse_typed(Typed, request.input, example=EXAMPLE, no_address=f"{NO_ADDRESS} {EXAMPLE}")
    if typed is None:
        return _told(Decision.NOTHING_TO_DO, f"Nothing was asked. {EXAMPLE}")
    journey = journey_named(typed.journey, services, EXAMPLE, request.input)
    _know(typed.happens, services, request.input)
    addresses = services.test_addresses
    if not addresses:
        raise InvalidInput(f"Nothing was tried: no test address is declared. {DECLARE}")
    with telling_who_is_missing(EXAMPLE):
        contact = read_contact(services.store, typed.contact)
    if contact.register.erased_at:
        raise InvalidInput(f"This contact was erased. Choose another. {EXAMPLE}")
    entry = entry_of(TRYOUT, request.execution)
    if _is_being_tried(contact, journey, entry, services):
        return _told(
            Decision.BEING_TRIED,
            f'"{journey}" is being tried with this contact already. Let that execution end or stop '
            "it, then start this one again.",
        )
    data: dict[str, Value] = {
        "contact": typed.contact,
        "entry": entry,
        "one_day": in_words(length(typed.one_day)),
        **({"began": _began(contact, typed.begun_by, services)} if typed.begun_by else {}),
        **({"happens": list(typed.happens)} if typed.happens else {}),
    }
    name = f"{typed.contact}-{entry}"
    services.executions.start_journey(journey, name=name, data=data)
    return {
        **_told(Decision.STARTED, _sentence(journey, typed, len(addresses))),
        "execution": services.executions.journey_arn_of(journey, name),
    }


def _told(decision: Decision, summary: str) -> dict[str, Value]:
    return {"decision": decision.value, "summary": summary}


def _know(happens: tuple[str, ...], services: Services, raw: object) -> None:
    """Refuse the name of an event that there is not: no pause would ever end by it."""
    known = {*EVENTS, *map(str, Name), *services.content.rules.events}
    for name in happens:
        if name not in known:
            near, right = suggestion(name, known), closest(name, known)
            meant = [right[0] if right and each == name else each for each in happens]
            paste = to_paste(raw, happens=meant) if right else EXAMPLE
            raise InvalidInput(f'"happens": there is no event "{name}". {near} {paste}')


def _is_being_tried(contact: Contact, journey: str, entry: str, services: Services) -> bool:
    """Whether another tryout of the journey is under way with this contact."""
    return any(
        each.tryout is not None
        and each.workflow.replace("_", "-") == journey
        and each.entry != entry
        and services.executions.is_running(each.execution)
        for each in contact.enrolments
    )


def _began(contact: Contact, name: str, services: Services) -> str:
    """The id of the last event of this name that the contact has."""
    found = [each for each in read_history(services.store, *contact.ids) if each.name == name]
    if not found:
        raise InvalidInput(
            f'"begun_by": this contact has no event "{name}". Choose a contact that has, or leave '
            f"it out: the journey then knows nothing of what began it. {EXAMPLE}"
        )
    return max(found, key=lambda each: (each.received_at, each.event_id)).event_id


def _sentence(journey: str, typed: Typed, addresses: int) -> str:
    where = "the test address" if addresses == 1 else f"the {addresses} test addresses"
    return (
        f'"{journey}" is being tried with contact {typed.contact}: a day takes '
        f"{in_words(length(typed.one_day))}. Its mail goes to {where} and to nobody else. It "
        "counts nowhere and changes nothing of the contact. Open the execution to watch it."
    )
