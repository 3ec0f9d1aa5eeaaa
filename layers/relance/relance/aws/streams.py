"""Batches of the stream of Events: reading them, and saying which have to come again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from relance.aws.queues import come_again
from relance.aws.values import from_attributes
from relance.events import Event, event_of


@dataclass(slots=True)
class Batch:
    """The events of a batch, and the sequence number of each by contact and event id.

    `unreadable` are the ids, by contact, of items that are no event.
    """

    events: list[Event] = field(default_factory=list)
    numbers: dict[tuple[str, str], str] = field(default_factory=dict)
    unreadable: dict[str, list[str]] = field(default_factory=dict)

    def failures(self, again: Iterable[tuple[str, str]]) -> dict[str, list[dict[str, str]]]:
        """The answer that makes Lambda deliver these events again.

        Of a stream everything from the earliest failure on comes again.
        """
        return come_again(self.numbers[each] for each in again)


def read_batch(event: Mapping[str, Any]) -> Batch:
    """The batch in a Lambda event of a DynamoDB stream; only insertions are news."""
    batch = Batch()
    for record in event["Records"]:
        if record["eventName"] == "INSERT":
            _read(record["dynamodb"], batch)
    return batch


def _read(change: Mapping[str, Any], batch: Batch) -> None:
    item = from_attributes(change["NewImage"])
    contact_id, event_id = str(item["contact_id"]), str(item["event_id"])
    try:
        batch.events.append(event_of(item))
    except (KeyError, ValueError, OverflowError, AssertionError):  # not written by the suite
        batch.unreadable.setdefault(contact_id, []).append(event_id)
    else:
        batch.numbers[contact_id, event_id] = change["SequenceNumber"]
