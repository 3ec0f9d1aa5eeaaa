"""A Map Run: the children of a Distributed Map at work, and what becomes of all of them.

Everything it does happens in the hub's loop: it reads the items, bears as many children as may be
at work at once, stops when too many have failed, writes the results, and hands back to the state.
When the execution is stopped, so are the children, at once and without results being written:
AWS lets a Map Run go on for a while.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-examine-map-run.html
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

import orjson

from local.states.distributing import MOST_AT_ONCE, Distribution, derived_uuid
from local.states.engine import Engine, dumped
from local.states.errors import (
    DATA_LIMIT,
    EXCEEDED,
    RESULT_WRITER,
    RUNTIME,
    Failure,
)
from local.states.execution import (
    ABORTED,
    FAILED,
    RUNNING,
    SUCCEEDED,
    TIMED_OUT,
    Execution,
    Frame,
)
from local.states.item_sources import ItemSource
from local.states.names import map_run_arn
from local.states.ports import TaskOutcome
from local.states.program import MapNode, Way
from local.states.redriving import MOST_REDRIVES_OF_A_MAP_RUN, obstacle
from local.states.registry import Executions
from local.states.results import Export, export, shaped

_PUT = "arn:aws:states:::s3:putObject"
_TOO_MANY = "The specified tolerated failure threshold was exceeded"


class MapRun:
    """One run of a Distributed Map; a redrive takes it up again."""

    def __init__(
        self,
        engine: Engine,
        executions: Executions,
        frame: Frame,
        *,
        at_once: int,
        tolerated_count: int | None,
        tolerated_share: float | None,
        state_event: int,
    ) -> None:
        node = cast("MapNode", frame.node)
        self.distribution = cast("Distribution", node.distribution)
        self.execution = frame.execution
        program = frame.execution.program
        label = self.distribution.label_in(program.arn)
        number = len(executions.map_runs_of(self.execution.arn))
        name = derived_uuid(self.execution.arn, self.distribution.state, number)
        self.arn = map_run_arn(program.arn, label, name)
        self.program = replace(
            program, arn=f"{program.arn}/{label}", timeout=None, start=node.processor
        )
        self.at_once = at_once
        self.tolerated_count = tolerated_count
        self.tolerated_share = tolerated_share
        self.status = RUNNING
        self.start = engine.hub.now
        self.stop: float | None = None
        self.redrives = 0
        self.redriven: float | None = None
        self.children: dict[int, Execution] = {}
        self.inputs: list[tuple[bytes, int]] | None = None
        """What each child gets, and how many items that is; None until the items were read."""
        self.written = (0, 0)
        """How many children have had their results written, and of how many items."""
        self._engine = engine
        self._executions = executions
        self._frame = frame
        self._node = node
        self._event = self._state_event = state_event
        self._given: list[object] | None = None
        self._again: deque[Execution] = deque()
        self._next = 0
        self._working: dict[str, Execution] = {}
        self._ended: set[str] = set()
        """Those that came to an end in this attempt."""
        self._failed_items = 0
        self._total = 0
        self._failure: Failure | None = None
        self._life = 0
        """Counts its lives: what was asked for in an earlier one is not heard any more."""
        self._settling = False
        self._writing = False
        self._files: list[dict[str, object]] = []
        self._source = ItemSource(frame, node, self._ask)

    # -- from outside ---------------------------------------------------------------------------

    def begin(self, items: list[object] | None) -> None:
        """Begin, with these items or with those of the reader, after the caller."""
        self._given = items
        self._record("MapRunStarted", {"mapRunArn": self.arn})
        self._soon(self._read)

    def redrive(self, frame: Frame, /) -> bool:
        """Take up the children that did not succeed, and bear those that were pending."""
        ended_by = None if self._failure is None else self._failure.error
        if ended_by == DATA_LIMIT:
            frame.begun = None
            return self._engine.steps["Map"](frame)
        if self.redrives >= MOST_REDRIVES_OF_A_MAP_RUN:
            most = MOST_REDRIVES_OF_A_MAP_RUN
            raise Failure(RUNTIME, f"A Map Run cannot be redriven more than {most} times.")
        self.redrives += 1
        self.redriven = self._engine.hub.now
        self.status, self.stop, self._failure = RUNNING, None, None
        frame.pause = self
        frame.previous = self._state_event
        told: dict[str, object] = {"mapRunArn": self.arn, "redriveCount": self.redrives}
        self._record("MapRunRedriven", told)
        self._soon(self._read if self.inputs is None else self._take_up)
        return False

    def abandon(self, *, aborted: bool) -> None:
        """Stop everything: the execution is over, or a group further out has failed."""
        self._end(ABORTED)
        self._again.clear()
        self._stop_children(express=True)
        if aborted:
            self._engine.record(self._frame, "MapRunAborted", None)
            self._engine.record(self._frame, "MapStateAborted", None)

    def child_ended(self, child: Execution, /) -> None:
        """A child has come to its end."""
        self._working.pop(child.arn, None)
        self._ended.add(child.arn)
        if child.status in (FAILED, TIMED_OUT):
            self._failed_items += child.items
        self.settle()

    def settle(self) -> None:
        """See, after whatever is happening now, whether to bear more children or to finish."""
        if self.status is RUNNING and not self._settling and not self._writing:
            self._settling = True
            self._soon(self._settle)

    def inputs_pending(self) -> Iterator[tuple[bytes, int]]:
        """Yield what children were to get that have not been born."""
        yield from (self.inputs or [])[self._next :]

    @property
    def pending_redrive(self) -> tuple[Execution, ...]:
        """Children that wait for being redriven."""
        return tuple(self._again)

    # -- reading --------------------------------------------------------------------------------

    def _read(self) -> None:
        self._source.read(self._given, self._prepared)

    def _prepared(self, inputs: list[tuple[bytes, int]]) -> None:
        self.inputs = inputs
        self._total = sum(items for _, items in inputs)
        self.settle()

    # -- children -------------------------------------------------------------------------------

    def _take_up(self) -> None:
        """Find what did not succeed; what cannot be redriven stays as it is, and counts."""
        now = self._engine.hub.now
        self._ended.clear()
        self._failed_items = 0
        for _, child in sorted(self.children.items()):
            if child.status == SUCCEEDED:
                continue
            if obstacle(child, now) is None:
                self._again.append(child)
            elif child.status in (FAILED, TIMED_OUT):
                self._failed_items += child.items
        self.settle()

    def _settle(self) -> None:
        self._settling = False
        if self._failure is None and self._has_too_many_failures():
            self._failure = Failure(EXCEEDED, _TOO_MANY)
            self._stop_children(express=False)
        if self._failure is None:
            most = min(self.at_once or MOST_AT_ONCE, MOST_AT_ONCE)
            while len(self._working) < most and self._start_one():
                pass
        if not self._working:
            self._again.clear()
            self._writing = True
            self._write()

    def _has_too_many_failures(self) -> bool:
        failed, count, share = self._failed_items, self.tolerated_count, self.tolerated_share
        if not failed:
            return False
        if count is None and share is None:
            return True
        over_count = count is not None and failed > count
        return over_count or (share is not None and failed * 100 > share * self._total)

    def _start_one(self) -> bool:
        if self._again:
            child = self._again.popleft()
            self._working[child.arn] = child
            self._executions.take_up(child)
            return True
        inputs = self.inputs or []
        if self._next >= len(inputs):
            return False
        index, (text, items) = self._next, inputs[self._next]
        self._next += 1
        child = self._executions.bear(
            self.program,
            (derived_uuid(self.arn, index), derived_uuid(self.arn, index, "express")),
            text.decode(),
            orjson.loads(text),
            family=self,
            items=items,
            express=self.distribution.express,
        )
        self.children[index] = self._working[child.arn] = child
        return True

    def _stop_children(self, *, express: bool) -> None:
        """Abort those at work; an Express one cannot be stopped while the Map Run goes on."""
        cause = f"The map run execution [{self.arn}] which was managing this resource was aborted"
        for child in list(self._working.values()):
            if express or not child.express:
                self._engine.end(child, ABORTED, cause=cause)

    # -- the end --------------------------------------------------------------------------------

    def _write(self) -> None:
        arguments = self.distribution.writer.arguments
        if arguments is None:
            self._finish(None)
            return
        born = [child for _, child in sorted(self.children.items())]
        made = export(
            self.distribution.writer,
            arguments(self._frame),
            run=self.arn,
            redrives=self.redrives,
            before=self._files,
            succeeded=(c for c in born if c.status == SUCCEEDED and c.arn in self._ended),
            failed=(c for c in born if c.status != SUCCEEDED),
            pending=(text for text, _ in self.inputs_pending()),
            now=self._engine.hub.now,
        )
        self._put(made, deque(made.files))

    def _put(self, made: Export, files: deque[tuple[str, str]]) -> None:
        if not files:
            self._files = made.succeeded
            born = self.children.values()
            self.written = (len(born), sum(child.items for child in born))
            details = {"Bucket": made.bucket, "Key": made.manifest}
            self._finish({"MapRunArn": self.arn, "ResultWriterDetails": details})
            return
        key, text = files.popleft()
        arguments: dict[str, object] = {"Bucket": made.bucket, "Key": key, "Body": text}
        self._ask(_PUT, arguments, lambda _: self._put(made, files), RESULT_WRITER)

    def _finish(self, result: object) -> None:
        """Hand back to the state; without a result: what the children gave."""
        if self._failure is not None:
            self._fail(self._failure)
            return
        now = self._engine.hub.now
        if result is None:
            born = (child for _, child in sorted(self.children.items()))
            result = list(shaped(self.distribution.writer, born, now))
        text = dumped(result, self._node.name)
        self._end(SUCCEEDED)

        def leave(frame: Frame) -> bool:
            frame.pause = None
            self._engine.record(frame, "MapRunSucceeded", None)
            self._engine.record(frame, "MapStateSucceeded", None)
            frame.previous = self._event
            frame.result, frame.result_json = result, text
            return self._engine.leave(frame, cast("Way", self._node.way), result, text)

        self._engine.resume(self._frame, leave)

    def _fail(self, failure: Failure) -> None:
        self._failure = failure
        self._end(FAILED)

        def fail(frame: Frame) -> bool:
            frame.pause = None
            told: dict[str, object] = {"error": failure.error, "cause": failure.cause}
            self._engine.record(frame, "MapRunFailed", told)
            raise failure

        self._engine.resume(self._frame, fail)

    def _end(self, status: str) -> None:
        self._life += 1
        self._settling = self._writing = False
        self.status = status
        self.stop = self._engine.hub.now

    # -- within ---------------------------------------------------------------------------------

    def _record(self, kind: str, details: dict[str, object]) -> None:
        self._engine.record(self._frame, kind, details)
        self._event = self._frame.previous

    def _soon(self, step: Callable[[], None]) -> None:
        """Take a step after whatever is happening now, unless this life is over by then."""
        life, hub = self._life, self._engine.hub
        hub.at(hub.now, lambda: self._guarded(step) if life == self._life else None)

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Failure as failure:
            self._fail(failure)

    def _ask(
        self,
        resource: str,
        arguments: dict[str, object],
        then: Callable[[dict[str, object]], None],
        error: str,
    ) -> None:
        """Ask S3. What it refuses is a failure of the Map Run, named `error`."""
        life = self._life

        def answered(outcome: TaskOutcome) -> None:
            if life != self._life:
                return
            if outcome.error is None:
                self._guarded(lambda: then(cast("dict[str, object]", outcome.result)))
            else:
                self._fail(self._failure or Failure(error, outcome.cause or outcome.error))

        self._engine.tasks.start(resource, arguments, answered)
