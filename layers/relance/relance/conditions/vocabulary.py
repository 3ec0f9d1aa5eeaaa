"""The names that a condition may use, as the content declares them. Standard library only."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from relance.conditions.facts import FOREVER
from relance.conditions.places import Place
from relance.content.known_events import EVENTS
from relance.content.names import closest, suggestion

Kind: TypeAlias = Literal[
    "behaviour", "trait", "score", "grade", "potential", "stage", "persona", "segment",
    "qualification", "list", "topic", "interest", "company",
]  # fmt: skip

GRADES = ("A", "B", "C", "D")
"""From best to worst."""

_DECLARED_IN: Mapping[Kind, str] = {
    "behaviour": "behaviours/",
    "trait": "traits.yaml",
    "score": "scores/",
    "grade": "fits/",
    "potential": "potentials/",
    "stage": "stages.yaml",
    "persona": "personas.yaml",
    "segment": "segments/",
    "qualification": "qualifications/",
    "list": "lists.yaml",
    "topic": "company.yaml",
    "interest": "interests.yaml",
}

_CONCLUDED: Mapping[str, str] = {
    "segment_entered": "in_segment: …",
    "segment_left": "none:",
    "stage_advanced": "stage: …",
    "stage_fell_back": "stage: …",
    "qualified": "qualified: …",
    "persona_assigned": "persona: …",
}
"""Events that say what rules concluded, and how that is asked."""


@dataclass(frozen=True, slots=True)
class ValueWord:
    """A trait, or something about a company: one of `relance.content.rules.TRAIT_TYPES`."""

    type: str
    options: tuple[str, ...] = ()


ABOUT_COMPANIES: Mapping[str, ValueWord] = {
    "score": ValueWord("number"),
    "members": ValueWord("number"),
    "roles": ValueWord("text"),
    "roles_missing": ValueWord("text"),
    "deals": ValueWord("number"),
}
"""What there is to ask of a contact's company: a score over its members, how many of them we
know, which roles in a purchase they have, which are still missing, and with how many a deal is
open."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every name by its kind.

    `per_offer` names the scores that are kept by offer. `kept` is how long single acts are kept
    (ms), beyond which no condition can look at them; those of the behaviours `lasting` are kept as
    long as the contact. `elsewhere` has the names whose files do not fit the company.
    """

    traits: Mapping[str, ValueWord] = field(default_factory=dict)
    behaviours: Collection[str] = ()
    scores: Collection[str] = ()
    per_offer: Collection[str] = ()
    grades: Collection[str] = ()
    potentials: Collection[str] = ()
    stages: Collection[str] = ()
    personas: Collection[str] = ()
    segments: Collection[str] = ()
    qualifications: Collection[str] = ()
    lists: Collection[str] = ()
    topics: Collection[str] = ()
    interests: Collection[str] = ()
    companies: Mapping[str, ValueWord] = field(default_factory=lambda: ABOUT_COMPANIES)
    kept: int = FOREVER
    lasting: Collection[str] = ()
    elsewhere: Mapping[Kind, Collection[str]] = field(default_factory=dict)

    def kept_of(self, behaviour: str) -> int:
        """How long single acts of a behaviour are kept (ms)."""
        return FOREVER if behaviour in self.lasting else self.kept

    def knows(self, kind: Kind, name: str, where: Place) -> bool:
        """Whether a name is declared; if not, that is noted at the place."""
        sentence = self.unknown(kind, name)
        if sentence:
            where.wrong(sentence)
        return sentence is None

    def unknown(self, kind: Kind, name: str) -> str | None:
        """The sentence that a name is not declared; None when it is."""
        known = self._known(kind)
        if name in known:
            return None
        if kind == "company":
            return f'nothing is known of a company as "{name}". {suggestion(name, known)}'
        if kind == "behaviour" and name in _CONCLUDED:
            return f'"{name}" follows from rules and is no act. Write "{_CONCLUDED[name]}".'
        file = _DECLARED_IN[kind]
        if name in self.elsewhere.get(kind, ()):
            return (
                f'the {kind} "{name}" is declared for other companies only: look at "only_for:" '
                f"in {file}."
            )
        if kind == "behaviour":
            return f'the behaviour "{name}" is not declared in {file}. {self._act(name)}'
        return f'the {kind} "{name}" is not declared in {file}. {suggestion(name, known)}'

    def _act(self, name: str) -> str:
        """Which act may be meant: events, which are many, are offered if they look alike."""
        declared = [each for each in self.behaviours if each not in EVENTS]
        if closest(name, declared):
            return suggestion(name, self.behaviours)
        alike = closest(name, self.behaviours)
        instead = suggestion(name, alike or declared)
        return f"{instead} An event of your own is declared in events.yaml."

    def _known(self, kind: Kind) -> Collection[str]:
        known: Mapping[Kind, Collection[str]] = {
            "behaviour": self.behaviours,
            "trait": self.traits,
            "score": self.scores,
            "grade": self.grades,
            "potential": self.potentials,
            "stage": self.stages,
            "persona": self.personas,
            "segment": self.segments,
            "qualification": self.qualifications,
            "list": self.lists,
            "topic": self.topics,
            "interest": self.interests,
            "company": self.companies,
        }
        return known[kind]
