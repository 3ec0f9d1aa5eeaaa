"""The last step of an import: what became of the rows, added up in one sentence.

Every row that was read was taken, was unchanged, or was refused for one reason; these add up.
The rows that were refused are joined into files that a spreadsheet opens: the row's number, the
column, what is wrong, what to write, then the row itself, to be mended and uploaded again.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Annotated, Any

from pydantic import Field

from relance.content.names import listed
from relance.importing.job import Job, Mode, duration, in_rows, price
from relance.importing.tables import csv_lines
from relance.ports import Services
from relance.storage import Value
from relance.usecases.import_person import Became, Noted
from relance.usecases.inputs import Request
from relance.usecases.sum_up import Decision, ResultFiles, result_lines

ROWS_IN_A_FILE = 50_000
"""Mistakes in one file of refused rows; beyond, there is another one."""

MOST_REASONS = 20
"""How many reasons the answer tells; the files of refused rows have them all."""

_TOLD = ("row", "column", "found", "what is wrong", "what to write")

_TAKEN = {
    Became.NEW: "new",
    Became.KNOWN: "known already",
    Became.AGAIN: "about somebody of whom another row tells",
    Became.SUPPRESSED: "of suppressed addresses, which stay so",
}
_LEFT = {
    Became.REFUSED: "with mistakes",
    Became.ERASED: "of people who were erased",
    Became.OTHER_CHANNEL: "of other channels than e-mail",
}
_NOTED = {
    Noted.GRANTED: "consents granted",
    Noted.KEPT_OUT: "consents not granted, since they were withdrawn or cannot be used",
    Noted.WITHDRAWN: "consents withdrawn",
    Noted.LIST_LEFT: "list memberships left alone, since the people had left the list",
    Noted.ID_TAKEN: "ids that belong to somebody else and were left there",
}


class SumImportRequest(Request):
    """The import, how many rows the file has, and where the results are."""

    job: Job
    rows: Annotated[int, Field(ge=0)]
    confirmed: Annotated[int, Field(ge=0)]
    results: ResultFiles


def sum_up_import(request: SumImportRequest, services: Services) -> dict[str, Value]:
    """What became of the rows; `incomplete` where a row left no result."""
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    pieces: list[int] = []
    rows = 0
    for line in result_lines(request.results, services):
        piece = json.loads(line)
        rows += piece["rows"]
        pieces += piece["pieces"]
        counts.update(piece["counts"])
        reasons.update(piece["reasons"])
    missing = request.rows - rows
    files = _write_refused(request.job, sorted(pieces), services) if counts[Became.REFUSED] else []
    return {
        "decision": (Decision.INCOMPLETE if missing else Decision.COMPLETE).value,
        "mode": request.job.mode.value,
        "summary": _summary(request, counts, missing, files),
        "read": request.rows,
        "taken": sum(counts[each] for each in _TAKEN),
        "unchanged": counts[Became.UNCHANGED],
        "refused": sum(counts[each] for each in _LEFT),
        "reasons": _reasons(counts, reasons),
        "counts": {each.value: counts[each] for each in (*Became, *Noted)},
        "refused_rows": [services.files.link(each) for each in files],
        "details": services.files.link(request.results.key.rpartition("/")[0]),
    }


def _reasons(counts: Counter[str], mistakes: Counter[str]) -> dict[str, Value]:
    """How many rows were refused for which reason, the most frequent first; they add up."""
    others = {said: counts[each] for each, said in _LEFT.items() if each is not Became.REFUSED}
    all_of_them = (mistakes + Counter(others)).most_common()
    told: dict[str, Value] = dict(all_of_them[:MOST_REASONS])
    rest = sum(count for _, count in all_of_them[MOST_REASONS:])
    return {**told, **({"other reasons": rest} if rest else {})}


def _summary(
    request: SumImportRequest, counts: Mapping[str, int], missing: int, files: Sequence[str]
) -> str:
    rows = request.rows
    taken = sum(counts[each] for each in _TAKEN)
    parts = [_opening(request, taken)]
    parts += [f"Of these {_clauses(_TAKEN, counts)}."] if taken else []
    same = counts[Became.UNCHANGED]
    parts += [f"Unchanged, taken before from the same file: {same:,}."] if same else []
    left = _clauses(_LEFT, counts)
    parts += [f"Not taken: {left}."] if left else []
    parts += [f"What is wrong with the refused rows stands in {files[0]}."] if files else []
    noted = _clauses(_NOTED, counts)
    parts += [f"Besides: {noted}."] if noted else []
    parts += [f"{in_rows(missing)} left no result."] if missing else []
    if request.job.mode is Mode.LOOK:
        parts.append(
            f'To import it paste the same with "confirm": {rows}; it costs {price(taken)} and '
            f"takes up to {duration(rows)}."
        )
    return " ".join(parts)


def _opening(request: SumImportRequest, taken: int) -> str:
    rows = in_rows(request.rows)
    if request.job.mode is Mode.WRITE:
        return f"Imported {taken:,} of {rows}."
    more = f"The file has more than the {in_rows(request.confirmed)} confirmed. "
    return (
        f"Nothing was changed. {more if request.confirmed else ''}"
        f"Of {rows} {taken:,} would be imported."
    )


def _clauses(words: Mapping[Any, str], counts: Mapping[str, int]) -> str:
    return listed(f"{counts[each]:,} {said}" for each, said in words.items() if counts[each])


def _write_refused(job: Job, pieces: Sequence[int], services: Services) -> list[str]:
    """Write what is wrong into CSV files; their keys."""
    mistakes = _mistakes(job, pieces, services)
    files: list[str] = []
    while some := list(islice(mistakes, ROWS_IN_A_FILE)):
        columns = list(dict.fromkeys(name for each in some for name in each["cells"]))
        told = [f"{name} (import)" if name in columns else name for name in _TOLD]
        files.append(f"{job.people_folder}/refused-rows-{len(files) + 1}.csv")
        services.files.write_lines(files[-1], csv_lines([*told, *columns], _rows(some, told)))
    return files


def _mistakes(job: Job, pieces: Sequence[int], services: Services) -> Iterator[dict[str, Any]]:
    for number in pieces:
        try:
            yield from map(json.loads, services.files.read_lines(job.refused(number)))
        except FileNotFoundError:
            continue


def _rows(mistakes: Sequence[Mapping[str, Any]], told: Sequence[str]) -> Iterator[dict[str, str]]:
    for each in mistakes:
        said = (str(each["row"]), each["column"], each["found"], each["wrong"], each["write"])
        yield {**each["cells"], **dict(zip(told, said, strict=True))}
