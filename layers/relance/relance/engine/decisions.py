"""Decisions: what is said of a contact from its facts, each with the instant it holds until.

One for each name in `Rules.order`: fits and potentials, the persona, the stage, segments and
qualifications. A decision looks at facts alone, those of earlier decisions among them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, log2
from typing import TypeAlias

from relance.conditions.compile import Condition, compile_condition
from relance.conditions.facts import FOREVER, Facts
from relance.conditions.needs import Needs
from relance.content.people_rules import Persona
from relance.content.rules import Rules
from relance.content.score_rules import FitScore, Potential
from relance.content.stage_rules import place

Outcome: TypeAlias = tuple[str | float | bool | None, int]
"""What is decided, and until when it holds if nothing happens (ms; FOREVER)."""

Decide: TypeAlias = Callable[[Facts, int], Outcome]


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that is said of every contact. `key` is its name in `Rules.order`."""

    key: str
    kind: str
    name: str
    needs: Needs
    decide: Decide


def decisions_of(rules: Rules) -> tuple[Decision, ...]:
    """The decisions of the rules, each after those that it looks at."""
    return tuple(_decision(key, rules) for key in rules.order)


def _decision(key: str, rules: Rules) -> Decision:
    kind, _, name = key.partition(":")
    conditions: list[Condition]
    decide: Decide
    if kind == "segment":
        segment = next(each for each in rules.segments if each.name == name)
        conditions = [compile_condition(segment.condition)]
        decide = conditions[0].evaluate
    elif kind == "qualification":
        qualification = next(each for each in rules.qualifications if each.name == name)
        conditions = [compile_condition(qualification.condition)]
        decide = conditions[0].evaluate
    elif kind == "fit":
        conditions, decide = _fit(next(each for each in rules.fits if each.name == name))
    elif kind == "potential":
        conditions, decide = _potential(next(p for p in rules.potentials if p.name == name))
    elif kind == "stage":
        conditions, decide = _stage(rules)
    else:
        conditions, decide = _persona(rules.personas)
    needs = Needs()
    for condition in conditions:
        needs |= condition.needs
    return Decision(key, kind, name, needs | _more_needs(kind, name, rules), decide)


def _more_needs(kind: str, name: str, rules: Rules) -> Needs:
    """What is looked at beside conditions: traits that are money, interests that tell a persona."""
    if kind == "potential":
        potential = next(each for each in rules.potentials if each.name == name)
        return Needs(traits=frozenset(way.trait for way in potential.ways if way.trait))
    if kind == "persona":
        topics = {topic for persona in rules.personas for topic in persona.topics}
        return Needs(scores=frozenset(f"interest/{topic}" for topic in topics))
    return Needs()


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


def _persona(personas: Sequence[Persona]) -> tuple[list[Condition], Decide]:
    compiled = [
        (persona, [compile_condition(each) for each in persona.declared]) for persona in personas
    ]

    def decide(facts: Facts, now: int) -> Outcome:
        until = FOREVER
        for persona, declared in compiled:
            for condition in declared:
                holds, its_until = condition.evaluate(facts, now)
                until = min(until, its_until)
                if holds:
                    return persona.name, until
        inferred = [(_interest(persona, facts, now), persona) for persona, _ in compiled]
        reached = [
            (amount, -at, persona, its_until)
            for at, ((amount, its_until), persona) in enumerate(inferred)
            if persona.topics and amount >= persona.at_least
        ]
        if not reached:
            return None, until
        _, _, persona, its_until = max(reached, key=lambda each: each[:2])
        return persona.name, min(until, its_until)

    return [condition for _, declared in compiled for condition in declared], decide


def _interest(persona: Persona, facts: Facts, now: int) -> tuple[float, int]:
    """What the contact reads of the persona's topics at `now`, and until when it reaches enough.

    All interests fade with one half-life h, so the sum A does: A · 2^(−t/h) falls to b after
    h · log2(A/b).
    """
    amount, half_life = 0.0, 0
    for topic, weight in persona.topics.items():
        fading = facts.scores.get(f"interest/{topic}")
        if fading:
            half_life = fading[2]
            amount += weight * fading[0] * 2.0 ** (-max(0, now - fading[1]) / half_life)
    if amount < persona.at_least or amount <= 0 or persona.at_least <= 0:
        return amount, FOREVER
    return amount, now + max(1, ceil(half_life * log2(amount / persona.at_least)))
