"""Folding: new events into a profile, time into a profile, a whole history into a new one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from relance.conditions.facts import DAY, Facts
from relance.content.stage_rules import steps
from relance.engine.companies import show_company
from relance.engine.condensed import Condensed, condensed_of, expires, take_up
from relance.engine.decisions import Decision
from relance.engine.plan import Plan
from relance.engine.points import NeedsHistory, keep_newest
from relance.engine.taking import forget, take, take_lasting, was_folded, zone_of
from relance.events import Event, Name, in_order
from relance.ids import milliseconds
from relance.profiles import Decided, Profile, Said
from relance.storage import Value

_CONDENSED = Name.HISTORY_CONDENSED


@dataclass(frozen=True, slots=True)
class Conclusion:
    """Something that changed: an event to be written, `at` ms since 1970.

    `cause` is `rules_changed`, `joined` or `join_undone` where the contact did nothing that would
    explain it.
    """

    name: Name
    at: int
    properties: Mapping[str, Value] = field(default_factory=dict)
    cause: str | None = None


CONDENSED_EVERY = 30 * DAY
"""How long (ms) events that have expired may wait, so that a contact is condensed but so often."""


def fold(profile: Profile, events: Iterable[Event], plan: Plan) -> list[Conclusion]:
    """Take in the events that the profile does not hold yet; what followed from them.

    The profile is changed in place, and left in an undefined state when history is needed.

    Raises:
        NeedsHistory: the events alone do not say what the profile becomes; use `replay`.
    """
    fresh = [
        event
        for event in in_order({event.event_id: event for event in events}.values())
        if event.folded and event.event_id not in profile.recent
    ]
    if not fresh:
        return []
    if profile.rules != plan.version and profile.version:
        raise NeedsHistory
    if milliseconds(fresh[0].received_at) <= profile.newest:
        raise NeedsHistory
    folding = _Folding(profile, plan)
    for received, together in _by_arrival(fresh):
        folding.take(received, together)
    forget(profile, plan)
    return folding.conclusions


def _by_arrival(events: Iterable[Event]) -> Iterator[tuple[int, list[Event]]]:
    """Events in the order of their arrival (ms), those of one instant together."""
    for received, together in groupby(events, key=lambda event: event.received_at):
        yield milliseconds(received), list(together)


def advance(profile: Profile, now: int, plan: Plan) -> list[Conclusion]:
    """Let time pass up to `now` (ms) without an event; what followed from it.

    Nothing that is stored may come of it: the walk belongs to the events.
    """
    folding = _Folding(profile, plan)
    folding.walk(now)
    return folding.conclusions


def replay(contact_id: str, events: Iterable[Event], plan: Plan, *, version: int) -> Profile:
    """The profile folded anew from the whole history, as `condensed.standing` has it."""
    profile = replayed(contact_id, events, plan, version=version)
    forget(profile, plan)
    return profile


def replayed(contact_id: str, events: Iterable[Event], plan: Plan, *, version: int) -> Profile:
    """The same, with all that it may forget."""
    profile = Profile(contact_id, version=version, rules=plan.version)
    folding, events = _Folding(profile, plan), list(events)
    found = [condensed_of(each) for each in events if each.name == Name.HISTORY_CONDENSED]
    waiting = sorted(found, key=lambda each: -each.profile.newest)
    once = {event.event_id: event for event in events if event.folded}
    for received, together in _by_arrival(in_order(once.values())):
        while waiting and waiting[-1].profile.newest < received:
            folding = _with_condensed(profile, waiting.pop(), plan)
        rest = [each for each in together if not any(it.covers(each) for it in found)]
        for each in together:
            if each not in rest:
                take_lasting(profile, folding.facts, each, plan)
        if rest:
            folding.take(received, rest, oldest_day="")
    while waiting:
        _with_condensed(profile, waiting.pop(), plan)
    return profile


def _with_condensed(profile: Profile, condensed: Condensed, plan: Plan) -> "_Folding":
    """The profile with what was condensed in it, being folded further."""
    decide = take_up(profile, condensed, plan)
    folding = _Folding(profile, plan)
    if decide:
        folding.decide_all()
    return folding


def condense_at(history: Iterable[Event], plan: Plan) -> int:
    """When somebody has to come and condense these events (ms); 0 if nobody has to.

    That time has passed is no reason: it can wait for whatever comes next.
    """
    expiring = (each for each in history if each.folded and expires(each))
    arrived = (each.received_at for each in expiring if each.name != Name.TIME_PASSED)
    first = min(arrived, default=None)
    return milliseconds(first) + plan.kept + CONDENSED_EVERY if first else 0


class _Folding:
    """A profile being changed, with the facts that conditions read of it."""

    def __init__(self, profile: Profile, plan: Plan) -> None:
        self.profile, self.plan = profile, plan
        self.conclusions: list[Conclusion] = []
        self.facts = facts_of_profile(profile, plan)
        profile.rules = plan.version

    def take(
        self, received: int, events: Sequence[Event], *, oldest_day: str | None = None
    ) -> None:
        """Take in what arrives at one instant (ms): one moment, together with what time changes.

        Whoever leaves a segment by time and enters it by an event of the same instant stays in.
        """
        profile, plan = self.profile, self.plan
        if not profile.newest:
            dirty = set(range(len(plan.decisions)))
        else:
            self.walk(received - 1)
            dirty = self._due(received)
        touched: set[str] = set()
        for event in events:
            touched |= take(profile, self.facts, event, plan, oldest_day=oldest_day)
        profile.condense_at = profile.condense_at or condense_at(events, plan)
        keep_newest(profile, plan, touched)
        dirty.update(at for fact in touched for at in plan.readers_of(fact))
        profile.newest = received
        if dirty:
            self._decide(dirty, received)

    def decide_all(self) -> None:
        """Decide everything, at the last instant that the profile knows of."""
        self._decide(set(range(len(self.plan.decisions))), self.profile.newest)

    def walk(self, up_to: int) -> None:
        """Decide again at every instant up to `up_to` at which time changes a verdict."""
        while (at := self.profile.due) <= up_to:
            self._decide(self._due(at), at)

    def _due(self, at: int) -> set[int]:
        """The positions of the decisions that time may change at an instant."""
        position = self.plan.position
        return {position[key] for key, each in self.profile.decided.items() if each.until <= at}

    def _decide(self, dirty: set[int], now: int) -> None:
        """Decide what is dirty, in order, and whatever looks at what changed."""
        while dirty:
            at = min(dirty)
            dirty.discard(at)
            decision = self.plan.decisions[at]
            value, until = decision.decide(self.facts, now)
            before = self.profile.decided.get(decision.key)
            until = until if until > now else now + 1
            if before is None or before.value != value:
                show(self.facts, self.plan, decision, value, now)
                self.conclude(decision, before, value, now)
                self.profile.decided[decision.key] = Decided(value, now, until)
                for fact in _shown_as(decision):
                    dirty.update(each for each in self.plan.readers_of(fact) if each > at)
            else:
                before.until = until

    def conclude(self, decision: Decision, before: Decided | None, value: Said, now: int) -> None:
        """Conclude from a change of what is decided."""
        kind, name = decision.kind, decision.name
        was = before.value if before else None
        if kind == "segment" and (value or was):
            self._conclude(Name.SEGMENT_ENTERED if value else Name.SEGMENT_LEFT, now, segment=name)
        elif kind == "qualification" and value:
            reason = self._why(decision, now)
            self._conclude(Name.QUALIFIED, now, qualification=name, reason=reason)
        elif kind == "persona" and value:
            reason = self._why(decision, now)
            self._conclude(Name.PERSONA_ASSIGNED, now, persona=str(value), reason=reason)
        elif kind == "stage" and value:
            for step in steps(self.plan.rules.stages, str(was) if was else None, str(value)):
                advanced = Name.STAGE_ADVANCED if step.forward else Name.STAGE_FELL_BACK
                self._conclude(advanced, now, stage=step.after, from_stage=step.before)

    def _why(self, decision: Decision, now: int) -> str:
        assert decision.explain is not None  # noqa: S101 - personas and qualifications have one
        return decision.explain(self.facts, max(now, self.profile.newest))

    def _conclude(self, name: Name, now: int, **properties: Value) -> None:
        self.conclusions.append(Conclusion(name, now, properties))


def _shown_as(decision: Decision) -> tuple[str, ...]:
    """The facts that a decision is seen as: the points of a fit are a score like others."""
    if decision.kind == "fit":
        return decision.key, f"score:{decision.name}"
    return (decision.key,)


def refold(
    before: Profile, history: Iterable[Event], plan: Plan, *, up_to: int
) -> tuple[Profile, list[Conclusion]]:
    """The profile that other rules make of what was folded and of the time up to `up_to` (ms).

    What it says differently follows from the change of the rules alone.
    """
    known = [each for each in history if each.name == _CONDENSED or was_folded(before, each)]
    return retell(before, known, plan, up_to=up_to, cause=Name.RULES_CHANGED.value)


def retell(
    before: Profile, known: Iterable[Event], plan: Plan, *, up_to: int, cause: str
) -> tuple[Profile, list[Conclusion]]:
    """The profile that follows from events which were told before, and from the time up to `up_to`.

    What it says differently from the one before follows from the `cause`.
    """
    profile = replay(before.contact_id, known, plan, version=before.version)
    _Folding(profile, plan).walk(up_to)
    changed = difference(before, profile, plan)
    return profile, [replace(each, cause=cause) for each in changed]


def difference(before: Profile, after: Profile, plan: Plan) -> list[Conclusion]:
    """What a profile folded anew says differently: the conclusions that tell it.

    Whoever was in a segment that is no longer declared has left it.
    """
    folding = _Folding(after, plan)
    for decision in plan.decisions:
        was, now = before.decided.get(decision.key), after.decided.get(decision.key)
        if now and (was is None or was.value != now.value):
            folding.conclude(decision, was, now.value, max(now.since, was.since if was else 0))
    gone = [name for name in before.segments() if f"segment:{name}" not in after.decided]
    left = [Conclusion(Name.SEGMENT_LEFT, after.newest, {"segment": name}) for name in gone]
    return [*left, *folding.conclusions]


def facts_of_profile(profile: Profile, plan: Plan) -> Facts:
    """The facts that the profile holds; what the engine changes in one changes in the other."""
    traits = profile.trait_values()
    facts = Facts(
        contact_id=profile.contact_id,
        zone=zone_of(traits.get("time_zone")) or plan.zone,
        traits=traits,
        behaviours=profile.behaviours,
        scores=profile.fading,
        grades={},
        potentials={},
        segments={},
        qualifications={},
        lists=profile.on_lists(),
        consents={name: str(it.value) for name, it in profile.consents.items()},
        population=plan.population,
    )
    show_company(profile, facts)
    for decision in plan.decisions:
        decided = profile.decided.get(decision.key)
        if decided and decided.value is not False:
            show(facts, plan, decision, decided.value, decided.since)
    return facts


def show(facts: Facts, plan: Plan, decision: Decision, value: Said, since: int) -> None:
    """Write a decision into the facts."""
    kind, name = decision.kind, decision.name
    if kind in ("segment", "qualification"):
        those = facts.segments if kind == "segment" else facts.qualifications
        assert isinstance(those, dict)  # noqa: S101 - made by facts_of_profile
        if value:
            those[name] = since
        else:
            those.pop(name, None)
    elif kind == "stage":
        facts.stage, facts.stage_since = (str(value) if value else None), since
    elif kind == "persona":
        facts.persona, facts.persona_since = (str(value) if value else None), since
    elif kind == "fit":
        points = float(value or 0.0)
        assert isinstance(facts.grades, dict)  # noqa: S101
        assert isinstance(facts.scores, dict)  # noqa: S101
        facts.grades[name] = plan.fits[name].grade(points)
        facts.scores[name] = (points, since, 0)
    elif kind == "potential":
        assert isinstance(facts.potentials, dict)  # noqa: S101
        if value is None:
            facts.potentials.pop(name, None)
        else:
            facts.potentials[name] = float(value)
