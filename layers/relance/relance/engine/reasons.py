"""Why a lead is ready: the sentence that goes with the conclusion, for people to read.

What makes a condition hold is told line by line. A segment or a qualification that it names is told
by what makes it hold, since "is in the segment hot" says nothing to whoever picks up the phone.
Nothing of it quotes a trait beyond what the condition itself names (`relance.conditions.because`).
"""

from collections.abc import Iterator, Mapping

from relance.conditions.compile import compile_condition
from relance.conditions.facts import Facts
from relance.conditions.leaves_scores import value_at
from relance.conditions.node import Canonical, items, text
from relance.conditions.telling import tell
from relance.content.people_rules import Qualification
from relance.content.reasons import fill
from relance.content.rules import Rules


def reason_for(qualification: Qualification, rules: Rules, facts: Facts, now: int) -> str:
    """The qualification's sentence, filled in for a contact that is ready at `now` (ms)."""
    found = dict.fromkeys(supporting(qualification.condition, rules, facts, now))
    values = {
        "because": "; ".join(found),
        "stage": facts.stage or "unknown",
        "persona": facts.persona or "unknown",
    }
    values |= {f"score.{name}": _number(value_at(it, now)) for name, it in facts.scores.items()}
    values |= {f"grade.{name}": grade for name, grade in facts.grades.items()}
    values |= {f"potential.{name}": _number(money) for name, money in facts.potentials.items()}
    return fill(qualification.reason, values)


def supporting(condition: Canonical, rules: Rules, facts: Facts, now: int) -> Iterator[str]:
    """The lines of a condition that holds: of `any` the parts that hold, of `none` nothing."""
    if not compile_condition(condition).evaluate(facts, now)[0]:
        return
    for group in ("all", "any"):
        for part in items(condition, group) if group in condition else ():
            assert isinstance(part, Mapping)  # noqa: S101 - a group holds conditions
            yield from supporting(part, rules, facts, now)
    if "leaf" not in condition:
        return
    named = list(_named(condition, rules))
    if not named:
        asked, found = tell(condition, facts, now, holds=True)
        yield f"{asked}: {found}" if found else asked
    for each in named:
        yield from supporting(each, rules, facts, now)


def _named(leaf: Canonical, rules: Rules) -> Iterator[Canonical]:
    """The conditions of the segments or qualifications that a leaf asks for."""
    kind = text(leaf, "leaf")
    if kind == "segment":
        yield from (it.condition for it in rules.segments if it.name in items(leaf, "in"))
    elif kind == "qualified":
        yield from (it.condition for it in rules.qualifications if it.name in items(leaf, "in"))


def _number(value: float) -> str:
    return f"{value:,.0f}"
