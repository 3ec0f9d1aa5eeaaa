"""Waking the contacts for whom time alone changes something: the minute's sweep.

It reads only who is due and appends the event `time_passed`, whose id follows from contact and due
time, so that a sweep that is cut off or overlaps another wakes nobody twice. The contact's next
due time follows when the event is folded.
"""

from relance.contacts import DUE_SHARDS
from relance.events import Event, Name
from relance.ids import event_id, milliseconds
from relance.moments import from_text, to_text
from relance.ports import Services
from relance.storage import DUE
from relance.usecases.steps import append


def wake_contacts(services: Services) -> int:
    """Append `time_passed` for who is due; how many there were."""
    woken = 0
    for shard in range(DUE_SHARDS):
        due = services.store.query_index(DUE, f"due-{shard}", up_to=to_text(services.now()))
        for item in due:
            woken += _wake(str(item["contact_id"]), str(item["due_at"]), services)
    return woken


def _wake(contact_id: str, due_at: str, services: Services) -> int:
    due, now = from_text(due_at), services.now()
    event = Event(
        contact_id=contact_id,
        event_id=event_id(milliseconds(due), "time", f"{contact_id}#{due_at}"),
        name=Name.TIME_PASSED,
        occurred_at=due,
        received_at=max(now, due),
        source="time",
    )
    return 1 if append(services, event) else 0
