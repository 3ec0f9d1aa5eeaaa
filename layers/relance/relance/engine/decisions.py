"""Decisions: what is said of a contact from its facts, each with the instant it holds until.

One for each name in `Rules.order`: fits and potentials, the persona, the stage, segments and
qualifications. A decision looks at facts alone, those of earlier decisions among them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from relance.conditions.compile import Condition, compile_condition
from relance.conditions.facts import FOREVER, Facts
from relance.conditions.needs import Needs
from relance.content.people_rules import Qualification
from relance.content.personas import Assigner
from relance.content.rules import Rules
from relance.content.score_rules import FitScore, Potential
from relance.content.stage_rules import place
from relance.engine.reasons import reason_for

Outcome: TypeAlias = tuple[str | float | bool | None, int]
"""What is decided, and until when it holds if nothing happens (ms; FOREVER)."""

Decide: TypeAlias = Callable[[Facts, int], Outcome]
Explain: TypeAlias = Callable[[Facts, int], str]


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that is said of every contact. `key` is its name in `Rules.order`.

    `explain` says why, for those decisions that people act on.
    """

    key: str
    kind: str
    name: str
    needs: Needs
    decide: Decide
    explain: Explain | None = None


def decisions_of(rules: Rules) -> tuple[Decision, ...]:
    """The decisions of the rules, each after those that it looks at."""
    return tuple(_decision(key, rules) for key in rules.order)


def _decision(key: str, rules: Rules) -> Decision:
    kind, _, name = key.partition(":")
    if kind == "persona":
        return _persona(key, rules)
    conditions: list[Condition]
    decide: Decide
    explain: Explain | None = None
    if kind == "segment":
        segment = next(each for each in rules.segments if each.name == name)
        conditions = [compile_condition(segment.condition)]
        decide = conditions[0].evaluate
    elif kind == "qualification":
        qualification = next(each for each in rules.qualifications if each.name == name)
        conditions = [compile_condition(qualification.condition)]
        decide, explain = conditions[0].evaluate, _why_ready(qualification, rules)
    elif kind == "fit":
        conditions, decide = _fit(next(each for each in rules.fits if each.name == name))
    elif kind == "potential":
        conditions, decide = _potential(next(p for p in rules.potentials if p.name == name))
    else:
        conditions, decide = _stage(rules)
    needs = _money_of(name, rules) if kind == "potential" else Needs()
    for condition in conditions:
        needs |= condition.needs
    return Decision(key, kind, name, needs, decide, explain)


def _why_ready(qualification: Qualification, rules: Rules) -> Explain:
    def explain(facts: Facts, now: int) -> str:
        return reason_for(qualification, rules, facts, now)

    return explain


def _money_of(name: str, rules: Rules) -> Needs:
    """The traits that are money, which a potential looks at beside its conditions."""
    potential = next(each for each in rules.potentials if each.name == name)
    return Needs(traits=frozenset(way.trait for way in potential.ways if way.trait))


def _persona(key: str, rules: Rules) -> Decision:
    assigner = Assigner(rules.personas)

    def decide(facts: Facts, now: int) -> Outcome:
        assigned = assigner.assign(facts, now)
        return assigned.persona, assigned.until

    def explain(facts: Facts, now: int) -> str:
        return assigner.assign(facts, now).reason

    return Decision(key, "persona", "", assigner.needs, decide, explain)


def _fit(fit: FitScore) -> tuple[list[Condition], Decide]:
    compiled = [(compile_condition(rule.condition), rule.points) for rule in fit.rules]

    def decide(facts: Facts, now: int) -> Outcome:
        points, until = 0.0, FOREVER
        for condition, worth in compiled:
            holds, its_until = condition.evaluate(facts, now)
            points += worth if holds else 0.0
            until = min(until, its_until)
        return points, until

    return [condition for condition, _ in compiled], decide


def _potential(potential: Potential) -> tuple[list[Condition], Decide]:
    compiled = [
        (compile_condition(way.condition) if way.condition is not None else None, way)
        for way in potential.ways
    ]

    def decide(facts: Facts, now: int) -> Outcome:
        until = FOREVER
        for condition, way in compiled:
            holds, its_until = condition.evaluate(facts, now) if condition else (True, FOREVER)
            until = min(until, its_until)
            money = way.of(facts.traits) if holds else None
            if money is not None:
                return money, until
        return None, until

    return [condition for condition, _ in compiled if condition], decide


def _stage(rules: Rules) -> tuple[list[Condition], Decide]:
    compiled = {
        stage.name: compile_condition(stage.criterion)
        for stage in rules.stages
        if stage.criterion is not None
    }

    def decide(facts: Facts, now: int) -> Outcome:
        verdicts = {name: condition.evaluate(facts, now) for name, condition in compiled.items()}
        until = min((each[1] for each in verdicts.values()), default=FOREVER)
        return place(rules.stages, lambda name: verdicts[name][0]), until

    return list(compiled.values()), decide
