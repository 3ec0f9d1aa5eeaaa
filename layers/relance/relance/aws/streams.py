"""Batches of the stream of Events: reading them, and saying which have to come again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relance.aws.values import from_attributes
from relance.events import Event, event_of


@dataclass(frozen=True, slots=True)
class Batch:
    """The events of a batch, and the sequence number of each by event id."""

    events: Sequence[Event]
    numbers: Mapping[str, str]

    def failures(self, again: Iterable[str]) -> dict[str, list[dict[str, str]]]:
        """The answer that makes Lambda deliver these events again.

        Of a stream everything from the earliest failure on comes again.
        """
        return {"batchItemFailures": [{"itemIdentifier": self.numbers[each]} for each in again]}


def read_batch(event: Mapping[str, Any]) -> Batch:
    """The batch in a Lambda event of a DynamoDB stream; only insertions are news."""
    records = [each for each in event["Records"] if each["eventName"] == "INSERT"]
    events = [event_of(from_attributes(each["dynamodb"]["NewImage"])) for each in records]
    numbers = [each["dynamodb"]["SequenceNumber"] for each in records]
    return Batch(
        events, {event.event_id: number for event, number in zip(events, numbers, strict=True)}
    )
