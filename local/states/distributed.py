"""Map states in Distributed mode: how one begins."""

from __future__ import annotations

from typing import cast

from local.states.distributing import Distribution
from local.states.engine import Engine
from local.states.errors import QUERY_EVALUATION, Failure
from local.states.execution import Frame
from local.states.map_runs import MapRun
from local.states.program import MapNode
from local.states.registry import Executions


class Distributed:
    """Runs Map states in Distributed mode."""

    def __init__(self, engine: Engine, executions: Executions) -> None:
        self._engine = engine
        self._executions = executions

    def start(self, frame: Frame) -> bool:
        """Start a Map Run."""
        node = cast("MapNode", frame.node)
        distribution = cast("Distribution", node.distribution)
        at_once = node.concurrency(frame)
        items: list[object] | None = None
        if distribution.reader is None:
            given = frame.input if node.items is None else node.items(frame)
            if not isinstance(given, list):
                cause = "Map state input must be an array when Items is not given."
                raise Failure(QUERY_EVALUATION, cause, "Items")
            items = given
        self._engine.record(frame, "MapStateStarted", {"length": len(items or ())})
        count, share = distribution.tolerated_count, distribution.tolerated_share
        run = MapRun(
            self._engine,
            self._executions,
            frame,
            at_once=at_once,
            tolerated_count=None if count is None else count(frame),
            tolerated_share=None if share is None else share(frame),
            state_event=frame.previous,
        )
        self._executions.add_map_run(run)
        frame.pause = frame.begun = run
        run.begin(items)
        return False
