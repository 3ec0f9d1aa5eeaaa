"""Asynchronous invocations: Lambda's own queue, its retries, and where what failed ends up.

Source: "How Lambda handles errors and retries with asynchronous invocation"
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html): two more
attempts, after one minute and after two more, at most six hours old; then the on-failure
destination gets a record, the dead-letter queue the event itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from local.deliveries.ports import Answer, Clockwork, Invoke, JsonObject, new_id
from local.template import Function

ASYNC_DELAY = 0.02
"""Seconds from accepting an event to starting the function."""
_PAUSES = (60.0, 120.0)

SendTo = Callable[[str, str, Mapping[str, str]], None]
"""Sends text with string attributes to a queue, topic, bus or function by ARN."""


@dataclass(slots=True)
class _Event:
    function: Function
    payload: object
    request_id: str
    accepted: float
    attempts: int = 0


class Invocations:
    """Accepts events for functions and sees them through."""

    def __init__(
        self, hub: Clockwork, invoke: Invoke, functions: Mapping[str, Function], send: SendTo
    ) -> None:
        self._hub, self._invoke, self._functions, self._send = hub, invoke, functions, send
        self._chance = hub.chance("invocations")

    def accept(self, function: str, payload: object) -> str:
        """Queue an event for a function; returns the request id. KeyError if there is none."""
        event = _Event(self._functions[function], payload, new_id(self._chance), self._hub.now)
        self._hub.after(ASYNC_DELAY, lambda: self._attempt(event))
        return event.request_id

    def _attempt(self, event: _Event) -> None:
        event.attempts += 1
        self._invoke(event.function.name, event.payload, lambda answer: self._done(event, answer))

    def _done(self, event: _Event, answer: Answer) -> None:
        config = event.function.asynchronous
        if answer.error is None:
            target = config.destination_config.on_success
            if target is not None:
                self._tell(target.destination, event, answer, "Success")
            return
        pause = _PAUSES[min(event.attempts, len(_PAUSES)) - 1]
        too_old = self._hub.now + pause - event.accepted > config.maximum_event_age_in_seconds
        if event.attempts <= config.maximum_retry_attempts and not too_old:
            self._hub.after(pause, lambda: self._attempt(event))
            return
        self._give_up(event, answer, "EventAgeExceeded" if too_old else "RetriesExhausted")

    def _give_up(self, event: _Event, answer: Answer, condition: str) -> None:
        target = event.function.asynchronous.destination_config.on_failure
        if target is not None:
            self._tell(target.destination, event, answer, condition)
        if event.function.dead_letter is not None:
            attributes = {
                "RequestID": event.request_id,
                "ErrorCode": "200",
                "ErrorMessage": str((answer.error or {}).get("errorMessage", ""))[:1024],
            }
            self._send(event.function.dead_letter, json.dumps(event.payload), attributes)

    def _tell(self, target: str, event: _Event, answer: Answer, condition: str) -> None:
        response: JsonObject = {"statusCode": 200, "executedVersion": "$LATEST"}
        if answer.error is not None:
            response["functionError"] = "Unhandled"
        record = {
            "version": "1.0",
            "timestamp": iso_milliseconds(self._hub.now),
            "requestContext": {
                "requestId": event.request_id,
                "functionArn": f"{event.function.arn}:$LATEST",
                "condition": condition,
                "approximateInvokeCount": event.attempts,
            },
            "requestPayload": event.payload,
            "responseContext": response,
            "responsePayload": answer.error or answer.payload,
        }
        self._send(target, json.dumps(record), {})


def iso_milliseconds(seconds: float) -> str:
    """Return epoch seconds as ISO 8601 in UTC with milliseconds, as AWS writes them."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_seconds(seconds: float) -> str:
    """Return epoch seconds as ISO 8601 in UTC with whole seconds."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
