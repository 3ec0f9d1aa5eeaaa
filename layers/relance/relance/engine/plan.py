"""What the rules ask of every event and every instant, worked out once.

A plan knows which behaviours and scores an event of a name can touch, which decisions look at
what, and how much of the past must be kept. So an event costs what it can change, and nothing
grows with the number of rules that it cannot.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from relance.conditions.facts import DAY
from relance.conditions.needs import Depth, Needs
from relance.content.behaviours import Behaviour
from relance.content.known_events import LASTING
from relance.content.rules import Rules
from relance.content.score_rules import EngagementScore, PointRule
from relance.engine.decisions import Decision, decisions_of
from relance.events import GIVING_TRAITS, Name

INTEREST = "interest"
"""What the keys of interests begin with, as in `interest/espresso`."""

LEAST_KEPT = 60 * DAY
"""Single acts are kept so long (ms) at least: nothing arrives with an older time of arrival."""

_NOTHING: tuple[()] = ()

_FOR_COMPANIES = GIVING_TRAITS | {Name.RULES_CHANGED, Name.ERASED}
"""The events that may change what a contact's company amounts to, whatever the content says."""

_ABOUT_LISTS = frozenset({Name.LIST_JOINED, Name.LIST_LEFT})
"""Those that may, where a list says with whom a deal is open."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """How events of one name count for a score: the rules about them, each with its position.

    `key` is the name of the score's sum, `half_life` is in ms.
    """

    score: EngagementScore
    key: str
    half_life: int
    rules: tuple[tuple[int, PointRule], ...]


class Plan:
    """The rules of one version, ready to be applied. `zone` is the company's time zone.

    `kept` is how long behaviour is kept (ms), `lasting` the behaviours all of whose events last.
    """

    def __init__(self, rules: Rules, zone: tzinfo) -> None:
        self.rules = rules
        self.zone = zone
        self.version = rules.version
        self.depths: Mapping[str, Depth] = rules.depths
        self.decisions: tuple[Decision, ...] = decisions_of(rules)
        self.position = {decision.key: at for at, decision in enumerate(self.decisions)}
        self.fits = {fit.name: fit for fit in rules.fits}
        self.population = {
            name: (round(gap.usual.total_seconds() * 1000), gap.weight)
            for name, gap in rules.priors.gaps.items()
        }
        self.kept = max(round(rules.kept.total_seconds() * 1000), LEAST_KEPT)
        self.lasting = frozenset(
            name for name in rules.depths if LASTING.issuperset(rules.behaviour(name).events)
        )
        self._behaviours = _by_event((rules.behaviour(name), name) for name in rules.depths)
        self._scores = _scorings(rules)
        self._readers = _readers(self.decisions)

    def behaviours_of(self, event: str) -> tuple[tuple[Behaviour, str], ...]:
        """The behaviours, with their names, that an event of this name may be."""
        return self._behaviours.get(event, _NOTHING)

    def scores_of(self, event: str) -> tuple[Scoring, ...]:
        """The scores that an event of this name may touch."""
        return self._scores.get(event, _NOTHING)

    def counts_for_company(self, event: str) -> bool:
        """Whether an event of this name may change what the contact's company amounts to."""
        company = self.rules.company
        return company is not None and (
            event in _FOR_COMPANIES
            or (company.deals is not None and event in _ABOUT_LISTS)
            or any(scoring.key == company.of for scoring in self.scores_of(event))
        )

    def readers_of(self, fact: str) -> tuple[int, ...]:
        """The positions of the decisions that look at a fact, named as `_facts_of` does."""
        return self._readers.get(fact, _NOTHING)


def _by_event(
    behaviours: Iterable[tuple[Behaviour, str]],
) -> dict[str, tuple[tuple[Behaviour, str], ...]]:
    found: dict[str, list[tuple[Behaviour, str]]] = {}
    for behaviour, name in behaviours:
        for event in behaviour.events:
            found.setdefault(event, []).append((behaviour, name))
    return {event: tuple(each) for event, each in found.items()}


def _scorings(rules: Rules) -> dict[str, tuple[Scoring, ...]]:
    keyed = [(score, score.name) for score in rules.scores]
    keyed += [(score, f"{INTEREST}/{score.name}") for score in rules.interests]
    found: dict[str, list[Scoring]] = {}
    for score, key in keyed:
        half_life = round(score.half_life.total_seconds() * 1000)
        for event in {event for rule in score.points for event in rule.behaviour.events}:
            those = tuple(
                (at, rule) for at, rule in enumerate(score.points) if event in rule.behaviour.events
            )
            found.setdefault(event, []).append(Scoring(score, key, half_life, those))
    return {event: tuple(each) for event, each in found.items()}


def _readers(decisions: tuple[Decision, ...]) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for at, decision in enumerate(decisions):
        for fact in facts_of(decision.needs):
            found.setdefault(fact, []).append(at)
    return {fact: tuple(positions) for fact, positions in found.items()}


def facts_of(needs: Needs) -> set[str]:
    """The facts that something depends on, as the engine names them (`trait:country`)."""
    named = {
        "behaviour": needs.behaviours,
        "trait": needs.traits,
        "score": needs.scores,
        "fit": needs.grades,
        "potential": needs.potentials,
        "segment": needs.segments,
        "qualification": needs.qualifications,
        "list": needs.lists,
        "consent": needs.consents,
    }
    found = {f"{kind}:{name}" for kind, names in named.items() for name in names}
    flags = {"stage": needs.stages, "persona": needs.persona, "company": needs.company}
    found |= {name for name, wanted in flags.items() if wanted}
    return found | ({"trait:time_zone"} if needs.zone else set())
