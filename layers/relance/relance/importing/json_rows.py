"""Lines to rows: NDJSON, an object a line, what is nested named by its path (`User.UserId`)."""

import json
from collections.abc import Iterator, Mapping

from relance.importing.row import Row


def json_rows(lines: Iterator[str]) -> Iterator[Row]:
    """The rows, numbered as lines are: the first is 1."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _row(number, line)


def _row(number: int, line: str) -> Row:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return Row(number, wrong="it is no JSON")
    if not isinstance(found, Mapping):
        return Row(number, wrong="it is no JSON object")
    cells: dict[str, str] = {}
    _flatten(found, "", cells)
    return Row(number, cells)


def _flatten(value: Mapping[str, object], above: str, cells: dict[str, str]) -> None:
    for name, each in value.items():
        if isinstance(each, Mapping) and above.count(".") < 5:
            _flatten(each, f"{above}{name}.", cells)
        elif each is not None:
            cells[f"{above}{name}"] = _text(each)


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip()
