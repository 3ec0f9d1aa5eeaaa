"""The ways of everybody through the journeys of a run, kept beside its tables for `where`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from relance.funnel import RUNNING, Tally, Visit, visits_of

from local import graph
from local.world import World

Saved = Mapping[str, object]
"""A journey: its `steps` in the order in which it is drawn, and its `executions`, each with its
status and its stays as [number of the step, entered, left or null] (epoch seconds)."""

_STEPS = frozenset({"task", "pause", "ending", "failure"})


def trails(world: World) -> dict[str, Saved]:
    """What is kept of each journey, by name."""
    stack = world.stack
    return {
        name: _journey(world, machine, stack.machines[machine].definition)
        for name, machine in stack.journeys.items()
    }


def _journey(world: World, name: str, definition: Mapping[str, object]) -> Saved:
    steps = [each.name for each in graph.read(definition).states if each.kind in _STEPS]
    place = {step: at for at, step in enumerate(steps)}
    executions = []
    for arn in world.machines.executions(name):
        history = world.machines.get_execution_history(
            arn, max_results=1_000, include_execution_data=False
        )
        events = history["events"]
        assert isinstance(events, list)  # noqa: S101 - as the API answers
        stays = [
            [place[each.step], _seconds(each.entered_at), _seconds(each.left_at)]
            for each in visits_of(events)
            if each.step in place
        ]
        status = str(world.machines.describe_execution(arn)["status"])
        executions.append({"status": status, "stays": stays})
    return {"steps": steps, "executions": executions}


def tally(saved: Saved, now: float) -> tuple[list[str], Tally]:
    """The steps of a saved journey, and its executions counted."""
    steps, executions = saved["steps"], saved["executions"]
    assert isinstance(steps, list)  # noqa: S101 - written by `trails`
    assert isinstance(executions, list)  # noqa: S101
    found = Tally()
    for each in executions:
        visits = [
            Visit(str(steps[at]), _moment(entered), None if left is None else _moment(left))
            for at, entered, left in each["stays"]
        ]
        found.take(visits, running=each["status"] == RUNNING, now=_moment(now))
    return [str(each) for each in steps], found


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else round(moment.timestamp(), 3)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
