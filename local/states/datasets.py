"""Items out of what lies in S3, and batches out of items. Nothing here asks anybody.

Rules for CSV: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice

import orjson

from local.states.distributing import MOST_BATCH_BYTES, Reader
from local.states.errors import DATA_LIMIT, ITEM_READER, Failure

_BATCH_FRAME = len(b'{"Items":[]}')


def limit(value: object) -> int | None:
    """Return how many items to read; None for all. Raises Failure, in the words of AWS."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise Failure(ITEM_READER, "field MaxItems must be a whole number")
    if value < 0:
        raise Failure(ITEM_READER, "field MaxItems must be positive")
    return int(value) or None


def items_of(reader: Reader, body: str, most: int | None) -> list[object]:
    """Return the items of one object, in order. Raises Failure `States.ItemReaderFailed`."""
    if reader.kind == "CSV":
        return list(islice(_of_csv(reader, body), most))
    if reader.kind == "JSONL":
        return list(islice(_of_lines(body), most))
    try:
        value: object = json.loads(body)
    except ValueError as error:
        raise Failure(ITEM_READER, f"The file is not JSON: {error}") from None
    found = _pointed(value, reader.pointer)
    if not isinstance(found, list):
        raise Failure(ITEM_READER, "Attempting to map over non-iterable node.")
    return found[:most]


def _of_csv(reader: Reader, body: str) -> Iterator[object]:
    lines = io.StringIO(body.removeprefix("\ufeff"), newline="")
    rows = csv.reader(lines, delimiter=reader.delimiter, escapechar="\\", strict=False)
    try:
        headers = reader.headers if reader.headers is not None else tuple(next(rows, ()))
        if len(set(headers)) < len(headers):
            raise Failure(ITEM_READER, "CSV headers cannot contain duplicates.")
        width = len(headers)
        for row in rows:
            if row:
                yield dict(zip(headers, (*row, *[""] * (width - len(row))), strict=False))
    except csv.Error as error:
        raise Failure(ITEM_READER, f"The file is not CSV: {error}") from None


def _of_lines(body: str) -> Iterator[object]:
    for number, line in enumerate(body.splitlines(), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                cause = f"Line {number} of the file is not JSON: {error}"
                raise Failure(ITEM_READER, cause) from None


def _pointed(value: object, pointer: str) -> object:
    """Return what a JSON pointer (RFC 6901) leads to."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            raise Failure(ITEM_READER, f"ItemsPointer {pointer} leads nowhere in the file.")
    return value


def listed(answer: Mapping[str, object]) -> list[object]:
    """Return the items of one page of ListObjectsV2."""
    contents = answer.get("Contents")
    return [_listed(each) for each in contents] if isinstance(contents, list) else []


def _listed(found: Mapping[str, object]) -> dict[str, object]:
    when = datetime.fromisoformat(str(found["LastModified"]))
    return {
        "Etag": found.get("ETag"),
        "Key": found["Key"],
        "LastModified": int(when.timestamp()),
        "Size": found.get("Size"),
        "StorageClass": found.get("StorageClass", "STANDARD"),
    }


def batches(
    items: list[object], *, most_items: int | None, most_bytes: int | None, given: object, add: bool
) -> Iterator[tuple[bytes, int]]:
    """Yield (input, number of items) of each batch; `given` is the BatchInput when `add`.

    An item larger than `most_bytes` makes a batch of its own, if a child can take it at all.
    """
    room = (most_bytes or MOST_BATCH_BYTES) - _BATCH_FRAME
    opening = b"{"
    if add:
        opening += b'"BatchInput":' + orjson.dumps(given) + b","
        room -= len(opening) - 1
    waiting: list[bytes] = []
    taken = 0
    for item in items:
        text = orjson.dumps(item)
        full = len(waiting) == most_items or taken + len(text) + len(waiting) > room
        if waiting and full:
            yield _batch(opening, waiting)
            waiting, taken = [], 0
        waiting.append(text)
        taken += len(text)
    if waiting:
        yield _batch(opening, waiting)


def _batch(opening: bytes, texts: list[bytes]) -> tuple[bytes, int]:
    return checked(opening + b'"Items":[' + b",".join(texts) + b"]}"), len(texts)


def checked(text: bytes) -> bytes:
    """Return the input of a child. Raises Failure when no execution can take it."""
    if len(text) > MOST_BATCH_BYTES:
        cause = (
            f"The input of a child execution has {len(text)} bytes, "
            f"more than the {MOST_BATCH_BYTES} that it may have."
        )
        raise Failure(DATA_LIMIT, cause)
    return text
