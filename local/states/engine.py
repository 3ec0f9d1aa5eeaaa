"""The walk from state to state: entering, leaving, retrying, catching, ending."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import cast

import orjson

from local.states.errors import (
    DATA_LIMIT,
    NO_CHOICE,
    QUERY_EVALUATION,
    RUNTIME,
    Failure,
    HistoryFull,
)
from local.states.execution import ABORTED, FAILED, RUNNING, SUCCEEDED, TIMED_OUT, Execution, Frame
from local.states.history import MOST_EVENTS, Event
from local.states.jsonata import UNDEFINED
from local.states.ports import HubLike, TaskPort
from local.states.program import NOWHERE, ChoiceNode, FailNode, Node, Program, WaitNode, Way
from local.states.retrying import TERMINAL, delay

MOST_BYTES = 262_144
"""The most that a payload or a variable may take, in UTF-8 bytes (256 KiB)."""
MOST_VARIABLES_BYTES = 10 * 1024 * 1024
"""The most that all variables of an execution may take together (10 MiB)."""
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_TOO_LARGE = (
    "The state/task '{}' returned a result with a size exceeding the maximum number of bytes "
    "service limit."
)

Step = Callable[[Frame], bool]
"""Does what a state does; returns whether the frame can go on at once."""


def dumped(value: object, name: str) -> bytes:
    """Return a payload as JSON. Raises Failure when it is too large or no JSON."""
    try:
        text = orjson.dumps(value)
    except TypeError as error:
        raise Failure(RUNTIME, f"The state '{name}' gave what is not JSON: {error}") from None
    if len(text) > MOST_BYTES:
        raise Failure(DATA_LIMIT, _TOO_LARGE.format(name))
    return text


class Engine:
    """Moves frames. Everything it does happens at the hub's present instant."""

    def __init__(
        self,
        hub: HubLike,
        tasks: TaskPort,
        *,
        on_end: Callable[[Execution], None],
        on_transition: Callable[[str, str, str], None] | None,
    ) -> None:
        self.hub = hub
        self.tasks = tasks
        self._on_end = on_end
        self._on_transition = on_transition
        self.steps: dict[str, Step] = {
            "Pass": self._pass,
            "Succeed": self._pass,
            "Choice": self._choice,
            "Wait": self._wait,
            "Fail": self._fail_state,
        }

    # -- moving ---------------------------------------------------------------------------------

    def started(self, execution: Execution) -> None:
        """Record the start of an execution. The first state has no event before it."""
        details: dict[str, object] = {"input": execution.root.input_json}
        self.record(
            execution.root, "ExecutionStarted", {**details, "roleArn": execution.program.role}
        )
        execution.root.previous = 0

    def begin(self, execution: Execution) -> None:
        """Enter the first state of an execution and move on."""
        if execution.status is RUNNING and execution.root.node is NOWHERE:
            self.enter(execution.root, execution.program.start)
            self.run(execution.root)

    def redrive(self, execution: Execution) -> None:
        """Take up an execution that did not succeed where it broke off."""
        if execution.root.node is NOWHERE:
            self.begin(execution)
        else:
            self.take_up(execution.root)

    def take_up(self, frame: Frame) -> None:
        """Do again what the present state of a frame did not bring to its end.

        The state has been entered before: nothing tells of that again, except for a Fail state.
        Retries are counted anew, and so are the seconds of time-outs.
        https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
        """
        if frame.stopped_at is not NOWHERE:
            frame.node, frame.stopped_at = frame.stopped_at, NOWHERE
        frame.retry_count = 0
        frame.attempts = None
        frame.token = None
        frame.result = frame.error_output = UNDEFINED
        frame.previous = frame.entered_event
        begun = frame.begun
        self.resume(frame, self._again if begun is None else begun.redrive)

    def _again(self, frame: Frame) -> bool:
        node = frame.node
        if node.kind == "Fail":
            details: dict[str, object] = {"name": node.name, "input": frame.input_json}
            self.record(frame, "FailStateEntered", details)
        return self.steps[node.kind](frame)

    def enter(self, frame: Frame, way: Way) -> None:
        """Put a frame at the state that a way leads to."""
        way.taken += 1
        frame.node = way.target
        frame.begun = None
        self.moved(frame.execution, way.source, way.goal)

    def moved(self, execution: Execution, source: str, goal: str) -> None:
        """Tell of a transition; those of Express executions are not charged for."""
        if self._on_transition is not None and not execution.express:
            self._on_transition(execution.program.name, source, goal)

    def run(self, frame: Frame) -> None:
        """Move a frame until it pauses or ends."""
        execution = frame.execution
        try:
            while (node := frame.node) is not NOWHERE and execution.status is RUNNING:
                if not self._visit(frame, node):
                    return
            if execution.status is RUNNING:
                self._arrived(frame)
        except HistoryFull:
            self._overflow(execution)

    def resume(self, frame: Frame, step: Step) -> None:
        """Go on with a frame that paused: do `step`, then move it as far as it goes."""
        if frame.execution.status is not RUNNING:
            return
        try:
            go_on = self._guarded(frame, step)
        except HistoryFull:
            self._overflow(frame.execution)
            return
        if go_on:
            self.run(frame)

    def _visit(self, frame: Frame, node: Node) -> bool:
        kind = node.kind
        frame.entered = self.hub.now
        frame.retry_count = 0
        frame.attempts = None
        frame.result = frame.error_output = UNDEFINED
        self.record(frame, f"{kind}StateEntered", {"name": node.name, "input": frame.input_json})
        frame.entered_event = frame.previous
        return self._guarded(frame, self.steps[kind])

    def _guarded(self, frame: Frame, step: Step) -> bool:
        try:
            return step(frame)
        except Failure as failure:
            return self.fail(frame, failure)

    def _arrived(self, frame: Frame) -> None:
        """A frame has left its last state."""
        if frame.group is not None:
            frame.group.finished(frame)
        else:
            self.end(frame.execution, SUCCEEDED, output=frame.input_json)

    # -- leaving a state ------------------------------------------------------------------------

    def leave(self, frame: Frame, way: Way, value: object, text: bytes | None = None) -> bool:
        """Leave the state by a way. `value` is the output unless the way shapes another."""
        node = frame.node
        if way.output is not None:
            value, text = way.output(frame), None
        if value is frame.input:
            text = frame.input_json
        elif text is None:
            text = dumped(value, node.name)
        details: dict[str, object] = {"name": node.name, "output": text}
        if way.assign:
            details["assignedVariables"] = self._assign(frame, node, way)
        self.record(frame, f"{node.kind}StateExited", details)
        frame.input, frame.input_json = value, text
        frame.token = None
        self.enter(frame, way)
        return True

    def _assign(self, frame: Frame, node: Node, way: Way) -> dict[str, bytes]:
        values = {variable: part(frame) for variable, part in way.assign}
        texts = {variable: dumped(value, node.name) for variable, value in values.items()}
        sizes = {variable: len(text) for variable, text in texts.items()}
        if sum(sizes.values()) > MOST_BYTES:
            raise Failure(DATA_LIMIT, _TOO_LARGE.format(node.name))
        frame.sizes = {**frame.sizes, **sizes}
        if sum(frame.sizes.values()) > MOST_VARIABLES_BYTES:
            raise Failure(DATA_LIMIT, _TOO_LARGE.format(node.name))
        frame.variables = {**frame.variables, **values}
        return texts

    # -- the plain states -----------------------------------------------------------------------

    def _pass(self, frame: Frame) -> bool:
        node = frame.node
        return self.leave(frame, cast("Way", node.way), frame.input, frame.input_json)

    def _choice(self, frame: Frame) -> bool:
        node = cast("ChoiceNode", frame.node)
        for holds, way in node.rules:
            if holds(frame):
                return self.leave(frame, way, frame.input, frame.input_json)
        if node.way is None:
            cause = f"No rule of the Choice state '{node.name}' matched, and it has no Default."
            raise Failure(NO_CHOICE, cause)
        return self.leave(frame, node.way, frame.input, frame.input_json)

    def _wait(self, frame: Frame) -> bool:
        node = cast("WaitNode", frame.node)
        if node.seconds is not None:
            until = self.hub.now + node.seconds(frame)
        else:
            until = _epoch(cast("Callable[[Frame], str]", node.timestamp)(frame))
        if until <= self.hub.now:
            return self._pass(frame)
        frame.pause = Timed(self, frame, until, self._pass)
        return False

    def _fail_state(self, frame: Frame) -> bool:
        node = cast("FailNode", frame.node)
        error = None if node.error is None else node.error(frame)
        cause = None if node.cause is None else node.cause(frame)
        raise Failure(error, cause)

    # -- errors ---------------------------------------------------------------------------------

    def fail(self, frame: Frame, failure: Failure) -> bool:
        """Retry, catch, or fail the frame. Returns whether it can go on at once."""
        node = frame.node
        if failure.location is not None:
            self.record(
                frame,
                "EvaluationFailed",
                {
                    "error": failure.error,
                    "cause": failure.cause,
                    "location": failure.location,
                    "state": node.name,
                },
            )
        if self._retries(frame, node, failure):
            return False
        if node.kind in ("Parallel", "Map"):
            self.record(frame, f"{node.kind}StateFailed", None)
        frame.error_output = {"Error": failure.error or "", "Cause": failure.cause or ""}
        for catcher in node.catch:
            if catcher.means(failure.error):
                try:
                    return self.leave(frame, catcher.way, frame.error_output)
                except Failure as second:
                    return self._uncaught(frame, node, second)
        return self._give_up(frame, failure.error, failure.cause)

    def _uncaught(self, frame: Frame, node: Node, failure: Failure) -> bool:
        """What fails while an error is being caught is not caught again."""
        if failure.location is not None:
            details = {"error": failure.error, "cause": failure.cause}
            details |= {"location": failure.location, "state": node.name}
            self.record(frame, "EvaluationFailed", dict(details))
        return self._give_up(frame, failure.error, failure.cause)

    def _retries(self, frame: Frame, node: Node, failure: Failure) -> bool:
        if failure.error in TERMINAL:
            return False
        for index, retrier in enumerate(node.retry):
            if not retrier.means(failure.error):
                continue
            counts = frame.attempts = frame.attempts or {}
            done = counts.get(index, 0)
            if done >= retrier.policy.max_attempts:
                return False
            counts[index] = done + 1
            frame.retry_count += 1
            frame.token = None
            node.retries += 1
            self.moved(frame.execution, node.name, node.name)
            seconds = delay(retrier.policy, done, self.hub.random)
            frame.pause = Timed(self, frame, self.hub.now + seconds, self.steps[node.kind])
            return True
        return False

    def _give_up(self, frame: Frame, error: str | None, cause: str | None) -> bool:
        if frame.group is not None:
            frame.stopped_at, frame.node = frame.node, NOWHERE
            if frame.group.failed(frame, error, cause):
                self.run(frame.group.frame)
            return False
        self.end(frame.execution, FAILED, error=error, cause=cause)
        return False

    # -- endings --------------------------------------------------------------------------------

    def end(
        self,
        execution: Execution,
        status: str,
        *,
        output: bytes | None = None,
        error: str | None = None,
        cause: str | None = None,
    ) -> None:
        """End an execution, once."""
        if execution.status is not RUNNING:
            return
        root = execution.root
        program, node = execution.program, root.node
        execution.status = status
        execution.stop = self.hub.now
        execution.output, execution.error, execution.cause = output, error, cause
        if status is not SUCCEEDED and node is not NOWHERE:
            _count_broken(program, node.name, status)
            self.moved(execution, node.name, f"({status.lower()})")
        if root.pause is not None:
            root.pause.abandon(aborted=False)
            root.pause = None
        if execution.timer is not None:
            execution.timer.cancel()
            execution.timer = None
        kind, details = _ending(status, output, error, cause)
        execution.history.append(Event(kind, self.hub.now, root.previous, details))
        self._on_end(execution)
        if execution.family is not None:
            execution.family.child_ended(execution)

    def _overflow(self, execution: Execution) -> None:
        cause = f"The execution reached the maximum number of history events ({MOST_EVENTS})."
        self.end(execution, FAILED, error=RUNTIME, cause=cause)

    # -- history --------------------------------------------------------------------------------

    def record(self, frame: Frame, kind: str, details: dict[str, object] | None) -> None:
        """Add an event. Raises HistoryFull when only the last one is left."""
        history = frame.execution.history
        if len(history) >= MOST_EVENTS - 1:
            raise HistoryFull
        history.append(Event(kind, self.hub.now, frame.previous, details))
        frame.previous = len(history)


