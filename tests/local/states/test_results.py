"""What a Map Run leaves in a bucket. Shapes and folders are as recorded by radkawar/stackd."""

from __future__ import annotations

import json

import pytest

from tests.local.states.buckets import PUT, WRITER, Depot, distributed
from tests.local.states.cases import passing
from tests.local.states.simulation import ACCOUNT, Run

MIXED = {
    "A": {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $states.input < 0 %}", "Next": "Fails"}],
        "Default": "Works",
    },
    "Fails": {"Type": "Fail", "Error": "Negative", "Cause": "it is below zero"},
    "Works": passing(Output={"n": "{% $states.input %}"}),
}


def written(items: list[int], **fields: object) -> tuple[Depot, Run, str]:
    """Return a depot, the execution, and the folder that it wrote to."""
    depot = Depot()
    run = depot.run(distributed(MIXED, ResultWriter=WRITER, **fields), items)
    folder = f"results/{str(depot.map_run(run)['mapRunArn']).rsplit(':', 1)[1]}/"
    return depot, run, folder


def test_the_output_says_where_the_results_are() -> None:
    depot, run, folder = written([1, 2])

    assert run.output == {
        "MapRunArn": depot.map_run(run)["mapRunArn"],
        "ResultWriterDetails": {"Bucket": "out", "Key": f"{folder}manifest.json"},
    }


def test_the_manifest_lists_the_files() -> None:
    depot, run, folder = written([1, -1, 2], ToleratedFailureCount=1)
    files = {
        kind: len(depot.buckets.objects["out", f"{folder}{kind}_0.json"])
        for kind in ("SUCCEEDED", "FAILED")
    }

    assert depot.buckets.json(f"{folder}manifest.json") == {
        "DestinationBucket": "out",
        "MapRunArn": depot.map_run(run)["mapRunArn"],
        "ResultFiles": {
            "FAILED": [{"Key": f"{folder}FAILED_0.json", "Size": files["FAILED"]}],
            "PENDING": [],
            "SUCCEEDED": [{"Key": f"{folder}SUCCEEDED_0.json", "Size": files["SUCCEEDED"]}],
        },
    }
    assert depot.buckets.requests == {"putObject": 3}
    assert depot.map_run(run)["executionCounts"]["resultsWritten"] == 3  # type: ignore[index]


def test_a_success_is_told_with_input_and_output() -> None:
    depot, run, folder = written([5])
    child = depot.child(run, 0)
    name = child.arn.rsplit(":", 1)[1]

    assert depot.buckets.json(f"{folder}SUCCEEDED_0.json") == [
        {
            "ExecutionArn": child.arn,
            "Input": "5",
            "InputDetails": {"Included": True},
            "Name": name,
            "Output": '{"n":5}',
            "OutputDetails": {"Included": True},
            "RedriveCount": 0,
            "RedriveStatus": "NOT_REDRIVABLE",
            "RedriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
            "StartDate": "2026-01-01T12:00:00.000Z",
            "StateMachineArn": f"{ACCOUNT}:stateMachine:m/each",
            "Status": "SUCCEEDED",
            "StopDate": "2026-01-01T12:00:00.000Z",
        }
    ]


def test_a_failure_is_told_with_error_and_cause() -> None:
    depot, _, folder = written([-5], ToleratedFailureCount=1)
    failed = depot.buckets.json(f"{folder}FAILED_0.json")
    assert isinstance(failed, list)
    (told,) = failed

    assert (told["Error"], told["Cause"]) == ("Negative", "it is below zero")
    assert (told["Status"], told["Input"]) == ("FAILED", "-5")
    assert "Output" not in told
    assert list(told) == sorted(told)


def test_what_never_began_is_told_when_too_many_fail() -> None:
    """The results are written before the Map Run is said to have failed."""
    depot, run, folder = written([-1, 2, 3], MaxConcurrency=1)

    assert run.status == "FAILED"
    assert depot.buckets.json(f"{folder}PENDING_0.json") == [
        {"Input": "2", "InputDetails": {"Included": True}, "Status": "PENDING"},
        {"Input": "3", "InputDetails": {"Included": True}, "Status": "PENDING"},
    ]
    manifest = depot.buckets.json(f"{folder}manifest.json")
    assert manifest["ResultFiles"]["SUCCEEDED"] == []  # type: ignore[index]


@pytest.mark.parametrize(
    ("prefix", "folder"), [("a/b", "a/b/"), ("a/b/", "a/b/"), ("", ""), (None, "")]
)
def test_the_folder_is_the_prefix_and_the_map_run(prefix: str | None, folder: str) -> None:
    depot = Depot()
    arguments = {"Bucket": "{% $states.input.bucket %}", "Prefix": prefix}
    if prefix is None:
        del arguments["Prefix"]
    writer = {"Resource": PUT, "Arguments": arguments}
    machine = distributed(MIXED, Items=[1], ResultWriter=writer)
    run = depot.run(machine, {"bucket": "there"})
    uuid = str(depot.map_run(run)["mapRunArn"]).rsplit(":", 1)[1]

    assert ("there", f"{folder}{uuid}/manifest.json") in depot.buckets.objects


@pytest.mark.parametrize(
    ("transformation", "output"),
    [("COMPACT", [[1, 2], [3], 4]), ("FLATTEN", [1, 2, 3, 4]), (None, [[1, 2], [3], 4])],
)
def test_the_output_can_be_shaped(transformation: str | None, output: object) -> None:
    depot = Depot()
    shape = {} if transformation is None else {"Transformation": transformation}
    writer = {"ResultWriter": {"WriterConfig": shape}} if shape else {}

    assert depot.run(distributed({"A": passing()}, **writer), [[1, 2], [3], 4]).output == output


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"Transformation": "FLATTEN"}, "[1,2,3]"),
        ({"Transformation": "COMPACT", "OutputType": "JSON"}, "[[1,2],[3]]"),
        ({"Transformation": "COMPACT", "OutputType": "JSONL"}, "[1,2]\n[3]\n"),
    ],
)
def test_the_files_can_be_shaped(config: dict[str, str], text: str) -> None:
    depot = Depot()
    machine = distributed({"A": passing()}, ResultWriter={**WRITER, "WriterConfig": config})
    depot.run(machine, [[1, 2], [3]])

    assert text in depot.buckets.objects.values()


def test_a_bucket_that_refuses_fails_the_map_run() -> None:
    depot = Depot()
    depot.buckets.broken.add("putObject")
    run = depot.run(distributed(MIXED, ResultWriter=WRITER), [1])

    assert (run.status, run.described["error"]) == ("FAILED", "States.ResultWriterFailed")
    assert run.described["cause"] == "Access Denied"
    assert depot.children(run)[0]["status"] == "SUCCEEDED"


def test_results_too_large_for_the_output_need_a_bucket() -> None:
    large = {"A": passing(Output="{% $pad('x', 100000) %}")}
    depot = Depot()
    run = depot.run(distributed(large), [1, 2, 3])
    other = Depot()
    kept = other.run(distributed(large, ResultWriter=WRITER), [1, 2, 3])

    assert (run.status, run.described["error"]) == ("FAILED", "States.DataLimitExceeded")
    assert kept.status == "SUCCEEDED"
    assert len(json.dumps(list(other.buckets.objects.values()))) > 300_000
