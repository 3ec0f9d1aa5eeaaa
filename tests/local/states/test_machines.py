"""The service: starting, describing, listing, history, limits, what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import boto3
import pytest
from botocore.stub import Stubber

from local.states import StatesError
from tests.local.states.cases import passing, task
from tests.local.states.simulation import ACCOUNT, Run, Simulation, code_of

PLAIN = {"StartAt": "A", "States": {"A": passing()}}
WAITING = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 60, "End": True}}}
ARN = f"{ACCOUNT}:stateMachine:m"


def test_the_same_start_twice_is_one_execution() -> None:
    simulation = Simulation()
    simulation.create(WAITING)

    first = simulation.machines.start_execution(ARN, "anna", '{"a": 1}')
    simulation.hub.run(until=simulation.hub.now + 1)
    second = simulation.machines.start_execution(ARN, "anna", '{"a": 1}')

    assert first == second == f"{ACCOUNT}:execution:m:anna"
    assert simulation.machines.executions("m") == [first]


def test_the_same_name_with_other_input_is_refused() -> None:
    simulation = Simulation()
    simulation.create(WAITING)
    simulation.machines.start_execution(ARN, "anna", '{"a": 1}')

    assert code_of(lambda: simulation.machines.start_execution(ARN, "anna", '{"a": 2}')) == (
        "ExecutionAlreadyExists"
    )


def test_a_closed_name_is_refused() -> None:
    simulation = Simulation()
    run = simulation.run(PLAIN)

    assert run.status == "SUCCEEDED"
    assert code_of(lambda: simulation.machines.start_execution(ARN, "e", "{}")) == (
        "ExecutionAlreadyExists"
    )


def test_an_execution_without_a_name_gets_one() -> None:
    simulation = Simulation()
    simulation.create(PLAIN)
    arns = {simulation.machines.start_execution(ARN) for _ in range(3)}

    assert len(arns) == 3


@pytest.mark.parametrize(
    ("name", "given", "code"),
    [
        ("has space", "{}", "InvalidName"),
        ("a:b", "{}", "InvalidName"),
        ("x" * 81, "{}", "InvalidName"),
        ("", "{}", "InvalidName"),
        ("e", "{", "InvalidExecutionInput"),
        ("e", '"' + "x" * 262_144 + '"', "ValidationException"),
    ],
)
def test_a_start_is_checked(name: str, given: str, code: str) -> None:
    simulation = Simulation()
    simulation.create(PLAIN)

    assert code_of(lambda: simulation.machines.start_execution(ARN, name, given)) == code


def test_what_does_not_exist_is_refused() -> None:
    machines = Simulation().machines

    assert code_of(lambda: machines.start_execution(ARN)) == "StateMachineDoesNotExist"
    assert code_of(lambda: machines.start_execution("m")) == "InvalidArn"
    assert code_of(lambda: machines.describe_execution("e")) == "ExecutionDoesNotExist"


def test_the_answers_have_the_shape_of_the_api() -> None:
    """Botocore's own model of the service checks them, through a client."""
    simulation = Simulation({"f": lambda payload: {"x": 1}})
    state = task("f", TimeoutSeconds=60, Assign={"x": "{% $states.result %}"}, Next="B")
    run = simulation.run({"StartAt": "A", "States": {"A": state, "B": passing(Output=["no"])}})
    client = boto3.client(
        "stepfunctions", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    machines = simulation.machines
    with Stubber(client) as stub:
        stub.add_response("describe_execution", machines.describe_execution(run.arn))
        stub.add_response("get_execution_history", machines.get_execution_history(run.arn))
        stub.add_response("list_executions", machines.list_executions(ARN))
        stub.add_response("describe_state_machine", machines.describe_state_machine(ARN))
        stub.add_response("list_state_machines", machines.list_state_machines())
        client.describe_execution(executionArn=run.arn)
        client.get_execution_history(executionArn=run.arn)
        client.list_executions(stateMachineArn=ARN)
        client.describe_state_machine(stateMachineArn=ARN)
        client.list_state_machines()


def test_history_tells_what_went_in_and_out() -> None:
    simulation = Simulation({"f": lambda payload: {"x": 1}})
    state = task(
        "f", {"n": "{% $states.input.n %}"}, TimeoutSeconds=60, Assign={"x": [1, "a"]}, Output=5
    )
    run = simulation.run({"StartAt": "A", "States": {"A": state}}, {"n": 3})

    assert run.history[0] == {
        "timestamp": datetime(2026, 1, 1, 12, tzinfo=UTC),
        "type": "ExecutionStarted",
        "id": 1,
        "previousEventId": 0,
        "executionStartedEventDetails": {
            "input": '{"n": 3}',
            "inputDetails": {"truncated": False},
            "roleArn": "arn:aws:iam::123456789012:role/m",
        },
    }
    assert run.details("TaskScheduled") == {
        "resourceType": "lambda",
        "resource": "invoke",
        "region": "us-east-1",
        "parameters": '{"FunctionName":"f","Payload":{"n":3}}',
        "timeoutInSeconds": 60,
    }
    assert run.details("TaskStateExited") == {
        "name": "A",
        "output": "5",
        "outputDetails": {"truncated": False},
        "assignedVariables": {"x": '[1,"a"]'},
        "assignedVariablesDetails": {"truncated": False},
    }
    assert [event["id"] for event in run.history] == list(range(1, 8))


def test_history_comes_in_pages_and_backwards() -> None:
    simulation = Simulation()
    run = simulation.run(PLAIN)
    machines = simulation.machines

    first = machines.get_execution_history(run.arn, max_results=3)
    rest = machines.get_execution_history(
        run.arn, max_results=3, next_token=str(first["nextToken"])
    )
    backwards = machines.get_execution_history(run.arn, reverse_order=True)

    assert [*first["events"], *rest["events"]] == run.history  # type: ignore[misc]
    assert "nextToken" not in rest
    assert backwards["events"] == run.history[::-1]


def test_history_without_data() -> None:
    simulation = Simulation()
    run = simulation.run(PLAIN, {"a": 1})
    answer = simulation.machines.get_execution_history(run.arn, include_execution_data=False)

    assert '"a"' not in json.dumps(answer, default=str)


def test_executions_are_listed_newest_first() -> None:
    simulation = Simulation()
    simulation.create(WAITING)
    for name in ("one", "two", "three"):
        simulation.machines.start_execution(ARN, name, "{}")
    simulation.machines.stop_execution(f"{ACCOUNT}:execution:m:two")
    listed = simulation.machines.list_executions(ARN, status="RUNNING")["executions"]

    assert [each["name"] for each in listed] == ["three", "one"]  # type: ignore[attr-defined]


def test_others_are_told_of_every_change() -> None:
    simulation = Simulation()
    simulation.run({"StartAt": "A", "States": {"A": passing(Output={"b": 2})}}, {"a": 1})
    running, succeeded = simulation.events

    assert (running["source"], running["detail-type"]) == (
        "aws.states",
        "Step Functions Execution Status Change",
    )
    assert running["resources"] == [f"{ACCOUNT}:execution:m:e"]
    assert running["time"] == "2026-01-01T12:00:00Z"
    detail = succeeded["detail"]
    assert isinstance(detail, Mapping)
    assert detail["status"] == "SUCCEEDED"
    assert (detail["input"], detail["output"]) == ('{"a": 1}', '{"b":2}')
    assert detail["inputDetails"] == detail["outputDetails"] == {"included": True}
    assert detail["stateMachineArn"] == ARN
    assert detail["startDate"] == detail["stopDate"] == 1_767_268_800_000


def test_ways_are_counted() -> None:
    simulation = Simulation()
    arn = simulation.create(
        {
            "StartAt": "Big?",
            "States": {
                "Big?": {
                    "Type": "Choice",
                    "Choices": [{"Condition": "{% $states.input.n > 1 %}", "Next": "Big"}],
                    "Default": "Small",
                },
                "Big": {"Type": "Succeed"},
                "Small": {"Type": "Fail", "Error": "Small", "Cause": "c"},
            },
        }
    )
    for number in range(4):
        simulation.machines.start_execution(arn, f"e{number}", json.dumps({"n": number}))
    simulation.hub.run()

    assert simulation.machines.edges("m") == {
        ("(start)", "Big?"): 4,
        ("Big?", "Big"): 2,
        ("Big?", "Small"): 2,
        ("Big", "(end)"): 2,
        ("Small", "(failed)"): 2,
    }
    assert simulation.machines.branches("m")["Big?", "Choices[0]", "Big"] == 2
    assert simulation.transitions == simulation.machines.edges("m")


@pytest.mark.parametrize("field", ["Output", "Assign", "Arguments"])
def test_what_is_too_large_is_not_caught(field: str) -> None:
    large: object = "{% $pad('x', 263000) %}"
    value = {"x": large} if field == "Assign" else large
    state = task("f", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "B"}])
    state = {**state, field: {"FunctionName": "f", "p": large} if field == "Arguments" else value}
    run = Simulation({"f": lambda payload: {}}).run(
        {"StartAt": "A", "States": {"A": state, "B": passing()}}
    )

    assert (run.status, run.described["error"]) == ("FAILED", "States.DataLimitExceeded")


