"""Starting a journey for a batch of contacts, once for each."""

from typing import Annotated

from pydantic import Field

from relance.errors import InvalidInput
from relance.ports import Services
from relance.storage import Value
from relance.usecases.inputs import Request, Word
from relance.usecases.questions import ListedContact


class StartBatchRequest(Request):
    """A batch of a list, the journey, and the entry under which each of them gets in."""

    journey: Word
    entry: Word
    contacts: Annotated[tuple[ListedContact, ...], Field(min_length=1, max_length=100)]


def start_batch(request: StartBatchRequest, services: Services) -> dict[str, Value]:
    """Start it for each; a batch that is repeated starts it for nobody twice.

    Raises:
        InvalidInput: there is no such journey any more.
        ServiceUnavailable: Step Functions could not take them all now; try again.
    """
    found: dict[str, list[str]] = {}
    for each in request.contacts:
        what = "started" if _start(each.contact, request, services) else "started_before"
        found.setdefault(what, []).append(each.contact)
    return {"contacts": len(request.contacts), "found": found}


def _start(contact: str, request: StartBatchRequest, services: Services) -> bool:
    """The name of the execution makes it one, however often it is asked for."""
    try:
        return services.executions.start_journey(
            request.journey,
            name=f"{contact}-{request.entry}",
            data={"contact": contact, "entry": request.entry},
        )
    except LookupError:
        raise InvalidInput(f'There is no journey "{request.journey}" any more.') from None
