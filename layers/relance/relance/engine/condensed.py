"""What is kept of events that expire: a profile of them, with which a replay begins.

Behaviour is kept for `keep_behaviour` of company.yaml. Before older events go, what they amount to
is appended as `history_condensed`: the profile that follows from all events which arrived before
an instant, the *cut*, under one id or under several that were joined. A replay takes it up where
those events stood, and goes on with those that came later.

Consent, identity, traits, lists and orders (`KEPT`) never expire. What follows from them alone
follows from them still, whatever the rules were then; it is not in the condensed profile.

| of what expired is taken up | when |
|---|---|
| all of it, exactly | the rules are those it was condensed with, nobody was joined since |
| counts, first and last times, sums, greatest values | of joined contacts: added up, exactly |
| scores | of joined contacts: added up; a day both share counts its bounded acts for each |
| since when something is decided | of joined contacts: since the first of them for whom it held |
| all of it, as the rules of then saw it | the rules have changed; new ones count from the cut on |
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import orjson

from relance.conditions.facts import Done
from relance.content.known_events import KEPT
from relance.engine.plan import INTEREST, Plan
from relance.engine.points import add, keep_newest, value_of
from relance.events import Event, Name
from relance.ids import event_id, milliseconds, moment_of
from relance.profiles import Decided, Latest, Profile, from_text, to_text

Counted = tuple[int, int, int]
"""How often something was done, and when first and last (ms)."""


@dataclass(frozen=True, slots=True)
class Condensed:
    """What the events under the ids `of` amount to that arrived before `cut` (ms).

    `counted` are the acts that no rule looked at: they are known of everything.
    """

    of: frozenset[str]
    cut: int
    profile: Profile
    counted: Mapping[str, Counted]

    def covers(self, event: Event) -> bool:
        """Whether the event is in it."""
        return event.contact_id in self.of and milliseconds(event.received_at) < self.cut

    def event(self, contact_id: str) -> Event:
        """The event that holds it, in the history of one of the ids."""
        at = moment_of(self.cut)
        about = f"{contact_id}#{self.cut}#{','.join(sorted(self.of))}"
        return Event(
            contact_id=contact_id,
            event_id=event_id(self.cut, "retention", about),
            name=Name.HISTORY_CONDENSED,
            occurred_at=at,
            received_at=at,
            source="retention",
            properties={
                "of": sorted(self.of),
                "profile": to_text(self.profile),
                "counted": orjson.dumps(self.counted, option=orjson.OPT_SORT_KEYS).decode(),
            },
        )


def expires(event: Event) -> bool:
    """Whether an event is kept for a while only."""
    return event.name not in KEPT and event.name != Name.HISTORY_CONDENSED


def condensed_of(event: Event) -> Condensed:
    """What an event `history_condensed` holds."""
    said, of = event.properties, event.properties["of"]
    assert isinstance(of, Iterable)  # noqa: S101 - written by `Condensed.event`
    counted = orjson.loads(str(said["counted"]))
    return Condensed(
        frozenset(map(str, of)),
        milliseconds(event.received_at),
        from_text(event.contact_id, str(said["profile"]), 0),
        {name: (it[0], it[1], it[2]) for name, it in counted.items()},
    )


def standing(events: Collection[Event], ids: Collection[str]) -> list[Event]:
    """The history of whoever has these ids: what was condensed, and all that is not in there.

    Of what was condensed more than once the last counts, and of that what is about most of the ids.
    So it does not matter whether an event that is in it is still there.
    """
    found = [(condensed_of(each), each) for each in events if each.name == Name.HISTORY_CONDENSED]
    found = [each for each in found if each[0].of <= frozenset(ids)]
    found.sort(key=lambda each: (-each[0].cut, -len(each[0].of), sorted(each[0].of)))
    chosen: list[tuple[Condensed, Event]] = []
    for one in found:
        if not any(one[0].of & other.of for other, _ in chosen):
            chosen.append(one)
    return [
        *(event for _, event in chosen),
        *(
            each
            for each in events
            if each.name != Name.HISTORY_CONDENSED
            and not (expires(each) and any(one.covers(each) for one, _ in chosen))
        ),
    ]


def take_up(profile: Profile, condensed: Condensed, plan: Plan) -> bool:
    """Take what was condensed into a profile; whether what is decided has to be decided anew."""
    theirs = _as_seen_by(plan, condensed)
    is_first = not profile.newest
    for name, done in theirs.behaviours.items():
        there = profile.behaviours.get(name)
        profile.behaviours[name] = _both(there, done) if there else done
    for key, (amount, at, half_life) in theirs.fading.items():
        add(profile, key, amount, at, half_life)
    if not is_first:
        keep_newest(profile, plan, {f"score:{each.name}" for each in plan.rules.scores})
    for place, ranked in theirs.days.items():
        profile.days[place] = sorted([*profile.days.get(place, ()), *ranked])
    for name, told in theirs.company.items():
        _keep_last(profile.company, name, told)
    for key, decided in theirs.decided.items():
        _keep_first(profile.decided, key, decided)
    profile.recent |= theirs.recent
    profile.newest = max(profile.newest, theirs.newest)
    return not is_first or condensed.profile.rules != plan.version


def _keep_last(values: dict[str, Latest], name: str, latest: Latest) -> None:
    there = values.get(name)
    if there is None or (there.at, there.event_id) < (latest.at, latest.event_id):
        values[name] = latest


def _keep_first(values: dict[str, Decided], key: str, decided: Decided) -> None:
    """What holds for either holds, and since it held for the first."""
    there = values.get(key)
    if there is None or (bool(decided.value), -decided.since) > (bool(there.value), -there.since):
        values[key] = decided


def _both(one: Done, other: Done) -> Done:
    """What two contacts did, as one."""
    return Done(
        times=one.times + other.times,
        first=min(one.first, other.first),
        last=max(one.last, other.last),
        newest=sorted([*one.newest, *other.newest], key=lambda each: each[:2]),
        sums={
            name: one.sums.get(name, 0.0) + other.sums.get(name, 0.0)
            for name in {**one.sums, **other.sums}
        },
        maxima={
            name: max(each.maxima[name] for each in (one, other) if name in each.maxima)
            for name in {**one.maxima, **other.maxima}
        },
    )


def _as_seen_by(plan: Plan, condensed: Condensed) -> Profile:
    """The condensed profile without what the plan does not ask for."""
    theirs = condensed.profile
    behaviours = {
        name: Done(*condensed.counted[name], newest=[])
        for name in plan.depths.keys() & condensed.counted.keys() - plan.lasting
    }
    behaviours |= {name: done for name, done in theirs.behaviours.items() if name in plan.depths}
    if theirs.rules == plan.version:
        fading, days, decided = theirs.fading, theirs.days, theirs.decided
    else:
        half_lives = _half_lives(plan)
        fading = {}
        for key, it in theirs.fading.items():
            base = key if key.startswith((f"{INTEREST}/", "~")) else key.partition("/")[0]
            half_life = half_lives.get(base, it[2] if base.startswith("~") else None)
            if half_life == it[2]:
                fading[key] = it
            elif half_life is not None:
                at = max(theirs.newest, it[1])
                fading[key] = value_of(it, at), at, half_life
        days = {place: it for place, it in theirs.days.items() if place.startswith("~")}
        decided = {key: it for key, it in theirs.decided.items() if key in plan.position}
    return Profile(
        theirs.contact_id,
        newest=theirs.newest,
        behaviours=behaviours,
        fading=fading,
        days=days,
        decided={key: Decided(it.value, it.since, it.until) for key, it in decided.items()},
        company=theirs.company,
        recent=theirs.recent,
    )


def _half_lives(plan: Plan) -> dict[str, int]:
    named = {score.name: score for score in plan.rules.scores}
    named |= {f"{INTEREST}/{score.name}": score for score in plan.rules.interests}
    return {key: round(it.half_life.total_seconds() * 1000) for key, it in named.items()}
