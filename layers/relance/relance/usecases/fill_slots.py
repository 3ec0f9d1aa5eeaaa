"""What the slots of a web page show to whoever looks at it.

Nothing else is told: not who it is, not why. Whoever is not known (`looking`), or does not want to
be followed on the web, gets the defaults.
"""

from collections.abc import Iterable, Mapping

from relance.conditions.compile import compile_condition
from relance.conditions.facts import Facts
from relance.contacts import read_contact
from relance.content.slots import Slot
from relance.engine import advance
from relance.engine.folding import facts_of_profile
from relance.errors import ContactNotFound
from relance.ids import milliseconds
from relance.ports import Services
from relance.usecases.looking import Looking, looking_contact

MAX_SLOTS = 20
"""Slots of one page."""


def fill_slots(names: Iterable[str], looking: Looking, services: Services) -> Mapping[str, str]:
    """The HTML of each slot; a slot that is not in it keeps what stands in the page.

    Of more than MAX_SLOTS names the rest is left as it is, and so is a slot that is not declared.
    """
    asked = list(dict.fromkeys(names))[:MAX_SLOTS]
    slots = [slot for slot in map(services.content.slot, asked) if slot]
    contact_id = looking_contact(looking, services) if slots else None
    facts = _facts(contact_id, services) if contact_id else None
    now = milliseconds(services.now())
    shown = {slot.name: _shown(slot, facts, now) for slot in slots}
    return {name: html for name, html in shown.items() if html is not None}


def _shown(slot: Slot, facts: Facts | None, now: int) -> str | None:
    for variant in slot.variants if facts else ():
        if facts and compile_condition(variant.condition).holds(facts, now):
            return variant.html
    return slot.default


def _facts(contact_id: str, services: Services) -> Facts | None:
    """What is known of the contact now; nothing while its profile follows from other rules."""
    try:
        contact = read_contact(services.store, contact_id)
    except ContactNotFound:
        return None
    profile, plan = contact.profile, services.plan
    register = contact.register
    if register.erased_at or register.refuses_web or profile.rules != plan.version:
        return None
    advance(profile, milliseconds(services.now()), plan)
    return facts_of_profile(profile, plan)
