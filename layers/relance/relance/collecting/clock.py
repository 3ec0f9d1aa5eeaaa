"""When something happened, for a sender whose clock may be wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from relance.errors import InvalidInput
from relance.ids import milliseconds, moment_of
from relance.moments import from_text


@dataclass(frozen=True, slots=True)
class Times:
    """The sender's own time, uncorrected and None if it gave none, and the corrected one."""

    claimed: datetime | None
    occurred: datetime


def times_of(item: Mapping[str, object], sent_at: object, received: datetime) -> Times:
    """The times of an item: occurred = received − (sentAt − originalTimestamp), never later.

    An item without a time of its own occurred when it was received. `sent_at` is the batch's, used
    for items that have none.

    Raises:
        InvalidInput: a time is none, or lies outside of the calendar.
    """
    claimed = _moment(item, "originalTimestamp") or _moment(item, "timestamp")
    sent = _moment(item, "sentAt") or _moment({"sentAt": sent_at}, "sentAt")
    if claimed is None:
        return Times(None, received)
    try:
        occurred = received - (sent - claimed) if sent else claimed
    except OverflowError:
        raise InvalidInput('"sentAt" lies too far from the time of the event') from None
    return Times(claimed, moment_of(milliseconds(min(occurred, received))))


def _moment(item: Mapping[str, object], field: str) -> datetime | None:
    value = item.get(field)
    if value is None:
        return None
    try:
        return from_text(value if isinstance(value, str) else "")
    except (ValueError, OverflowError):
        raise InvalidInput(f'"{field}" is not an ISO 8601 time') from None
