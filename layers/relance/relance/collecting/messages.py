"""A message: one thing that a client said, checked, and not yet anybody's.

Who it is about is found out when it is stored (`relance.usecases.recognise`); everything that can
be wrong with it is found out before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from relance.events import Event
from relance.ids import event_id, milliseconds
from relance.storage import Value


class Kind(StrEnum):
    """The calls of the Segment API."""

    TRACK = "track"
    PAGE = "page"
    SCREEN = "screen"
    IDENTIFY = "identify"
    GROUP = "group"
    ALIAS = "alias"


@dataclass(frozen=True, slots=True)
class Who:
    """Whom a message is about, as far as it is taken at its word; at least one is there."""

    user_id: str | None = None
    address: str | None = None
    visitor_id: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What a message says: the event's name, whose it is, and what comes with it.

    `previous_id` is the former id in an `alias` that is taken at its word.
    """

    name: str
    who: Who
    properties: Mapping[str, Value] = field(default_factory=dict, repr=False)
    context: Mapping[str, Value] = field(default_factory=dict, repr=False)
    previous_id: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One checked item of a batch.

    `claimed` is the sender's own, uncorrected time, None if it gave none; `occurred` is corrected
    for its clock. `landing` is the token of the link that led to the page. `item` is what came, to
    be set aside if it cannot be stored now.
    """

    kind: Kind
    message_id: str
    source: str
    said: Said
    claimed: datetime | None
    occurred: datetime
    received: datetime
    landing: str | None = field(repr=False)
    item: object = field(repr=False)

    def event_of(self, contact_id: str) -> Event:
        """The event that this is in the history of a contact.

        Delivered twice it is the same event. Without a time of its own it gets none in its id, or
        its second delivery would be a second event.
        """
        ms = milliseconds(self.claimed) if self.claimed else 0
        return Event(
            contact_id=contact_id,
            event_id=event_id(ms, self.source, self.message_id),
            name=self.said.name,
            occurred_at=self.occurred,
            received_at=self.received,
            source=self.source,
            properties=self.said.properties,
            context=self.said.context,
        )
