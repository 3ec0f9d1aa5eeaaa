"""What the slots of a web page show to whoever looks at it.

Nothing else is told: not who it is, not why. A visitor is told by the id in the browser's own
cookie, which nobody can guess, or softly by the token of a link just followed; whoever is told by
neither gets the defaults. An address or a user id tells nobody here, since anybody can claim them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from relance.conditions.compile import compile_condition
from relance.conditions.facts import Facts
from relance.contacts import read_contact
from relance.content.slots import Slot
from relance.engine import advance
from relance.engine.folding import facts_of_profile
from relance.errors import ContactNotFound, TokenInvalid
from relance.ids import milliseconds
from relance.ports import Services
from relance.usecases.identify import who_looks

MAX_SLOTS = 20
"""Slots of one page."""

_VISITOR = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(frozen=True, slots=True)
class Looking:
    """Who looks: the visitor id of the browser, and the token of the link that led here."""

    visitor: str = ""
    landing: str = ""


def fill_slots(names: Iterable[str], looking: Looking, services: Services) -> Mapping[str, str]:
    """The HTML of each slot; a slot that is not in it keeps what stands in the page.

    Of more than MAX_SLOTS names the rest is left as it is, and so is a slot that is not declared.
    """
    asked = list(dict.fromkeys(names))[:MAX_SLOTS]
    slots = [slot for slot in map(services.content.slot, asked) if slot]
    contact_id = _contact(looking, services) if slots else None
    facts = _facts(contact_id, services) if contact_id else None
    now = milliseconds(services.now())
    shown = {slot.name: _shown(slot, facts, now) for slot in slots}
    return {name: html for name, html in shown.items() if html is not None}


def _shown(slot: Slot, facts: Facts | None, now: int) -> str | None:
    for variant in slot.variants if facts else ():
        if facts and compile_condition(variant.condition).holds(facts, now):
            return variant.html
    return slot.default


def _contact(looking: Looking, services: Services) -> str | None:
    """Who followed a link here within the hour, else whose browser this is or may be."""
    if looking.landing:
        try:
            landing = services.signer.read_landing(looking.landing)
        except TokenInvalid:
            pass
        else:
            if landing.tells(services.now()):
                return landing.contact_id
    if not _VISITOR.fullmatch(looking.visitor):
        return None
    seen = who_looks(looking.visitor, services)
    return seen.contact_id if seen else None


def _facts(contact_id: str, services: Services) -> Facts | None:
    """What is known of the contact now; nothing while its profile follows from other rules."""
    try:
        contact = read_contact(services.store, contact_id)
    except ContactNotFound:
        return None
    profile, plan = contact.profile, services.plan
    if contact.register.erased_at or profile.rules != plan.version:
        return None
    advance(profile, milliseconds(services.now()), plan)
    return facts_of_profile(profile, plan)
