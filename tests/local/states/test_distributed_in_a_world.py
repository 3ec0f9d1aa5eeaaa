"""A Distributed Map in the whole embedded AWS: buckets, functions, clients, the bill."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from local.world import World
from tests.local.stack.harness import START, Probe, function, write_project
from tests.local.states.buckets import GET, LIST, PUT, distributed
from tests.local.states.cases import passing, task

FILE = {"Bucket": "contacts", "Key": "all.csv"}
CSV = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Probe:
    made = Probe()
    module = ModuleType("probe")
    module.handle = made.handle  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "probe", module)
    return made


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[Any]:
    made: list[World] = []

    def make(definition: Any) -> World:
        machine = {
            "Type": "AWS::Serverless::StateMachine",
            "Properties": {
                "Name": "machine",
                "Role": "arn:aws:iam::123456789012:role/any",
                "Definition": {"QueryLanguage": "JSONata", **definition},
            },
        }
        bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "contacts"}}
        write_project(tmp_path, {"Bucket": bucket, "Settle": function("settle"), "M": machine})
        made.append(World.build(root=tmp_path, start=START))
        return made[-1]

    yield make
    for world in made:
        world.close()


def settling(**fields: Any) -> Any:
    settle = task("settle", "{% $states.input %}", Output="{% $states.result.Payload %}")
    writer = {"Resource": PUT, "Arguments": {"Bucket": "contacts", "Prefix": "results"}}
    return distributed(
        {"A": settle},
        ItemReader={"Resource": GET, "Arguments": FILE, "ReaderConfig": CSV},
        ItemBatcher={"MaxItemsPerBatch": 10},
        MaxConcurrency=2,
        ResultWriter=writer,
        **fields,
    )


def test_a_file_is_settled_in_batches_and_the_rest_redriven(worlds: Any, probe: Probe) -> None:
    sick = {"c-020"}

    def settle(event: Any) -> Any:
        ids = [item["id"] for item in event["Items"]]
        if ids[0] in sick:
            raise RuntimeError(ids[0])
        return len(ids)

    probe.does["settle"] = settle
    world = worlds(settling())
    s3, states = world.client("s3"), world.client("stepfunctions")
    rows = "\n".join(f"c-{number:03}" for number in range(95))
    s3.put_object(**FILE, Body=f"id\n{rows}\n".encode())
    execution = world.start("machine", {})
    world.run()
    assert world.describe(execution)["status"] == "FAILED"
    (run,) = states.list_map_runs(executionArn=execution)["mapRuns"]
    before = states.describe_map_run(mapRunArn=run["mapRunArn"])
    assert before["executionCounts"]["failed"] == 1
    calls = len(probe.seen)

    sick.clear()
    states.redrive_execution(executionArn=execution)
    world.run()

    described = world.describe(execution)
    assert described["status"] == "SUCCEEDED"
    written = json.loads(described["output"])["ResultWriterDetails"]
    manifest = json.loads(s3.get_object(**written)["Body"].read())
    results = [
        json.loads(each["Output"])
        for listed in manifest["ResultFiles"]["SUCCEEDED"]
        for each in json.loads(s3.get_object(Bucket="contacts", Key=listed["Key"])["Body"].read())
    ]
    assert sum(results) == 95
    assert len(probe.seen) - calls == 10 - before["executionCounts"]["succeeded"]
    children = states.list_executions(mapRunArn=run["mapRunArn"], statusFilter="SUCCEEDED")
    assert len(children["executions"]) == 10


def test_reading_writing_and_every_child_are_metered(worlds: Any, probe: Probe) -> None:
    probe.does["settle"] = lambda event: len(event["Items"])
    world = worlds(settling())
    world.client("s3").put_object(**FILE, Body=b"id\na\nb\n" + b"c\n" * 18)
    world.start("machine", {})
    world.run()

    assert world.meter.units["s3_reads"] == 1
    assert world.meter.units["s3_writes"] == 2
    assert world.meter.units["transitions"] == 2 + 2 * 2
    assert world.meter.units["invocations"] == 2


def test_objects_are_listed(worlds: Any, probe: Probe) -> None:
    reader = {"Resource": LIST, "Arguments": {"Bucket": "contacts", "Prefix": "a/"}}
    world = worlds(distributed({"A": passing()}, ItemReader=reader))
    for key in ("a/1", "a/2", "b/1"):
        world.client("s3").put_object(Bucket="contacts", Key=key, Body=b"x")
    execution = world.start("machine", {})
    world.run()
    output = json.loads(world.describe(execution)["output"])

    assert [item["Key"] for item in output] == ["a/1", "a/2"]
    assert output[0]["Size"] == 1
    assert output[0]["LastModified"] == int(START.timestamp())


def test_a_missing_file_is_a_failure_of_the_reader(worlds: Any, probe: Probe) -> None:
    world = worlds(settling())
    execution = world.start("machine", {})
    world.run()

    assert world.describe(execution)["error"] == "States.ItemReaderFailed"
