"""Putting a contact on a list, or taking it off, from a journey."""

from enum import StrEnum

from relance.content.names import closest, either
from relance.errors import InvalidInput
from relance.events import Name
from relance.ports import Services
from relance.storage import Value
from relance.usecases.inputs import StepRequest, Word
from relance.usecases.steps import append_and_view


class Change(StrEnum):
    """What to do."""

    JOIN = "join"
    LEAVE = "leave"


class ListRequest(StepRequest):
    """Which list."""

    list: Word
    change: Change


def change_list(request: ListRequest, services: Services) -> dict[str, Value]:
    """Append `list_joined` or `list_left` once, and answer with the contact as it is then.

    Raises:
        ContactNotFound: no such contact.
        InvalidInput: the content declares no such list; names the closest.
    """
    check_list(request.list, services)
    name = Name.LIST_JOINED if request.change is Change.JOIN else Name.LIST_LEFT
    return append_and_view(services, request.key, name, {"list": request.list})


def check_list(name: str, services: Services) -> None:
    """See that the content declares a list.

    Raises:
        InvalidInput: it does not; names the closest.
    """
    rules = services.content.rules
    if not rules.has_list(name):
        alike = closest(name, tuple(each.name for each in rules.lists))
        hint = f" Did you mean {either(alike)}?" if alike else ""
        raise InvalidInput(f'There is no list "{name}" in lists.yaml.{hint}')
