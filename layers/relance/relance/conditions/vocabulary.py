"""The names that a condition may use, as the content declares them. Standard library only."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from relance.conditions.facts import FOREVER
from relance.content.names import suggestion

Kind: TypeAlias = Literal[
    "behaviour", "trait", "score", "grade", "potential", "stage", "persona", "segment",
    "qualification", "list", "topic", "offer", "interest", "company",
]  # fmt: skip

GRADES = ("A", "B", "C", "D")
"""From best to worst."""

_DECLARED_IN: Mapping[Kind, str] = {
    "behaviour": "behaviours/",
    "trait": "traits.yaml",
    "score": "scores/",
    "grade": "scores/",
    "potential": "scores/",
    "stage": "stages.yaml",
    "persona": "personas.yaml",
    "segment": "segments/",
    "qualification": "qualifications.yaml",
    "list": "lists.yaml",
    "topic": "company.yaml",
    "offer": "offers.yaml",
    "interest": "interests.yaml",
}


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
}
"""What there is to ask of a contact's company: a score over its members, how many of them we
know, which roles in a purchase they have, and which are still missing."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every name by its kind. `offers` and `interests` may be None: then any name goes.

    `per_offer` names the scores that are kept by offer. `kept` is how long single acts are kept
    (ms), beyond which no condition can look at them; those of the behaviours `lasting` are kept as
    long as the contact. `files` says where a kind is declared, if elsewhere.
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
    offers: Collection[str] | None = None
    interests: Collection[str] | None = None
    companies: Mapping[str, ValueWord] = field(default_factory=lambda: ABOUT_COMPANIES)
    kept: int = FOREVER
    lasting: Collection[str] = ()
    files: Mapping[Kind, str] = field(default_factory=dict)

    def kept_of(self, behaviour: str) -> int:
        """How long single acts of a behaviour are kept (ms)."""
        return FOREVER if behaviour in self.lasting else self.kept

    def unknown(self, kind: Kind, name: str) -> str | None:
        """The sentence that a name is not declared; None when it is."""
        known = self._known(kind)
        if known is None or name in known:
            return None
        if kind == "company":
            return f'nothing is known of a company as "{name}". {suggestion(name, known)}'
        file = self.files.get(kind, _DECLARED_IN[kind])
        return f'the {kind} "{name}" is not declared in {file}. {suggestion(name, known)}'

    def _known(self, kind: Kind) -> Collection[str] | None:
        known: Mapping[Kind, Collection[str] | None] = {
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
            "offer": self.offers,
            "interest": self.interests,
            "company": self.companies,
        }
        return known[kind]
