"""Starting another journey for the contact; it lets in or not by its own rules."""

from enum import StrEnum

from relance.errors import InvalidInput
from relance.events import Name
from relance.ids import event_id, is_ulid, ulid_ms
from relance.ports import Services
from relance.storage import Value
from relance.usecases.inputs import StepRequest, Word
from relance.usecases.steps import append_and_view


class Decision(StrEnum):
    """Whether it was started."""

    STARTED = "started"


class StartRequest(StepRequest):
    """Which journey, by the name of its file."""

    journey: Word


def start_journey(request: StartRequest, services: Services) -> dict[str, Value]:
    """Start the other journey, once: its entry and its execution's name follow from this step.

    Raises:
        ContactNotFound: no such contact.
        InvalidInput: there is no such journey, or it is this one.
        ServiceUnavailable: try again.
    """
    if request.journey == request.workflow:
        raise InvalidInput('"journey" is this journey itself. A loop in the graph begins it again.')
    about: dict[str, Value] = {"journey": request.journey}
    if request.key.is_tryout:
        answer = append_and_view(services, request.key, Name.JOURNEY_STARTED, about)
        return {**answer, "decision": Decision.STARTED.value}
    entry = _entry_of(request)
    name = f"{request.contact}-{entry}"
    try:
        services.executions.start_journey(
            request.journey,
            name=name,
            data={"contact": request.contact, "entry": entry, "started_by": request.workflow},
        )
    except LookupError:
        raise InvalidInput(
            f'There is no journey "{request.journey}". Write the name of its file without '
            '".asl.json", for example "welcome".'
        ) from None
    answer = append_and_view(services, request.key, Name.JOURNEY_STARTED, about)
    return {**answer, "decision": Decision.STARTED.value}


def _entry_of(request: StartRequest) -> str:
    """The entry of the other journey: the same one however often this step is run."""
    began = ulid_ms(request.entry) if is_ulid(request.entry) else 0
    return event_id(began, f"workflow:{request.workflow}", f"{request.key.name}#{request.journey}")
