"""How many visited a form, signed up and confirmed, and where they came from.

Reads what was counted (`relance.lead_counts`) and no contact, so it names nobody.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from relance.lead_counts import DIMENSIONS, Measure, Row, totals
from relance.moments import day_of
from relance.ports import Services
from relance.storage import Value
from relance.trials import Counts, judge
from relance.usecases.inputs import NO_ADDRESS, Request, parse_typed

MOST_DAYS = 400
"""Days that one report looks at."""

MOST_ROWS = 100
"""Rows that the answer shows, those with the most confirmed leads first."""

EXAMPLE = '{"from": "2026-11-01", "to": "2026-11-30", "by": ["source", "campaign"]}'

Dimension = Literal["source", "medium", "campaign", "landing", "variant", "form"]


class Decision(StrEnum):
    """Whether something was asked."""

    NOTHING_TO_DO = "nothing_to_do"
    REPORTED = "reported"


class LeadsRequest(Request):
    """The days, both included (UTC), and what is told apart."""

    first: Annotated[date, Field(alias="from")]
    last: Annotated[date, Field(alias="to")]
    by: Annotated[tuple[Dimension, ...], Field(min_length=1, max_length=len(DIMENSIONS))] = (
        "source",
        "medium",
    )

    @model_validator(mode="after")
    def _in_order(self) -> "LeadsRequest":
        if not 0 <= (self.last - self.first).days < MOST_DAYS:
            raise ValueError(f'"to" must lie at most {MOST_DAYS} days after "from"')
        return self


def report_leads(raw: object, services: Services) -> dict[str, Value]:
    """The report that was asked for, as typed.

    Raises:
        InvalidInput: something in it is wrong; says what to paste.
    """
    asked = parse_typed(
        LeadsRequest, raw, example=f"Paste for example {EXAMPLE}", no_address=NO_ADDRESS
    )
    if asked is None:
        today = day_of(services.now())
        example = EXAMPLE.replace("2026-11-30", today).replace("2026-11-01", f"{today[:8]}01")
        return {
            "decision": Decision.NOTHING_TO_DO.value,
            "summary": f"Nothing was asked. Paste for example {example}",
        }
    days = [
        (asked.first + timedelta(days=number)).isoformat()
        for number in range((asked.last - asked.first).days + 1)
    ]
    found = totals(services.store, days, asked.by)
    whole = {each: sum(counts[each] for counts in found.values()) for each in Measure}
    rows = sorted(found.items(), key=_best_first)
    return {
        "decision": Decision.REPORTED.value,
        "summary": _sentence(asked, whole, rows[0] if rows else None),
        "total": _figures(whole),
        "rows": [
            {**dict(zip(asked.by, row, strict=True)), **_figures(counts)}
            for row, counts in rows[:MOST_ROWS]
        ],
        "rows_left_out": max(0, len(rows) - MOST_ROWS),
        "pages": _comparisons(days, services),
    }


def _comparisons(days: list[str], services: Services) -> dict[str, Value]:
    """How the variants of each landing page compare on these days."""
    pages = {name: services.content.landing(name) for name in services.content.landings}
    several = {name: page for name, page in pages.items() if page and len(page.variants) > 1}
    if not several:
        return {}
    counted = totals(services.store, days, ("landing", "variant"))
    nothing = dict.fromkeys(Measure, 0)
    found: dict[str, Value] = {}
    for name, page in several.items():
        leads = Measure(page.trial.counts)
        counts = {}
        for variant in page.variants:
            row = counted.get((f"l/{name}", variant.name), nothing)
            counts[variant.name] = Counts(row[Measure.VISITS], row[leads])
        standing = judge(counts, sure=page.trial.sure, at_least=page.trial.at_least)
        found[name] = {
            "winner": standing.winner,
            "reason": standing.reason,
            "variants": {
                variant: {
                    "visits": each.visits,
                    "leads": each.leads,
                    "rate": round(each.rate, 4),
                    "probability_to_be_best": round(standing.best[variant], 4),
                }
                for variant, each in counts.items()
            },
        }
    return found


def _best_first(row: tuple[Row, Mapping[Measure, int]]) -> tuple[object, ...]:
    counts = row[1]
    return -counts[Measure.CONFIRMED], -counts[Measure.SIGNED_UP], -counts[Measure.VISITS], row[0]


def _figures(counts: Mapping[Measure, int]) -> dict[str, Value]:
    return {
        **{each.value: counts[each] for each in Measure},
        "sign_up_rate": _rate(counts[Measure.SIGNED_UP], counts[Measure.VISITS]),
        "confirmation_rate": _rate(counts[Measure.CONFIRMED], counts[Measure.SIGNED_UP]),
    }


def _rate(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _sentence(
    asked: LeadsRequest,
    whole: Mapping[Measure, int],
    best: tuple[Row, Mapping[Measure, int]] | None,
) -> str:
    days = f"{asked.first.isoformat()} to {asked.last.isoformat()}"
    counts = (
        f"{whole[Measure.VISITS]} visits, {whole[Measure.SIGNED_UP]} sign-ups, "
        f"{whole[Measure.CONFIRMED]} confirmed"
    )
    if best is None or not best[1][Measure.CONFIRMED]:
        return f"{days}: {counts}."
    name = " / ".join(each for each in best[0] if each) or "nothing known of them"
    return f"{days}: {counts}. The most confirmed leads, {best[1][Measure.CONFIRMED]}: {name}."
