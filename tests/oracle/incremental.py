"""The engine under the oracle's eyes: `relance.engine`, fed as `update_contact` feeds it.

Events come in one by one, as they are delivered; after each the profile is written and read again,
as it is stored. Between two of them a sweep runs every minute and appends `time_passed` when the
contact is due (the minutes at which it is not are skipped: they would find nothing). What needs
the history is folded anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from relance.conditions.compile import compile_condition
from relance.conditions.needs import Needs
from relance.conditions.places import Sentences
from relance.content.behaviours import Behaviour, Filter, plain
from relance.content.build.order import Decided, depths, in_order
from relance.content.people_rules import Concern, Persona, Qualification, Readiness, Segment
from relance.content.priors import Gap, Priors
from relance.content.rules import ContactList, OpenTracking, Rules, Tracking, Trait
from relance.content.score_rules import (
    EngagementScore,
    FitRule,
    FitScore,
    Grade,
    Per,
    PointRule,
    Potential,
    Worth,
)
from relance.content.stage_rules import Family, Stage
from relance.engine import Conclusion, NeedsHistory, Plan, difference, fold, replay
from relance.events import Event, Name
from relance.ids import event_id
from relance.profiles import Profile, from_text, to_text

from tests.oracle import cases
from tests.oracle.cases import Act, World
from tests.oracle.compare import Change
from tests.oracle.instants import MINUTE, moment, ms
from tests.oracle.known import duration
from tests.oracle.plain import TRAITS, canonical


class Incremental:
    """`relance.engine`, driven event by event and minute by minute."""

    def run(self, history: Sequence[Event], world: World, until: int) -> Sequence[Change]:
        """The changes of every membership, from the first event to `until` (ms), in order."""
        contact = _Contact(history[0].contact_id, plan_of(world))
        for event in history:
            contact.sweep(ms(event.received_at) - 1)
            contact.take(event)
        contact.sweep(until)
        return [
            Change(each.at, str(each.properties["segment"]), each.name == Name.SEGMENT_ENTERED)
            for each in contact.conclusions
            if each.name in (Name.SEGMENT_ENTERED, Name.SEGMENT_LEFT)
        ]


class _Contact:
    """One contact: its history so far, its profile as stored, what was concluded."""

    def __init__(self, contact_id: str, plan: Plan) -> None:
        self.contact_id = contact_id
        self.plan = plan
        self.history: list[Event] = []
        self.profile = Profile(contact_id)
        self.conclusions: list[Conclusion] = []

    def take(self, event: Event) -> None:
        """What `update_contact` does with one event."""
        self.history.append(event)
        before = self.profile
        self.profile = from_text(self.contact_id, to_text(before), before.version)
        try:
            self.conclusions += fold(self.profile, [event], self.plan)
        except NeedsHistory:
            version = before.version
            self.profile = replay(self.contact_id, self.history, self.plan, version=version)
            self.conclusions += difference(before, self.profile, self.plan)
        self.profile.version += 1

    def sweep(self, until: int) -> None:
        """Every minute up to `until`, as far as the contact is due."""
        while self.profile.version and (tick := _minute_from(self.profile.due)) <= until:
            due = self.profile.due
            name = f"{self.contact_id} {due}"
            self.take(
                Event(
                    contact_id=self.contact_id,
                    event_id=event_id(due, "sweep", name),
                    name=Name.TIME_PASSED,
                    occurred_at=moment(due),
                    received_at=moment(tick),
                    source="sweep",
                )
            )


def _minute_from(at: int) -> int:
    return -(-at // MINUTE) * MINUTE


def plan_of(world: World) -> Plan:
    """The rules of the oracle as the build would have compiled them."""
    return Plan(rules_of(world), ZoneInfo(world.zone))


def rules_of(world: World) -> Rules:
    """The rules of the oracle in the form that the engine reads."""
    rules = _unordered(world)
    needs = dict(_needs_of(rules))
    decided = [
        Decided(key, key, tuple((Sentences().place(), each) for each in those))
        for key, those in needs.items()
    ]
    every = [each for those in needs.values() for each in those]
    return replace(rules, order=in_order(decided), depths=depths(every))


def _unordered(world: World) -> Rules:
    def read(source: cases.Source) -> dict[str, object]:
        return canonical(source, world)

    return Rules(
        version="rules-of-case",
        traits=tuple(
            Trait(name, word.type, personal=False, visible_to_workflows=False)
            for name, word in TRAITS.items()
        ),
        lists=(ContactList("newsletter", "Newsletter"), ContactList("engaged", "Engaged")),
        tracking_default=Tracking(OpenTracking.NONE, clicks=True),
        languages=("en",),
        behaviours=tuple(_behaviour(name, act) for name, act in world.acts.items()),
        scores=tuple(_score(name, score, world) for name, score in world.scores.items()),
        interests=tuple(_score(name, score, world) for name, score in world.interests.items()),
        fits=tuple(
            FitScore(
                name,
                tuple(FitRule(read(source), points) for source, points in fit.rules),
                (*(Grade(letter, bound) for letter, bound in fit.grades), Grade("D", 0.0)),
            )
            for name, fit in world.fits.items()
        ),
        potentials=tuple(
            Potential(name, tuple(Worth(trait=trait, times=times) for trait, times in ways))
            for name, ways in world.potentials.items()
        ),
        personas=tuple(
            Persona(name, name, Concern.PRICE_AND_PROFIT, "?", (read(source),))
            for name, source in world.personas
        ),
        stages=tuple(
            Stage(
                each.name,
                each.name,
                Family.ACQUISITION,
                None if each.criterion is None else read(each.criterion),
                each.instead_of,
            )
            for each in world.stages
        ),
        segments=tuple(
            Segment(name, name, read(source)) for name, source in world.segments.items()
        ),
        qualifications=tuple(
            Qualification(Readiness(name), name, read(source))
            for name, source in world.qualifications.items()
        ),
        priors=Priors(
            gaps={
                name: Gap(timedelta(milliseconds=duration(usual)), weight)
                for name, (usual, weight) in world.population.items()
            }
        ),
    )


def _behaviour(name: str, act: Act) -> Behaviour:
    where = tuple(Filter(path, _one_word(test)) for path, test in act.where)
    return Behaviour(name, (act.event,), where)


def _one_word(test: Mapping[str, object]) -> Mapping[str, object]:
    """`equals` is `in` with one value."""
    return {"in": [test["equals"]]} if "equals" in test else test


def _score(name: str, score: cases.Score, world: World) -> EngagementScore:
    return EngagementScore(
        name,
        timedelta(milliseconds=duration(score.half_life)),
        tuple(
            PointRule(
                _behaviour(rule.behaviour, world.acts[rule.behaviour])
                if rule.behaviour in world.acts
                else plain(rule.behaviour),
                rule.points,
                rule.points_from,
                rule.at_most_per_day,
            )
            for rule in score.points
        ),
        per=Per(score.per, 10) if score.per else None,
    )


def _needs_of(rules: Rules) -> Iterator[tuple[str, list[Needs]]]:
    """What is decided, by its name in `Rules.order`, and what each of its conditions needs."""

    def needs(canonicals: Sequence[Mapping[str, object]]) -> list[Needs]:
        return [compile_condition(each).needs for each in canonicals]

    for fit in rules.fits:
        yield f"fit:{fit.name}", needs([rule.condition for rule in fit.rules])
    for potential in rules.potentials:
        yield f"potential:{potential.name}", []
    if rules.personas:
        yield "persona", needs([each for persona in rules.personas for each in persona.declared])
    if rules.stages:
        yield "stage", needs([s.criterion for s in rules.stages if s.criterion is not None])
    for segment in rules.segments:
        yield f"segment:{segment.name}", needs([segment.condition])
    for qualification in rules.qualifications:
        yield f"qualification:{qualification.name}", needs([qualification.condition])
