"""The first step of an import: reads what was typed, and cuts the file into pieces of rows.

A piece is a file with one row a line, `{"row": 7, "cells": {…}}`; `again` marks a row about
somebody of whom an earlier row tells, `wrong` one that cannot be read. A call that is repeated
writes the same pieces again. Nothing is held but one piece, and eight bytes of hash for each row.
"""

import hashlib
import json
from collections.abc import Iterator
from enum import StrEnum
from itertools import islice
from typing import Annotated

from pydantic import Field

from relance.content.names import suggestion
from relance.errors import InvalidInput
from relance.ids import milliseconds
from relance.importing.job import Job, Mode, fingerprint, in_rows
from relance.importing.mapping import meanings, says_who
from relance.importing.person import Reader
from relance.importing.row import Row
from relance.importing.rows import Table, open_table
from relance.ports import FileAbout, Services
from relance.storage import Value
from relance.usecases.inputs import Request
from relance.usecases.read_import import ImportAsked, import_example, read_import

ROWS_IN_A_PIECE = 500
"""So many rows are written within a minute; a piece has four."""

MOST_ROWS = 2_000_000
"""So many are read within the quarter of an hour that the function has."""


class Decision(StrEnum):
    """How the import goes on."""

    NOTHING_TO_DO = "nothing_to_do"
    NO_ROWS = "no_rows"
    GO = "go"


class CutRequest(Request):
    """What is asked (`input`, as typed)."""

    execution: Annotated[str, Field(pattern=r"^[^/\s]{1,80}$")]
    input: object


def cut_file(request: CutRequest, services: Services) -> dict[str, Value]:
    """Cut the file and say how the import goes on.

    Without a confirmation that covers all rows the pieces are only looked at (`mode`: look).

    Raises:
        InvalidInput: the execution was started with something wrong, or the file cannot be read.
    """
    asked = read_import(request.input, services.content)
    if asked is None:
        return {
            "decision": Decision.NOTHING_TO_DO.value,
            "summary": f"Nothing was asked. {import_example(services.content)}",
        }
    about = _about(asked, services)
    job = _job(asked, about, request.execution, services)
    rows, pieces = _cut(asked, about, job, services)
    if not rows:
        return {
            "decision": Decision.NO_ROWS.value,
            "summary": "The file names columns and has no rows below them. Nothing was changed.",
        }
    pieces_key = f"{job.folder}/pieces.jsonl"
    lines = (f'{{"piece":{number}}}' for number in range(1, pieces + 1))
    services.files.write_lines(pieces_key, lines)
    mode = Mode.WRITE if rows <= asked.confirmed else Mode.LOOK
    return {
        "decision": Decision.GO.value,
        "job": job.model_copy(update={"mode": mode}).model_dump(mode="json", exclude_none=True),
        "rows": rows,
        "pieces": pieces,
        "confirmed": asked.confirmed,
        "list": pieces_key,
        "results": f"{job.folder}/results",
    }


def _about(asked: ImportAsked, services: Services) -> FileAbout:
    try:
        return services.files.about(asked.key)
    except FileNotFoundError:
        raise InvalidInput(
            f"There is no such file in the bucket. {import_example(services.content)}"
        ) from None


def _job(asked: ImportAsked, about: FileAbout, execution: str, services: Services) -> Job:
    at = milliseconds(about.written_at)
    return Job(
        mode=Mode.LOOK,
        execution=execution,
        file=fingerprint(about.tag, asked.key, at, asked.source),
        at=min(at, milliseconds(services.now())),
        source=asked.source,
    )


def _blocks(asked: ImportAsked, about: FileAbout, services: Services) -> Iterator[bytes]:
    """The file as it was found; it is read twice, and it must not be another the second time."""
    try:
        yield from services.files.read_blocks(asked.key, about)
    except FileNotFoundError:
        raise InvalidInput(
            "The file was replaced or removed while it was read. Start the import again."
        ) from None


def _cut(asked: ImportAsked, about: FileAbout, job: Job, services: Services) -> tuple[int, int]:
    """Write the pieces: how many rows there are, and how many pieces."""
    reader = job.reader(services.content)
    wanted = {column for column, _, _ in meanings(reader.source)}
    table = open_table(lambda: _blocks(asked, about, services), wanted)
    _check_columns(table, reader, asked)
    lines = _lines(table.rows, reader)
    rows = pieces = 0
    while piece := list(islice(lines, ROWS_IN_A_PIECE)):
        rows, pieces = rows + len(piece), pieces + 1
        if rows > MOST_ROWS:
            raise InvalidInput(
                f"The file has more than {in_rows(MOST_ROWS)}. Cut it into several files."
            )
        services.files.write_lines(job.piece(pieces), piece)
    return rows, pieces


def _check_columns(table: Table, reader: Reader, asked: ImportAsked) -> None:
    """Refuse a CSV file that lacks a column of the mapping; Pinpoint's own may be missing."""
    if not table.columns:
        return
    there = set(table.columns)
    missing = [column for column in asked.source.columns if column not in there]
    if missing:
        said = [f'"{each}" ({_meant(each, there)})' for each in missing[:5]]
        raise InvalidInput(
            f"The mapping names columns that the file does not have: {', '.join(said)}. Names "
            "count to the letter."
        )
    if not any(
        column in there for column, kind, name in meanings(reader.source) if says_who(kind, name)
    ):
        raise InvalidInput('The file has no column "Address": it is no export of Pinpoint.')


def _meant(column: str, there: set[str]) -> str:
    """What may have been meant; not a word of the file else, which may lack the row of names."""
    by_word = {each.lower(): each for each in there}
    if column.lower() in by_word:
        return f'there is "{by_word[column.lower()]}"'
    found = suggestion(column, there)
    return found if found.startswith("Did you mean") else "nothing like it is there"


def _lines(rows: Iterator[Row], reader: Reader) -> Iterator[str]:
    seen: set[int] = set()
    for row in rows:
        line: dict[str, object] = {"row": row.number, "cells": row.cells}
        if row.wrong:
            line["wrong"] = row.wrong
        else:
            digests = {_digest(key) for key in reader.keys(row)}
            if digests & seen:
                line["again"] = True
            seen |= digests
        yield json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def _digest(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest())
