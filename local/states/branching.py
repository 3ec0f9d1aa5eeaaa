"""Parallel and Map: several frames within one, and what becomes of all when one fails."""

from __future__ import annotations

from collections import deque
from typing import cast

from local.states.engine import Engine, Step, dumped
from local.states.errors import DATA_LIMIT, QUERY_EVALUATION, Failure
from local.states.execution import RUNNING, Frame
from local.states.program import MOST_AT_ONCE, NOWHERE, MapNode, ParallelNode, Way


class Branching:
    """Runs Parallel and Map states."""

    def __init__(self, engine: Engine, distributed: Step) -> None:
        self._engine = engine
        self._distributed = distributed
        engine.steps["Parallel"] = self._parallel
        engine.steps["Map"] = self._map

    def _parallel(self, frame: Frame) -> bool:
        node = cast("ParallelNode", frame.node)
        value, text = frame.input, frame.input_json
        if node.arguments is not None:
            value = node.arguments(frame)
            text = dumped(value, node.name)
        self._engine.record(frame, "ParallelStateStarted", None)
        members = Members(self._engine, frame, node.name, at_once=len(node.branches))
        for way in node.branches:
            members.add(way, value, text)
        return members.begin()

    def _map(self, frame: Frame) -> bool:
        node = cast("MapNode", frame.node)
        if node.distribution is not None:
            return self._distributed(frame)
        at_once = min(node.concurrency(frame) or MOST_AT_ONCE, MOST_AT_ONCE)
        items = frame.input if node.items is None else node.items(frame)
        if not isinstance(items, list):
            cause = "Map state input must be an array when Items is not given."
            raise Failure(QUERY_EVALUATION, cause, "Items")
        self._engine.record(frame, "MapStateStarted", {"length": len(items)})
        iterations = Iterations(self._engine, frame, node, at_once=at_once)
        for item in items:
            iterations.add(node.processor, item, b"")
        return iterations.begin()


