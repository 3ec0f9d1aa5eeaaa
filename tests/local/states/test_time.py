"""What takes time: waits, retries, time-outs, heartbeats, and tokens answered in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.local.states.cases import passing, task
from tests.local.states.simulation import START, Raise, Run, Simulation, code_of

DAY = 86_400
PAUSE = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
    "Arguments": {
        "FunctionName": "pause",
        "Payload": {"token": "{% $states.context.Task.Token %}"},
    },
    "TimeoutSeconds": 3 * DAY,
    "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Late"}],
    "End": True,
}


class Pausing(Simulation):
    """A simulation whose function `pause` keeps the tokens it gets."""

    def __init__(self, **functions: Callable[[object], object]) -> None:
        self.tokens: list[str] = []
        super().__init__({"pause": self._keep, **functions})

    def _keep(self, payload: object) -> object:
        assert isinstance(payload, Mapping)
        self.tokens.append(str(payload["token"]))
        return {}

    def paused(self, **changes: object) -> Run:
        state = {**PAUSE, **changes}
        started = self.start(
            {"StartAt": "A", "States": {"A": state, "Late": passing(Output="late")}}
        )
        self.hub.run(until=self.hub.now)
        return started


def ended_after(run: Run) -> float:
    stop = run.described["stopDate"]
    return stop.timestamp() - START  # type: ignore[attr-defined, no-any-return]


def test_a_wait_takes_its_seconds() -> None:
    run = Simulation().run(
        {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 7 * DAY, "End": True}}}
    )

    assert (run.status, ended_after(run)) == ("SUCCEEDED", 7 * DAY)


@pytest.mark.parametrize(
    "timestamp", ["2026-01-01T12:30:00Z", "2026-01-01T13:30:00.000+01:00", "{% $at %}"]
)
def test_a_wait_lasts_until_its_timestamp(timestamp: str) -> None:
    run = Simulation().run(
        {
            "StartAt": "A",
            "States": {
                "A": {"Type": "Pass", "Assign": {"at": "2026-01-01T12:30:00Z"}, "Next": "B"},
                "B": {"Type": "Wait", "Timestamp": timestamp, "End": True},
            },
        }
    )

    assert ended_after(run) == 1_800


@pytest.mark.parametrize(
    "fields",
    [
        {"Seconds": "{% -1 %}"},
        {"Seconds": "{% 1.5 %}"},
        {"Seconds": "{% 'a' %}"},
        {"Timestamp": "{% 'tomorrow' %}"},
        {"Timestamp": "{% '2026-13-01T00:00:00Z' %}"},
    ],
)
def test_a_wait_for_nonsense_fails(fields: Mapping[str, object]) -> None:
    run = Simulation().run(
        {"StartAt": "A", "States": {"A": {"Type": "Wait", "End": True, **fields}}}
    )

    assert (run.status, run.described["error"]) == ("FAILED", "States.QueryEvaluationError")


def test_time_in_expressions_is_the_simulation_s() -> None:
    run = Simulation().run(
        {
            "StartAt": "A",
            "States": {
                "A": {"Type": "Wait", "Seconds": 60, "Next": "B"},
                "B": passing(Output=["{% $now() %}", "{% $states.context.State.EnteredTime %}"]),
            },
        }
    )

    assert run.output == ["2026-01-01T12:01:00.000Z", "2026-01-01T12:01:00.000Z"]


def retried(retrier: Mapping[str, object], *, failures: int, seed: int = 0) -> list[float]:
    """Return when the attempts of a task were made, in seconds from the start."""
    at: list[float] = []
    simulation = Simulation(seed=seed)

    def fail(payload: object) -> object:
        at.append(simulation.hub.now - START)
        if len(at) <= failures:
            raise Raise("Busy", "later")
        return {}

    simulation.functions.functions["f"] = fail
    policy = {"ErrorEquals": ["Busy"], **retrier}
    simulation.run({"StartAt": "A", "States": {"A": task("f", Retry=[policy])}})
    return at


def test_retries_back_off() -> None:
    policy = {"IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 4}

    assert retried(policy, failures=9) == [0, 2, 8, 26, 80]


def test_the_delay_between_retries_has_a_limit() -> None:
    policy = {"IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 4, "MaxDelaySeconds": 10}

    assert retried(policy, failures=9) == [0, 2, 8, 18, 28]


def test_retries_default_to_three_after_1_2_and_4_seconds() -> None:
    assert retried({}, failures=9) == [0, 1, 3, 7]


def test_full_jitter_draws_the_delay_from_the_seed() -> None:
    policy = {"IntervalSeconds": 10, "MaxAttempts": 1, "JitterStrategy": "FULL"}

    delays = [retried(policy, failures=1, seed=seed)[1] for seed in range(30)]

    assert all(0 <= delay <= 10 for delay in delays)
    assert len(set(delays)) == 30
    assert retried(policy, failures=1, seed=5)[1] == delays[5]


def test_each_retrier_counts_its_own_attempts() -> None:
    errors = iter(["One", "Two", "One", "Two", "One"])
    simulation = Simulation()

    def fail(payload: object) -> object:
        raise Raise(next(errors))

    simulation.functions.functions["f"] = fail
    retry = [
        {"ErrorEquals": ["One"], "MaxAttempts": 2},
        {"ErrorEquals": ["Two"], "MaxAttempts": 2},
    ]
    run = simulation.run({"StartAt": "A", "States": {"A": task("f", Retry=retry)}})

    assert (run.status, run.described["error"]) == ("FAILED", "One")
    assert simulation.machines.retries("m")["A"] == 4


def test_a_retry_tells_its_count() -> None:
    seen: list[object] = []
    simulation = Simulation()

    def fail(payload: object) -> object:
        seen.append(payload)
        raise Raise("Busy")

    simulation.functions.functions["f"] = fail
    count = {"count": "{% $states.context.State.RetryCount %}"}
    retry = [{"ErrorEquals": ["Busy"], "MaxAttempts": 2}]
    simulation.run({"StartAt": "A", "States": {"A": task("f", count, Retry=retry)}})

    assert seen == [{"count": 0}, {"count": 1}, {"count": 2}]


def test_a_function_that_takes_too_long_times_out() -> None:
    simulation = Simulation({"f": lambda payload: "too late"})
    simulation.functions.seconds = 30
    caught = [{"ErrorEquals": ["States.Timeout"], "Next": "B"}]
    run = simulation.run(
        {
            "StartAt": "A",
            "States": {"A": task("f", TimeoutSeconds=20, Catch=caught), "B": passing()},
        }
    )

    assert run.output == {"Error": "States.Timeout", "Cause": ""}
    assert "TaskTimedOut" in run.types


@pytest.mark.parametrize("seconds", ["0", "-5", "1.5", "'60'", "null"])
def test_a_time_out_that_is_no_positive_whole_number_fails(seconds: str) -> None:
    simulation = Simulation({"f": lambda payload: {}})
    state = task("f", TimeoutSeconds="{% " + seconds + " %}")
    run = simulation.run({"StartAt": "A", "States": {"A": state}})

    assert run.described["error"] == "States.QueryEvaluationError"
    assert run.details("EvaluationFailed")["location"] == "TimeoutSeconds"


def test_a_pause_ends_when_its_token_is_answered() -> None:
    simulation = Pausing()
    run = simulation.paused()

    simulation.hub.run(until=START + DAY)
    simulation.machines.send_task_success(simulation.tokens[0], '{"clicked": true}')
    assert run.status == "RUNNING", "the execution goes on after the caller"
    simulation.hub.run()

    assert run.output == {"clicked": True}
    assert ended_after(run) == DAY
    assert run.types[1:7] == [
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
        "TaskStateExited",
    ]


def test_a_pause_ends_at_its_time_out() -> None:
    simulation = Pausing()
    run = simulation.paused()
    simulation.hub.run()

    assert (run.output, ended_after(run)) == ("late", 3 * DAY)


def test_a_token_is_closed_after_its_time_out() -> None:
    simulation = Pausing()
    simulation.paused()
    simulation.hub.run()

    token = simulation.tokens[0]
    assert code_of(lambda: simulation.machines.send_task_success(token, "{}")) == "TaskTimedOut"
    assert code_of(lambda: simulation.machines.send_task_failure(token)) == "TaskTimedOut"
    assert code_of(lambda: simulation.machines.send_task_heartbeat(token)) == "TaskTimedOut"


def test_a_token_is_answered_once() -> None:
    simulation = Pausing()
    run = simulation.paused()
    token = simulation.tokens[0]

    simulation.machines.send_task_success(token, "1")
    assert code_of(lambda: simulation.machines.send_task_success(token, "2")) == "TaskTimedOut"
    simulation.hub.run()

    assert run.output == 1


def test_the_first_answer_counts_even_at_the_instant_of_the_time_out() -> None:
    simulation = Pausing()
    run = simulation.paused()
    token = simulation.tokens[0]
    simulation.hub.run(until=START + 3 * DAY - 0.001)
    simulation.hub.now = START + 3 * DAY

    simulation.machines.send_task_success(token, '"just in time"')
    simulation.hub.run()

    assert run.output == "just in time"


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("", "InvalidToken"),
        ("nonsense", "InvalidToken"),
        ("AQC" + "0" * 54, "InvalidToken"),
    ],
)
def test_what_is_no_token_is_refused(token: str, code: str) -> None:
    simulation = Pausing()
    simulation.paused()

    assert code_of(lambda: simulation.machines.send_task_success(token, "{}")) == code


def test_a_token_of_another_simulation_does_not_exist() -> None:
    other, simulation = Pausing(), Pausing()
    other.paused()
    token = other.tokens[0]

    assert code_of(lambda: simulation.machines.send_task_success(token, "{}")) == (
        "TaskDoesNotExist"
    )


def test_an_answer_that_is_no_json_leaves_the_pause_open() -> None:
    simulation = Pausing()
    run = simulation.paused()
    token = simulation.tokens[0]

    assert code_of(lambda: simulation.machines.send_task_success(token, "{")) == "InvalidOutput"
    simulation.machines.send_task_success(token, "7")
    simulation.hub.run()

    assert run.output == 7


def test_a_token_answered_before_its_call_returns_ends_the_pause() -> None:
    simulation = Pausing()

    def hasty(payload: object) -> object:
        assert isinstance(payload, Mapping)
        simulation.machines.send_task_success(str(payload["token"]), '"at once"')
        raise Raise("Runtime.ExitError", "died right after")

    simulation.functions.functions["pause"] = hasty
    run = simulation.paused()
    simulation.hub.run()

    assert run.output == "at once"


def test_a_function_that_fails_to_pause_fails_the_state() -> None:
    simulation = Pausing()

    def broken(payload: object) -> object:
        raise Raise("Sandbox.Timedout")

    simulation.functions.functions["pause"] = broken
    run = simulation.paused()
    simulation.hub.run()

    assert (run.status, run.described["error"]) == ("FAILED", "Sandbox.Timedout")


def test_each_attempt_of_a_pause_has_its_own_token_and_its_whole_time() -> None:
    simulation = Pausing()
    run = simulation.paused(Retry=[{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1}])
    simulation.hub.run()

    assert len(set(simulation.tokens)) == 2
    assert ended_after(run) == 6 * DAY + 1


def test_heartbeats_keep_a_pause_alive() -> None:
    simulation = Pausing()
    caught = [{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Late"}]
    run = simulation.paused(HeartbeatSeconds=60, Catch=caught)
    token = simulation.tokens[0]
    for beat in range(1, 5):
        simulation.hub.run(until=START + 50 * beat)
        simulation.machines.send_task_heartbeat(token)
    simulation.hub.run()

    assert (run.output, ended_after(run)) == ("late", 200 + 60)


def test_a_machine_times_out() -> None:
    simulation = Pausing()
    arn = simulation.create({"StartAt": "A", "TimeoutSeconds": DAY, "States": _endless()})
    run = Run(simulation, simulation.machines.start_execution(arn, "e", "{}"))
    simulation.hub.run()

    assert (run.status, ended_after(run)) == ("TIMED_OUT", DAY)
    assert run.types[-1] == "ExecutionTimedOut"
    assert simulation.machines.edges("m")["A", "(timed out)"] == 1
    token = simulation.tokens[0]
    assert code_of(lambda: simulation.machines.send_task_success(token, "{}")) == "TaskTimedOut"


def _endless() -> dict[str, object]:
    return {"A": PAUSE, "Late": passing()}


def test_a_stopped_execution_lets_go_of_everything() -> None:
    simulation = Pausing()
    run = simulation.paused()
    simulation.machines.stop_execution(run.arn, "Left", "by hand")
    simulation.hub.run()

    assert (run.status, run.described["error"], run.described["cause"]) == (
        "ABORTED",
        "Left",
        "by hand",
    )
    assert simulation.hub.now == START, "nothing is left to wait for"
    assert run.types[-1] == "ExecutionAborted"


def test_stopping_a_closed_execution_changes_nothing() -> None:
    simulation = Simulation()
    run = simulation.run({"StartAt": "A", "States": {"A": passing()}})

    simulation.machines.stop_execution(run.arn)

    assert run.status == "SUCCEEDED"


def test_an_execution_may_be_stopped_before_it_begins() -> None:
    simulation = Simulation()
    run = simulation.start({"StartAt": "A", "States": {"A": passing()}})
    simulation.machines.stop_execution(run.arn)
    simulation.hub.run()

    assert run.types == ["ExecutionStarted", "ExecutionAborted"]


def test_late_answers_of_a_stopped_execution_are_ignored() -> None:
    simulation = Simulation({"f": lambda payload: {}})
    simulation.functions.seconds = 5
    run = simulation.start({"StartAt": "A", "States": {"A": task("f")}})
    simulation.hub.run(until=START + 1)
    simulation.machines.stop_execution(run.arn)
    simulation.hub.run()

    assert run.types[-1] == "ExecutionAborted"
