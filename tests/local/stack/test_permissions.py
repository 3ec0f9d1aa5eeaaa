"""What functions did beside what their roles allow, where a permission is missing."""

from collections.abc import Callable
from typing import Any

import pytest

from local.permissions import ANY, Use, missing, needs, unconnected
from local.world import World
from tests.local.stack.harness import Probe, function

Make = Callable[..., World]
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/things"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"

NEEDS = [
    ("get", "dynamodb", "GetItem", {"TableName": "things"}, [("dynamodb:GetItem", TABLE)]),
    (
        "index",
        "dynamodb",
        "Query",
        {"TableName": "things", "IndexName": "by"},
        [("dynamodb:Query", f"{TABLE}/index/by")],
    ),
    (
        "transaction",
        "dynamodb",
        "TransactWriteItems",
        {
            "TransactItems": [
                {"Put": {"TableName": "things"}},
                {"ConditionCheck": {"TableName": "things"}},
            ]
        },
        [("dynamodb:PutItem", TABLE), ("dynamodb:ConditionCheckItem", TABLE)],
    ),
    (
        "send-email",
        "sesv2",
        "SendEmail",
        {"FromEmailAddress": "Us <us@example.com>", "ConfigurationSetName": "s"},
        [
            ("ses:SendEmail", "arn:aws:ses:us-east-1:123456789012:identity/example.com"),
            ("ses:SendEmail", "arn:aws:ses:us-east-1:123456789012:configuration-set/s"),
        ],
    ),
    (
        "token",
        "stepfunctions",
        "SendTaskSuccess",
        {"taskToken": "t"},
        [("states:SendTaskSuccess", ANY)],
    ),
    (
        "queue",
        "sqs",
        "SendMessage",
        {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q"},
        [("sqs:SendMessage", QUEUE)],
    ),
    (
        "bus",
        "events",
        "PutEvents",
        {"Entries": [{"EventBusName": "b"}, {"EventBusName": "b"}]},
        [("events:PutEvents", "arn:aws:events:us-east-1:123456789012:event-bus/b")],
    ),
]


@pytest.mark.parametrize(
    ("service", "operation", "params", "expected"),
    [n[1:] for n in NEEDS],
    ids=[n[0] for n in NEEDS],
)
def test_a_call_needs_what_iam_asks_for(
    service: str, operation: str, params: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert list(needs(service, operation, params)) == expected


def test_a_call_that_the_role_does_not_allow_is_named(make_world: Make, probe: Probe) -> None:
    allow = {"Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": TABLE}
    deny = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
    policies = [{"Statement": [allow, deny]}]
    world = make_world({"Worker": function("worker", Policies=policies)})
    uses = {
        Use("worker", "dynamodb:GetItem", TABLE),
        Use("worker", "dynamodb:PutItem", TABLE),
        Use("worker", "dynamodb:GetItem", f"{TABLE}2"),
        Use("worker", "sqs:SendMessage", QUEUE),
    }
    assert missing(world.stack, uses) == [
        f"worker used dynamodb:GetItem on {TABLE}2, which its role does not allow",
        f"worker used dynamodb:PutItem on {TABLE}, which its role does not allow",
        f"worker used sqs:SendMessage on {QUEUE}, which its role does not allow",
    ]


def test_a_queue_that_does_not_let_its_rule_in_is_named(make_world: Make) -> None:
    target = {"Id": "1", "Arn": QUEUE}
    rule = {
        "Type": "AWS::Events::Rule",
        "Properties": {"EventPattern": {"source": ["x"]}, "Targets": [target]},
    }
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}
    world = make_world({"Q": queue, "R": rule})
    (sentence,) = unconnected(world.stack)
    assert sentence.startswith(f"R: events.amazonaws.com may not do sqs:SendMessage on {QUEUE}")


def test_a_machine_that_may_not_invoke_its_function_is_named(
    make_world: Make, probe: Probe
) -> None:
    invoke = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": "worker"},
        "End": True,
    }
    machine = {
        "Type": "AWS::Serverless::StateMachine",
        "Properties": {
            "Name": "m",
            "Definition": {
                "QueryLanguage": "JSONata",
                "StartAt": "Do",
                "States": {"Do": invoke},
            },
            "Policies": [
                {"Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}]}
            ],
        },
    }
    world = make_world({"Worker": function("worker"), "M": machine})
    (sentence,) = unconnected(world.stack)
    assert sentence.startswith("M: the role")
    assert "lambda:InvokeFunction" in sentence
