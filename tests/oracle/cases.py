"""A case: one contact's history and the rules it is judged by; a seed gives it.

Cases are plain values, so that a smaller one can be made by leaving something out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from relance.events import Event

Source: TypeAlias = Mapping[str, object]
"""A condition as a marketer writes it in YAML, read into dictionaries and lists."""


@dataclass(frozen=True)
class Points:
    """Points for a behaviour: so many, or what a property says; the first n of a UTC day."""

    behaviour: str
    points: float | None = None
    points_from: str | None = None
    at_most_per_day: int | None = None


@dataclass(frozen=True)
class Score:
    """A score that fades. The first rule that fits an event counts; `per` a property of offers."""

    half_life: str
    points: tuple[Points, ...]
    per: str | None = None


@dataclass(frozen=True)
class Act:
    """A named behaviour: events of one name whose properties fit (path → a test)."""

    event: str
    where: tuple[tuple[str, Source], ...] = ()


@dataclass(frozen=True)
class Fit:
    """Points for what a contact is, and what they are worth; with fewer it is D."""

    rules: tuple[tuple[Source, float], ...]
    grades: tuple[tuple[str, float], ...] = (("A", 60.0), ("B", 40.0), ("C", 20.0))


@dataclass(frozen=True)
class Stage:
    """A rung of the ladder, lowest first, or a stage that stands instead of rungs."""

    name: str
    criterion: Source | None
    instead_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Company:
    """What the contact was told of its company. `score`: amount, instant and half-life (ms)."""

    score: tuple[float, int, int]
    facts: Mapping[str, int | tuple[str, ...]]


@dataclass(frozen=True)
class World:
    """The rules: everything that judges, and what is known of the population.

    `potentials`: the traits that tell a potential, each with a factor; the first known counts.
    `personas`: in declared order, the first whose condition holds. `population`: of a behaviour
    the usual gap, and how many gaps of the contact's own it counts like.
    """

    zone: str
    acts: Mapping[str, Act] = field(default_factory=dict)
    scores: Mapping[str, Score] = field(default_factory=dict)
    interests: Mapping[str, Score] = field(default_factory=dict)
    fits: Mapping[str, Fit] = field(default_factory=dict)
    potentials: Mapping[str, tuple[tuple[str, float], ...]] = field(default_factory=dict)
    stages: tuple[Stage, ...] = ()
    personas: tuple[tuple[str, Source], ...] = ()
    segments: Mapping[str, Source] = field(default_factory=dict)
    qualifications: Mapping[str, Source] = field(default_factory=dict)
    population: Mapping[str, tuple[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """What the oracle and the engine are both given."""

    seed: int
    history: Sequence[Event]
    world: World
