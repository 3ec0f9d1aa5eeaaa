"""What the content says about people: scores, personas, traits, lists and the tracking default.

Plain frozen values that the fold works with. Standard library only. The build writes them to
`rules.json` (`Rules.to_json`), functions read them back (`Rules.from_json`). Whatever is decided
here is decided by content alone: no clock, no store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Self, TypeAlias

Scalar: TypeAlias = str | int | float | bool
"""A value that a rule may compare with: what JSON knows except null, lists and objects."""


class OpenTracking(StrEnum):
    """How far opens of a contact's mail may be followed (CNIL recommendation 2026-042)."""

    NONE = "none"
    HYGIENE = "hygiene"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Tracking:
    """What is followed of a contact that has not said otherwise."""

    opens: OpenTracking
    clicks: bool


@dataclass(frozen=True, slots=True)
class PointRule:
    """Points for one kind of event.

    Exactly one of `points` and `from_property` is set. `at_most_per_day` counts the events of
    this rule in one UTC day, None means no bound. Every pair of `where` must equal the event's
    property of that name.
    """

    event: str
    points: float | None
    from_property: str | None
    at_most_per_day: int | None
    where: tuple[tuple[str, Scalar], ...] = ()

    def matches(self, event: str, properties: Mapping[str, object]) -> bool:
        """Tell whether the rule is about an event of this name with these properties."""
        return event == self.event and all(
            _same(properties.get(name), wanted) for name, wanted in self.where
        )

    def worth(self, properties: Mapping[str, object]) -> float:
        """Return the points of one matching event; 0 where the property is no number."""
        if self.from_property is None:
            return self.points or 0.0
        value = properties.get(self.from_property)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return 0.0
        return float(value)


@dataclass(frozen=True, slots=True)
class Score:
    """A sum of points in which each event's part halves every `half_life`.

    The first rule that matches an event counts, so that a narrow rule can stand above a wide one.
    """

    name: str
    half_life: timedelta
    points: tuple[PointRule, ...]

    def rule_for(self, event: str, properties: Mapping[str, object]) -> PointRule | None:
        """Return the first rule that matches, or None when the event gives no points."""
        return next((rule for rule in self.points if rule.matches(event, properties)), None)


@dataclass(frozen=True, slots=True)
class Persona:
    """A kind of buyer, its concern, and the declared trait that tells it (C6, narrow for now)."""

    name: str
    title: str
    concern: str
    trait: str
    values: tuple[Scalar, ...]

    def matches(self, traits: Mapping[str, object]) -> bool:
        """Tell whether the declared trait has one of the persona's values."""
        return any(_same(traits.get(self.trait), wanted) for wanted in self.values)

    @property
    def reason(self) -> str:
        """Say what the assignment rests on, without the contact's value."""
        return f"declared trait {self.trait}"


@dataclass(frozen=True, slots=True)
class Trait:
    """Something a profile may say about a person. `type` is one of TRAIT_TYPES."""

    name: str
    type: str
    personal: bool
    visible_to_workflows: bool
    options: tuple[str, ...] = ()


TRAIT_TYPES = ("text", "email", "number", "yes_no", "date", "country", "language", "time_zone")


