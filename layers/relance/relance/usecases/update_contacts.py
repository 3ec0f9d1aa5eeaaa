"""A batch of the stream: each contact in it is brought up to date, then the bus is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from relance.errors import Retryable
from relance.events import Event
from relance.ports import Services
from relance.usecases.update_contact import update_contact


@dataclass(slots=True)
class Outcome:
    """What became of a batch: contacts set aside with the reason, event ids to come again."""

    set_aside: dict[str, str] = field(default_factory=dict)
    again: list[str] = field(default_factory=list)


def update_contacts(events: Sequence[Event], services: Services) -> Outcome:
    """Bring the contacts of a batch up to date, one after the other.

    One that fails does not hold up the others: what can pass comes again with the batch, anything
    else is set aside in the repair queue, from which the contact is folded anew.
    """
    outcome = Outcome()
    done: list[Event] = []
    for contact_id, its_events in _by_contact(events).items():
        ids = [event.event_id for event in its_events]
        try:
            update_contact(contact_id, its_events, services)
        except Retryable:
            outcome.again += ids
        except Exception as error:  # noqa: BLE001 - one poisoned contact must not stop the rest
            reason = type(error).__name__
            services.repair_queue.set_aside(contact_id, ids, reason)
            outcome.set_aside[contact_id] = reason
        else:
            done += its_events
    services.bus.publish(done)
    return outcome


def _by_contact(events: Sequence[Event]) -> dict[str, list[Event]]:
    grouped: dict[str, list[Event]] = {}
    for event in events:
        grouped.setdefault(event.contact_id, []).append(event)
    return grouped