class Timed:
    """A pause until a time."""

    __slots__ = ("_engine", "_frame", "_step", "_timer")

    def __init__(self, engine: Engine, frame: Frame, until: float, step: Step) -> None:
        self._engine = engine
        self._frame = frame
        self._step = step
        self._timer = engine.hub.at(until, self._over)

    def _over(self) -> None:
        self._frame.pause = None
        self._engine.resume(self._frame, self._step)

    def abandon(self, *, aborted: bool) -> None:
        """Stop waiting."""
        self._timer.cancel()
        frame = self._frame
        if aborted:
            self._engine.record(frame, f"{frame.node.kind}StateAborted", None)


def _epoch(text: str) -> float:
    try:
        if _TIMESTAMP.fullmatch(text):
            return datetime.fromisoformat(text).timestamp()
    except ValueError:
        pass
    cause = f"The field 'Timestamp' does not accept '{text}': write 2026-03-01T09:00:00Z."
    raise Failure(QUERY_EVALUATION, cause, "Timestamp")


def _count_broken(program: Program, name: str, status: str) -> None:
    key = (name, {FAILED: "(failed)", TIMED_OUT: "(timed out)", ABORTED: "(aborted)"}[status])
    program.broken[key] = program.broken.get(key, 0) + 1


def _ending(
    status: str, output: bytes | None, error: str | None, cause: str | None
) -> tuple[str, dict[str, object]]:
    if status == SUCCEEDED:
        return "ExecutionSucceeded", {"output": output}
    kind = {FAILED: "ExecutionFailed", TIMED_OUT: "ExecutionTimedOut", ABORTED: "ExecutionAborted"}
    return kind[status], {"error": error, "cause": cause}