@dataclass(frozen=True, slots=True)
class ContactList:
    """A named list that contacts join and leave."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of one version of the content.

    `version` is the hash of the rules alone (12 hex digits): a change to a mail's text does not
    change it, so it makes no profile be folded again.
    """

    version: str
    scores: tuple[Score, ...]
    personas: tuple[Persona, ...]
    traits: tuple[Trait, ...]
    lists: tuple[ContactList, ...]
    tracking_default: Tracking
    time_zone: str
    languages: tuple[str, ...]

    @property
    def visible_traits(self) -> frozenset[str]:
        """Names of the traits that state machines may see; none of them is personal."""
        return frozenset(trait.name for trait in self.traits if trait.visible_to_workflows)

    def persona_for(self, traits: Mapping[str, object]) -> Persona | None:
        """Return the first persona, in declared order, that the traits tell; else None."""
        return next((persona for persona in self.personas if persona.matches(traits)), None)

    def has_list(self, name: str) -> bool:
        """Tell whether the content declares a list of this name."""
        return any(each.name == name for each in self.lists)

    def to_json(self) -> dict[str, object]:
        """Return the values as JSON types; `from_json` is the inverse."""
        return {
            "version": self.version,
            "scores": [_score_to_json(score) for score in self.scores],
            "personas": [
                {
                    "name": each.name,
                    "title": each.title,
                    "concern": each.concern,
                    "trait": each.trait,
                    "values": list(each.values),
                }
                for each in self.personas
            ],
            "traits": [
                {
                    "name": each.name,
                    "type": each.type,
                    "personal": each.personal,
                    "visible_to_workflows": each.visible_to_workflows,
                    "options": list(each.options),
                }
                for each in self.traits
            ],
            "lists": [{"name": each.name, "title": each.title} for each in self.lists],
            "tracking_default": {
                "opens": self.tracking_default.opens.value,
                "clicks": self.tracking_default.clicks,
            },
            "time_zone": self.time_zone,
            "languages": list(self.languages),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, object]) -> Self:
        """Read what `to_json` wrote. The build has checked it: a wrong shape is a KeyError."""
        tracking = _mapping(raw["tracking_default"])
        return cls(
            version=str(raw["version"]),
            scores=tuple(_score_from_json(_mapping(each)) for each in _sequence(raw["scores"])),
            personas=tuple(
                Persona(
                    name=str(each["name"]),
                    title=str(each["title"]),
                    concern=str(each["concern"]),
                    trait=str(each["trait"]),
                    values=tuple(_scalar(value) for value in _sequence(each["values"])),
                )
                for each in map(_mapping, _sequence(raw["personas"]))
            ),
            traits=tuple(
                Trait(
                    name=str(each["name"]),
                    type=str(each["type"]),
                    personal=each["personal"] is True,
                    visible_to_workflows=each["visible_to_workflows"] is True,
                    options=tuple(str(option) for option in _sequence(each["options"])),
                )
                for each in map(_mapping, _sequence(raw["traits"]))
            ),
            lists=tuple(
                ContactList(name=str(each["name"]), title=str(each["title"]))
                for each in map(_mapping, _sequence(raw["lists"]))
            ),
            tracking_default=Tracking(
                opens=OpenTracking(str(tracking["opens"])), clicks=tracking["clicks"] is True
            ),
            time_zone=str(raw["time_zone"]),
            languages=tuple(str(each) for each in _sequence(raw["languages"])),
        )


def _same(actual: object, wanted: Scalar) -> bool:
    """Compare without Python's `True == 1`."""
    return actual == wanted and isinstance(actual, bool) == isinstance(wanted, bool)


def _score_to_json(score: Score) -> dict[str, object]:
    return {
        "name": score.name,
        "half_life_seconds": score.half_life.total_seconds(),
        "points": [
            {
                "event": rule.event,
                "points": rule.points,
                "from_property": rule.from_property,
                "at_most_per_day": rule.at_most_per_day,
                "where": [list(pair) for pair in rule.where],
            }
            for rule in score.points
        ],
    }


def _score_from_json(raw: Mapping[str, object]) -> Score:
    return Score(
        name=str(raw["name"]),
        half_life=timedelta(seconds=_number(raw["half_life_seconds"])),
        points=tuple(
            PointRule(
                event=str(rule["event"]),
                points=_optional_number(rule["points"]),
                from_property=(
                    None if rule["from_property"] is None else str(rule["from_property"])
                ),
                at_most_per_day=_optional_count(rule["at_most_per_day"]),
                where=tuple(
                    (str(name), _scalar(value))
                    for name, value in map(_sequence, _sequence(rule["where"]))
                ),
            )
            for rule in map(_mapping, _sequence(raw["points"]))
        ),
    )


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError("an object was expected")
    return value


def _sequence(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("a list was expected")
    return value


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise TypeError("a number was expected")
    return float(value)


def _optional_number(value: object) -> float | None:
    return None if value is None else _number(value)


def _optional_count(value: object) -> int | None:
    return None if value is None else int(_number(value))


def _scalar(value: object) -> Scalar:
    if not isinstance(value, str | int | float | bool):
        raise TypeError("a text, a number or yes/no was expected")
    return value
