"""Delivering one text to one target by its ARN, trying again, and setting aside what is given up.

Rules and schedules share this. A target that is busy or throttles is tried again with growing
pauses; one that does not exist or refuses the input is not. What is given up goes to the target's
dead-letter queue with the attributes EventBridge adds, else it is lost, which `lost` records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from local.deliveries.ports import Clockwork, DeliveryFailed
from local.resources import RetryPolicy
from local.template import function_name

Deliver = Callable[[str, str], None]
"""Hands text to the resource with this ARN; raises DeliveryFailed when it cannot."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One text on its way to one target."""

    target: str
    text: str
    retry: RetryPolicy
    dead_letter: str | None
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Lost:
    """A delivery that was given up and had no dead-letter queue."""

    delivery: Delivery
    reason: str


class Targets:
    """Knows how to reach every kind of target of this stack."""

    def __init__(self, hub: Clockwork) -> None:
        self._hub = hub
        self._kinds: dict[str, Deliver] = {}
        self._send: Callable[[str, str, Mapping[str, str]], None] | None = None
        self.lost: list[Lost] = []

    def register(self, kind: str, deliver: Deliver) -> None:
        """Let `deliver` take care of ARNs whose service is `kind` ("lambda", "states" …)."""
        self._kinds[kind] = deliver

    def send_dead_letters_with(self, send: Callable[[str, str, Mapping[str, str]], None]) -> None:
        """Use `send` (ARN, text, attributes) for dead letters."""
        self._send = send

    def supports(self, arn: str) -> bool:
        """Return whether something with this ARN can be a target here."""
        return _service(arn) in self._kinds

    def hand_over(self, arn: str, text: str) -> None:
        """Deliver once; DeliveryFailed when it cannot be done."""
        deliver = self._kinds.get(_service(arn))
        if deliver is None:
            raise DeliveryFailed(
                "UnsupportedTarget", f"{arn} cannot be a target here", retryable=False
            )
        deliver(arn, text)

    def deliver(self, delivery: Delivery) -> None:
        """Deliver, with the retries of the target's policy."""
        self._attempt(delivery, self._hub.now, 1)

    def refuse(self, delivery: Delivery, code: str, message: str) -> None:
        """Set aside a delivery that cannot be made at all."""
        self._give_up(delivery, DeliveryFailed(code, message, retryable=False), 1, None)

    def _attempt(self, delivery: Delivery, begun: float, attempt: int) -> None:
        try:
            self.hand_over(delivery.target, delivery.text)
        except DeliveryFailed as failure:
            pause = min(900.0, 2.0 ** min(attempt, 10))
            age = self._hub.now + pause - begun
            if not failure.retryable:
                self._give_up(delivery, failure, attempt, None)
            elif attempt > delivery.retry.maximum_retry_attempts:
                self._give_up(delivery, failure, attempt, "MaximumRetryAttempts")
            elif age > delivery.retry.maximum_event_age_in_seconds:
                self._give_up(delivery, failure, attempt, "MaximumEventAgeInSeconds")
            else:
                self._hub.after(pause, lambda: self._attempt(delivery, begun, attempt + 1))

    def _give_up(
        self, delivery: Delivery, failure: DeliveryFailed, attempts: int, condition: str | None
    ) -> None:
        if delivery.dead_letter is None or self._send is None:
            self.lost.append(Lost(delivery, str(failure)))
            return
        attributes = {
            **delivery.attributes,
            "TARGET_ARN": delivery.target,
            "ERROR_CODE": failure.code,
            "ERROR_MESSAGE": failure.message,
            "RETRY_ATTEMPTS": str(attempts - 1),
        }
        if condition is not None:
            attributes["EXHAUSTED_RETRY_CONDITION"] = condition
        self._send(delivery.dead_letter, delivery.text, attributes)


def to_function(accept: Callable[[str, object], object]) -> Deliver:
    """Return a delivery to functions: an asynchronous invocation."""

    def deliver(arn: str, text: str) -> None:
        try:
            payload = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise DeliveryFailed(
                "InvalidRequestContentException", str(error), retryable=False
            ) from error
        try:
            accept(function_name(arn), payload)
        except KeyError as error:
            raise DeliveryFailed("ResourceNotFoundException", arn, retryable=False) from error

    return deliver


def _service(arn: str) -> str:
    parts = arn.split(":")
    return parts[2] if len(parts) > 5 else ""
