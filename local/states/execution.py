"""An execution and its threads of control: what they know, and nothing of how they move."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

from local.states.history import Event
from local.states.jsonata import UNDEFINED
from local.states.ports import Cancellable
from local.states.program import NOWHERE, Node, Program

RUNNING = "RUNNING"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
TIMED_OUT = "TIMED_OUT"
ABORTED = "ABORTED"


def iso(when: float) -> str:
    """Return epoch seconds as ISO 8601 in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(round(when, 3), UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Pause(Protocol):
    """What a thread of control waits for."""

    def abandon(self, *, aborted: bool) -> None:
        """Stop waiting: nothing that comes later counts. `aborted` from outside."""


class Redrivable(Protocol):
    """What a state had going that can be taken up where it broke off."""

    def redrive(self, frame: Frame, /) -> bool:
        """Take up what did not succeed. Returns whether the frame can go on at once."""


class Family(Protocol):
    """The Map Run that an execution is a child of."""

    arn: str

    def child_ended(self, child: Execution, /) -> None:
        """A child has come to its end, for this time."""


class Group(Protocol):
    """The branches or iterations that a thread of control belongs to."""

    frame: Frame

    def finished(self, child: Frame) -> None:
        """A child has come to its end; its output is in `child.input`."""

    def failed(self, child: Frame, error: str | None, cause: str | None) -> bool:
        """A child has failed. Returns whether the parent can go on at once."""


class Execution:
    """One run of a machine."""

    __slots__ = (
        "arn",
        "cause",
        "error",
        "express",
        "family",
        "history",
        "input",
        "input_value",
        "items",
        "name",
        "open_pauses",
        "output",
        "pauses",
        "program",
        "redrive_tokens",
        "redriven",
        "redrives",
        "root",
        "serial",
        "start",
        "started_by",
        "status",
        "stop",
        "timer",
    )

    def __init__(
        self,
        program: Program,
        *,
        arn: str,
        name: str,
        serial: int,
        start: float,
        given: str,
        value: object,
        family: Family | None = None,
        items: int = 0,
        express: bool = False,
        started_by: tuple[str | None, str | None] = (None, None),
    ) -> None:
        self.program = program
        self.started_by = started_by
        """The ARNs of the version and of the alias by which it was started, if it was."""
        self.family = family
        self.items = items
        """How many items of a Map Run it stands for."""
        self.express = express
        """An Express execution: it has no history, and cannot be redriven by itself."""
        self.arn = arn
        self.name = name
        self.serial = serial
        self.start = start
        self.stop: float | None = None
        self.status = RUNNING
        self.input = given
        self.input_value = value
        self.output: bytes | None = None
        self.error: str | None = None
        self.cause: str | None = None
        self.history: list[Event] = Unwritten() if express else []
        self.timer: Cancellable | None = None
        self.root = Frame(self, value, given.encode())
        self.pauses = 0
        """How many task tokens were issued."""
        self.open_pauses: dict[int, Pause] = {}
        self.redrives = 0
        self.redriven: float | None = None
        """When it was last redriven."""
        self.redrive_tokens: dict[str, float] = {}
        """The client tokens of its redrives, and when each was."""


class Unwritten(list[Event]):
    """A history that nobody writes."""

    def append(self, _event: Event, /) -> None:
        """Forget the event."""


class Frame:
    """A thread of control: the execution itself, a branch of a Parallel, an iteration of a Map.

    It is also the scope in which expressions are evaluated. Values in it are never changed, only
    replaced, so they can be shared.
    """

    __slots__ = (
        "attempts",
        "begun",
        "entered",
        "entered_event",
        "error_output",
        "execution",
        "group",
        "index",
        "input",
        "input_json",
        "item",
        "node",
        "pause",
        "previous",
        "result",
        "result_json",
        "retry_count",
        "sizes",
        "stopped_at",
        "token",
        "variables",
    )

    def __init__(self, execution: Execution, value: object, text: bytes) -> None:
        self.execution = execution
        self.node: Node = NOWHERE
        self.input = value
        self.input_json = text
        self.variables: Mapping[str, object] = {}
        self.sizes: Mapping[str, int] = {}
        self.result: object = UNDEFINED
        self.result_json = b""
        self.error_output: object = UNDEFINED
        self.entered = 0.0
        self.retry_count = 0
        self.attempts: dict[int, int] | None = None
        self.previous = 0
        self.entered_event = 0
        """The event that told of entering the present state."""
        self.stopped_at: Node = NOWHERE
        """Where a branch or iteration failed."""
        self.begun: Redrivable | None = None
        """The branches, iterations or Map Run that the present state has begun."""
        self.pause: Pause | None = None
        self.token: str | None = None
        self.group: Group | None = None
        self.index = 0
        self.item: dict[str, object] | None = None

    def states(self, field: str) -> object:
        """Return `$states.<field>`."""
        if field == "input":
            return self.input
        if field == "result":
            return self.result
        if field == "errorOutput":
            return self.error_output
        return self._context()

    def _context(self) -> dict[str, object]:
        """Return the context object.

        https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
        """
        execution, node = self.execution, self.node
        program = execution.program
        context: dict[str, object] = {
            "Execution": {
                "Id": execution.arn,
                "Input": execution.input_value,
                "Name": execution.name,
                "RoleArn": program.role,
                "StartTime": iso(execution.start),
                "RedriveCount": execution.redrives,
                **({} if execution.redriven is None else {"RedriveTime": iso(execution.redriven)}),
            },
            "StateMachine": {"Id": program.arn, "Name": program.name},
        }
        if node is not NOWHERE:
            context["State"] = {
                "EnteredTime": iso(self.entered),
                "Name": node.name,
                "RetryCount": self.retry_count,
            }
        if self.token is not None:
            context["Task"] = {"Token": self.token}
        if self.item is not None:
            context["Map"] = {"Item": self.item}
        return context
