"""What deliveries need of the rest of the machine."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

JsonObject = dict[str, Any]


class Cancellable(Protocol):
    """Something due that can be called off."""

    def cancel(self) -> None:
        """Take it out; harmless when it has happened."""


class Clockwork(Protocol):
    """The part of the hub that deliveries use."""

    @property
    def now(self) -> float:
        """Epoch seconds, virtual."""

    @property
    def next_due(self) -> float | None:
        """When the next thing is due; None when there is nothing."""

    def chance(self, purpose: str) -> random.Random:
        """Return a source of chance of one's own, unmoved by what others draw."""

    def at(self, when: float, action: Callable[[], None]) -> Cancellable:
        """Call `action` at `when`."""

    def after(self, delay: float, action: Callable[[], None]) -> Cancellable:
        """Call `action` in `delay` seconds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How an invocation ended: `payload` is plain JSON data; `error` is set when it failed."""

    payload: Any = None
    error: Mapping[str, Any] | None = None


class Invoke(Protocol):
    """Calls a function once, synchronously in AWS's sense."""

    def __call__(self, function: str, payload: object, done: Callable[[Answer], None], /) -> None:
        """Run `function` with `payload` (plain JSON data); `done` gets the answer in the loop."""


class DeliveryFailed(Exception):
    """A target could not take what was delivered to it.

    `retryable` tells whether trying again later can help.
    """

    def __init__(self, code: str, message: str, *, retryable: bool) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.retryable = code, message, retryable


def new_id(chance: random.Random) -> str:
    """Return a UUID (version 4) from the simulation's own chance."""
    digits = f"{chance.getrandbits(128):032x}"
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
