"""What the interpreter needs from outside: time, chance, and somebody to do the tasks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Protocol


class Cancellable(Protocol):
    """Something due."""

    def cancel(self) -> None:
        """Take it out; harmless when it has happened."""


class HubLike(Protocol):
    """The loop of the simulation."""

    random: Random

    @property
    def now(self) -> float:
        """Epoch seconds, virtual."""

    def at(self, when: float, action: Callable[[], None], /) -> Cancellable:
        """Call `action` at `when`; at the same instant in the order of the calls."""


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """What became of a task: a result (any JSON), or an error's name and its cause."""

    result: object = None
    error: str | None = None
    cause: str | None = None

    @classmethod
    def ok(cls, result: object) -> TaskOutcome:
        """The task answered. For lambda:invoke: `{"Payload": ..., "StatusCode": 200, ...}`."""
        return cls(result=result)

    @classmethod
    def failed(cls, error: str, cause: str | None = None) -> TaskOutcome:
        """The task failed. For a function: its errorType, and the error as JSON text."""
        return cls(error=error, cause=cause)


class TaskPort(Protocol):
    """Does what Task states ask for."""

    def start(
        self, resource: str, arguments: object, done: Callable[[TaskOutcome], None], /
    ) -> None:
        """Begin a task and return; call `done` once, now or later, from the hub's loop.

        `resource` is the Resource of the state without `.waitForTaskToken`, for example
        `arn:aws:states:::lambda:invoke`, or the ARN of a function. `arguments` is a fresh copy.
        A resource that is not supported is refused by an exception that names it.
        """
