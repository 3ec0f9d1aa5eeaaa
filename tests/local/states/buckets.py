"""Buckets beside the functions of a test, and Distributed Maps that read and write them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping

from local.states import TaskOutcome
from tests.local.states.simulation import Function, Functions, Run, Simulation, SmallHub

GET = "arn:aws:states:::s3:getObject"
LIST = "arn:aws:states:::s3:listObjectsV2"
PUT = "arn:aws:states:::s3:putObject"
WRITER = {"Resource": PUT, "Arguments": {"Bucket": "out", "Prefix": "results"}}
Json = Mapping[str, object]


class Buckets(Functions):
    """A task port that keeps objects too, and lists them two at a time."""

    def __init__(self, hub: SmallHub, functions: Mapping[str, Function]) -> None:
        super().__init__(hub, functions)
        self.objects: dict[tuple[str, str], str] = {}
        self.requests: Counter[str] = Counter()
        self.broken: set[str] = set()
        """Operations that are refused."""

    def start(
        self, resource: str, arguments: object, done: Callable[[TaskOutcome], None], /
    ) -> None:
        if ":s3:" not in resource:
            super().start(resource, arguments, done)
            return
        assert isinstance(arguments, dict)
        operation = resource.rsplit(":", 1)[1]
        self.requests[operation] += 1
        outcome = self._answer(operation, arguments)
        self._hub.at(self._hub.now, lambda: done(outcome))

    def _answer(self, operation: str, arguments: dict[str, str]) -> TaskOutcome:
        bucket, key = arguments["Bucket"], arguments.get("Key", "")
        if operation in self.broken:
            return TaskOutcome.failed("S3.AccessDenied", "Access Denied")
        if operation == "putObject":
            self.objects[bucket, key] = arguments["Body"]
            return TaskOutcome.ok({"ETag": "e"})
        if operation == "getObject":
            if (bucket, key) not in self.objects:
                return TaskOutcome.failed("S3.NoSuchKey", "The specified key does not exist.")
            return TaskOutcome.ok({"Body": self.objects[bucket, key]})
        keys = sorted(name for where, name in self.objects if where == bucket)
        keys = [name for name in keys if name.startswith(arguments.get("Prefix", ""))]
        first = int(arguments.get("ContinuationToken", 0))
        page: dict[str, object] = {"Contents": [_found(name) for name in keys[first : first + 2]]}
        if first + 2 < len(keys):
            page["NextContinuationToken"] = str(first + 2)
        return TaskOutcome.ok(page)

    def json(self, key: str, bucket: str = "out") -> object:
        """Return what an object holds."""
        return json.loads(self.objects[bucket, key])


def _found(key: str) -> dict[str, object]:
    when = "2026-01-01T12:00:00Z"
    return {"Key": key, "ETag": '"e"', "Size": 1, "LastModified": when, "StorageClass": "STANDARD"}


class Depot(Simulation):
    """A simulation with buckets."""

    def __init__(self, functions: Mapping[str, Function] | None = None, *, seed: int = 0) -> None:
        super().__init__(functions, seed=seed, port=Buckets)
        assert isinstance(self.functions, Buckets)
        self.buckets = self.functions

    def map_run(self, run: Run) -> dict[str, object]:
        """Return what DescribeMapRun tells of the last Map Run of an execution."""
        runs = self.machines.list_map_runs(run.arn)["mapRuns"]
        assert isinstance(runs, list)
        return self.machines.describe_map_run(runs[0]["mapRunArn"])

    def children(self, run: Run) -> list[dict[str, object]]:
        """Return the children of that Map Run, in the order of their items."""
        arn = self.map_run(run)["mapRunArn"]
        assert isinstance(arn, str)
        listed = self.machines.list_executions(map_run_arn=arn, max_results=1_000)["executions"]
        assert isinstance(listed, list)
        return listed[::-1]

    def child(self, run: Run, index: int) -> Run:
        """Return one of them."""
        return Run(self, str(self.children(run)[index]["executionArn"]))


def distributed(states: Json, *, kind: str = "STANDARD", **fields: object) -> Json:
    """Return a machine of one Distributed Map, "M", whose children begin with "A"."""
    config = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    processor = {"ProcessorConfig": config, "StartAt": "A", "States": states}
    state = {"Type": "Map", "ItemProcessor": processor, "Label": "each", "End": True}
    return {"StartAt": "M", "States": {"M": {**state, **fields}}}


def reading(kind: str, **config: object) -> Json:
    """Return an ItemReader of the object "file" in the bucket "in"."""
    if kind == "CSV" and "CSVHeaderLocation" not in config:
        config["CSVHeaderLocation"] = "FIRST_ROW"
    return {
        "Resource": GET,
        "Arguments": {"Bucket": "in", "Key": "{% $states.input.file %}"},
        "ReaderConfig": {"InputType": kind, **config},
    }
