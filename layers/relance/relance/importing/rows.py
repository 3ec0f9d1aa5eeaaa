"""A row of a file, whatever the file is."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain

from relance.errors import InvalidInput
from relance.importing.csv_rows import csv_rows
from relance.importing.decoding import Blocks, lines_of
from relance.importing.json_rows import json_rows
from relance.importing.row import Row

__all__ = ["Row", "Table", "open_table"]


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a file (none are known of NDJSON) and its rows, read as they are asked for."""

    rows: Iterator[Row]
    columns: tuple[str, ...] = ()


def open_table(blocks: Blocks, wanted: Collection[str]) -> Table:
    """A file, CSV or NDJSON; `wanted` are the columns that somebody asks for.

    Raises:
        InvalidInput: it is no such file; the sentence says what to do. Also while rows are read.
    """
    lines = lines_of(blocks)
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        raise InvalidInput("The file is empty.")
    whole = chain((first,), lines)
    if first.lstrip().startswith("{"):
        return Table(json_rows(whole))
    columns, rows = csv_rows(whole, wanted)
    return Table(rows, columns)
