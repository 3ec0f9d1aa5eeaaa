"""Bringing a contact up to date that was set aside: folded anew from its whole history."""

from collections.abc import Sequence

from relance.contacts import read_history, read_person, write_profile
from relance.engine import replay
from relance.errors import ConditionFailed, StoreBusy
from relance.events import Event
from relance.ports import Services
from relance.usecases.update_contact import drop_events, update_contact


def refold_contact(
    contact_id: str, event_ids: Sequence[str], services: Services
) -> Sequence[Event]:
    """Fold the contact anew, answer the events that were set aside with it, return what to publish.

    Raises:
        ContactNotFound: the contact has no register.
        StoreBusy: somebody wrote the profile in between; try again.
    """
    person = read_person(services.store, contact_id)
    history = read_history(services.store, *person.ids)
    if person.is_erased:
        return drop_events(history, services)
    profile = replay(person.contact_id, history, services.plan, version=person.version)
    try:
        services.store.write(write_profile(profile))
    except ConditionFailed:
        raise StoreBusy(f"the profile of contact {contact_id} was written by somebody") from None
    wanted = set(event_ids)
    its_own = [event for event in history if event.contact_id == contact_id]
    events = [event for event in its_own if event.event_id in wanted]
    return update_contact(contact_id, events, services)
