"""Which errors a Retry or a Catch means; and that a run is the same every time."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from local.hub import Hub
from local.states import StateMachines, TaskOutcome
from local.states.retrying import means
from tests.local.states.cases import passing, task
from tests.local.states.simulation import ACCOUNT, Raise, Simulation

NAMES = ("Mine", "States.Timeout", "States.HeartbeatTimeout", "States.QueryEvaluationError")
TERMINAL = ("States.DataLimitExceeded", "States.Runtime")


@pytest.mark.parametrize(
    ("names", "meant"),
    [
        ("States.ALL", NAMES),
        ("States.TaskFailed", ("Mine", "States.QueryEvaluationError")),
        ("States.Timeout", ("States.Timeout", "States.HeartbeatTimeout")),
        ("States.HeartbeatTimeout", ("States.HeartbeatTimeout",)),
        ("Mine", ("Mine",)),
        ("Other", ()),
        ("States.Runtime", ()),
        ("States.DataLimitExceeded", ()),
    ],
)
def test_what_a_name_means(names: str, meant: tuple[str, ...]) -> None:
    assert tuple(each for each in (*NAMES, *TERMINAL) if means(frozenset({names}), each)) == meant


def test_an_error_while_catching_is_not_caught_again() -> None:
    def boom(payload: object) -> object:
        raise Raise("Boom", "it broke")

    catch = {"ErrorEquals": ["States.ALL"], "Next": "B", "Output": "{% $nothing %}"}
    run = Simulation({"f": boom}).run(
        {"StartAt": "A", "States": {"A": task("f", Catch=[catch]), "B": passing()}}
    )

    assert run.described["error"] == "States.QueryEvaluationError"
    assert run.types[-3:] == ["TaskFailed", "EvaluationFailed", "ExecutionFailed"]
    assert run.details("EvaluationFailed")["location"] == "Catch[0]/Output"


def test_an_output_that_cannot_be_evaluated_may_be_retried() -> None:
    retry = [{"ErrorEquals": ["States.QueryEvaluationError"], "MaxAttempts": 1}]
    results = iter([{}, {"x": 1}])
    run = Simulation({"f": lambda payload: next(results)}).run(
        {
            "StartAt": "A",
            "States": {"A": task("f", Output="{% $states.result.Payload.x %}", Retry=retry)},
        }
    )

    assert (run.status, run.output) == ("SUCCEEDED", 1)


def test_the_cause_of_a_function_s_error_is_json() -> None:
    def boom(payload: object) -> object:
        raise Raise("Boom", "it broke")

    output = "{% $parse($states.errorOutput.Cause).errorMessage %}"
    catch = {"ErrorEquals": ["Boom"], "Next": "B", "Output": output}
    run = Simulation({"f": boom}).run(
        {"StartAt": "A", "States": {"A": task("f", Catch=[catch]), "B": passing()}}
    )

    assert run.output == "it broke"


class Flaky:
    """A port that answers after a second, twice with an error."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._count = 0

    def start(
        self, resource: str, arguments: object, done: Callable[[TaskOutcome], None], /
    ) -> None:
        self._count += 1
        failed = self._count <= 2
        outcome = TaskOutcome.failed("Flaky") if failed else TaskOutcome.ok({"Payload": {}})
        self._hub.after(1, lambda: done(outcome))


def history_on_the_real_hub(seed: int) -> str:
    retry = [{"ErrorEquals": ["Flaky"], "JitterStrategy": "FULL", "IntervalSeconds": 60}]
    states = {"A": task("f", Retry=retry, Next="B"), "B": passing(Output="{% $uuid() %}")}
    definition = {"QueryLanguage": "JSONata", "StartAt": "A", "States": states}
    with Hub(datetime(2026, 1, 1, tzinfo=UTC), seed=seed) as hub:
        machines = StateMachines(hub, Flaky(hub))
        arn = f"{ACCOUNT}:stateMachine:m"
        machines.create("m", definition, arn=arn)
        execution = machines.start_execution(arn)
        hub.run()
        return json.dumps(machines.get_execution_history(execution), default=str)


def test_the_same_seed_gives_the_same_history() -> None:
    assert history_on_the_real_hub(1) == history_on_the_real_hub(1)
    assert history_on_the_real_hub(1) != history_on_the_real_hub(2)
