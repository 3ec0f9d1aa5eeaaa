"""From the canonical form, which the build wrote, to a function. Standard library only.

The build checked it: what is wrong here is a defect, and rises as a KeyError or a TypeError.
"""

from collections.abc import Callable, Mapping

from relance.conditions import (
    groups,
    leaves_counts,
    leaves_days,
    leaves_habits,
    leaves_measures,
    leaves_plain,
    leaves_scores,
    leaves_states,
)
from relance.conditions.facts import Facts
from relance.conditions.needs import Needs
from relance.conditions.node import Canonical, Evaluate, Node, items, text

_GROUPS = {"all": groups.all_of, "any": groups.any_of, "none": groups.none_of}

_LEAVES: Mapping[str, Callable[[Canonical], Node]] = {
    "everyone": leaves_plain.everyone,
    "trait": leaves_plain.trait,
    "day": leaves_days.day,
    "anniversary": leaves_days.anniversary,
    "count": leaves_counts.count,
    "sum": leaves_measures.total,
    "max": leaves_measures.greatest,
    "since": leaves_days.since,
    "when": leaves_days.when,
    "usual": leaves_habits.usual,
    "overdue": leaves_habits.overdue,
    "been": leaves_states.been,
    "score": leaves_scores.score,
    "potential": leaves_scores.potential,
    "grade": leaves_plain.grade,
    "stage": leaves_plain.stage,
    "persona": leaves_plain.persona,
    "segment": leaves_plain.segment,
    "list": leaves_plain.contact_list,
    "qualified": leaves_plain.qualified,
    "consent": leaves_plain.consent,
    "random": leaves_plain.random,
    "company": leaves_plain.company,
    "company_score": leaves_scores.company_score,
}


class Condition:
    """A compiled condition.

    `evaluate(facts, now)` says whether it holds at `now` and until when: the first millisecond at
    which time alone gives another verdict, FOREVER if there is none. `timeless` conditions never
    change by time; `canonical` is what was compiled.
    """

    __slots__ = ("canonical", "evaluate", "needs", "timeless")

    evaluate: Evaluate

    def __init__(self, canonical: Canonical) -> None:
        node = _compiled(canonical)
        self.canonical = canonical
        self.evaluate = node.evaluate
        self.needs: Needs = node.needs
        self.timeless = node.test is not None

    def holds(self, facts: Facts, now: int) -> bool:
        """The verdict alone."""
        return self.evaluate(facts, now)[0]


def compile_condition(canonical: Canonical) -> Condition:
    """The condition that `parse` wrote in its canonical form."""
    return Condition(canonical)


def _compiled(canonical: Canonical) -> Node:
    for name, joined in _GROUPS.items():
        if name in canonical:
            return joined([_compiled(_object(each)) for each in items(canonical, name)])
    return _LEAVES[text(canonical, "leaf")](canonical)


def _object(value: object) -> Canonical:
    if not isinstance(value, Mapping):
        raise TypeError("a condition was expected")
    return value
