"""Parallel and Map in time: who waits for whom, and what is aborted when one fails."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.local.states.cases import passing
from tests.local.states.simulation import START, Simulation, code_of
from tests.local.states.test_time import PAUSE, Pausing, ended_after

FAILING = {
    "StartAt": "C",
    "States": {
        "C": {"Type": "Wait", "Seconds": 10, "Next": "D"},
        "D": {"Type": "Fail", "Error": "Bad", "Cause": "c"},
    },
}


def parallel(*branches: Mapping[str, object], **fields: object) -> dict[str, object]:
    states = {
        "A": {"Type": "Parallel", "Branches": list(branches), "End": True, **fields},
        "Caught": passing(Output=["caught", "{% $states.input.Error %}"]),
    }
    return {"StartAt": "A", "States": states}


def waiting(name: str, seconds: int) -> dict[str, object]:
    return {
        "StartAt": name,
        "States": {name: {"Type": "Wait", "Seconds": seconds, "Output": name, "End": True}},
    }


def test_a_parallel_takes_as_long_as_its_longest_branch() -> None:
    run = Simulation().run(parallel(waiting("B", 30), waiting("C", 10)))

    assert (run.output, ended_after(run)) == (["B", "C"], 30)


def test_a_branch_that_fails_aborts_the_others() -> None:
    simulation = Pausing()
    paused = {"StartAt": "B", "States": {"B": {**PAUSE, "Catch": []}}}
    caught = [{"ErrorEquals": ["Bad"], "Next": "Caught"}]
    definition = parallel(paused, FAILING, Catch=caught)
    del definition["States"]["A"]["End"]  # type: ignore[index]
    definition["States"]["A"]["Next"] = "Caught"  # type: ignore[index]
    run = simulation.run(definition)

    assert (run.output, ended_after(run)) == (["caught", "Bad"], 10)
    assert run.types[-7:] == [
        "FailStateEntered",
        "TaskStateAborted",
        "ParallelStateFailed",
        "ParallelStateExited",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    token = simulation.tokens[0]
    assert code_of(lambda: simulation.machines.send_task_success(token, "{}")) == "TaskTimedOut"


def test_what_cannot_be_caught_inside_cannot_be_caught_outside() -> None:
    branch = {"StartAt": "B", "States": {"B": passing(Output="{% $pad('x', 263000) %}")}}
    run = Simulation().run(
        parallel(branch, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Caught"}])
    )

    assert run.described["error"] == "States.DataLimitExceeded"


def mapping(at_once: int, seconds: int = 10, **fields: object) -> dict[str, object]:
    processor = {
        "StartAt": "B",
        "States": {"B": {"Type": "Wait", "Seconds": seconds, "End": True}},
    }
    state = {
        "Type": "Map",
        "ItemProcessor": processor,
        "MaxConcurrency": at_once,
        "End": True,
        **fields,
    }
    return {"StartAt": "A", "States": {"A": state}}


@pytest.mark.parametrize(("at_once", "seconds"), [(1, 50), (2, 30), (5, 10), (0, 10)])
def test_a_map_runs_so_many_at_once(at_once: int, seconds: int) -> None:
    run = Simulation().run(mapping(at_once), [1, 2, 3, 4, 5])

    assert (run.output, ended_after(run)) == ([1, 2, 3, 4, 5], seconds)


def test_an_inline_map_runs_at_most_forty_at_once() -> None:
    run = Simulation().run(mapping(0), list(range(41)))

    assert ended_after(run) == 20


def test_a_map_keeps_the_order_of_its_items() -> None:
    simulation = Simulation()
    definition = mapping(0)
    wait = definition["States"]["A"]["ItemProcessor"]["States"]["B"]  # type: ignore[index]
    wait["Seconds"] = "{% $states.input %}"
    run = simulation.run(definition, [3, 1, 2])

    assert run.output == [3, 1, 2]


def test_an_iteration_that_fails_aborts_the_rest() -> None:
    simulation = Simulation()
    processor = {
        "StartAt": "B",
        "States": {
            "B": {"Type": "Wait", "Seconds": "{% $states.input %}", "Next": "C"},
            "C": {"Type": "Fail", "Error": "Bad"},
        },
    }
    run = simulation.run(mapping(2, ItemProcessor=processor), [5, 9, 1])

    assert (run.status, run.described["error"], ended_after(run)) == ("FAILED", "Bad", 5)
    assert run.types[-5:] == [
        "MapIterationFailed",
        "WaitStateAborted",
        "MapIterationAborted",
        "MapStateFailed",
        "ExecutionFailed",
    ]
    assert "MapIterationStarted" in run.types
    assert run.types.count("MapIterationStarted") == 2


def test_an_item_that_cannot_be_selected_fails_its_iteration() -> None:
    run = Simulation().run(mapping(1, ItemSelector={"x": "{% $nothing %}"}), [1, 2])

    assert run.described["error"] == "States.QueryEvaluationError"
    assert run.types[-4:] == [
        "EvaluationFailed",
        "MapIterationFailed",
        "MapStateFailed",
        "ExecutionFailed",
    ]


def test_stopping_an_execution_ends_every_branch() -> None:
    simulation = Pausing()
    paused = {"StartAt": "B", "States": {"B": {**PAUSE, "Catch": []}}}
    run = simulation.start(parallel(paused, waiting("C", 500)))
    simulation.hub.run(until=START + 1)
    simulation.machines.stop_execution(run.arn)
    simulation.hub.run()

    assert run.types[-1] == "ExecutionAborted"
    assert simulation.hub.now == START + 1
    token = simulation.tokens[0]
    assert code_of(lambda: simulation.machines.send_task_success(token, "{}")) == "TaskTimedOut"


def test_a_parallel_that_is_retried_begins_anew() -> None:
    run = Simulation().run(parallel(FAILING, Retry=[{"ErrorEquals": ["Bad"], "MaxAttempts": 2}]))

    assert run.types.count("ParallelStateStarted") == 3
    assert run.types.count("ParallelStateFailed") == 1
    assert ended_after(run) == 30 + 1 + 2


def test_maps_within_maps_keep_their_items_apart() -> None:
    inner = {
        "Type": "Map",
        "Items": "{% $states.input.values %}",
        "ItemSelector": {
            "outer": "{% $states.input.name %}",
            "v": "{% $states.context.Map.Item.Value %}",
        },
        "ItemProcessor": {
            "StartAt": "D",
            "States": {"D": passing(Output="{% $states.input.outer & $string($states.input.v) %}")},
        },
        "End": True,
    }
    processor = {"StartAt": "B", "States": {"B": inner}}
    run = Simulation().run(
        mapping(0, ItemProcessor=processor),
        [{"name": "a", "values": [1, 2]}, {"name": "b", "values": [3]}],
    )

    assert run.output == [["a1", "a2"], ["b3"]]
