"""How a batch came: when, in which form, with what kind of key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from relance.collecting.keys import Scope
from relance.moments import from_text, to_text

MAX_EVENT = 32 * 1024
"""Bytes of one event; the Segment API's own limit."""

MAX_BATCH = 500 * 1024
"""Bytes of one batch; the Segment API's own limit."""

MAX_ITEMS = 200
"""Events of one batch: each is one call to DynamoDB, 10 ms a time, and a client waits for 10 s at
most. The Segment libraries send 100 at most."""


class Form(StrEnum):
    """The words that a batch is written in."""

    SEGMENT = "segment"
    CLOUDEVENTS = "cloudevents"
    HOOK = "hook"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is true of every item of a batch.

    `received` is when it came, also where it is stored later; `sent_at` is the batch's own time as
    it was given, which may be nonsense.
    """

    received: datetime
    scope: Scope
    form: Form = Form.SEGMENT
    sent_at: object = None

    @property
    def source(self) -> str:
        """Who says it, as events name it."""
        return "browser" if self.scope is Scope.BROWSER else self.form.value

    def to_json(self) -> dict[str, object]:
        """The delivery as it waits in a queue."""
        return {
            "received": to_text(self.received),
            "scope": self.scope.value,
            "form": self.form.value,
            "sent_at": _short(self.sent_at),
        }


def delivery_of(value: Mapping[str, object]) -> Delivery:
    """The delivery that was waiting.

    Raises:
        KeyError, ValueError: `to_json` did not write this.
    """
    return Delivery(
        received=from_text(str(value["received"])),
        scope=Scope(str(value["scope"])),
        form=Form(str(value["form"])),
        sent_at=value.get("sent_at"),
    )


def _short(sent_at: object) -> str | None:
    """The batch's own time, if it is one; items that need it were refused if it is none."""
    try:
        return to_text(from_text(sent_at)) if isinstance(sent_at, str) else None
    except (ValueError, OverflowError):
        return None
