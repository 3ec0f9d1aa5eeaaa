"""Which persona a contact is, why, and until when: declared evidence first, then what it reads.

The first persona, in declared order, of whose conditions one holds. Else the one that weighs most
among those whose topics weigh enough. All interests lose half their weight in the same time, so
which of two weighs more never changes by time alone; only the threshold of the heaviest is crossed,
at an instant known in closed form.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from relance.conditions import Condition, compile_condition
from relance.conditions.facts import FOREVER, Facts, Fading
from relance.conditions.leaves_scores import value_at, within
from relance.conditions.needs import Needs
from relance.conditions.node import EQUAL
from relance.content.people_rules import Persona
from relance.content.score_rules import score_key

INTEREST = "interest"

CLEARLY = 1 + 1e-9
"""By how much a later persona must outweigh an earlier one: not by rounding alone."""


def interest_key(topic: str) -> str:
    """The name under which the interest in a topic is kept among the scores."""
    return score_key(INTEREST, topic)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A persona or none, on what it rests (without the contact's own values), and until when.

    `until` is the first instant (ms) at which time alone may give another persona.
    """

    persona: str | None
    reason: str
    until: int


class Assigner:
    """The declared personas, compiled once."""

    def __init__(self, personas: Sequence[Persona]) -> None:
        self._declared: list[tuple[Persona, Condition]] = [
            (persona, compile_condition(each)) for persona in personas for each in persona.declared
        ]
        self._inferred = [persona for persona in personas if persona.topics]
        topics = {interest_key(name) for each in self._inferred for name in each.topics}
        self.needs: Needs = reduce(
            lambda known, each: known | each[1].needs,
            self._declared,
            Needs(scores=frozenset(topics)),
        )
        """What the assignment depends on."""

    def assign(self, facts: Facts, now: int) -> Assignment:
        """Tell the persona of a contact at `now` (ms)."""
        soonest = FOREVER
        for persona, condition in self._declared:
            holds, until = condition.evaluate(facts, now)
            soonest = min(soonest, until)
            if holds:
                return Assignment(persona.name, _declared_reason(condition), soonest)
        heaviest: tuple[float, Persona, Fading] | None = None
        for persona in self._inferred:
            fading = _weight(persona, facts)
            weight = value_at(fading, now)
            enough = weight >= persona.at_least - EQUAL
            if enough and (not heaviest or weight > heaviest[0] * CLEARLY):
                heaviest = (weight, persona, fading)
        if heaviest is None:
            return Assignment(None, "nothing tells", soonest)
        _, persona, fading = heaviest
        _, until = within(fading, persona.at_least - EQUAL, float("inf"), now)
        return Assignment(persona.name, _inferred_reason(persona, facts), min(soonest, until))


def _weight(persona: Persona, facts: Facts) -> Fading:
    """The interests in the persona's topics as one sum, at the newest of their instants."""
    found = [
        (factor, facts.scores[key])
        for topic, factor in persona.topics.items()
        if (key := interest_key(topic)) in facts.scores
    ]
    if not found:
        return 0.0, 0, 0
    newest = max(fading[1] for _, fading in found)
    amount = sum(factor * value_at(fading, newest) for factor, fading in found)
    return amount, newest, found[0][1][2]


def _declared_reason(condition: Condition) -> str:
    traits = sorted(condition.needs.traits)
    if not traits:
        return "declared evidence"
    return f"declared {'trait' if len(traits) == 1 else 'traits'} {', '.join(traits)}"


def _inferred_reason(persona: Persona, facts: Facts) -> str:
    read = [topic for topic in persona.topics if interest_key(topic) in facts.scores]
    return f"reads about {', '.join(read)}"
