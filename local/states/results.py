"""What a Map Run leaves behind: files in S3, or the output of the state. Nothing here asks anybody.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html. One file holds
all results of one kind: AWS begins another beyond 5 GB.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import orjson

from local.states.distributing import Writer
from local.states.execution import SUCCEEDED, Execution, iso
from local.states.redriving import redrive_status

KINDS = ("FAILED", "PENDING", "SUCCEEDED")
_INCLUDED = {"Included": True}


@dataclass(slots=True)
class Export:
    """The files of one attempt of a Map Run, and those of its attempts before."""

    bucket: str
    folder: str
    """Where this attempt writes, with a slash at its end; empty for the bucket itself."""
    files: list[tuple[str, str]] = field(default_factory=list)
    """Key and content, in the order of writing; the manifest is the last."""
    succeeded: list[dict[str, object]] = field(default_factory=list)
    """Key and size of every file with successes, of all attempts."""

    @property
    def manifest(self) -> str:
        """The key of the manifest."""
        return f"{self.folder}manifest.json"


def export(
    writer: Writer,
    arguments: dict[str, object],
    *,
    run: str,
    redrives: int,
    before: Sequence[dict[str, object]],
    succeeded: Iterable[Execution],
    failed: Iterable[Execution],
    pending: Iterable[bytes],
    now: float,
) -> Export:
    """Return what to write for one attempt; `before` are the successes of earlier ones."""
    prefix = str(arguments.get("Prefix") or "").removesuffix("/")
    folder = f"{prefix}/" if prefix else ""
    folder += f"{run.rsplit(':', 1)[1]}/"
    if redrives:
        folder += f"Redrive-{redrives}/"
    made = Export(str(arguments["Bucket"]), folder, succeeded=list(before))
    contents: dict[str, list[object]] = {
        "FAILED": [record(child, now) for child in failed],
        "PENDING": [_pending(text) for text in pending],
        "SUCCEEDED": list(shaped(writer, succeeded, now)),
    }
    listed: dict[str, list[dict[str, object]]] = {kind: [] for kind in KINDS}
    for kind in KINDS:
        if contents[kind]:
            key, text = f"{folder}{kind}_0.json", _text(writer, contents[kind])
            made.files.append((key, text))
            listed[kind].append({"Key": key, "Size": len(text.encode())})
    made.succeeded += listed["SUCCEEDED"]
    listed["SUCCEEDED"] = made.succeeded
    manifest = {"DestinationBucket": made.bucket, "MapRunArn": run, "ResultFiles": listed}
    made.files.append((made.manifest, orjson.dumps(manifest).decode()))
    return made


def shaped(writer: Writer, children: Iterable[Execution], now: float) -> Iterable[object]:
    """Yield the results of children as the Transformation wants them.

    Of a child that did not succeed there is nothing to shape: its record is given.
    """
    for child in children:
        if writer.transformation == "NONE" or child.status != SUCCEEDED:
            yield record(child, now)
            continue
        output: object = orjson.loads(child.output or b"null")
        if writer.transformation == "FLATTEN" and isinstance(output, list):
            yield from output
        else:
            yield output


def record(child: Execution, now: float) -> dict[str, object]:
    """Return what a file tells of a child: what DescribeExecution tells, in capitals."""
    told: dict[str, object] = {
        "Cause": child.cause,
        "Error": child.error,
        "ExecutionArn": child.arn,
        "Input": child.input,
        "InputDetails": _INCLUDED,
        "Name": child.name,
        "Output": None if child.output is None else child.output.decode(),
        "OutputDetails": _INCLUDED,
        "RedriveCount": child.redrives,
    }
    if not child.express:
        status = redrive_status(child, now)
        told["RedriveStatus"] = status["redriveStatus"]
        told["RedriveStatusReason"] = status.get("redriveStatusReason")
    told |= {
        "StartDate": iso(child.start),
        "StateMachineArn": child.program.arn,
        "Status": child.status,
        "StopDate": None if child.stop is None else iso(child.stop),
    }
    return {name: value for name, value in told.items() if value is not None}


def _pending(text: bytes) -> dict[str, object]:
    return {"Input": text.decode(), "InputDetails": _INCLUDED, "Status": "PENDING"}


def _text(writer: Writer, records: list[object]) -> str:
    if writer.lines:
        return "".join(f"{orjson.dumps(each).decode()}\n" for each in records)
    return orjson.dumps(records).decode()
