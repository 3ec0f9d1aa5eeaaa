"""Streams: batches, windows, filters, retries, bisecting, partial failures, positions."""

import json
from typing import Any

import pytest

from local.deliveries.ports import Answer
from local.deliveries.streams import STREAM_DELAY, Stream, StreamPoller
from local.hub import Hub
from local.resources import EventSourceMapping
from tests.local.stack.harness import FakeFunction, failure

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/Events/stream/1"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:set-aside"
PARTIAL = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


class Setup:
    def __init__(
        self, hub: Hub, answers: list[Any] | None = None, *, seconds: float = 0, **mapping: Any
    ):
        self.hub = hub
        self.start = hub.now
        self.sent: list[tuple[str, Any]] = []
        self.stream = Stream(
            hub, arn=ARN, table_keys=("pk", "sk"), view="NEW_IMAGE", region="us-east-1"
        )
        self.function = FakeFunction(hub, answers, seconds=seconds)
        given = {
            "EventSourceArn": ARN,
            "FunctionName": "f",
            "StartingPosition": "LATEST",
            **mapping,
        }
        self.poller = StreamPoller(
            hub,
            self.function,
            lambda arn, text, _: self.sent.append((arn, json.loads(text))),
            stream=self.stream,
            function="f",
            function_arn="arn:f",
            mapping=EventSourceMapping.model_validate(given),
        )

    def write(self, *names: str, key: str = "a", event: str = "INSERT") -> None:
        for name in names:
            item = {"pk": {"S": key}, "sk": {"S": name}, "name": {"S": name}}
            self.stream.write(event, {"pk": item["pk"], "sk": item["sk"]}, None, item)

    def batches(self) -> list[list[str]]:
        return [
            [record["dynamodb"]["Keys"]["sk"]["S"] for record in payload["Records"]]
            for _, payload in self.function.calls
        ]

    def times(self) -> list[float]:
        return [round(when - self.start, 3) for when, _ in self.function.calls]


def first_failing(*names: str) -> Any:
    """An answer that reports the first record of these names in the batch."""

    def answer(payload: Any) -> Any:
        failed = [
            {"itemIdentifier": record["dynamodb"]["SequenceNumber"]}
            for record in payload["Records"]
            if record["dynamodb"]["Keys"]["sk"]["S"] in names
        ]
        return {"batchItemFailures": failed}

    return answer


def failing_with(*names: str) -> Any:
    def answer(payload: Any) -> Answer:
        seen = {record["dynamodb"]["Keys"]["sk"]["S"] for record in payload["Records"]}
        return failure() if seen & set(names) else Answer()

    return answer


def test_what_is_written_together_arrives_together_after_the_streams_delay(hub: Hub) -> None:
    setup = Setup(hub)
    setup.write("1", "2", "3")
    hub.run()
    assert setup.batches() == [["1", "2", "3"]]
    assert setup.times() == [STREAM_DELAY]


def test_a_record_has_the_shape_that_lambda_gets(hub: Hub) -> None:
    setup = Setup(hub)
    setup.write("1")
    hub.run()
    (record,) = setup.function.calls[0][1]["Records"]
    assert set(record) == {
        "awsRegion",
        "dynamodb",
        "eventID",
        "eventName",
        "eventSource",
        "eventSourceARN",
        "eventVersion",
    }
    assert record["dynamodb"]["NewImage"]["name"] == {"S": "1"}
    assert "OldImage" not in record["dynamodb"]


def test_a_full_batch_does_not_wait_for_the_window(hub: Hub) -> None:
    setup = Setup(hub, BatchSize=2, MaximumBatchingWindowInSeconds=5)
    setup.write("1", "2", "3")
    hub.run()
    assert setup.batches() == [["1", "2"], ["3"]]
    assert setup.times() == [STREAM_DELAY, STREAM_DELAY + 5]


def test_records_that_no_filter_wants_never_arrive(hub: Hub) -> None:
    pattern = json.dumps(
        {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"name": {"S": ["1"]}}}}
    )
    setup = Setup(hub, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    setup.write("1", "2")
    setup.write("1", event="MODIFY")
    hub.run()
    assert setup.batches() == [["1"]]


def test_a_failed_batch_blocks_its_shard_and_is_tried_again_whole(hub: Hub) -> None:
    setup = Setup(hub, [failure(), failure(), None])
    setup.write("1", "2")
    hub.run(until=hub.now + 0.5)
    setup.write("3")
    hub.run()
    assert setup.batches() == [["1", "2"], ["1", "2"], ["1", "2"], ["3"]]


def test_partial_failures_are_tried_again_from_the_first_that_failed(hub: Hub) -> None:
    setup = Setup(hub, [first_failing("2", "3"), None], **PARTIAL)
    setup.write("1", "2", "3")
    hub.run()
    assert setup.batches() == [["1", "2", "3"], ["2", "3"]]


@pytest.mark.parametrize(
    "response",
    [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}],
    ids=["null", "empty", "no-failures", "null-failures"],
)
def test_an_empty_report_is_a_success(hub: Hub, response: Any) -> None:
    setup = Setup(hub, [response], **PARTIAL)
    setup.write("1")
    hub.run()
    assert len(setup.function.calls) == 1


@pytest.mark.parametrize("name", ["", "unknown", None], ids=["empty", "unknown", "null"])
def test_a_report_that_names_no_record_fails_the_whole_batch(hub: Hub, name: Any) -> None:
    setup = Setup(hub, [{"batchItemFailures": [{"itemIdentifier": name}]}, None], **PARTIAL)
    setup.write("1", "2")
    hub.run()
    assert setup.batches() == [["1", "2"], ["1", "2"]]


def test_bisecting_isolates_the_poison_and_sets_its_position_aside(hub: Hub) -> None:
    setup = Setup(
        hub,
        [failing_with("3")] * 30,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=2,
        DestinationConfig={"OnFailure": {"Destination": QUEUE}},
    )
    setup.write("1", "2", "3", "4")
    hub.run()
    assert setup.batches() == [
        ["1", "2", "3", "4"],
        ["1", "2"],
        ["3", "4"],
        ["3"],
        ["3"],
        ["3"],
        ["4"],
    ]
    ((target, record),) = setup.sent
    assert target == QUEUE
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    position = record["DDBStreamBatchInfo"]
    assert position["batchSize"] == 1
    assert position["startSequenceNumber"] == position["endSequenceNumber"]
    assert "name" not in json.dumps(record)


def test_records_that_became_too_old_are_set_aside(hub: Hub) -> None:
    setup = Setup(
        hub,
        [failure()] * 100,
        MaximumRecordAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Destination": QUEUE}},
    )
    setup.write("1")
    hub.run()
    assert setup.sent[0][1]["requestContext"]["condition"] == "RecordAgeExceeded"
    assert setup.poller.backlog == 0


def test_an_item_keeps_its_order_and_other_items_do_not_wait_for_it(hub: Hub) -> None:
    setup = Setup(hub, [], seconds=10, ParallelizationFactor=10, BatchSize=1)
    for name in ("1", "2", "3", "4"):
        setup.write(name, name)
    hub.run()
    begun: dict[str, list[float]] = {}
    for time, (name,) in zip(setup.times(), setup.batches(), strict=True):
        begun.setdefault(name, []).append(time)
    assert all(second - first >= 10 for first, second in begun.values())
    assert sum(times[0] == STREAM_DELAY for times in begun.values()) > 1
