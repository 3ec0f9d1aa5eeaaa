"""What a form learns of somebody who is known: the answers that were missing.

A form proves nothing, so what it says is a claim until it is confirmed. Here something more is
known: the person followed a link of ours within the hour, or uses the browser that is theirs, and
typed the address that leads to the same contact. That tells softly who it is, since mails are
forwarded and browsers shared: so it fills what was empty, and replaces nothing.
"""

from relance.contacts import read_contact
from relance.content.forms import Form, Submission
from relance.errors import ContactNotFound
from relance.events import Event, Name
from relance.ids import event_id, ulid_ms
from relance.ports import Services
from relance.storage import Value
from relance.usecases.looking import Looking, looking_contact
from relance.usecases.steps import append


def known_of(contact_id: str, services: Services) -> frozenset[str]:
    """The names of the traits that are known of a contact."""
    try:
        contact = read_contact(services.store, contact_id)
    except ContactNotFound:
        return frozenset()
    if contact.register.erased_at:
        return frozenset()
    return frozenset(contact.profile.trait_values())


def learn(
    form: Form, submission: Submission, signed_up: Event, looking: Looking, services: Services
) -> None:
    """Take over what is told for the first time by whoever this form belongs to; once."""
    told = {
        each.name: submission.traits[each.name]
        for each in form.fields
        if each.until_known and each.name in submission.traits
    }
    person = looking_contact(looking, services) if told else None
    if person is None:
        return
    try:
        contact = read_contact(services.store, person)
    except ContactNotFound:
        return
    if signed_up.contact_id not in (contact.contact_id, *contact.register.absorbed):
        return
    known = contact.profile.trait_values()
    traits: dict[str, Value] = {name: it for name, it in told.items() if name not in known}
    if traits:
        append(services, _event(form, signed_up, traits))


def _event(form: Form, signed_up: Event, traits: dict[str, Value]) -> Event:
    ident = event_id(ulid_ms(signed_up.event_id), signed_up.source, f"traits#{signed_up.event_id}")
    return Event(
        contact_id=signed_up.contact_id,
        event_id=ident,
        name=Name.IDENTIFIED,
        occurred_at=signed_up.occurred_at,
        received_at=signed_up.received_at,
        source=signed_up.source,
        properties={"form": form.name, "traits": traits},
    )
