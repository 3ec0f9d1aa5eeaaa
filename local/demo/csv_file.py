"""Read a CSV of one's own: any file with an e-mail column.

Delimiter (`,` `;` tab), encoding (UTF-8 with or without a byte order mark, else Windows-1252) and
the e-mail column (by its heading, else by what stands in it) are found out. A row that cannot be
used is reported with its number and its reason, and the others go on.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
EMAIL_HEADINGS = {
    "email", "mail", "emailaddress", "mailaddress", "eaddress", "emails", "courriel", "correo",
    "adresseemail", "adressemail", "emailadresse", "mailadresse", "correoelectronico",
    "indirizzoemail", "useremail", "contactemail", "primaryemail",
}  # fmt: skip
NAME_HEADINGS = {
    "firstname", "first", "givenname", "forename", "prenom", "vorname", "nombre", "name", "nome",
}  # fmt: skip
_MAX_BYTES = 64 * 1024 * 1024
_SAMPLE = 200


class FileRefused(Exception):
    """The file as a whole cannot be read; the message is a sentence for its owner."""


@dataclass(frozen=True, slots=True)
class Row:
    """A usable row: its number in the file (the heading is 1), the address, a first name or ""."""

    number: int
    email: str
    first_name: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is left out, and why."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Contacts:
    """What a file holds."""

    rows: tuple[Row, ...]
    bad: tuple[BadRow, ...]
    column: str


def read(path: Path) -> Contacts:
    """Read the file; raise FileRefused when there is nothing to go by."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileRefused(f"{path}: {error.strerror or 'cannot be read'}.") from error
    if len(data) > _MAX_BYTES:
        raise FileRefused(f"{path}: the file is larger than {_MAX_BYTES >> 20} MB.")
    text = decode(data)
    if not text.strip():
        raise FileRefused(f"{path}: the file is empty.")
    if "\0" in text:
        raise FileRefused(f"{path}: this is not a text file. Save it as CSV.")
    return _parse(path.name, text)


def decode(data: bytes) -> str:
    """Return the text of a file in UTF-8, UTF-16 with a mark, or Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def delimiter_of(text: str) -> str:
    """Return the delimiter that cuts the first lines most evenly; a comma when none does."""
    lines = [line for line in text.splitlines()[:_SAMPLE] if line.strip()][:20]

    def evenness(mark: str) -> tuple[int, int]:
        counts = [line.count(mark) for line in lines]
        return sum(1 for count in counts if count and count == counts[0]), counts[0]

    best = max(",;\t", key=evenness)
    return best if lines and evenness(best)[0] else ","


def _parse(name: str, text: str) -> Contacts:
    csv.field_size_limit(1_000_000)
    mark = delimiter_of(text)
    lines: list[tuple[int, list[str]]] = []
    reader = csv.reader(StringIO(text, newline=""), delimiter=mark)
    try:
        for cells in reader:
            lines.append((reader.line_num, [cell.strip() for cell in cells]))  # noqa: PERF401
    except csv.Error as error:
        raise FileRefused(f"{name}: row {reader.line_num} cannot be read ({error}).") from error
    lines = [(number, cells) for number, cells in lines if any(cells)]
    heading = lines[0][1]
    column, has_heading = _email_column(heading, [cells for _, cells in lines[1 : _SAMPLE + 1]])
    if column is None:
        seen = ", ".join(cell[:30] or "(empty)" for cell in heading[:8])
        raise FileRefused(
            f"{name}: no column holds e-mail addresses. The columns are: {seen}. "
            'Name one of them "email".'
        )
    first = _name_column(heading) if has_heading else None
    label = heading[column] if has_heading else f"column {column + 1}"
    return _rows(lines[1:] if has_heading else lines, column, first, len(heading), label)


def _rows(
    lines: list[tuple[int, list[str]]], column: int, first: int | None, width: int, label: str
) -> Contacts:
    good: list[Row] = []
    bad: list[BadRow] = []
    seen: dict[str, int] = {}
    for number, cells in lines:
        reason = _fault(cells, column, width)
        email = cells[column] if len(cells) > column else ""
        if reason is None and email.casefold() in seen:
            reason = f"the address stands in row {seen[email.casefold()]} already"
        if reason is not None:
            bad.append(BadRow(number, reason))
            continue
        seen[email.casefold()] = number
        name = cells[first] if first is not None and first < len(cells) else ""
        good.append(Row(number, email, name.split()[0][:60] if name.split() else ""))
    return Contacts(tuple(good), tuple(bad), label)


def _fault(cells: list[str], column: int, width: int) -> str | None:
    if len(cells) <= column:
        return f"the row has {len(cells)} of {width} columns"
    if len(cells) > width and any(cells[width:]):
        return f"the row has {len(cells)} columns, the heading {width}"
    email = cells[column]
    if not email:
        return "the e-mail address is missing"
    if not _is_address(email):
        return f"{email[:60]!r} is not an e-mail address"
    return None


def _is_address(text: str) -> bool:
    local = text.partition("@")[0]
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    return len(text) <= 254 and bool(_ADDRESS.fullmatch(text)) and not dots


def _email_column(heading: list[str], body: list[list[str]]) -> tuple[int | None, bool]:
    """Return the column of the addresses, and whether the first row is a heading."""
    has_heading = not any(_is_address(cell) for cell in heading)
    named = [n for n, cell in enumerate(heading) if plain(cell) in EMAIL_HEADINGS]
    if has_heading and named:
        return named[0], True
    rows = body if has_heading else [heading, *body]
    counts = [
        sum(1 for cells in rows if len(cells) > n and _is_address(cells[n]))
        for n in range(max((len(cells) for cells in [heading, *body]), default=0))
    ]
    most = max(counts, default=0)
    return (counts.index(most) if most else None), has_heading


def _name_column(heading: list[str]) -> int | None:
    found = [n for n, cell in enumerate(heading) if plain(cell) in NAME_HEADINGS]
    return found[0] if found else None


def plain(heading: str) -> str:
    """A heading in small letters, without accents and what is no letter or digit."""
    folded = heading.casefold().translate(str.maketrans("éèêóíáàç", "eeeoiaac"))
    return "".join(c for c in folded if c.isalnum())
