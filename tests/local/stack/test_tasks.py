"""What Task states ask for, in worlds made of small templates."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.template import TemplateError
from local.world import World
from tests.local.stack.harness import Probe, function

Make = Callable[..., World]
ROLE = "arn:aws:iam::123456789012:role/any"


def machine(**state: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::Serverless::StateMachine",
        "Properties": {
            "Name": "machine",
            "Role": ROLE,
            "Definition": {
                "QueryLanguage": "JSONata",
                "StartAt": "Do",
                "States": {
                    "Do": {"Type": "Task", "Next": "Done", **state},
                    "Done": {"Type": "Succeed"},
                },
            },
        },
    }


def run(world: World, data: object = None) -> dict[str, Any]:
    execution = world.start("machine", {} if data is None else data)
    world.run()
    return world.describe(execution)


def table() -> dict[str, Any]:
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": "things",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        },
    }


def test_a_function_is_invoked_with_its_payload(make_world: Make, probe: Probe) -> None:
    probe.does["worker"] = lambda event: {"twice": event["n"] * 2}
    task = machine(
        Resource="arn:aws:states:::lambda:invoke",
        Arguments={"FunctionName": "worker", "Payload": "{% $states.input %}"},
        Output="{% $states.result.Payload %}",
    )
    world = make_world({"Worker": function("worker"), "M": task})
    assert json.loads(run(world, {"n": 4})["output"]) == {"twice": 8}


def test_a_functions_error_is_named_after_its_class(make_world: Make, probe: Probe) -> None:
    def broken(_event: Any) -> Any:
        raise LookupError("nobody")

    probe.does["worker"] = broken
    task = machine(Resource="arn:aws:states:::lambda:invoke", Arguments={"FunctionName": "worker"})
    world = make_world({"Worker": function("worker"), "M": task})
    ended = run(world)
    assert (ended["status"], ended["error"]) == ("FAILED", "LookupError")
    assert json.loads(ended["cause"])["errorMessage"] == "nobody"


def test_a_task_waits_for_the_answer_to_its_token(make_world: Make, probe: Probe) -> None:
    task = machine(
        Resource="arn:aws:states:::lambda:invoke.waitForTaskToken",
        Arguments={
            "FunctionName": "worker",
            "Payload": {"token": "{% $states.context.Task.Token %}"},
        },
        TimeoutSeconds=600,
    )
    world = make_world({"Worker": function("worker"), "M": task})
    world.hub.after(
        60,
        lambda: world.client("stepfunctions").send_task_success(
            taskToken=probe.events("worker")[0]["token"], output='{"answer": 1}'
        ),
    )
    assert json.loads(run(world)["output"]) == {"answer": 1}


INTEGRATIONS = [
    (
        "put-item",
        "arn:aws:states:::dynamodb:putItem",
        {"TableName": "things", "Item": {"id": {"S": "a"}}},
    ),
    (
        "send-message",
        "arn:aws:states:::sqs:sendMessage",
        {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q", "MessageBody": {"a": 1}},
    ),
    (
        "put-events",
        "arn:aws:states:::events:putEvents",
        {"Entries": [{"Source": "s", "DetailType": "t", "Detail": {"a": 1}}]},
    ),
    (
        "sdk",
        "arn:aws:states:::aws-sdk:dynamodb:putItem",
        {"TableName": "things", "Item": {"id": {"S": "a"}}},
    ),
    (
        "schedule",
        "arn:aws:states:::aws-sdk:scheduler:createSchedule",
        {
            "Name": "later",
            "ScheduleExpression": "at(2026-03-02T00:00:00)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {
                "Arn": "arn:aws:sqs:us-east-1:123456789012:q",
                "RoleArn": ROLE,
                "Input": "x",
            },
        },
    ),
]


@pytest.mark.parametrize(
    ("resource", "arguments"), [i[1:] for i in INTEGRATIONS], ids=[i[0] for i in INTEGRATIONS]
)
def test_integrations_are_answered_by_the_services_of_this_machine(
    make_world: Make, resource: str, arguments: dict[str, Any]
) -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}
    task = machine(Resource=resource, Arguments=arguments)
    world = make_world({"T": table(), "Q": queue, "M": task})
    ended = run(world)
    assert ended["status"] == "SUCCEEDED", ended
    made = [
        bool(world.dynamodb.items("things")),
        bool(world.sqs.receive(world.sqs.url("q"), 1)),
        world.meter.units["custom_events"] == 1,
    ]
    assert sum(made) == 1


def test_a_services_error_has_the_name_that_step_functions_gives_it(make_world: Make) -> None:
    arguments = {
        "TableName": "things",
        "Item": {"id": {"S": "a"}},
        "ConditionExpression": "attribute_exists(id)",
    }
    task = machine(Resource="arn:aws:states:::dynamodb:putItem", Arguments=arguments)
    world = make_world({"T": table(), "M": task})
    assert run(world)["error"] == "DynamoDB.ConditionalCheckFailedException"


def test_an_integration_that_is_not_supported_is_refused_by_name(make_world: Make) -> None:
    task = machine(Resource="arn:aws:states:::glue:startJobRun", Arguments={"JobName": "x"})
    world = make_world({"M": task})
    world.start("machine", {})
    with pytest.raises(TemplateError, match="glue:startJobRun"):
        world.run()
