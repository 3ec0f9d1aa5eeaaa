"""Queues, rules, topics and asynchronous invocations, in worlds made of small templates."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from local.template import TemplateError
from local.world import World
from tests.local.stack.harness import Probe, function

Make = Callable[..., World]
ARN = "arn:aws:{}:us-east-1:123456789012:{}"


def queue(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def received(world: World, name: str) -> list[dict[str, Any]]:
    answer = world.client("sqs").receive_message(
        QueueUrl=world.sqs.url(name),
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
        VisibilityTimeout=0,
    )
    return list(answer.get("Messages", []))


def broken(_event: Any) -> Any:
    raise RuntimeError("broken")


def queue_project(**source: Any) -> dict[str, Any]:
    redrive = {"deadLetterTargetArn": ARN.format("sqs", "dead"), "maxReceiveCount": 3}
    events = {"Q": {"Type": "SQS", "Properties": {"Queue": ARN.format("sqs", "work"), **source}}}
    return {
        "Dead": queue(QueueName="dead"),
        "Work": queue(QueueName="work", VisibilityTimeout=60, RedrivePolicy=redrive),
        "Worker": function("worker", Events=events),
    }


def test_messages_arrive_in_batches_and_are_gone_afterwards(make_world: Make, probe: Probe) -> None:
    world = make_world(queue_project(BatchSize=10))
    for number in range(3):
        world.client("sqs").send_message(QueueUrl=world.sqs.url("work"), MessageBody=str(number))
    world.run()
    (event,) = probe.events("worker")
    assert [record["body"] for record in event["Records"]] == ["0", "1", "2"]
    assert event["Records"][0]["eventSource"] == "aws:sqs"
    assert received(world, "work") == []


def test_a_message_that_always_fails_ends_in_the_dead_letter_queue(
    make_world: Make, probe: Probe
) -> None:
    probe.does["worker"] = broken
    world = make_world(queue_project())
    world.client("sqs").send_message(QueueUrl=world.sqs.url("work"), MessageBody="poison")
    begun = world.now
    world.run()
    assert len(probe.events("worker")) == 3
    assert [message["Body"] for message in received(world, "dead")] == ["poison"]
    assert world.now - begun > timedelta(minutes=2)


def test_only_what_failed_is_seen_again(make_world: Make, probe: Probe) -> None:
    def worker(event: Any) -> Any:
        failed = [r["messageId"] for r in event["Records"] if r["body"] == "bad"]
        first = len(probe.events("worker")) == 1
        return {"batchItemFailures": [{"itemIdentifier": one} for one in failed if first]}

    probe.does["worker"] = worker
    world = make_world(queue_project(FunctionResponseTypes=["ReportBatchItemFailures"]))
    for body in ("good", "bad"):
        world.client("sqs").send_message(QueueUrl=world.sqs.url("work"), MessageBody=body)
    world.run()
    bodies = [[r["body"] for r in event["Records"]] for event in probe.events("worker")]
    assert bodies == [["good", "bad"], ["bad"]]
    assert probe.events("worker")[1]["Records"][0]["attributes"]["ApproximateReceiveCount"] == "2"


def test_a_delayed_message_arrives_when_its_time_has_come(make_world: Make, probe: Probe) -> None:
    world = make_world(queue_project())
    world.client("sqs").send_message(
        QueueUrl=world.sqs.url("work"), MessageBody="later", DelaySeconds=90
    )
    world.run(for_=timedelta(seconds=89))
    assert probe.events("worker") == []
    world.run()
    assert len(probe.events("worker")) == 1


def test_a_queue_that_hides_messages_for_less_than_the_functions_time_out_is_refused(
    make_world: Make, probe: Probe
) -> None:
    resources = queue_project()
    resources["Work"]["Properties"]["VisibilityTimeout"] = 1
    with pytest.raises(TemplateError, match="visibility time-out of 1 s is shorter"):
        make_world(resources)


def rule(target: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {"EventPattern": {"source": ["shop"]}, "Targets": [target], **properties},
    }


def put(world: World, **entry: Any) -> dict[str, Any]:
    event = {"Source": "shop", "DetailType": "sold", "Detail": '{"sku": "a1"}', **entry}
    answer: dict[str, Any] = world.client("events").put_events(Entries=[event])
    return answer


def test_a_rule_hands_the_whole_event_to_its_function(make_world: Make, probe: Probe) -> None:
    target = {"Id": "1", "Arn": ARN.format("lambda", "function:listener")}
    world = make_world({"Listener": function("listener"), "Rule": rule(target)})
    event_id = put(world)["Entries"][0]["EventId"]
    put(world, Source="other")
    world.run()
    (event,) = probe.events("listener")
    assert event == {
        "version": "0",
        "id": event_id,
        "detail-type": "sold",
        "source": "shop",
        "account": "123456789012",
        "time": "2026-03-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {"sku": "a1"},
    }


def test_a_rule_transforms_its_input_for_a_state_machine(make_world: Make) -> None:
    machine = {
        "Type": "AWS::Serverless::StateMachine",
        "Properties": {
            "Name": "echo",
            "Role": "arn:aws:iam::123456789012:role/any",
            "Definition": {
                "QueryLanguage": "JSONata",
                "StartAt": "Done",
                "States": {"Done": {"Type": "Succeed", "Output": "{% $states.input %}"}},
            },
        },
    }
    target = {
        "Id": "1",
        "Arn": {"Ref": "Machine"},
        "RoleArn": "arn:aws:iam::123456789012:role/any",
        "InputTransformer": {
            "InputPathsMap": {"sku": "$.detail.sku"},
            "InputTemplate": '{"bought": <sku>}',
        },
    }
    world = make_world({"Machine": machine, "Rule": rule(target)})
    put(world)
    world.run()
    (execution,) = world.machines.executions("echo")
    assert json.loads(world.describe(execution)["output"]) == {"bought": "a1"}


def test_an_event_that_cannot_be_delivered_goes_to_the_rules_dead_letter_queue(
    make_world: Make,
) -> None:
    target = {
        "Id": "1",
        "Arn": ARN.format("states", "stateMachine:missing"),
        "RoleArn": "arn:aws:iam::123456789012:role/any",
        "DeadLetterConfig": {"Arn": ARN.format("sqs", "dead")},
    }
    world = make_world({"Dead": queue(QueueName="dead"), "Rule": rule(target, Name="r")})
    put(world)
    world.run()
    (message,) = received(world, "dead")
    assert json.loads(message["Body"])["detail"] == {"sku": "a1"}
    attributes = {name: v["StringValue"] for name, v in message["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == "StateMachineDoesNotExist"
    assert attributes["RULE_ARN"].endswith("rule/r")


def test_a_rule_has_at_most_five_targets(make_world: Make) -> None:
    target = {"Id": "1", "Arn": ARN.format("sqs", "dead")}
    six = rule(target, Targets=[{**target, "Id": str(n)} for n in range(6)])
    with pytest.raises(TemplateError, match="Rule: Targets"):
        make_world({"Dead": queue(QueueName="dead"), "Rule": six})


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"Detail": "[]"}, "MalformedDetail"),
        ({"Detail": "{"}, "MalformedDetail"),
        ({"Source": "aws.x"}, "NotAuthorizedForSourceException"),
        ({"DetailType": ""}, "InvalidArgument"),
    ],
    ids=["list", "no-json", "aws-source", "no-type"],
)
def test_a_wrong_entry_fails_alone(make_world: Make, entry: dict[str, str], code: str) -> None:
    world = make_world({"Dead": queue()})
    answer = put(world, **entry)
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0]["ErrorCode"] == code


def test_a_topic_reaches_a_queue_in_an_envelope_or_raw_and_a_function(
    make_world: Make, probe: Probe
) -> None:
    def listen(**properties: Any) -> dict[str, Any]:
        topic = {"TopicArn": {"Ref": "Topic"}}
        return {"Type": "AWS::SNS::Subscription", "Properties": {**topic, **properties}}

    world = make_world(
        {
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "news"}},
            "Plain": queue(QueueName="plain"),
            "Raw": queue(QueueName="raw"),
            "Listener": function("listener"),
            "ToPlain": listen(Protocol="sqs", Endpoint=ARN.format("sqs", "plain")),
            "ToRaw": listen(
                Protocol="sqs", Endpoint=ARN.format("sqs", "raw"), RawMessageDelivery=True
            ),
            "ToListener": listen(
                Protocol="lambda", Endpoint=ARN.format("lambda", "function:listener")
            ),
        }
    )
    world.client("sns").publish(TopicArn=ARN.format("sns", "news"), Message="hello", Subject="hi")
    world.run()
    envelope = json.loads(received(world, "plain")[0]["Body"])
    assert (envelope["Type"], envelope["Message"], envelope["Subject"]) == (
        "Notification",
        "hello",
        "hi",
    )
    assert received(world, "raw")[0]["Body"] == "hello"
    assert probe.events("listener")[0]["Records"][0]["Sns"]["Message"] == "hello"


def async_project(**config: Any) -> dict[str, Any]:
    invoke = {
        "MaximumRetryAttempts": 2,
        "DestinationConfig": {
            "OnFailure": {"Type": "SQS", "Destination": ARN.format("sqs", "failed")}
        },
        **config,
    }
    return {
        "Failed": queue(QueueName="failed"),
        "Worker": function("worker", EventInvokeConfig=invoke),
    }


def test_an_asynchronous_invocation_is_tried_three_times_then_reported(
    make_world: Make, probe: Probe
) -> None:
    probe.does["worker"] = broken
    world = make_world(async_project())
    begun = world.now
    world.client("lambda").invoke(FunctionName="worker", InvocationType="Event", Payload=b'{"a":1}')
    world.run()
    assert probe.events("worker") == [{"a": 1}] * 3
    (message,) = received(world, "failed")
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestPayload"] == {"a": 1}
    assert record["responsePayload"]["errorType"] == "RuntimeError"
    assert timedelta(minutes=3) < world.now - begun < timedelta(minutes=4)


def test_an_asynchronous_invocation_can_be_given_up_at_once(make_world: Make, probe: Probe) -> None:
    probe.does["worker"] = broken
    world = make_world(async_project(MaximumRetryAttempts=0))
    world.client("lambda").invoke(FunctionName="worker", InvocationType="Event", Payload=b"{}")
    world.run()
    assert len(probe.events("worker")) == 1
    assert len(received(world, "failed")) == 1


def test_a_synchronous_invocation_answers_with_the_result_or_the_error(
    make_world: Make, probe: Probe
) -> None:
    world = make_world(async_project())
    probe.does["worker"] = lambda event: {"got": event}
    answer = world.client("lambda").invoke(FunctionName="worker", Payload=b'{"a":1}')
    assert json.loads(answer["Payload"].read()) == {"got": {"a": 1}}
    probe.does["worker"] = broken
    answer = world.client("lambda").invoke(FunctionName="worker", Payload=b"{}")
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read())["errorMessage"] == "broken"


def test_a_one_time_schedule_fires_once_and_can_be_called_off(
    make_world: Make, probe: Probe
) -> None:
    world = make_world(async_project())
    scheduler = world.client("scheduler")
    target = {
        "Arn": ARN.format("lambda", "function:worker"),
        "RoleArn": "arn:aws:iam::123456789012:role/any",
        "Input": '{"wake": "<aws.scheduler.scheduled-time>"}',
    }
    for name in ("first", "second"):
        scheduler.create_schedule(
            Name=name,
            ScheduleExpression="at(2026-03-05T10:00:00)",
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target=target,
        )
    scheduler.delete_schedule(Name="second")
    world.run()
    assert probe.events("worker") == [{"wake": "2026-03-05T10:00:00Z"}]
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule(Name="first")


def test_a_schedule_of_the_template_runs_its_function_with_its_input(
    make_world: Make, probe: Probe
) -> None:
    tick = {
        "Type": "ScheduleV2",
        "Properties": {"ScheduleExpression": "rate(1 hour)", "Input": '{"t": 1}'},
    }
    world = make_world({"Worker": function("worker", Events={"Tick": tick})})
    world.run(for_=timedelta(hours=2, minutes=1))
    assert probe.events("worker") == [{"t": 1}, {"t": 1}]
