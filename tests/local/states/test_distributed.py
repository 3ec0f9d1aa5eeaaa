"""Distributed Map: children, how many at once, how many may fail, and what others see of it.

What is said to be recorded was recorded on AWS by others: the snapshots of LocalStack's tests
(2023 to 2024) and the redrive captures of radkawar/stackd (2026).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

import boto3
import pytest
from botocore.stub import Stubber

from tests.local.states.buckets import WRITER, Depot, distributed
from tests.local.states.cases import passing, task
from tests.local.states.simulation import ACCOUNT, Raise, Run, code_of

MACHINE = f"{ACCOUNT}:stateMachine:m"
EACH = {"A": passing(Output="{% $states.input * 2 %}")}


def odd_fails(payload: object) -> object:
    assert isinstance(payload, int)
    if payload % 2:
        raise Raise("Odd", "it is odd")
    return payload


ODD_FAILS = {"A": task("odd", "{% $states.input %}", Output="{% $states.result.Payload %}")}


def test_every_item_gets_an_execution_of_its_own() -> None:
    depot = Depot()
    run = depot.run(distributed(EACH), [1, 2, 3])
    children = depot.children(run)

    assert (run.status, run.output) == ("SUCCEEDED", [2, 4, 6])
    assert [child["status"] for child in children] == ["SUCCEEDED"] * 3
    for child in children:
        prefix = f"{ACCOUNT}:execution:m/each:"
        assert child["executionArn"] == f"{prefix}{child['name']}"
        assert child["stateMachineArn"] == f"{MACHINE}/each"
        assert child["mapRunArn"] == depot.map_run(run)["mapRunArn"]
        assert child["itemCount"] == 1
    assert len({child["name"] for child in children}) == 3


def test_a_child_tells_of_itself() -> None:
    depot = Depot()
    context = {"A": passing(Output="{% $states.context.Execution %}")}
    run = depot.run(distributed(context), [7])
    child = depot.child(run, 0)

    assert child.described["mapRunArn"] == depot.map_run(run)["mapRunArn"]
    assert child.described["input"] == "7"
    assert child.output == {
        "Id": child.arn,
        "Input": 7,
        "Name": child.arn.rsplit(":", 1)[1],
        "RoleArn": "arn:aws:iam::123456789012:role/m",
        "StartTime": "2026-01-01T12:00:00.000Z",
        "RedriveCount": 0,
    }
    assert child.types == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]


def test_the_history_is_as_recorded() -> None:
    depot = Depot()
    run = depot.run(distributed(EACH), [1, 2])

    assert [(event["type"], event["previousEventId"]) for event in run.history] == [
        ("ExecutionStarted", 0),
        ("MapStateEntered", 0),
        ("MapStateStarted", 2),
        ("MapRunStarted", 3),
        ("MapRunSucceeded", 4),
        ("MapStateSucceeded", 5),
        ("MapStateExited", 4),
        ("ExecutionSucceeded", 7),
    ]
    assert run.details("MapStateStarted") == {"length": 2}
    assert run.details("MapRunStarted") == {"mapRunArn": depot.map_run(run)["mapRunArn"]}


def test_a_map_run_is_named_after_machine_and_label() -> None:
    depot = Depot()
    arn = str(depot.map_run(depot.run(distributed(EACH), [1]))["mapRunArn"])
    unlabelled = distributed(EACH)
    del unlabelled["States"]["M"]["Label"]  # type: ignore[index]
    other = Depot()
    own = str(other.map_run(other.run(unlabelled, [1]))["mapRunArn"])

    assert arn.startswith(f"{ACCOUNT}:mapRun:m/each:")
    assert own.startswith(f"{ACCOUNT}:mapRun:m/")
    assert len(own.split("/")[1].partition(":")[0]) == 36


def test_nothing_to_do_is_done() -> None:
    depot = Depot()
    run = depot.run(distributed(EACH), [])

    assert (run.status, run.output) == ("SUCCEEDED", [])
    assert depot.map_run(run)["status"] == "SUCCEEDED"


def test_children_do_not_see_what_the_state_sees() -> None:
    """Variables are refused in the definition; here one is read by way of $exists and a call."""
    depot = Depot()
    whole = {"A": passing(Output="{% $exists($states.context.Map) %}")}
    machine = distributed(whole)
    states = {
        "Before": {"Type": "Pass", "Assign": {"x": 1}, "Next": "M"},
        **machine["States"],  # type: ignore[dict-item]
    }
    run = depot.run({"StartAt": "Before", "States": states}, [1])

    assert run.output == [False]
    assert not depot.machines._executions.find(depot.child(run, 0).arn).root.variables


def test_items_are_selected_in_the_scope_of_the_state() -> None:
    depot = Depot()
    selector = {
        "index": "{% $states.context.Map.Item.Index %}",
        "value": "{% $states.context.Map.Item.Value %}",
        "day": "{% $day %}",
        "all": "{% $count($states.input) %}",
    }
    machine = distributed({"A": passing()}, ItemSelector=selector)
    states = {
        "Before": {"Type": "Pass", "Assign": {"day": "monday"}, "Next": "M"},
        **machine["States"],  # type: ignore[dict-item]
    }
    run = depot.run({"StartAt": "Before", "States": states}, ["a", "b"])

    assert run.output == [
        {"index": 0, "value": "a", "day": "monday", "all": 2},
        {"index": 1, "value": "b", "day": "monday", "all": 2},
    ]


def test_an_item_that_cannot_be_selected_fails_the_map_run() -> None:
    depot = Depot()
    nothing = {"x": "{% $states.context.Map.Item.Value.nope %}"}
    run = depot.run(distributed(EACH, ItemSelector=nothing), [1])

    assert (run.status, run.described["error"]) == ("FAILED", "States.QueryEvaluationError")
    assert run.types[-4:] == [
        "MapRunFailed",
        "EvaluationFailed",
        "MapStateFailed",
        "ExecutionFailed",
    ]


@pytest.mark.parametrize("most", [1, 3, "{% 4 - 1 %}", 0])
def test_so_many_children_are_at_work_at_once(most: object) -> None:
    depot = Depot({"f": lambda payload: payload})
    depot.functions.seconds = 10.0
    states = {"A": task("f", "{% $states.input %}", TimeoutSeconds=60)}
    run = depot.start(distributed(states, MaxConcurrency=most), list(range(6)))
    at_once = {1: 1, 0: 6}.get(most, 3) if isinstance(most, int) else 3
    depot.hub.run(until=depot.hub.now + 5)
    counts = depot.map_run(run)["executionCounts"]

    assert isinstance(counts, dict)
    assert (counts["running"], counts["pending"], counts["total"]) == (at_once, 6 - at_once, 6)
    depot.hub.run()
    assert depot.hub.now == pytest.approx(1_767_268_800 + 60 / at_once)
    assert run.status == "SUCCEEDED"


@pytest.mark.parametrize(
    ("fields", "failing", "status"),
    [
        ({}, 0, "SUCCEEDED"),
        ({}, 1, "FAILED"),
        ({"ToleratedFailureCount": 0}, 1, "FAILED"),
        ({"ToleratedFailureCount": 2}, 2, "SUCCEEDED"),
        ({"ToleratedFailureCount": 2}, 3, "FAILED"),
        ({"ToleratedFailureCount": "{% 1 + 1 %}"}, 2, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 20}, 2, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 20}, 3, "FAILED"),
        ({"ToleratedFailurePercentage": 19.9}, 2, "FAILED"),
        ({"ToleratedFailurePercentage": 100}, 10, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": "{% 30 %}"}, 3, "SUCCEEDED"),
        ({"ToleratedFailureCount": 5, "ToleratedFailurePercentage": 10}, 2, "FAILED"),
        ({"ToleratedFailureCount": 1, "ToleratedFailurePercentage": 50}, 2, "FAILED"),
    ],
)
def test_so_many_failures_are_tolerated(
    fields: Mapping[str, object], failing: int, status: str
) -> None:
    depot = Depot({"odd": odd_fails})
    items = [1] * failing + [2] * (10 - failing)
    run = depot.run(distributed(ODD_FAILS, **fields), items)

    assert run.status == status
    if status == "FAILED":
        assert run.described["error"] == "States.ExceedToleratedFailureThreshold"
        cause = "The specified tolerated failure threshold was exceeded"
        assert run.described["cause"] == cause
        assert run.details("MapRunFailed")["cause"] == cause
        assert run.types[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]


def test_a_tolerated_failure_is_told_among_the_results() -> None:
    depot = Depot({"odd": odd_fails})
    run = depot.run(distributed(ODD_FAILS, ToleratedFailureCount=1), [2, 3])
    assert isinstance(run.output, list)

    assert run.output[0] == 2
    assert run.output[1]["Status"] == "FAILED"
    assert run.output[1]["Error"] == "Odd"
    assert run.output[1]["Input"] == "3"


def test_too_many_failures_stop_the_others() -> None:
    """The cause of an aborted child is as recorded."""
    depot = Depot({"odd": odd_fails})
    states = {
        "A": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input = 1 %}", "Next": "Fails"}],
            "Default": "Waits",
        },
        "Waits": {"Type": "Wait", "Seconds": 60, "End": True},
        "Fails": task("odd", "{% $states.input %}"),
    }
    run = depot.run(distributed(states, MaxConcurrency=2), [2, 1, 2, 2])
    first = depot.child(run, 0)
    arn = depot.map_run(run)["mapRunArn"]

    assert run.status == "FAILED"
    assert depot.hub.now == 1_767_268_800
    assert [child["status"] for child in depot.children(run)] == ["ABORTED", "FAILED"]
    assert first.described["cause"] == (
        f"The map run execution [{arn}] which was managing this resource was aborted"
    )
    assert first.types[-1] == "ExecutionAborted"
    assert depot.map_run(run)["executionCounts"] == {
        "pending": 2,
        "running": 0,
        "succeeded": 0,
        "failed": 1,
        "timedOut": 0,
        "aborted": 1,
        "total": 4,
        "resultsWritten": 0,
        "failuresNotRedrivable": 0,
        "pendingRedrive": 0,
    }


def test_a_caught_map_run_is_over() -> None:
    depot = Depot({"odd": odd_fails})
    caught = {"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "B"}
    machine = distributed(
        ODD_FAILS, Catch=[{**caught, "Output": "{% $states.errorOutput.Error %}"}]
    )
    states = {**machine["States"], "B": passing()}  # type: ignore[dict-item]
    run = depot.run({"StartAt": "M", "States": states}, [1])

    assert (run.status, run.output) == ("SUCCEEDED", "States.ExceedToleratedFailureThreshold")


def test_a_retry_begins_a_new_map_run() -> None:
    depot = Depot({"odd": odd_fails})
    retry = {"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "MaxAttempts": 1}
    run = depot.run(distributed(ODD_FAILS, Retry=[retry]), [1, 2])
    runs = depot.machines.list_map_runs(run.arn)["mapRuns"]
    assert isinstance(runs, list)

    assert [depot.machines.describe_map_run(each["mapRunArn"])["status"] for each in runs] == [
        "FAILED",
        "FAILED",
    ]
    assert run.types.count("MapRunStarted") == 2


def test_a_map_run_can_be_changed_while_it_runs() -> None:
    depot = Depot({"odd": odd_fails})
    depot.functions.seconds = 10.0
    machine = distributed(ODD_FAILS, MaxConcurrency=1)
    run = depot.start(machine, [1, 2, 1, 2])
    depot.hub.run(until=depot.hub.now + 1)
    arn = str(depot.map_run(run)["mapRunArn"])
    depot.machines.update_map_run(arn, max_concurrency=4, tolerated_failure_count=2)
    depot.hub.run()

    assert run.status == "SUCCEEDED"
    assert depot.hub.now == 1_767_268_800 + 11
    described = depot.machines.describe_map_run(arn)
    assert (described["maxConcurrency"], described["toleratedFailureCount"]) == (4, 2)
    assert code_of(lambda: depot.machines.update_map_run(arn, max_concurrency=1)) == (
        "ValidationException"
    )


def test_stopping_the_execution_stops_the_children() -> None:
    depot = Depot()
    states = {"A": {"Type": "Wait", "Seconds": 60, "End": True}}
    run = depot.start(distributed(states, MaxConcurrency=2), [1, 2, 3])
    depot.hub.run(until=depot.hub.now + 1)
    depot.machines.stop_execution(run.arn)
    depot.hub.run()

    assert run.status == depot.map_run(run)["status"] == "ABORTED"
    assert [child["status"] for child in depot.children(run)] == ["ABORTED", "ABORTED"]


def test_a_time_out_of_the_machine_stops_the_children() -> None:
    depot = Depot()
    states = {"A": {"Type": "Wait", "Seconds": 60, "End": True}}
    run = depot.run({**distributed(states), "TimeoutSeconds": 30}, [1])

    assert run.status == "TIMED_OUT"
    assert depot.children(run)[0]["status"] == "ABORTED"


def test_a_map_run_within_a_parallel_is_aborted_with_it() -> None:
    depot = Depot({"odd": odd_fails})
    waiting = {"A": {"Type": "Wait", "Seconds": 60, "End": True}}
    fails = {"W": {"Type": "Wait", "Seconds": 5, "Next": "F"}, "F": {"Type": "Fail", "Error": "E"}}
    branches = [distributed(waiting, Items=[1]), {"StartAt": "W", "States": fails}]
    parallel = {"Type": "Parallel", "Branches": branches, "End": True}
    run = depot.run({"StartAt": "P", "States": {"P": parallel}})

    assert (run.status, run.described["error"]) == ("FAILED", "E")
    assert depot.map_run(run)["status"] == "ABORTED"
    assert "MapRunAborted" in run.types
    assert "MapStateAborted" in run.types


def test_a_child_can_wait_for_an_answer() -> None:
    depot = Depot({"ask": lambda payload: None})
    resource = "arn:aws:states:::lambda:invoke.waitForTaskToken"
    asking = task("ask", {"token": "{% $states.context.Task.Token %}"}, Resource=resource)
    run = depot.start(distributed({"A": asking}), [1, 2])
    depot.hub.run(until=depot.hub.now + 1)
    for _, payload in depot.functions.calls:
        assert isinstance(payload, dict)
        depot.machines.send_task_success(payload["token"], '"yes"')
    depot.hub.run()

    assert run.output == ["yes", "yes"]


def test_a_map_run_within_a_child() -> None:
    depot = Depot()
    inner = distributed({"B": passing(Output="{% $states.input + 1 %}")}, Label="inner")
    state = {**inner["States"]["M"], "Items": "{% $states.input %}"}  # type: ignore[index]
    state["ItemProcessor"] = {**state["ItemProcessor"], "StartAt": "B"}
    run = depot.run(distributed({"A": state}), [[1, 2], [3]])

    assert run.output == [[2, 3], [4]]
    inner_run = depot.map_run(depot.child(run, 0))
    assert str(inner_run["mapRunArn"]).startswith(f"{ACCOUNT}:mapRun:m/each/inner:")


# -- Express children ------------------------------------------------------------------------------


def test_an_express_child_has_no_history_and_no_transitions() -> None:
    """ARN and refusal are as recorded."""
    depot = Depot()
    run = depot.run(distributed(EACH, kind="EXPRESS"), [1, 2])
    child = depot.child(run, 0)
    name, unique = child.arn.split(":")[-2:]

    assert run.output == [2, 4]
    assert child.arn == f"{ACCOUNT}:express:m/each:{name}:{unique}"
    assert child.status == "SUCCEEDED"
    assert code_of(lambda: child.history) == "InvalidArn"
    assert set(depot.transitions) == {("(start)", "M"), ("M", "(end)")}
    assert len(depot.events) == 2


def test_an_express_child_has_five_minutes() -> None:
    depot = Depot()
    states = {"A": {"Type": "Wait", "Seconds": 301, "End": True}}
    run = depot.run(distributed(states, kind="EXPRESS", ToleratedFailureCount=1), [1])

    assert run.status == "SUCCEEDED"
    assert depot.children(run)[0]["status"] == "TIMED_OUT"
    assert depot.hub.now == 1_767_268_800 + 300


def test_express_children_at_work_are_waited_for() -> None:
    depot = Depot({"odd": odd_fails})
    states = {
        "A": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input = 1 %}", "Next": "Fails"}],
            "Default": "Waits",
        },
        "Waits": {"Type": "Wait", "Seconds": 60, "End": True},
        "Fails": task("odd", "{% $states.input %}"),
    }
    run = depot.run(distributed(states, kind="EXPRESS", MaxConcurrency=2), [2, 1, 2])

    assert run.status == "FAILED"
    assert depot.hub.now == 1_767_268_800 + 60
    assert [child["status"] for child in depot.children(run)] == ["SUCCEEDED", "FAILED"]


# -- what others see -------------------------------------------------------------------------------


def test_children_are_not_among_the_executions_of_the_machine() -> None:
    depot = Depot()
    run = depot.run(distributed(EACH), [1, 2])
    listed = depot.machines.list_executions(MACHINE)["executions"]

    assert [each["executionArn"] for each in listed] == [run.arn]  # type: ignore[attr-defined]
    assert depot.machines.executions("m") == [run.arn]


def test_children_are_listed_by_status_and_in_pages() -> None:
    depot = Depot({"odd": odd_fails})
    run = depot.run(distributed(ODD_FAILS, ToleratedFailureCount=9), [1, 2, 3, 4])
    arn = str(depot.map_run(run)["mapRunArn"])
    machines = depot.machines
    failed = machines.list_executions(map_run_arn=arn, status="FAILED")["executions"]
    page = machines.list_executions(map_run_arn=arn, max_results=3)
    rest = machines.list_executions(map_run_arn=arn, next_token=str(page["nextToken"]))

    assert len(failed) == 2  # type: ignore[arg-type]
    assert len(page["executions"]) == 3  # type: ignore[arg-type]
    assert len(rest["executions"]) == 1  # type: ignore[arg-type]
    waiting = machines.list_executions(map_run_arn=arn, status="PENDING_REDRIVE")
    assert waiting["executions"] == []


def test_what_does_not_exist_is_refused() -> None:
    machines = Depot().machines
    arn = f"{ACCOUNT}:mapRun:m/each:1"

    assert code_of(lambda: machines.describe_map_run(arn)) == "ResourceNotFound"
    assert code_of(lambda: machines.update_map_run(arn)) == "ResourceNotFound"
    assert code_of(lambda: machines.list_executions(map_run_arn=arn)) == "ResourceNotFound"
    assert code_of(machines.list_executions) == "ValidationException"
    assert code_of(lambda: machines.list_map_runs("e")) == "ExecutionDoesNotExist"


def test_the_answers_have_the_shape_of_the_api() -> None:
    """Botocore's own model of the service checks them, through a client."""
    depot = Depot({"odd": odd_fails})
    run = depot.run(distributed(ODD_FAILS, ResultWriter=WRITER), [1, 2, 4])
    machines = depot.machines
    redriven = machines.redrive_execution(run.arn)
    depot.hub.run()
    arn = str(depot.map_run(run)["mapRunArn"])
    child = depot.child(run, 0).arn
    client = boto3.client(
        "stepfunctions", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stub:
        stub.add_response("list_map_runs", machines.list_map_runs(run.arn))
        stub.add_response("describe_map_run", machines.describe_map_run(arn))
        stub.add_response("list_executions", machines.list_executions(map_run_arn=arn))
        stub.add_response("get_execution_history", machines.get_execution_history(run.arn))
        stub.add_response("describe_execution", machines.describe_execution(child))
        stub.add_response("redrive_execution", redriven)
        client.list_map_runs(executionArn=run.arn)
        client.describe_map_run(mapRunArn=arn)
        client.list_executions(mapRunArn=arn)
        client.get_execution_history(executionArn=run.arn)
        client.describe_execution(executionArn=child)
        client.redrive_execution(executionArn=run.arn)


def test_ways_and_transitions_of_children_are_counted_with_the_machine() -> None:
    depot = Depot({"odd": odd_fails})
    depot.run(distributed(ODD_FAILS, ToleratedFailureCount=1), [1, 2, 4])

    assert depot.machines.edges("m") == {
        ("(start)", "M"): 1,
        ("M", "A"): 3,
        ("A", "(end)"): 2,
        ("A", "(failed)"): 1,
        ("M", "(end)"): 1,
    }
    assert depot.transitions == depot.machines.edges("m")


def test_others_are_told_of_every_standard_child() -> None:
    depot = Depot()
    run = depot.run(distributed(EACH), [1])
    told = [event["detail"] for event in depot.events]
    statuses = [(each["name"], each["status"]) for each in told]  # type: ignore[index]
    name = depot.children(run)[0]["name"]

    assert statuses == [
        ("e", "RUNNING"),
        (name, "RUNNING"),
        (name, "SUCCEEDED"),
        ("e", "SUCCEEDED"),
    ]


def test_the_same_run_is_the_same_every_time() -> None:
    def whole() -> str:
        depot = Depot({"odd": odd_fails}, seed=7)
        machine = distributed(ODD_FAILS, MaxConcurrency=3, ResultWriter=WRITER)
        run = depot.run(machine, list(range(20)))
        assert isinstance(run, Run)
        seen = [run.history, depot.map_run(run), depot.children(run), depot.buckets.objects]
        return json.dumps(seen[:3], default=str) + str(seen[3])

    assert whole() == whole()


def test_ten_thousand_children_of_three_states_take_seconds() -> None:
    depot = Depot({"echo": lambda payload: payload})
    states = {
        "A": task(
            "echo",
            "{% $states.input %}",
            Assign={"n": "{% $states.result.Payload %}"},
            Next="Known?",
        ),
        "Known?": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $n >= 0 %}", "Next": "Done"}],
        },
        "Done": {"Type": "Succeed", "Output": "{% $n %}"},
    }
    began = time.process_time()
    run = depot.run(distributed(states, MaxConcurrency=40), list(range(10_000)))

    assert run.output == list(range(10_000))
    assert time.process_time() - began < 10
