"""Reads the files with rules about people, and knows every name that stands in them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from relance.conditions.vocabulary import Kind, ValueWord, Vocabulary
from relance.content.build.mistakes import Findings
from relance.content.build.models import EventSource, SnakeName
from relance.content.build.rule_models import (
    BehaviourSource,
    CompaniesSource,
    FitSource,
    HabitsSource,
    InterestsSource,
    PersonaSource,
    PotentialSource,
    QualificationSource,
    ScoreSource,
    SegmentSource,
    StageSource,
)
from relance.content.build.selection import Read, Selection
from relance.content.build.yaml_source import Source
from relance.content.known_events import EVENTS, known_behaviours, lasting_behaviours
from relance.content.names import suggestion
from relance.content.people_rules import Readiness
from relance.content.rules import ContactList, Trait

T = TypeVar("T")

_PLACES: Mapping[Kind, str] = {
    "behaviour": "behaviours",
    "score": "scores",
    "grade": "fits",
    "potential": "potentials",
    "stage": "stages",
    "persona": "personas",
    "segment": "segments",
    "qualification": "qualifications",
    "interest": "interests",
}
"""Where names of a kind are declared that may be for some companies only."""


@dataclass(frozen=True, slots=True)
class RuleSources:
    """What the files say, as far as they fit the company and are right in their shape.

    `own` are the events of events.yaml.
    """

    own: frozenset[str]
    behaviours: Mapping[str, tuple[Source, BehaviourSource]]
    scores: list[Read[ScoreSource]]
    fits: list[Read[FitSource]]
    potentials: list[Read[PotentialSource]]
    segments: list[Read[SegmentSource]]
    qualifications: list[Read[QualificationSource]]
    interests: Read[InterestsSource] | None
    personas: Mapping[str, tuple[Source, PersonaSource]]
    stages: Read[dict[SnakeName, StageSource]] | None
    companies: Read[CompaniesSource] | None
    habits: Read[HabitsSource] | None
    broken: Mapping[str, frozenset[str]]
    unfitting: Mapping[str, frozenset[str]]

    @property
    def events(self) -> frozenset[str]:
        """Every event that a rule may name."""
        return EVENTS | self.own


def read_rules(selection: Selection, findings: Findings) -> RuleSources:
    """Read everything; mistakes of shape are noted."""
    written = selection.several("events", dict[SnakeName, EventSource])
    own = _of(selection.broken, "events").union(*(each.written for each in written))
    behaviours = _merged(
        selection.folder("behaviours", dict[SnakeName, BehaviourSource], "file"), findings
    )
    for name, (source, _) in behaviours.items():
        if name in EVENTS | own:
            findings.wrong(
                source.file,
                source.line((name,)),
                f'"{name}" is the name of an event, which is a behaviour already. Choose another '
                "name.",
            )
    qualifications = list(selection.folder("qualifications", QualificationSource, "file"))
    for each in qualifications:
        if each.name not in set(Readiness):
            findings.wrong(
                each.source.file,
                0,
                f'there is no qualification "{each.name}". {suggestion(each.name, Readiness)}',
            )
    return RuleSources(
        own=own,
        behaviours=behaviours,
        scores=list(selection.folder("scores", ScoreSource, "score")),
        fits=list(selection.folder("fits", FitSource, "score")),
        potentials=list(selection.folder("potentials", PotentialSource, "potential")),
        segments=list(selection.folder("segments", SegmentSource, "segment")),
        qualifications=[each for each in qualifications if each.name in set(Readiness)],
        interests=selection.one("interests", InterestsSource),
        personas=_merged(selection.several("personas", dict[SnakeName, PersonaSource]), findings),
        stages=selection.one("stages", dict[SnakeName, StageSource]),
        companies=selection.one("companies", CompaniesSource),
        habits=selection.one("habits", HabitsSource),
        broken=selection.broken,
        unfitting=selection.unfitting,
    )


def vocabulary_of(
    sources: RuleSources,
    traits: Iterable[Trait],
    lists: Iterable[ContactList],
    topics: Iterable[str],
    kept: int,
) -> Vocabulary:
    """Every name that a condition may use.

    What a file with a mistake would declare is known as well, so that one mistake is told once.
    """

    def names(folder: str, reads: Iterable[Read[T]]) -> frozenset[str]:
        return frozenset(each.name for each in reads) | sources.broken.get(folder, frozenset())

    broken = sources.broken
    interests = sources.interests.written.topics if sources.interests else ()
    stages = sources.stages.written if sources.stages else ()
    return Vocabulary(
        traits={each.name: ValueWord(each.type, each.options) for each in traits},
        behaviours=known_behaviours(sources.behaviours, sources.own) | _of(broken, "behaviours"),
        scores=names("scores", sources.scores),
        per_offer=frozenset(each.name for each in sources.scores if each.written.per),
        grades=names("fits", sources.fits),
        potentials=names("potentials", sources.potentials),
        stages=frozenset(stages) | _of(broken, "stages"),
        personas=frozenset(sources.personas) | _of(broken, "personas"),
        segments=names("segments", sources.segments),
        qualifications=names("qualifications", sources.qualifications),
        lists=frozenset(each.name for each in lists),
        topics=frozenset(topics),
        interests=frozenset(interests) | _of(broken, "interests"),
        kept=kept,
        lasting=lasting_behaviours(
            {name: each.event for name, (_, each) in sources.behaviours.items()}
        ),
        elsewhere={kind: _of(sources.unfitting, place) for kind, place in _PLACES.items()},
    )


def _of(broken: Mapping[str, frozenset[str]], place: str) -> frozenset[str]:
    return broken.get(place, frozenset())


def _merged(
    reads: Iterable[Read[dict[SnakeName, T]]], findings: Findings
) -> dict[str, tuple[Source, T]]:
    """The named things of several files; a name that stands in two is a mistake."""
    found: dict[str, tuple[Source, T]] = {}
    for read in reads:
        for name, written in read.written.items():
            if name in found:
                findings.wrong(
                    read.source.file,
                    read.source.line((name,)),
                    f"{name} stands in {found[name][0].file} as well. Keep one of the two.",
                )
            else:
                found[name] = (read.source, written)
    return found
