"""A piece of a file: each row is looked at or written, and whatever is refused is told apart.

The answer holds numbers alone. The rows that were refused go into a file beside the pieces, with
what is wrong and what to write.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from relance.importing.job import Job
from relance.importing.person import Mistake, Reader, RowRefused
from relance.importing.row import Row
from relance.ports import Services
from relance.storage import Value
from relance.usecases.import_person import Became, Outcome, RowToTake, take_row
from relance.usecases.inputs import Request


class Piece(Request):
    """A line of the list of pieces."""

    piece: Annotated[int, Field(ge=1)]


class PieceRequest(Request):
    """The import, and the pieces to take; usually one."""

    job: Job
    pieces: tuple[Piece, ...]


def import_piece(request: PieceRequest, services: Services) -> dict[str, Value]:
    """Take the rows of the pieces; a repetition finds what was done and says the same.

    Raises:
        StoreBusy: try again.
    """
    tally = _Tally()
    for each in request.pieces:
        _piece(request.job, each.piece, services, tally)
    return {
        "rows": tally.rows,
        "pieces": [each.piece for each in request.pieces],
        "counts": {**tally.counts},
        "reasons": {**tally.reasons},
    }


@dataclass(slots=True)
class _Tally:
    """What became of the rows so far; of each that was refused, the first of its `reasons`."""

    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


def _piece(job: Job, number: int, services: Services, tally: _Tally) -> None:
    reader = job.reader(services.content)
    refused: list[str] = []
    for row, again in _rows(services.files.read_lines(job.piece(number))):
        outcome, mistakes = _row(row, reader, job, services, again=again)
        tally.rows += 1
        tally.counts[outcome.became] += 1
        tally.counts.update(outcome.noted)
        tally.reasons.update(each.reason for each in mistakes[:1])
        refused += [_told(row, each) for each in mistakes]
    if refused:
        services.files.write_lines(job.refused(number), refused)


def _row(
    row: Row, reader: Reader, job: Job, services: Services, *, again: bool
) -> tuple[Outcome, list[Mistake]]:
    """What became of a row, and what is wrong with it."""
    if reader.channel(row) != "EMAIL":
        return Outcome(Became.OTHER_CHANNEL), []
    try:
        person = reader.person(row)
    except RowRefused as error:
        return Outcome(Became.REFUSED), error.mistakes
    return take_row(RowToTake(row.number, person, again), job, services), []


def _told(row: Row, mistake: Mistake) -> str:
    return json.dumps(
        {
            "row": row.number,
            "column": mistake.column,
            "found": row.cells.get(mistake.column, ""),
            "wrong": mistake.wrong,
            "write": mistake.write,
            "cells": row.cells,
        },
        ensure_ascii=False,
    )


def _rows(lines: Iterator[str]) -> Iterator[tuple[Row, bool]]:
    for line in lines:
        raw = json.loads(line)
        yield Row(raw["row"], raw["cells"], raw.get("wrong", "")), raw.get("again", False)
