"""The last runs of campaigns: what each came to, in figures, with a link to its execution."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from relance.campaigns import Campaign
from relance.ports import Run
from relance.storage import Value
from relance.widgets.html import Frame, Html, element, execution_address, join, link, note, table

_STATUS = {
    "RUNNING": "is being sent",
    "PENDING_REDRIVE": "is being sent",
    "FAILED": "failed",
    "TIMED_OUT": "timed out",
    "ABORTED": "stopped in the console",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A campaign's latest run."""

    campaign: str
    execution: str
    started_at: datetime
    outcome: str
    figures: Mapping[str, Value]


def latest_of_each(runs: Iterable[Run], most: int) -> list[Row]:
    """The latest run of each campaign that the runs name; runs that named none are left out.

    A run that only counted stands for a campaign as long as there is no other.
    """
    found: dict[str, Row] = {}
    for run in runs:
        row = _row(run)
        if row is None:
            continue
        there = found.get(row.campaign)
        if there is None or (there.outcome in _ASKED and row.outcome not in _ASKED):
            found[row.campaign] = row
    return sorted(found.values(), key=lambda each: each.started_at, reverse=True)[:most]


_ASKED = ("counted", "already", "cannot be sent", "nobody", "failed")
"""The outcomes of runs that sent nothing, or that were wrong from the start."""


def _row(run: Run) -> Row | None:
    named = _object(run.input).get("campaign")
    if not isinstance(named, str) or not named:
        return None
    told = _object(run.output or "")
    figures = told.get("figures")
    outcome = told.get("outcome") if run.status == "SUCCEEDED" else None
    return Row(
        campaign=named,
        execution=run.execution,
        started_at=run.started_at,
        outcome=str(outcome or _STATUS.get(run.status, run.status.lower())),
        figures=figures if isinstance(figures, Mapping) else {},
    )


def _object(text: str) -> Mapping[str, Value]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return value if isinstance(value, Mapping) else {}


def campaigns_page(rows: Sequence[Row], records: Mapping[str, Campaign], frame: Frame) -> Html:
    """The page; `records` are the campaigns' own, by name."""
    if not rows:
        return join((note("No campaign was counted or sent in the last 90 days."),))
    heads = (
        *("Campaign", "Begun", "Outcome", "Message"),
        *("Audience", "Sent", "Left out", "Failed", "Not yet"),
    )
    shown = [_cells(each, records.get(each.campaign), frame) for each in rows]
    return join(
        (
            table(heads, shown),
            element(
                "p",
                "Open one to see its progress. While it is being sent its figures stand in the "
                "execution; opens and clicks: start report-sending.",
            ),
        )
    )


def _cells(row: Row, record: Campaign | None, frame: Frame) -> tuple[str, ...]:
    audience = row.figures.get("audience", record.audience if record else None)
    return (
        link(execution_address(row.execution), row.campaign),
        frame.time_cell(row.started_at),
        row.outcome,
        record.message if record else "",
        _count(audience),
        _count(row.figures.get("sent")),
        _reasons(row.figures.get("skipped")),
        _reasons(row.figures.get("failed")),
        _count(row.figures.get("not_yet")),
    )


def _count(value: Value) -> str:
    return f"{value:,}" if isinstance(value, int) else ""


def _reasons(value: Value) -> str:
    if not isinstance(value, Mapping):
        return ""
    counts = {name: each for name, each in value.items() if isinstance(each, int)}
    whole = sum(counts.values())
    why = ", ".join(f"{each:,} {name.replace('_', ' ')}" for name, each in counts.items())
    return f"{whole:,} ({why})" if whole else "0"
