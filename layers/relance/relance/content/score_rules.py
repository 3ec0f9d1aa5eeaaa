"""Scores as content declares them: what a contact does, who it is, what it could be worth.

An *engagement* score fades: points for acts, half of whose weight is lost every half-life. A *fit*
score is a plain sum of points for what the contact is, with a grade. A *potential* is a number of
money. A *company* score is one over the members of a company. Standard library only.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from relance.conditions.comparing import normal
from relance.content.behaviours import Behaviour, numbers_at, values_at

Canonical: TypeAlias = Mapping[str, object]
"""A condition as `relance.conditions` writes it: JSON types, read with `compile_condition`."""

_NOTHING: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class PointRule:
    """Points for one kind of act.

    Exactly one of `points` and `from_property` is set. `at_most_per_day` counts the events of
    this rule in one UTC day, None means no bound.
    """

    behaviour: Behaviour
    points: float | None
    from_property: str | None = None
    at_most_per_day: int | None = None

    def matches(
        self,
        event: str,
        properties: Mapping[str, object],
        context: Mapping[str, object] = _NOTHING,
    ) -> bool:
        """Tell whether the rule is about an event of this name; never about a machine's."""
        return self.behaviour.matches(event, properties, context)

    def worth(self, properties: Mapping[str, object]) -> float:
        """Return the points of one matching event; 0 where the property is no number."""
        if self.from_property is None:
            return self.points or 0.0
        return sum(numbers_at(self.from_property, properties))


@dataclass(frozen=True, slots=True)
class Per:
    """A score for each value of a property (an offer), for the `newest` values acted on last."""

    path: str
    newest: int


@dataclass(frozen=True, slots=True)
class EngagementScore:
    """A sum of points in which each event's part halves every `half_life`.

    The first rule that matches an event counts, so that a narrow rule can stand above a wide one.
    With `per` there is, beside the score as a whole, one for each value (`score_key`).
    """

    name: str
    half_life: timedelta
    points: tuple[PointRule, ...]
    title: str = ""
    per: Per | None = None

    def rule_for(
        self,
        event: str,
        properties: Mapping[str, object],
        context: Mapping[str, object] = _NOTHING,
    ) -> PointRule | None:
        """Return the first rule that matches, or None when the event gives no points."""
        return next(
            (rule for rule in self.points if rule.matches(event, properties, context)), None
        )

    def values(self, properties: Mapping[str, object]) -> tuple[str, ...]:
        """Return the values (offers) that the event is about, each once, sorted."""
        if self.per is None:
            return ()
        found = values_at(self.per.path, properties)
        return tuple(sorted({str(each) for each in found if isinstance(each, str | int)}))


def score_key(score: str, value: str) -> str:
    """The name under which the score of one value (an offer) is kept and asked for."""
    return f"{score}/{value}"


@dataclass(frozen=True, slots=True)
class FitRule:
    """Points for what a contact is, as long as the condition holds."""

    condition: Canonical = field(hash=False)
    points: float
    title: str = ""


WORST = "D"
"""The grade of whoever reaches no other."""


@dataclass(frozen=True, slots=True)
class Grade:
    """A letter and the points from which it is given."""

    letter: str
    at_least: float


@dataclass(frozen=True, slots=True)
class FitScore:
    """The sum of the points of every rule that holds, and its grade; bounds of `grades` fall."""

    name: str
    rules: tuple[FitRule, ...]
    grades: tuple[Grade, ...]
    title: str = ""

    def grade(self, points: float) -> str:
        """Return the best grade that the points reach, else the worst."""
        return next((each.letter for each in self.grades if points >= each.at_least), WORST)


@dataclass(frozen=True, slots=True)
class Worth:
    """One way to know a potential: `times` a trait that is a number, or a fixed `amount`.

    It counts where the condition holds, or always where there is none.
    """

    condition: Canonical | None = field(default=None, hash=False)
    trait: str | None = None
    times: float = 1.0
    amount: float = 0.0

    def of(self, traits: Mapping[str, object]) -> float | None:
        """Return the money, None where the trait is not known or no number."""
        if self.trait is None:
            return self.amount
        found = numbers_at(self.trait, traits)
        return found[0] * self.times if found else None


@dataclass(frozen=True, slots=True)
class Potential:
    """What a contact could be worth, in the company's currency: the first way that is known."""

    name: str
    ways: tuple[Worth, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class PurchaseRole:
    """A part that somebody has in the purchase. `needed`: without it there is no decision."""

    name: str
    title: str
    values: tuple[str, ...]
    weight: float = 1.0
    needed: bool = True


@dataclass(frozen=True, slots=True)
class CompanyScore:
    """How far a company is: the sum over its members of one score, weighted by role.

    `trait` holds a member's role. Since every member's score has the half-life of the score
    `of`, the sum fades as one. Whoever is on the list `deals` has a deal open. `not_companies` are
    domains that anybody may have.
    """

    of: str
    trait: str
    roles: tuple[PurchaseRole, ...]
    other_weight: float = 1.0
    deals: str | None = None
    not_companies: tuple[str, ...] = ()

    def role(self, traits: Mapping[str, object]) -> PurchaseRole | None:
        """Return the part that a member with these traits has, None if no declared one."""
        value = normal(traits.get(self.trait))
        return next((each for each in self.roles if value in map(normal, each.values)), None)

    def weight(self, traits: Mapping[str, object]) -> float:
        """Return what a member's score counts for."""
        role = self.role(traits)
        return role.weight if role else self.other_weight

    def missing(self, there: Collection[str]) -> tuple[str, ...]:
        """Return the roles that are needed and nobody has, in declared order."""
        return tuple(each.name for each in self.roles if each.needed and each.name not in there)

    def total(self, members: Iterable[tuple[Mapping[str, object], float]]) -> float:
        """Return the score of a company: its members' traits and scores at one instant."""
        return sum(self.weight(traits) * score for traits, score in members)
