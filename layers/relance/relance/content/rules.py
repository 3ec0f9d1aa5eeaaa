"""What the content says about people, as one frozen value that the fold and the engine work with.

The build writes it to `rules.json` (`Rules.to_json`), functions read it back (`Rules.from_json`).
Whatever is decided here is decided by content alone: no clock, no store, standard library only.

```
known_events.py  the events that need no declaration, and how long each is kept
behaviours.py    named filters over events, paths into what an event says
score_rules.py   engagement, fit, potential, company
people_rules.py  segments, personas, qualifications
stage_rules.py   stages, the ladder, the steps between
priors.py        the population's habits
jsonable.py      frozen values to JSON and back
```
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Self

from relance.conditions.needs import Depth
from relance.content.behaviours import Behaviour, plain
from relance.content.jsonable import decode, encode
from relance.content.people_rules import Persona, Qualification, Segment
from relance.content.priors import Priors
from relance.content.score_rules import CompanyScore, EngagementScore, FitScore, Potential
from relance.content.stage_rules import Stage

KEPT = timedelta(days=395)
"""How long behaviour is kept unless company.yaml says otherwise: a year and a month."""


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
    web: bool | None = None


@dataclass(frozen=True, slots=True)
class Trait:
    """Something a profile may say about a person. `type` is one of the types in traits.yaml."""

    name: str
    type: str
    personal: bool
    visible_to_workflows: bool
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContactList:
    """A list that people join and leave: a segment that nothing but these acts decides."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything the content declares about people.

    `version` is a hash (12 hex digits) of what a profile follows from, so that a change of a text
    makes no profile be folded again. `order` names what is decided by conditions in an order in
    which each comes after what it looks at: `fit:<name>`, `potential:<name>`, `persona`, `stage`,
    `segment:<name>`, `qualification:<name>`. `depths` says by behaviour how much of the past all
    conditions together need. `kept` is how long behaviour is kept; no condition looks further
    back. `interests` are engagement scores by topic, all with one half-life. `events` are the
    company's own, which conditions may name beside those of `known_events`.
    """

    version: str
    traits: tuple[Trait, ...]
    lists: tuple[ContactList, ...]
    tracking_default: Tracking
    languages: tuple[str, ...]
    events: tuple[str, ...] = ()
    behaviours: tuple[Behaviour, ...] = ()
    scores: tuple[EngagementScore, ...] = ()
    fits: tuple[FitScore, ...] = ()
    potentials: tuple[Potential, ...] = ()
    interests: tuple[EngagementScore, ...] = ()
    personas: tuple[Persona, ...] = ()
    stages: tuple[Stage, ...] = ()
    segments: tuple[Segment, ...] = ()
    qualifications: tuple[Qualification, ...] = ()
    company: CompanyScore | None = None
    priors: Priors = field(default_factory=Priors)
    order: tuple[str, ...] = ()
    depths: Mapping[str, Depth] = field(default_factory=dict, hash=False)
    kept: timedelta = KEPT

    @property
    def visible_traits(self) -> frozenset[str]:
        """Names of the traits that state machines may see; none of them is personal."""
        return frozenset(trait.name for trait in self.traits if trait.visible_to_workflows)

    def has_list(self, name: str) -> bool:
        """Tell whether the content declares a list of this name."""
        return any(each.name == name for each in self.lists)

    def behaviour(self, name: str) -> Behaviour:
        """Return the behaviour of this name: a declared one, else the event called so."""
        return next((each for each in self.behaviours if each.name == name), None) or plain(name)

    def to_json(self) -> dict[str, object]:
        """Return the values as JSON types; `from_json` is the inverse."""
        written = encode(self)
        assert isinstance(written, dict)  # noqa: S101 - a dataclass becomes an object
        return written

    @classmethod
    def from_json(cls, raw: Mapping[str, object]) -> Self:
        """Read what `to_json` wrote. The build has checked it: a wrong shape is a KeyError."""
        return decode(cls, raw)
