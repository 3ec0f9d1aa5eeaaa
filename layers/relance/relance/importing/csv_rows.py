"""Lines to rows: CSV as it comes: four delimiters, quotes, and what goes wrong in it."""

import csv
from collections.abc import Collection, Iterator

from relance.errors import InvalidInput
from relance.importing.row import Row
from relance.importing.tables import FORMULA

_DELIMITERS = ",;\t|"
_MOST_LINES = 50
"""Over how many lines a quoted text may go; beyond, its quotation mark was never closed."""

_NEVER_CLOSED = "a quotation mark is opened and never closed"
_NAMES_AGAIN = "it repeats the names of the columns"


def csv_rows(
    lines: Iterator[str], wanted: Collection[str]
) -> tuple[tuple[str, ...], Iterator[Row]]:
    """The columns and the rows. Blank lines count as rows of a spreadsheet and are left out.

    Raises:
        InvalidInput: the first line does not name columns.
    """
    first = next(lines)
    if first.lower().startswith("sep="):  # what Excel writes for itself
        first = next(lines, "")
    delimiter = max(_DELIMITERS, key=lambda each: _score(first, each, wanted))
    feed = _Feed(first, lines)
    columns = tuple(cell.strip() for cell in _record(feed, delimiter)[0])
    _check(columns)
    return columns, _rows(feed, delimiter, columns)


def _score(first: str, delimiter: str, wanted: Collection[str]) -> tuple[int, int]:
    cells = [cell.strip() for cell in next(csv.reader([first], delimiter=delimiter), [])]
    return len(set(cells) & set(wanted)), len(cells)


def _check(columns: tuple[str, ...]) -> None:
    if any("\x00" in name for name in columns):
        raise InvalidInput(
            "The file is no text. Open it in a spreadsheet and save it as "
            '"CSV UTF-8", then upload it again.'
        )
    if any("@" in name for name in columns):
        raise InvalidInput(
            "The first row of the file holds an address. Write the names of the columns above it."
        )
    twice = len(columns) - len(set(columns))
    if twice or not all(columns[:1]):
        raise InvalidInput(
            "The first row of the file must name each column, and no two alike: "
            f"{len(columns)} columns, {twice} of them named like another."
        )


class _Feed:
    """Lines, of which some can be handed back."""

    def __init__(self, first: str, lines: Iterator[str]) -> None:
        self._held = [first]
        self._lines = lines

    def next(self) -> str | None:
        return self._held.pop() if self._held else next(self._lines, None)

    def back(self, lines: list[str]) -> None:
        self._held += reversed(lines)


def _rows(feed: _Feed, delimiter: str, columns: tuple[str, ...]) -> Iterator[Row]:
    number, width = 1, len(columns)
    while True:
        cells, wrong = _record(feed, delimiter)
        if cells is _END:
            return
        number += 1
        if not wrong and not any(map(str.strip, cells)):
            continue
        while len(cells) > width and not cells[-1].strip():
            cells.pop()
        if not wrong and len(cells) != width:
            wrong = f"it has {len(cells)} cells where the first row has {width}"
        if not wrong and tuple(map(str.strip, cells)) == columns:
            wrong = _NAMES_AGAIN
        yield Row(number, dict(zip(columns, map(_meant, cells), strict=False)), wrong)


def _meant(cell: str) -> str:
    """What a cell says, without the apostrophe that kept it from being a formula (`tables`)."""
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULA else text


_END: list[str] = []
"""No more rows."""


def _record(feed: _Feed, delimiter: str) -> tuple[list[str], str]:
    """The cells of the next row, which may go over several lines, and what is wrong with it."""
    first = feed.next()
    if first is None:
        return _END, ""
    if '"' not in first:
        return first.rstrip("\n").split(delimiter), ""
    lines = [first]
    while True:
        try:
            return next(csv.reader(lines, delimiter=delimiter, strict=True), [""]), ""
        except csv.Error as error:
            if "unexpected end" not in str(error):
                feed.back(lines[1:])
                wrong = _NEVER_CLOSED if len(lines) > 1 else ""
                return _leniently(lines[:1], delimiter), wrong
        more = feed.next() if len(lines) < _MOST_LINES else None
        if more is None:
            feed.back(lines[1:])
            return _leniently(lines[:1], delimiter), _NEVER_CLOSED
        lines.append(more)


def _leniently(lines: list[str], delimiter: str) -> list[str]:
    try:
        return next(csv.reader(lines, delimiter=delimiter), [""])
    except csv.Error:
        return lines[0].rstrip("\n").split(delimiter)
