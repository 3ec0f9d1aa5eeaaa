"""Condensing the history of a contact once its old events have expired, and removing these.

What they amount to is written first, for the person and for each who may be somebody of their own
again if a join is undone; only then are they removed. A run that is cut off leaves events that are
in what was written: nobody reads them any more (`engine.condensed.standing`), and the next run
removes them. It comes with whatever happens to the contact next, or with the sweep over those due.

Nothing is removed that an open journey may still ask for: all since its contact entered stays.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from relance.conditions.facts import DAY
from relance.contacts import Contact, read_contact, write_profile
from relance.engine.condensed import condensed_of, expires, standing
from relance.engine.condensing import condense
from relance.engine.folding import condense_at
from relance.errors import ConditionFailed
from relance.events import Event, Name, event_of, put_once
from relance.ids import milliseconds, moment_of
from relance.joins import branch
from relance.ports import Services
from relance.profiles import Profile
from relance.storage import Delete, Table

MOST_BRANCHES = 8
"""For how many joined contacts it is condensed what remains without each of them."""


def condense_if_due(contact_id: str, profile: Profile, services: Services) -> None:
    """Condense what has expired of a contact's history, if the profile says that it is time.

    Raises:
        StoreBusy: try again; nothing was removed that was not written before.
    """
    if 0 < profile.condense_at <= milliseconds(services.now()):
        condense_history(contact_id, services)


def condense_history(contact_id: str, services: Services) -> None:
    """Condense what has expired by now.

    Raises:
        StoreBusy: as `condense_if_due`.
    """
    contact = read_contact(services.store, contact_id)
    if contact.register.erased_at or contact.profile.rules != services.plan.version:
        return
    events = _events(contact.ids, services)
    cut = _cut(contact, services)
    written = [
        condensed.event(owner)
        for of, owner in _families(contact).items()
        if (condensed := condense(of, _history(events, of), services.plan, cut=cut))
    ]
    for event in written:
        with suppress(ConditionFailed):  # a run that was cut off wrote it
            services.store.write(put_once(event))
    for event in _replaced(events, written, cut):
        services.store.write(Delete(Table.EVENTS, (event.contact_id, event.event_id)))
    left = _history([*events, *written], contact.ids)
    contact.profile.condense_at = condense_at(left, services.plan)
    with suppress(ConditionFailed):  # it was folded meanwhile: the next event looks again
        services.store.write(write_profile(contact.profile))


def drop_condensed_of_others(contact_id: str, services: Services) -> None:
    """After a join was undone: remove what was condensed of both together."""
    contact = read_contact(services.store, contact_id)
    for event in _events(contact.ids, services):
        if event.name == Name.HISTORY_CONDENSED and not condensed_of(event).of <= {*contact.ids}:
            services.store.write(Delete(Table.EVENTS, (event.contact_id, event.event_id)))


def _events(ids: Sequence[str], services: Services) -> list[Event]:
    """All events there are, those that were condensed among them."""
    return [event_of(item) for each in ids for item in services.store.query(Table.EVENTS, each)]


def _history(events: Sequence[Event], of: Sequence[str] | frozenset[str]) -> list[Event]:
    return standing([each for each in events if each.contact_id in of], of)


def _cut(contact: Contact, services: Services) -> int:
    """The beginning of the UTC day before which everything may go (ms)."""
    since = [each.entered_at for each in contact.enrolments]
    expired = milliseconds(services.now()) - services.plan.kept
    asked = [*since, *(each.since for each in contact.waits)]
    return min([expired, *map(milliseconds, asked)]) // DAY * DAY


def _families(contact: Contact) -> dict[frozenset[str], str]:
    """Those for whom it is condensed, each with the id in whose history it stands.

    They are the person, each id by itself, each with those who came with it, and the others.
    """
    ids, absorbed = contact.ids, contact.register.absorbed
    found = {frozenset(ids): contact.contact_id}
    for each in ids:
        found.setdefault(frozenset({each}), each)
    for each in list(absorbed)[:MOST_BRANCHES]:
        its_own = frozenset({each, *branch(absorbed, each)})
        found.setdefault(its_own, each)
        found.setdefault(frozenset(ids) - its_own, contact.contact_id)
    return found


def _replaced(events: Sequence[Event], written: Sequence[Event], cut: int) -> Iterator[Event]:
    """The events that are in what was written: those that expired, and what held them before."""
    new = {condensed_of(each).of for each in written}
    for event in events:
        if event.name == Name.HISTORY_CONDENSED:
            condensed = condensed_of(event)
            if condensed.cut < cut and condensed.of in new:
                yield event
        elif expires(event) and event.received_at < moment_of(cut):
            yield event
