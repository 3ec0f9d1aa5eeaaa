"""What a contact did last, of its whole history, for people who are about to talk to it.

What the suite itself does or concludes is no act, nor is what a machine does to a mail.
"""

from collections.abc import Iterator
from itertools import islice
from urllib.parse import urlsplit

from relance.contacts import Contact
from relance.events import Event, Name, event_of
from relance.machines import Actor
from relance.storage import Store, Table
from relance.timeline import sentence

_OWN = frozenset(
    {
        Name.SIGNED_UP,
        Name.CONFIRMED,
        Name.FILE_DOWNLOADED,
        Name.ORDER_COMPLETED,
        Name.EMAIL_OPENED,
        Name.EMAIL_CLICKED,
        Name.EMAIL_REPLIED,
        Name.UNSUBSCRIBED,
        Name.PREFERENCES_CHANGED,
    }
)
"""Of the events that the suite writes, those that are acts of the contact."""

_ABOUT = ("title", "path", "url", "product_id", "query", "form", "file", "feature")
"""The properties that say what an act was about, the plainest first."""

_AT_ONCE = 100
_MOST = 500
"""How many events are read at most, for each id of the contact."""


def latest_events(contact: Contact, store: Store) -> list[Event]:
    """The last events of the contact and of those joined to it, the newest first."""
    found = [event for each in contact.ids for event in islice(_backwards(store, each), _MOST)]
    return sorted(found, key=lambda each: (each.occurred_at, each.event_id), reverse=True)


def _backwards(store: Store, contact_id: str) -> Iterator[Event]:
    before = ""
    while items := store.latest(Table.EVENTS, contact_id, most=_AT_ONCE, before=before):
        yield from map(event_of, items)
        before = str(items[-1]["event_id"])


def is_act(event: Event) -> bool:
    """Whether the contact did it."""
    ours = event.name in set(Name) and event.name not in _OWN
    return not ours and event.properties.get("actor") != Actor.MACHINE


def told(event: Event) -> str:
    """An act in words: `Page viewed: /pricing`."""
    said, about = sentence(event), _about(event)
    return f"{said}: {about}" if about and about not in said else said


def _about(event: Event) -> str:
    for name in _ABOUT:
        value = event.properties.get(name)
        if isinstance(value, str) and value:
            return urlsplit(value).path or value if name == "url" else value[:200]
    return ""
