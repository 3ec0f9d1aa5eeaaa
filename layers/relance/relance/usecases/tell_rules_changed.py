"""Telling a batch of contacts that the rules changed, so that each is scored anew."""

from relance.contacts import read_register
from relance.errors import ContactNotFound
from relance.ports import Services
from relance.rescoring import look_at, rules_changed
from relance.storage import Value
from relance.usecases.inputs import Request
from relance.usecases.questions import ListedContact
from relance.usecases.steps import append


class TellRequest(Request):
    """A batch of a list."""

    contacts: tuple[ListedContact, ...]


def tell_rules_changed(request: TellRequest, services: Services) -> dict[str, Value]:
    """Append `rules_changed` to the history of each whose profile is still behind.

    The answer says who was `told`, `told_before` (the profile has not followed yet), `up_to_date`
    (scored by today's rules since the list was made: told before, or by what the contact did) or
    `gone`. So a batch that is repeated tells nobody twice.

    Raises:
        StoreBusy: try again.
    """
    rules = services.content.rules.version
    found: dict[str, list[str]] = {}
    for each in request.contacts:
        what = _tell(each.contact, rules, services)
        found.setdefault(what, []).append(each.contact)
    return {"contacts": len(request.contacts), "found": found}


def _tell(contact_id: str, rules: str, services: Services) -> str:
    try:
        register = read_register(services.store, contact_id)
    except ContactNotFound:
        return "gone"
    if register.erased_at:
        return "gone"
    now = look_at(services.store, contact_id)
    if not now.is_behind(rules):
        return "up_to_date"
    event = rules_changed(contact_id, now.version, rules, services.now())
    return "told" if append(services, event) else "told_before"