def test_an_execution_ends_when_its_history_is_full() -> None:
    run = Simulation().run({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}})

    assert (run.status, run.described["error"]) == ("FAILED", "States.Runtime")
    assert "25000" in str(run.described["cause"])
    assert run.last_event_id == 25_000


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ({"A": {"Type": "Pass", "Next": "Bee"}, "Be": {"Type": "Succeed"}}, 'Did you mean "Be"?'),
        ({"A": passing(QueryLanguage="JSONPath")}, 'QueryLanguage must be "JSONata"'),
        (
            {"A": {**task(), "Resource": "arn:aws:states:::states:startExecution.sync:2"}},
            "is not supported",
        ),
        (
            {"A": {**task(), "Resource": "arn:aws:states:us-east-1:123456789012:activity:a"}},
            "activity:a is not supported",
        ),
        ({"A": {**task(), "Credentials": {"RoleArn": "r"}}}, "Credentials are not supported"),
        ({"A": passing(Output="{% $a + %}")}, '"\\$a \\+" is not JSONata'),
    ],
)
def test_what_cannot_run_here_is_refused_by_name(states: Mapping[str, object], told: str) -> None:
    with pytest.raises(StatesError, match=told) as refused:
        Simulation().create({"StartAt": "A", "States": states})

    assert refused.value.code == "InvalidDefinition"


