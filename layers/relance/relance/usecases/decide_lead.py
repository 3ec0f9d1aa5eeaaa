"""The decision about a lead that was handed over: accepted or refused, once, until its deadline."""

from enum import StrEnum

from relance.contacts import read_register
from relance.errors import ContactNotFound
from relance.events import Event, Name, event_of
from relance.ids import event_id, milliseconds
from relance.links import Answer
from relance.ports import Services
from relance.storage import Table
from relance.usecases.steps import append


class Wish(StrEnum):
    """Which button was pressed."""

    ACCEPT = "accept"
    REFUSE = "refuse"


class Outcome(StrEnum):
    """Where the lead stands: the page that is shown."""

    OPEN = "lead"
    ACCEPTED = "lead-accepted"
    REFUSED = "lead-refused"
    TOO_LATE = "lead-late"


_NAMES = {Wish.ACCEPT: Name.LEAD_ACCEPTED, Wish.REFUSE: Name.LEAD_REFUSED}
_OUTCOMES = {Name.LEAD_ACCEPTED: Outcome.ACCEPTED, Name.LEAD_REFUSED: Outcome.REFUSED}


def look_at_lead(answer: Answer, services: Services) -> Outcome:
    """Where the lead stands; nothing is changed.

    Raises:
        ContactNotFound: the contact is gone, or was erased.
    """
    if read_register(services.store, answer.contact_id).erased_at:
        raise ContactNotFound("this contact was erased")
    item = services.store.get(Table.EVENTS, (answer.contact_id, _event_id(answer)))
    if item is not None:
        return _OUTCOMES[Name(event_of(item).name)]
    return Outcome.OPEN if services.now() < answer.until else Outcome.TOO_LATE


def decide_lead(answer: Answer, wish: Wish, services: Services) -> Outcome:
    """Append the decision; whoever decides second sees what the first one decided.

    Both decisions are one event id, so that the store keeps one of them.

    Raises:
        ContactNotFound: the contact is gone, or was erased.
    """
    stands = look_at_lead(answer, services)
    if stands is not Outcome.OPEN:
        return stands
    now = services.now()
    event = Event(
        contact_id=answer.contact_id,
        event_id=_event_id(answer),
        name=_NAMES[wish],
        occurred_at=now,
        received_at=now,
        source="page:lead",
        properties={"hand_over": answer.hand_over},
    )
    append(services, event)
    return look_at_lead(answer, services)


def _event_id(answer: Answer) -> str:
    """The same for every link to this hand-over: its mail may have gone out more than once."""
    return event_id(milliseconds(answer.until), "hand_over", answer.hand_over)
