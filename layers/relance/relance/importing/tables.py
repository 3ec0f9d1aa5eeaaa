"""Rows to lines of CSV that any spreadsheet opens as it is meant."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

FORMULA = tuple("=+-@\t\r\n")
"""With what a cell begins that a spreadsheet takes for a formula."""


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """The names of the columns, then each row; what a row lacks is empty.

    A mark of the encoding stands in front, without which spreadsheets guess, and no cell is taken
    for a formula (https://owasp.org/www-community/attacks/CSV_Injection).
    """
    yield "\ufeff" + _line(columns)
    for row in rows:
        yield _line([row.get(name, "") for name in columns])


def _line(cells: Sequence[str]) -> str:
    written = io.StringIO()
    # With another end, Python before 3.13 would leave line feeds in cells without quotation marks.
    csv.writer(written, lineterminator="\r\n").writerow(map(_harmless, cells))
    return written.getvalue().removesuffix("\r\n")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in FORMULA and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    return cell[:1] == "-" and cell[1:].replace(".", "", 1).isdecimal()
