"""Task states: asking the port, waiting for its answer or for a token's, time-outs, heartbeats."""

from __future__ import annotations

from typing import cast

import orjson

from local.states import tokens
from local.states.engine import Engine, dumped
from local.states.errors import HEARTBEAT_TIMEOUT, QUERY_EVALUATION, TIMEOUT, Failure
from local.states.execution import Frame
from local.states.ports import Cancellable, TaskOutcome
from local.states.program import TaskNode, Way


class Tasks:
    """Runs Task states."""

    def __init__(self, engine: Engine, region: str) -> None:
        self._engine = engine
        self._region = region
        engine.steps["Task"] = self.attempt

    def attempt(self, frame: Frame) -> bool:
        """Make one attempt: evaluate the arguments, ask the port, take what comes at once."""
        node = cast("TaskNode", frame.node)
        execution = frame.execution
        serial = 0
        if node.waits:
            execution.pauses = serial = execution.pauses + 1
            frame.token = tokens.issue(execution.serial, serial)
        arguments = {} if node.arguments is None else node.arguments(frame)
        text = dumped(arguments, node.name)
        timeout = None if node.timeout is None else node.timeout(frame)
        heartbeat = None if node.heartbeat is None else node.heartbeat(frame)
        if timeout is not None and heartbeat is not None and heartbeat >= timeout:
            cause = f"HeartbeatSeconds ({heartbeat}) must be less than TimeoutSeconds ({timeout})."
            raise Failure(QUERY_EVALUATION, cause, "HeartbeatSeconds")
        self._scheduled(frame, node, text, timeout, heartbeat)
        pause = TaskPause(self._engine, frame, node, serial)
        frame.pause = pause
        if serial:
            execution.open_pauses[serial] = pause
        self._engine.tasks.start(node.calls, orjson.loads(text), pause.answered)
        if pause.early is not None:
            early, pause.early = pause.early, None
            if pause.took(frame, early):
                return True
        if frame.pause is pause:
            pause.wait(timeout, heartbeat)
        return False

    def _scheduled(
        self, frame: Frame, node: TaskNode, text: bytes, timeout: int | None, heartbeat: int | None
    ) -> None:
        record = self._engine.record
        if node.is_function:
            details: dict[str, object] = {"resource": node.resource, "input": text}
            record(frame, "LambdaFunctionScheduled", {**details, "timeoutInSeconds": timeout})
            record(frame, "LambdaFunctionStarted", None)
            return
        named: dict[str, object] = {
            "resourceType": node.resource_type,
            "resource": node.resource_name,
        }
        details = {**named, "region": self._region, "parameters": text}
        details |= {"timeoutInSeconds": timeout, "heartbeatInSeconds": heartbeat}
        record(frame, "TaskScheduled", details)
        record(frame, "TaskStarted", named)


class TaskPause:
    """One attempt of a Task that has not come to its end.

    A callback is over with the first answer to its token, even when the call that handed the
    token out has not returned: AWS does not document that order, and a function that dies right
    after it answered has answered.
    """

    __slots__ = (
        "_beat",
        "_engine",
        "_frame",
        "_heartbeat",
        "_node",
        "_over",
        "_serial",
        "_submitted",
        "_timer",
        "_waiting",
        "early",
    )

    def __init__(self, engine: Engine, frame: Frame, node: TaskNode, serial: int) -> None:
        self._engine = engine
        self._frame = frame
        self._node = node
        self._serial = serial
        self._over = False
        self._submitted = False
        self._waiting = False
        self._timer: Cancellable | None = None
        self._beat: Cancellable | None = None
        self._heartbeat: int | None = None
        self.early: TaskOutcome | None = None

    # -- answers --------------------------------------------------------------------------------

    def answered(self, outcome: TaskOutcome) -> None:
        """The port has answered."""
        if self._over or self._submitted:
            return
        if not self._waiting:
            self.early = outcome
        else:
            self._engine.resume(self._frame, lambda frame: self.took(frame, outcome))

    def token_answered(self, outcome: TaskOutcome) -> None:
        """Somebody has answered the token. The execution goes on after the caller."""
        self._close()
        hub = self._engine.hub
        hub.at(hub.now, lambda: self._go_on(outcome))

    def _go_on(self, outcome: TaskOutcome) -> None:
        """Go on with the answer, unless the execution ended (and was redriven) meanwhile."""
        if self._frame.pause is self:
            self._engine.resume(self._frame, lambda frame: self.finish(frame, outcome))

    def heartbeat(self) -> None:
        """Somebody has sent a heartbeat."""
        if self._beat is not None:
            self._beat.cancel()
            self._arm_heartbeat()

    def took(self, frame: Frame, outcome: TaskOutcome) -> bool:
        """Take the port's answer. Returns whether the frame can go on."""
        if not self._node.waits or outcome.error is not None:
            self._close()
            return self.finish(frame, outcome)
        self._submitted = True
        try:
            text = dumped(outcome.result, self._node.name)
        except Failure:
            self._close()
            frame.pause = None
            raise
        self._engine.record(frame, "TaskSubmitted", {**self._named(), "output": text})
        return False

    def finish(self, frame: Frame, outcome: TaskOutcome) -> bool:
        """End the attempt: record what came of it, and leave the state or raise Failure."""
        frame.pause = None
        node, record = self._node, self._engine.record
        prefix = "LambdaFunction" if node.is_function else "Task"
        named = {} if node.is_function else self._named()
        if outcome.error is not None:
            kind = "TimedOut" if outcome.error in (TIMEOUT, HEARTBEAT_TIMEOUT) else "Failed"
            details = {**named, "error": outcome.error, "cause": outcome.cause}
            record(frame, f"{prefix}{kind}", details)
            raise Failure(outcome.error, outcome.cause)
        text = dumped(outcome.result, node.name)
        record(frame, f"{prefix}Succeeded", {**named, "output": text})
        frame.result, frame.result_json = orjson.loads(text), text
        return self._engine.leave(frame, cast("Way", node.way), frame.result, text)

    def _named(self) -> dict[str, object]:
        return {"resourceType": self._node.resource_type, "resource": self._node.resource_name}

    # -- waiting --------------------------------------------------------------------------------

    def wait(self, timeout: int | None, heartbeat: int | None) -> None:
        """Wait for an answer, for so many seconds at most."""
        self._waiting = True
        hub = self._engine.hub
        if timeout is not None:
            self._timer = hub.at(hub.now + timeout, lambda: self._timed_out(TIMEOUT))
        if heartbeat is not None:
            self._heartbeat = heartbeat
            self._arm_heartbeat()

    def _arm_heartbeat(self) -> None:
        hub = self._engine.hub
        seconds = self._heartbeat or 0
        self._beat = hub.at(hub.now + seconds, lambda: self._timed_out(HEARTBEAT_TIMEOUT))

    def _timed_out(self, error: str) -> None:
        if not self._over:
            self._close()
            outcome = TaskOutcome.failed(error)
            self._engine.resume(self._frame, lambda frame: self.finish(frame, outcome))

    def abandon(self, *, aborted: bool) -> None:
        """Stop waiting."""
        self._close()
        if aborted:
            self._engine.record(self._frame, "TaskStateAborted", None)

    def _close(self) -> None:
        self._over = True
        for timer in (self._timer, self._beat):
            if timer is not None:
                timer.cancel()
        self._timer = self._beat = None
        if self._serial:
            self._frame.execution.open_pauses.pop(self._serial, None)
