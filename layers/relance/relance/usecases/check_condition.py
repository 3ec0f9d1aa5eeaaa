"""Looking a contact up and checking a condition: the yes or no on which a journey branches."""

from enum import StrEnum

from relance.ports import Services
from relance.storage import Value
from relance.usecases.inputs import StepRequest
from relance.usecases.steps import fresh_contact, view
from relance.usecases.verdicts import Written, holds


class Decision(StrEnum):
    """Whether the condition holds."""

    YES = "yes"
    NO = "no"


class CheckRequest(StepRequest):
    """The condition: the name of a segment, or any condition as in a file of the content."""

    condition: Written


def check_condition(request: CheckRequest, services: Services) -> dict[str, Value]:
    """Whether the condition holds now, every event that has arrived taken into account.

    Raises:
        ContactNotFound: no such contact.
        InvalidInput: it is no condition, or names what the content does not declare.
    """
    contact, _ = fresh_contact(services, request.contact)
    yes = holds(request.condition, contact, services, where="condition")
    decision = Decision.YES if yes else Decision.NO
    return {"decision": decision.value, "view": view(services, contact)}
