"""From a queue to a function: batches, visibility, partial failures.

Source: "Using Lambda with Amazon SQS"
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html). Whatever the function
does not report as done stays in the queue and is seen again after the visibility time-out; the
queue itself moves it to its dead-letter queue after `maxReceiveCount` receipts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from local.deliveries.patterns import Check, compile_pattern
from local.deliveries.ports import Answer, Clockwork, Invoke, JsonObject
from local.identifiers import REGION
from local.resources import EventSourceMapping

QUEUE_DELAY = 0.05
"""Seconds from the arrival of a message to the poller's seeing it (it polls long)."""
_FIRST_POLLERS = 5


class Messages(Protocol):
    """The part of the emulator's SQS that pollers use."""

    def receive(self, url: str, most: int, visibility: int | None = None) -> list[JsonObject]:
        """Take up to `most` messages."""

    def delete(self, url: str, receipt: str) -> None:
        """Take a message out of its queue."""


class QueuePoller:
    """An event source mapping between a queue and a function.

    `received` is called after every receive (a receive may have filled a dead-letter queue).
    """

    def __init__(
        self,
        hub: Clockwork,
        invoke: Invoke,
        sqs: Messages,
        *,
        url: str,
        function: str,
        visibility: float,
        mapping: EventSourceMapping,
        received: Callable[[], None],
    ) -> None:
        self._hub, self._invoke, self._sqs = hub, invoke, sqs
        self._url, self._function, self._visibility = url, function, visibility
        self._received = received
        self._arn = mapping.event_source_arn
        self._size = mapping.batch_size or 10
        self._window = mapping.maximum_batching_window_in_seconds
        self._partial = bool(mapping.function_response_types)
        self._most = mapping.scaling_config.maximum_concurrency or _FIRST_POLLERS
        self._filters: list[Check] = [
            compile_pattern(json.loads(one.pattern)) for one in mapping.filter_criteria.filters
        ]
        self._gathered: list[JsonObject] = []
        self._gathering = False
        self._running = 0
        self._armed = False
        self._hungry = False
        # Messages received and not deleted; one received twice counts twice, which costs no more
        # than a look in vain.
        self._unsettled = 0

    @property
    def backlog(self) -> int:
        """Messages received whose batch has not started."""
        return len(self._gathered)

    def arrived(self, delay: float = 0) -> None:
        """Learn that a message can be received in `delay` seconds."""
        if delay > 0:
            self._hub.after(delay + QUEUE_DELAY, self._poll)
        elif not self._armed:
            self._armed = True
            self._hub.after(QUEUE_DELAY, self._poll_now)

    def _poll_now(self) -> None:
        self._armed = False
        self._poll()

    def _poll_again(self) -> None:
        """Look for what was received and not deleted: by now it can be received again."""
        if self._unsettled:
            self._poll()

    def _poll(self) -> None:
        """Receive while there are messages and pollers to carry them."""
        while True:
            if self._running >= self._most:
                self._hungry = True
                return
            wanted = self._size - len(self._gathered)
            received = self._receive(wanted)
            self._gathered += received
            if len(self._gathered) >= self._size:
                self._start()
            elif len(received) < wanted:
                break
        if not self._gathered:
            return
        if self._window == 0:
            self._start()
        elif not self._gathering:
            self._gathering = True
            self._hub.after(self._window, self._window_closed)

    def _window_closed(self) -> None:
        self._gathering = False
        if self._gathered:
            self._start()

    def _receive(self, most: int) -> list[JsonObject]:
        records = [self._record(message) for message in self._sqs.receive(self._url, most)]
        self._received()
        if records:
            self._unsettled += len(records)
            self._hub.after(self._visibility + QUEUE_DELAY, self._poll_again)
        if not self._filters:
            return records
        wanted = [record for record in records if self._fits(record)]
        self._delete([record for record in records if record not in wanted])
        return wanted

    def _record(self, message: Mapping[str, Any]) -> JsonObject:
        attributes = {
            name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()
        }
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": attributes,
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
            "awsRegion": REGION,
        }

    def _fits(self, record: JsonObject) -> bool:
        try:
            body: object = json.loads(record["body"])
        except json.JSONDecodeError:
            body = record["body"]
        return any(fits({**record, "body": body}) for fits in self._filters)

    def _start(self) -> None:
        records, self._gathered = self._gathered[: self._size], self._gathered[self._size :]
        self._running += 1
        event = {"Records": records}
        self._invoke(self._function, event, lambda answer: self._done(records, answer))

    def _done(self, records: list[JsonObject], answer: Answer) -> None:
        self._running -= 1
        self._delete(self._through(records, answer))
        if self._hungry:
            self._hungry = False
            self._poll()

    def _through(self, records: list[JsonObject], answer: Answer) -> list[JsonObject]:
        """Return the records that need not be seen again."""
        if answer.error is not None:
            return []
        if not self._partial:
            return records
        response = answer.payload
        failures = response.get("batchItemFailures") if isinstance(response, dict) else None
        if not failures:
            return records
        known = {record["messageId"] for record in records}
        failed = [item.get("itemIdentifier") for item in failures if isinstance(item, dict)]
        if len(failed) != len(failures) or not set(failed) <= known:
            return []
        return [record for record in records if record["messageId"] not in failed]

    def _delete(self, records: list[JsonObject]) -> None:
        self._unsettled -= len(records)
        for record in records:
            self._sqs.delete(self._url, record["receiptHandle"])


def _attribute(value: Mapping[str, Any]) -> JsonObject:
    shown: JsonObject = {"stringListValues": [], "binaryListValues": []}
    shown["dataType"] = value["DataType"]
    if "StringValue" in value:
        shown["stringValue"] = value["StringValue"]
    return shown


Observer = Callable[[str, float], None]


class ObservedSqs:
    """The emulator's SQS, telling pollers when a message can be received."""

    def __init__(self, inner: Any, arrived: Observer) -> None:
        self._inner, self._arrived = inner, arrived

    def call(self, call: Any) -> dict[str, Any]:
        """Answer a call as the emulator does; tell the queue's URL and the delay of a message."""
        answer: dict[str, Any] = self._inner.call(call)
        params = call.params
        if call.operation == "SendMessage":
            self._arrived(params["QueueUrl"], float(params.get("DelaySeconds", 0)))
        elif call.operation == "SendMessageBatch":
            for entry in params["Entries"]:
                self._arrived(params["QueueUrl"], float(entry.get("DelaySeconds", 0)))
        elif call.operation == "ChangeMessageVisibility":
            self._arrived(params["QueueUrl"], float(params["VisibilityTimeout"]))
        return answer
