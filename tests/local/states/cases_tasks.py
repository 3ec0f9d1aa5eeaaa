"""Machines of Task states: results, retries, catches, tokens."""

from __future__ import annotations

from tests.local.states.cases import CAUGHT, INPUT, INVOKE, RETRY, SHOW, Case, passing, task

TASK_CASES = [
    Case("task", {"A": task(payload={"n": "{% $states.input.n %}"})}, INPUT),
    Case("task without arguments to speak of", {"A": task()}),
    Case(
        "the result of a task is null", {"A": task("null", Output="{% $states.result.Payload %}")}
    ),
    Case(
        "a task assigns and shapes its result",
        {
            "A": task(
                "list",
                Assign={"first": "{% $states.result.Payload[0] %}"},
                Output="{% $states.result.Payload %}",
                Next="B",
            ),
            "B": passing(Output={"first": "{% $first %}", "all": "{% $states.input %}"}),
        },
    ),
    Case(
        "arguments by one expression",
        {
            "A": {
                "Type": "Task",
                "Resource": INVOKE,
                "Arguments": "{% {'FunctionName': 'echo', 'Payload': {'n': $states.input.n}} %}",
                "Output": "{% $states.result.Payload %}",
                "End": True,
            }
        },
        INPUT,
    ),
    Case("a time-out by an expression", {"A": task(TimeoutSeconds="{% $max([1, 9]) %}")}),
    Case("a function fails", {"A": task("boom")}),
    Case("a catch gives the error", {"A": task("boom", Catch=[CAUGHT]), "B": passing(Output="B")}),
    Case(
        "a catch assigns and shapes the error",
        {
            "A": task(
                "boom",
                Catch=[
                    {"ErrorEquals": ["Other"], "Next": "C"},
                    {
                        "ErrorEquals": ["Boom"],
                        "Next": "B",
                        "Assign": {"error": "{% $states.errorOutput.Error %}"},
                        "Output": {"was": "{% $states.input %}"},
                    },
                ],
            ),
            "B": passing(Output=["{% $error %}", "{% $states.input %}"]),
            "C": passing(),
        },
        {"a": 1},
    ),
    Case(
        "States.TaskFailed catches a function's error",
        {
            "A": task("boom", Catch=[{"ErrorEquals": ["States.TaskFailed"], "Next": "B"}]),
            "B": passing(Output="caught"),
        },
    ),
    Case(
        "another error is not caught",
        {"A": task("boom", Catch=[{"ErrorEquals": ["Other"], "Next": "B"}]), "B": passing()},
    ),
    Case(
        "retry until it works",
        {"A": task("flaky", Retry=[RETRY], Output="{% $states.result.Payload %}")},
    ),
    Case(
        "retry, give up, catch",
        {
            "A": task("flaky", Retry=[{**RETRY, "MaxAttempts": 1}], Catch=[CAUGHT]),
            "B": passing(Output="gave up"),
        },
    ),
    Case("retry no attempt", {"A": task("flaky", Retry=[{**RETRY, "MaxAttempts": 0}])}),
    Case(
        "retry with jitter",
        {"A": task("flaky", Retry=[{**RETRY, "JitterStrategy": "FULL", "MaxDelaySeconds": 2}])},
    ),
    Case(
        "the first retrier that matches counts",
        {
            "A": task(
                "flaky",
                Retry=[
                    {"ErrorEquals": ["Other"], "MaxAttempts": 5},
                    {"ErrorEquals": ["States.ALL"], "MaxAttempts": 1},
                ],
            )
        },
    ),
    Case(
        "an undefined argument is caught",
        {"A": task(payload={"x": "{% $nothing %}"}, Catch=[CAUGHT]), "B": passing(Output="B")},
        fault=(
            "moto writes EvaluationFailed twice. HistoryEvent: the event tells of one evaluation "
            "that failed (apireference/API_EvaluationFailedEventDetails.html)."
        ),
        expected=("SUCCEEDED", "B"),
    ),
    Case(
        "an undefined output is caught",
        {"A": task(Output="{% $nothing %}", Catch=[CAUGHT]), "B": passing(Output="B")},
        fault="As above: EvaluationFailed stands twice in moto's history.",
        expected=("SUCCEEDED", "B"),
    ),
    Case(
        "a result that is too large is not caught",
        {"A": task("large", Catch=[CAUGHT]), "B": passing(Output="B")},
        fault=(
            "moto lets States.ALL catch it. concepts-error-handling.html: States.DataLimitExceeded "
            "is a terminal error that States.ALL cannot catch."
        ),
        expected=("FAILED", "States.DataLimitExceeded"),
    ),
    Case(
        "a token is answered",
        {
            "A": {
                "Type": "Task",
                "Resource": f"{INVOKE}.waitForTaskToken",
                "Arguments": {
                    "FunctionName": "echo",
                    "Payload": {"token": "{% $states.context.Task.Token %}"},
                },
                "TimeoutSeconds": 20,
                "End": True,
            }
        },
        answer=("success", '{"clicked": true}'),
    ),
    Case(
        "a token is answered with an error",
        {
            "A": {
                "Type": "Task",
                "Resource": f"{INVOKE}.waitForTaskToken",
                "Arguments": {
                    "FunctionName": "echo",
                    "Payload": {"token": "{% $states.context.Task.Token %}"},
                },
                "TimeoutSeconds": 20,
                "Catch": [{"ErrorEquals": ["Left"], "Next": "B", "Output": "left"}],
                "End": True,
            },
            "B": SHOW,
        },
        answer=("failure", "Left"),
    ),
    Case(
        "no answer before the time-out",
        {
            "A": {
                "Type": "Task",
                "Resource": f"{INVOKE}.waitForTaskToken",
                "Arguments": {
                    "FunctionName": "echo",
                    "Payload": {"token": "{% $states.context.Task.Token %}"},
                },
                "TimeoutSeconds": 1,
                "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "B", "Output": "late"}],
                "End": True,
            },
            "B": SHOW,
        },
    ),
    Case(
        "no heartbeat",
        {
            "A": {
                "Type": "Task",
                "Resource": f"{INVOKE}.waitForTaskToken",
                "Arguments": {
                    "FunctionName": "echo",
                    "Payload": {"token": "{% $states.context.Task.Token %}"},
                },
                "TimeoutSeconds": 20,
                "HeartbeatSeconds": 1,
                "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "B", "Output": "silent"}],
                "End": True,
            },
            "B": SHOW,
        },
    ),
    Case(
        "an error of a heartbeat by its own name",
        {
            "A": {
                "Type": "Task",
                "Resource": f"{INVOKE}.waitForTaskToken",
                "Arguments": {
                    "FunctionName": "echo",
                    "Payload": {"token": "{% $states.context.Task.Token %}"},
                },
                "TimeoutSeconds": 20,
                "HeartbeatSeconds": 1,
                "Catch": [
                    {"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "B", "Output": "silent"}
                ],
                "End": True,
            },
            "B": SHOW,
        },
        fault=(
            "moto reports States.Timeout. concepts-error-handling.html: States.HeartbeatTimeout is "
            "what is reported when no heartbeat came in time, and may stand in Catch and Retry."
        ),
        expected=("SUCCEEDED", "silent"),
    ),
]
