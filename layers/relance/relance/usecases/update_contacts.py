"""A batch of the stream: each contact in it is brought up to date, then the bus is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from relance.errors import Retryable
from relance.events import Event
from relance.ports import Services
from relance.usecases.update_contact import update_contact


@dataclass(slots=True)
class Outcome:
    """What became of a batch: contacts set aside with the reason, events to come again.

    An event is told apart by its contact and its id: two contacts may have the same id.
    """

    set_aside: dict[str, str] = field(default_factory=dict)
    again: list[tuple[str, str]] = field(default_factory=list)


def update_contacts(
    events: Sequence[Event],
    services: Services,
    *,
    unreadable: Mapping[str, Sequence[str]] | None = None,
) -> Outcome:
    """Bring the contacts of a batch up to date, one after the other.

    One that fails does not hold up the others: what can pass comes again with the batch, anything
    else is set aside in the repair queue, from which the contact is folded anew. `unreadable` are
    ids of events, by contact, that could not even be read.
    """
    outcome = Outcome()
    for contact_id, ids in (unreadable or {}).items():
        services.repair_queue.set_aside(contact_id, ids, "unreadable")
        outcome.set_aside[contact_id] = "unreadable"
    done: list[Event] = []
    for contact_id, its_events in _by_contact(events).items():
        ids = [event.event_id for event in its_events]
        try:
            told = update_contact(contact_id, its_events, services)
        except Retryable:
            outcome.again += [(contact_id, each) for each in ids]
        except Exception as error:  # noqa: BLE001 - one poisoned contact must not stop the rest
            reason = type(error).__name__
            services.repair_queue.set_aside(contact_id, ids, reason)
            outcome.set_aside[contact_id] = reason
        else:
            done += told
    services.bus.publish(done)
    return outcome


def _by_contact(events: Sequence[Event]) -> dict[str, list[Event]]:
    grouped: dict[str, list[Event]] = {}
    for event in events:
        grouped.setdefault(event.contact_id, []).append(event)
    return grouped
