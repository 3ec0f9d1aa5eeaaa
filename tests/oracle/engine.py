"""The engine behind the oracle's protocol: events as they are delivered, a sweep every minute."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from relance.conditions.compile import compile_condition
from relance.conditions.needs import Depth, Needs
from relance.conditions.places import Sentences
from relance.content.behaviours import Behaviour
from relance.content.build.filters import filters
from relance.content.people_rules import Concern, Persona, Qualification, Segment
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
from relance.content.stage_rules import Family
from relance.content.stage_rules import Stage as Rung
from relance.engine import Conclusion, NeedsHistory, Plan, difference, fold, replay
from relance.events import Event, Name
from relance.ids import event_id
from relance.profiles import Profile, from_text, to_text

from tests.oracle.cases import Points, Score, Source, World
from tests.oracle.compare import Change
from tests.oracle.instants import MINUTE, moment, ms
from tests.oracle.known import duration
from tests.oracle.plain import TRAITS, canonical

OFFERS = 1_000_000


class RealEngine:
    """`relance.engine`, driven as `update_contact` and the sweep drive it."""

    def run(self, history: Sequence[Event], world: World, until: int) -> Sequence[Change]:
        """Deliver the events, waking the contact each minute that it is due."""
        plan = Plan(rules_of(world), ZoneInfo(world.zone))
        driven = _Driven(plan)
        for event in sorted(history, key=lambda each: each.received_at):
            driven.sweep(ms(event.received_at))
            driven.deliver(event)
        driven.sweep(until + 1)
        return driven.changes


class _Driven:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.profile = Profile("c")
        self.arrived: list[Event] = []
        self.changes: list[Change] = []

    def sweep(self, before: int) -> None:
        """Wake the contact at every whole minute before an instant at which it is due."""
        while self.profile.due < before:
            minute = -(-self.profile.due // MINUTE) * MINUTE
            if minute >= before:
                return
            at = moment(minute)
            self.deliver(
                Event(
                    contact_id=self.profile.contact_id,
                    event_id=event_id(minute, "time", str(minute)),
                    name=Name.TIME_PASSED,
                    occurred_at=at,
                    received_at=at,
                    source="time",
                )
            )

    def deliver(self, event: Event) -> None:
        """Fold one event, as `update_contact` does."""
        self.arrived.append(event)
        profile = from_text(event.contact_id, to_text(self.profile), 1)
        profile.version = 1 if self.profile.rules else 0
        conclusions: Sequence[Conclusion]
        try:
            conclusions = fold(profile, [event], self.plan)
        except NeedsHistory:
            before = self.profile
            profile = replay(event.contact_id, self.arrived, self.plan, version=1)
            conclusions = difference(before, profile, self.plan)
        self.profile = profile
        at = ms(event.received_at)
        for each in conclusions:
            if each.name in (Name.SEGMENT_ENTERED, Name.SEGMENT_LEFT):
                entered = each.name == Name.SEGMENT_ENTERED
                self.changes.append(Change(at, str(each.properties["segment"]), entered))


def rules_of(world: World) -> Rules:
    """The rules of a generated world, as the build would write them."""

    def condition(source: Source) -> dict[str, object]:
        return canonical(source, world)

    behaviours = tuple(
        Behaviour(name, (act.event,), filters(dict(act.where), Sentences().place()))
        for name, act in world.acts.items()
    )
    by_name = {each.name: each for each in behaviours}
    rules = Rules(
        version="oracle",
        traits=tuple(
            Trait(name, word.type, personal=False, visible_to_workflows=False)
            for name, word in TRAITS.items()
        ),
        lists=(ContactList("newsletter", ""), ContactList("engaged", "")),
        tracking_default=Tracking(OpenTracking.NONE, clicks=True),
        languages=("en",),
        behaviours=behaviours,
        scores=tuple(_score(name, each, by_name) for name, each in world.scores.items()),
        interests=tuple(_score(name, each, by_name) for name, each in world.interests.items()),
        fits=tuple(
            FitScore(
                name,
                tuple(FitRule(condition(source), points) for source, points in fit.rules),
                (*(Grade(letter, least) for letter, least in fit.grades), Grade("D", 0.0)),
            )
            for name, fit in world.fits.items()
        ),
        potentials=tuple(
            Potential(name, tuple(Worth(trait=trait, times=times) for trait, times in ways))
            for name, ways in world.potentials.items()
        ),
        personas=tuple(
            Persona(name, name, Concern.AN_EASIER_DAY, "", declared=(condition(source),))
            for name, source in world.personas
        ),
        stages=tuple(
            Rung(
                each.name,
                each.name,
                Family.ACQUISITION,
                condition(each.criterion) if each.criterion is not None else None,
                instead_of=each.instead_of,
            )
            for each in world.stages
        ),
        segments=tuple(Segment(n, n, condition(source)) for n, source in world.segments.items()),
        qualifications=tuple(
            Qualification(name, name, condition(source))  # type: ignore[arg-type]
            for name, source in world.qualifications.items()
        ),
        priors=Priors(
            gaps={
                name: Gap(timedelta(milliseconds=duration(gap)), weight)
                for name, (gap, weight) in world.population.items()
            }
        ),
    )
    needs = _needs(rules)
    depths: dict[str, Depth] = {}
    for each in needs.values():
        for name, depth in each.behaviours.items():
            depths[name] = depths[name] | depth if name in depths else depth
    return replace(rules, order=tuple(_ordered(needs)), depths=depths)


def _score(name: str, score: Score, behaviours: Mapping[str, Behaviour]) -> EngagementScore:
    def rule(points: Points) -> PointRule:
        behaviour = behaviours.get(points.behaviour) or Behaviour(
            points.behaviour, (points.behaviour,)
        )
        return PointRule(behaviour, points.points, points.points_from, points.at_most_per_day)

    return EngagementScore(
        name,
        timedelta(milliseconds=duration(score.half_life)),
        tuple(rule(points) for points in score.points),
        per=Per(score.per, OFFERS) if score.per else None,
    )


def _needs(rules: Rules) -> dict[str, Needs]:
    """What each decision looks at, by its name in the order."""
    found: dict[str, Needs] = {}

    def add(key: str, conditions: Sequence[object]) -> None:
        needs = Needs()
        for each in conditions:
            if each is not None:
                needs |= compile_condition(each).needs  # type: ignore[arg-type]
        found[key] = needs

    for fit in rules.fits:
        add(f"fit:{fit.name}", [rule.condition for rule in fit.rules])
    for potential in rules.potentials:
        add(f"potential:{potential.name}", [])
    add("persona", [each for persona in rules.personas for each in persona.declared])
    if rules.stages:
        add("stage", [stage.criterion for stage in rules.stages])
    for segment in rules.segments:
        add(f"segment:{segment.name}", [segment.condition])
    for qualification in rules.qualifications:
        add(f"qualification:{qualification.name}", [qualification.condition])
    return found


def _ordered(needs: Mapping[str, Needs]) -> Iterator[str]:
    """Each decision after those that it looks at."""
    done: set[str] = set()
    while len(done) < len(needs):
        ready = [
            key for key, each in needs.items() if key not in done and _looks_at(each, needs) <= done
        ]
        assert ready, "the generated rules look at each other in a circle"
        for key in ready:
            done.add(key)
            yield key


def _looks_at(each: Needs, needs: Mapping[str, Needs]) -> set[str]:
    found = {f"segment:{name}" for name in each.segments}
    found |= {f"qualification:{name}" for name in each.qualifications}
    found |= {f"fit:{name}" for name in each.grades | each.scores}
    found |= {f"potential:{name}" for name in each.potentials}
    found |= {"stage"} if each.stages else set()
    found |= {"persona"} if each.persona else set()
    return found & needs.keys()