def test_running_executions_keep_their_definition() -> None:
    simulation = Simulation()
    arn = simulation.create(
        {
            "StartAt": "A",
            "States": {
                "A": {"Type": "Wait", "Seconds": 60, "Next": "B"},
                "B": passing(Output="old"),
            },
        }
    )
    old = Run(simulation, simulation.machines.start_execution(arn, "old", "{}"))
    simulation.hub.run(until=simulation.hub.now + 1)
    simulation.create({"StartAt": "A", "States": {"A": passing(Output="new")}})
    new = Run(simulation, simulation.machines.start_execution(arn, "new", "{}"))
    simulation.hub.run()

    assert (old.output, new.output) == ("old", "new")


def test_functions_cannot_change_what_a_machine_holds() -> None:
    kept: dict[str, object] = {}

    def meddle(payload: object) -> object:
        assert isinstance(payload, dict)
        payload["n"] = "changed"
        kept["list"] = [1]
        return kept

    simulation = Simulation({"f": meddle})
    run = simulation.run(
        {
            "StartAt": "A",
            "States": {
                "A": task(
                    "f",
                    "{% $states.input %}",
                    Assign={"r": "{% $states.result.Payload %}"},
                    Output="{% $states.input %}",
                    Next="C",
                ),
                "C": passing(Output=["{% $states.input.n %}", "{% $r %}"]),
            },
        },
        {"n": 1},
    )
    kept["list"] = "changed"

    assert run.output == [1, {"list": [1]}]
