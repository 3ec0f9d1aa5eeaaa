"""Whom content tells apart: segments, personas, and leads that are ready.

Everything here that decides is a condition (`relance.conditions`) or a sum that fades. Standard
library only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from relance.content.score_rules import Canonical


@dataclass(frozen=True, slots=True)
class Segment:
    """Those for whom the condition holds, from the moment it does until it no longer does."""

    name: str
    title: str
    condition: Canonical = field(hash=False)


class Readiness(StrEnum):
    """For whom a lead is ready: qualifications have these names."""

    MARKETING = "marketing"
    SALES = "sales"


@dataclass(frozen=True, slots=True)
class Qualification:
    """The moment has come to talk to a lead: when, and what to say why.

    `reason` may hold `{because}` and what `relance.content.reasons` lists.
    """

    name: Readiness
    title: str
    condition: Canonical = field(hash=False)
    reason: str = "{because}"


class Concern(StrEnum):
    """What a buyer cares about most."""

    PRICE_AND_PROFIT = "price_and_profit"
    RUNNING_THE_FIRM = "running_the_firm"
    AN_EASIER_DAY = "an_easier_day"


@dataclass(frozen=True, slots=True)
class Persona:
    """A kind of buyer, its concern, and what tells it.

    `declared`: any of these conditions tells it. `topics`: else what the contact reads, each
    topic's interest times its weight, from `at_least` on; interests fade, and so does this.
    `asks` is the concern as a question in the buyer's own words.
    """

    name: str
    title: str
    concern: Concern
    asks: str
    declared: tuple[Canonical, ...] = field(default=(), hash=False)
    topics: Mapping[str, float] = field(default_factory=dict, hash=False)
    at_least: float = 0.0
