"""What the event says by which an entry of a workflow began, for moments and for messages."""

from collections.abc import Iterable, Mapping

from relance.events import Event, event_of
from relance.ids import is_ulid
from relance.storage import Store, Table, Value


def said_by_event(store: Store, ids: Iterable[str], event_id: str) -> Mapping[str, Value]:
    """The properties of an event of a contact; it may stand under each of these ids.

    Nothing, if there is none: an entry by hand begins with no event.
    """
    event = begun_by(store, ids, event_id)
    return event.properties if event else {}


def begun_by(store: Store, ids: Iterable[str], event_id: str) -> Event | None:
    """The event by which an entry began, if one did."""
    if not is_ulid(event_id):
        return None
    for each in dict.fromkeys(ids):
        item = store.get(Table.EVENTS, (each, event_id))
        if item is not None:
            return event_of(item)
    return None
