"""Taking one event into a profile: what does not depend on the order of events.

Traits, lists and consents go to the last writer by (occurred at, event id); behaviours are counted
and as much of them kept as the conditions ask for; `points` adds to scores, `habits` to habits.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from relance.conditions.facts import Act, Done, Facts
from relance.conditions.needs import Depth
from relance.content.behaviours import MACHINE, numbers
from relance.engine.companies import show_company, take_company
from relance.engine.habits import take_habit
from relance.engine.plan import Plan
from relance.engine.points import bounds, forget_days, take_points
from relance.events import ABOUT_COMPANIES, GIVING_TRAITS, Event, Name
from relance.ids import milliseconds
from relance.profiles import Latest, Profile, list_key, list_of
from relance.storage import Value
from relance.traits import accepted

REMEMBERED = timedelta(hours=26)
"""How long the id of a folded event is kept, counted from the newest arrival: a stream delivers
for 24 hours."""

_REMEMBERED_MS = round(REMEMBERED.total_seconds() * 1000)

MOST_REMEMBERED = 1_000
"""How many of these ids are kept at most; whoever does more is folded anew when in doubt."""

_CONSENT: Mapping[str, str] = {
    Name.CONFIRMED: "granted",
    Name.UNSUBSCRIBED: "withdrawn",
    Name.SIGNED_UP: "pending",
}


def take(
    profile: Profile, facts: Facts, event: Event, plan: Plan, *, oldest_day: str | None
) -> set[str]:
    """Take an event in; the facts that it touched, named as `plan.facts_of` names them.

    `oldest_day` is the first UTC day whose bounds may still change; None: follows from the
    profile.

    Raises:
        NeedsHistory: its day is before that.
    """
    occurred = milliseconds(event.occurred_at)
    profile.recent[event.event_id] = milliseconds(event.received_at)
    touched: set[str] = set()
    _take_who(profile, facts, event, plan, touched)
    if event.name in ABOUT_COMPANIES and take_company(profile, event):
        show_company(profile, facts)
        touched.add("company")
    if event.properties.get("actor") == MACHINE:
        return touched
    for behaviour, name in plan.behaviours_of(event.name):
        if behaviour.passes(event.properties, event.context):
            _take_act(profile, name, event, occurred, plan.depths[name])
            touched.add(f"behaviour:{name}")
    days = bounds(profile, plan, milliseconds(event.received_at), oldest_day)
    for scoring in plan.scores_of(event.name):
        for key in take_points(profile, scoring, event, occurred, days=days):
            touched.add(f"score:{key}")
    take_habit(profile, event, occurred, days=days)
    return touched


def take_lasting(profile: Profile, facts: Facts, event: Event, plan: Plan) -> None:
    """Take of an event that was condensed what is not in there, since it follows from lasting ones.

    Those are traits, lists, consents and the behaviours all of whose events last.
    """
    _take_who(profile, facts, event, plan, set())
    if event.properties.get("actor") == MACHINE:
        return
    for behaviour, name in plan.behaviours_of(event.name):
        if name in plan.lasting and behaviour.passes(event.properties, event.context):
            occurred = milliseconds(event.occurred_at)
            _take_act(profile, name, event, occurred, plan.depths[name])


def _take_who(profile: Profile, facts: Facts, event: Event, plan: Plan, touched: set[str]) -> None:
    """Take in what an event says of who somebody is, and of what it agreed to."""
    stamp = (milliseconds(event.occurred_at), event.event_id)
    if event.name in GIVING_TRAITS:
        _take_traits(profile, facts, event, plan, touched)
    if event.name in (Name.LIST_JOINED, Name.LIST_LEFT):
        _take_list(profile, facts, event, stamp, touched)
    if event.name in _CONSENT or event.name == Name.CONSENT_CHANGED:
        _take_consent(profile, facts, event, stamp, touched)


def _take_traits(
    profile: Profile, facts: Facts, event: Event, plan: Plan, touched: set[str]
) -> None:
    """Take in the traits that an event gives; a sign-up only claims them."""
    stamp = (milliseconds(event.occurred_at), event.event_id)
    assert isinstance(facts.traits, dict)  # noqa: S101 - made by facts_of_profile
    for name, value in accepted(plan.rules.traits, event.properties.get("traits")).items():
        if not _last_writer(profile.traits, name, value, stamp):
            continue
        if value is None:
            facts.traits.pop(name, None)
        else:
            facts.traits[name] = value
        touched.add(f"trait:{name}")
        if name == "time_zone":
            facts.zone = zone_of(value) or plan.zone


@lru_cache(maxsize=1024)
def zone_of(name: Value) -> ZoneInfo | None:
    """The time zone of this name, None if there is none."""
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else None
    except (KeyError, ValueError, OSError):
        return None


def _take_list(
    profile: Profile, facts: Facts, event: Event, stamp: tuple[int, str], touched: set[str]
) -> None:
    said = event.properties
    name = list_of(str(said.get("list", "")))
    entry = f"{said.get('workflow')}#{said.get('entry')}" if said.get("while_in") is True else ""
    if _last_writer(profile.lists, list_key(name, entry), event.name == Name.LIST_JOINED, stamp):
        assert isinstance(facts.lists, dict)  # noqa: S101
        on_lists = profile.on_lists()
        if name in on_lists:
            facts.lists[name] = on_lists[name]
        else:
            facts.lists.pop(name, None)
        touched.add(f"list:{name}")


def _take_consent(
    profile: Profile, facts: Facts, event: Event, stamp: tuple[int, str], touched: set[str]
) -> None:
    """The consent as the events tell it; a request never replaces a consent that was given."""
    topic = str(event.properties.get("topic", ""))
    state = _CONSENT.get(event.name) or str(event.properties.get("state", ""))
    there = profile.consents.get(topic)
    if state == "pending" and there and there.value == "granted":
        return
    if _last_writer(profile.consents, topic, state, stamp):
        assert isinstance(facts.consents, dict)  # noqa: S101
        facts.consents[topic] = state
        touched.add(f"consent:{topic}")


def _last_writer(
    values: dict[str, Latest], name: str, value: Value, stamp: tuple[int, str]
) -> bool:
    there = values.get(name)
    if there is not None and stamp <= (there.at, there.event_id):
        return False
    values[name] = Latest(value, *stamp)
    return True


def _take_act(profile: Profile, name: str, event: Event, occurred: int, depth: Depth) -> None:
    said = numbers(event.properties, sorted(depth.numbers | depth.sums | depth.maxima))
    act: Act = (occurred, event.event_id[-8:], {n: said[n] for n in depth.numbers & said.keys()})
    done = profile.behaviours.get(name)
    if done is None:
        done = profile.behaviours[name] = Done(0, occurred, occurred, [], {}, {})
    done.times += 1
    done.first, done.last = min(done.first, occurred), max(done.last, occurred)
    for path in depth.sums & said.keys():
        done.sums = {**done.sums, path: done.sums.get(path, 0.0) + said[path]}
    for path in depth.maxima & said.keys():
        done.maxima = {**done.maxima, path: max(done.maxima.get(path, said[path]), said[path])}
    if depth.newest or depth.window or depth.since <= occurred:
        assert isinstance(done.newest, list)  # noqa: S101 - made here or read from JSON
        kept = done.newest
        kept.append(act)
        if len(kept) > 1 and kept[-2][:2] > act[:2]:
            kept.sort(key=lambda each: each[:2])


def was_folded(profile: Profile, event: Event) -> bool:
    """Whether the profile holds the event already, as far as one can tell from its arrival."""
    if event.event_id in profile.recent:
        return True
    oldest = profile.newest - _REMEMBERED_MS
    if len(profile.recent) == MOST_REMEMBERED:
        oldest = max(oldest, min(profile.recent.values()))
    return milliseconds(event.received_at) < oldest


def forget(profile: Profile, plan: Plan) -> None:
    """Drop what only a late event could ask for: a function of the newest arrival alone."""
    remembered = profile.newest - _REMEMBERED_MS
    profile.recent = {each: at for each, at in profile.recent.items() if at >= remembered}
    if len(profile.recent) > MOST_REMEMBERED:
        latest = sorted((at, each) for each, at in profile.recent.items())[-MOST_REMEMBERED:]
        profile.recent = {each: at for at, each in latest}
    if profile.days:
        forget_days(profile)
    for name, done in profile.behaviours.items():
        depth = plan.depths.get(name)
        if depth is not None:
            done.newest = _kept(done.newest, depth, profile.newest)


def _kept(known: Sequence[Act], depth: Depth, newest: int) -> Sequence[Act]:
    """The acts that some condition may still look at."""
    first = len(known) - depth.newest
    since = min(depth.since, newest - depth.window + 1 if depth.window else depth.since)
    if first <= 0 or not known or known[0][0] >= since:
        return known
    return [act for at, act in enumerate(known) if at >= first or act[0] >= since]