class Members:
    """The branches of a Parallel at work; in a subclass, the iterations of a Map."""

    def __init__(self, engine: Engine, frame: Frame, name: str, *, at_once: int) -> None:
        self.engine = engine
        self.frame = frame
        self.name = name
        self.kind = "Parallel"
        self._at_once = at_once
        self._event = frame.previous
        self._ways: list[Way] = []
        self._frames: dict[int, Frame] = {}
        """Those that have not come to their end, the failed and the aborted among them."""
        self._begun: set[int] = set()
        self._todo: deque[int] = deque()
        self._working: dict[int, Frame] = {}
        self._outputs: dict[int, object] = {}
        self._starting = False
        self._failure: Failure | None = None
        frame.pause = frame.begun = self

    def add(self, way: Way, value: object, text: bytes) -> None:
        """Queue a member."""
        child = Frame(self.frame.execution, value, text)
        child.variables, child.sizes = self.frame.variables, self.frame.sizes
        child.item, child.entered = self.frame.item, self.frame.entered
        child.group = self
        child.index = len(self._ways)
        self._ways.append(way)
        self._frames[child.index] = child
        self._todo.append(child.index)

    def begin(self) -> bool:
        """Start as many as may run at once. Returns whether the parent can go on."""
        self._starting = True
        self._start_more()
        self._starting = False
        if self._failure is not None:
            self.frame.pause = None
            raise self._failure
        return self._complete() if self._is_done() else False

    def redrive(self, frame: Frame, /) -> bool:
        """Take up the members that failed or were aborted, and begin those that never began.

        A state that failed because something was too large begins anew, with all its members.
        """
        if self._failure is not None and self._failure.error == DATA_LIMIT:
            frame.begun = None
            return self.engine.steps[self.kind](frame)
        self._failure = None
        self._todo = deque(sorted(self._frames))
        frame.pause = self
        frame.previous = self._event
        return self.begin()

    def _is_done(self) -> bool:
        return not self._todo and not self._working and self.frame.execution.status is RUNNING

    def _start_more(self) -> None:
        while self._todo and len(self._working) < self._at_once and self._failure is None:
            index = self._todo.popleft()
            child = self._working[index] = self._frames[index]
            if index in self._begun:
                self.engine.take_up(child)
                continue
            child.previous = self.frame.previous
            self.engine.enter(child, self._ways[index])
            if self.prepare(child):
                self._begun.add(index)
                self.engine.run(child)

    def prepare(self, _child: Frame, /) -> bool:
        """Do what comes before the first state of a member. Returns whether it may run."""
        return True

    def ended(self, child: Frame) -> None:
        """Do what comes after the last state of a member."""

    def finished(self, child: Frame) -> None:
        """A member has come to its end."""
        self.ended(child)
        del self._working[child.index], self._frames[child.index]
        self._outputs[child.index] = child.input
        if self._starting:
            return
        self._starting = True
        self._start_more()
        self._starting = False
        if self._failure is not None:
            failure = self._failure
            self.frame.pause = None
            self.engine.resume(self.frame, lambda _: _raise(failure))
        elif self._is_done():
            self.engine.resume(self.frame, lambda _: self._complete())

    def failed(self, child: Frame, error: str | None, cause: str | None) -> bool:
        """A member has failed: the others are aborted, and the parent fails with its error."""
        self._working.pop(child.index, None)
        self._failure = Failure(error, cause)
        self._todo.clear()
        self._abort()
        self.frame.previous = child.previous
        if self._starting:
            return False
        self.frame.pause = None
        return self.engine.fail(self.frame, self._failure)

    def _abort(self) -> None:
        for other in list(self._working.values()):
            if other.pause is not None:
                pause, other.pause = other.pause, None
                pause.abandon(aborted=True)
            self.aborted(other)
        self._working.clear()

    def aborted(self, child: Frame) -> None:
        """Do what comes after a member was aborted."""

    def abandon(self, *, aborted: bool) -> None:
        """Stop all: from outside when a group further out fails, else because all is over."""
        self._todo.clear()
        if aborted:
            self._abort()
            self.engine.record(self.frame, f"{self.kind}StateAborted", None)
            return
        for other in self._working.values():
            if other.pause is not None:
                other.pause.abandon(aborted=False)
                other.pause = None
        self._working.clear()

    def _complete(self) -> bool:
        frame = self.frame
        node = frame.node
        frame.pause = None
        result = [self._outputs[index] for index in range(len(self._outputs))]
        try:
            text = dumped(result, node.name)
        except Failure as failure:
            self._failure = failure
            raise
        self.engine.record(frame, f"{self.kind}StateSucceeded", None)
        frame.result, frame.result_json = result, text
        return self.engine.leave(frame, cast("Way", node.way), result, text)


class Iterations(Members):
    """The iterations of a Map at work."""

    def __init__(self, engine: Engine, frame: Frame, node: MapNode, *, at_once: int) -> None:
        super().__init__(engine, frame, node.name, at_once=at_once)
        self.kind = "Map"
        self._selector = node.selector

    def prepare(self, child: Frame, /) -> bool:
        """Select the input of an iteration."""
        details: dict[str, object] = {"name": self.name, "index": child.index}
        self.engine.record(child, "MapIterationStarted", details)
        child.item = {"Index": child.index, "Value": child.input}
        try:
            if self._selector is not None:
                first = child.node
                child.node, child.input = self.frame.node, self.frame.input
                child.input = self._selector(child)
                child.node = first
            child.input_json = dumped(child.input, self.name)
        except Failure as failure:
            child.node = NOWHERE
            if failure.location is not None:
                told: dict[str, object] = {"error": failure.error, "cause": failure.cause}
                told |= {"location": failure.location, "state": self.name}
                self.engine.record(child, "EvaluationFailed", told)
            self.failed(child, failure.error, failure.cause)
            return False
        return True

    def ended(self, child: Frame) -> None:
        """Say that an iteration succeeded."""
        self._say(child, "Succeeded")

    def aborted(self, child: Frame) -> None:
        """Say that an iteration was aborted."""
        self._say(child, "Aborted")

    def failed(self, child: Frame, error: str | None, cause: str | None) -> bool:
        """Say that an iteration failed."""
        self._say(child, "Failed")
        return super().failed(child, error, cause)

    def _say(self, child: Frame, what: str) -> None:
        details: dict[str, object] = {"name": self.name, "index": child.index}
        self.engine.record(child, f"MapIteration{what}", details)


def _raise(failure: Failure) -> bool:
    raise failure
