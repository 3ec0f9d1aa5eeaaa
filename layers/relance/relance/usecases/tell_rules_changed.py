"""Telling a batch of contacts that the rules changed, so that each is scored anew."""

from typing import Annotated

from pydantic import Field

from relance.contacts import read_register
from relance.errors import ContactNotFound
from relance.ports import Services
from relance.rescoring import rules_changed
from relance.storage import Value
from relance.usecases.inputs import Request
from relance.usecases.steps import append


class ListedContact(Request):
    """A line of a list: the contact, and how often its profile was written by then."""

    contact: Annotated[str, Field(pattern=r"^[0-9A-Z]{26}$")]
    version: Annotated[int, Field(ge=0)]


class TellRequest(Request):
    """A batch of a list."""

    contacts: tuple[ListedContact, ...]


def tell_rules_changed(request: TellRequest, services: Services) -> dict[str, Value]:
    """Append `rules_changed` to the history of each: who was told now, before, or is gone."""
    rules = services.content.rules.version
    found: dict[str, list[str]] = {}
    for each in request.contacts:
        what = _tell(each, rules, services)
        found.setdefault(what, []).append(each.contact)
    return {"contacts": len(request.contacts), "found": found}


def _tell(listed: ListedContact, rules: str, services: Services) -> str:
    try:
        register = read_register(services.store, listed.contact)
    except ContactNotFound:
        return "gone"
    if register.erased_at:
        return "gone"
    event = rules_changed(listed.contact, listed.version, rules, services.now())
    return "told" if append(services, event) else "told_before"
