"""Why a condition holds or not: a line for each leaf, saying what was asked and what was found.

    yes: ordered at least 2 times within 9 days: 3 times, last on 2026-11-20, until 2026-11-22 09:30
    no: country is FR or PT: it is something else
    no (as it must be): in the segment regulars

What is personal is not told beyond what the condition names itself: whether a trait passes, not
what it says. Counts, sums and scores are told. Instants are UTC.
"""

from collections.abc import Mapping

from relance.conditions.compile import Condition, compile_condition
from relance.conditions.facts import FOREVER, Facts
from relance.conditions.node import Canonical, items
from relance.conditions.spoken import minute
from relance.conditions.telling import tell


def because(condition: Condition, facts: Facts, now: int) -> list[str]:
    """A line per leaf, in the order in which they are written."""
    return _lines(condition.canonical, facts, now, wanted=True)


def _lines(canonical: Canonical, facts: Facts, now: int, *, wanted: bool) -> list[str]:
    for group in ("all", "any", "none"):
        if group in canonical:
            inside = wanted is not (group == "none")
            return [
                line
                for part in items(canonical, group)
                if isinstance(part, Mapping)
                for line in _lines(part, facts, now, wanted=inside)
            ]
    return [_line(canonical, facts, now, wanted=wanted)]


def _line(leaf: Canonical, facts: Facts, now: int, *, wanted: bool) -> str:
    holds, until = compile_condition(leaf).evaluate(facts, now)
    answer = "yes" if holds else "no"
    if not wanted:
        answer += " (as it must not be)" if holds else " (as it must be)"
    asked, found = tell(leaf, facts, now, holds=holds)
    return f"{answer}: {asked}{': ' if found else ''}{found}{_changes(leaf, until)}"


def _changes(leaf: Canonical, until: int) -> str:
    """When time alone will say otherwise."""
    if until >= FOREVER:
        return ""
    return ", for now" if "trait" in leaf else f", until {minute(until)}"
