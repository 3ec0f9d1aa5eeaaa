"""Condensing what expires: the profile of all that arrived before the cut, ready to be kept."""

from collections.abc import Collection, Iterable

from relance.content.behaviours import MACHINE
from relance.engine.condensed import Condensed, Counted, condensed_of, expires
from relance.engine.folding import replayed
from relance.engine.plan import Plan
from relance.engine.taking import forget
from relance.events import Event, Name
from relance.ids import milliseconds
from relance.moments import day_of
from relance.profiles import Profile


def condense(
    ids: Collection[str], history: Collection[Event], plan: Plan, *, cut: int
) -> Condensed | None:
    """What the history (`standing`) of these ids amounts to before `cut` (ms, a day's beginning).

    None if nothing of it expires.
    """
    earlier = [condensed_of(each) for each in history if each.name == Name.HISTORY_CONDENSED]
    before = [
        each
        for each in history
        # What was condensed up to the same cut, before a join of that day, belongs to it as well.
        if each.name == Name.HISTORY_CONDENSED or milliseconds(each.received_at) < cut
    ]
    if not any(map(expires, before)) or any(each.cut > cut for each in earlier):
        return None
    profile = replayed("", before, plan, version=0)
    _forget(profile, history, plan, cut=cut)
    counted = _counted(earlier, filter(expires, before), plan)
    its_own = {name: it for name, it in counted.items() if name not in profile.behaviours}
    return Condensed(frozenset(ids), cut, profile, its_own)


def _forget(profile: Profile, history: Collection[Event], plan: Plan, *, cut: int) -> None:
    """Drop what follows from events that are kept, and what nobody can ask for any more.

    The bounded days stay on which something happened that arrived only after the cut.
    """
    days = profile.days
    forget(profile, plan)
    late = {day_of(each.occurred_at) for each in history if milliseconds(each.received_at) >= cut}
    profile.days |= {place: it for place, it in days.items() if place.rpartition("/")[2] in late}
    profile.traits, profile.lists, profile.consents = {}, {}, {}
    profile.condense_at = 0
    for name in plan.lasting & profile.behaviours.keys():
        del profile.behaviours[name]


def _counted(
    earlier: Iterable[Condensed], events: Iterable[Event], plan: Plan
) -> dict[str, Counted]:
    """How often everything was done that the profile does not count, and when first and last."""
    found: dict[str, Counted] = {}
    for condensed in earlier:
        done = condensed.profile.behaviours
        known = {name: (it.times, it.first, it.last) for name, it in done.items()}
        for name, counted in {**condensed.counted, **known}.items():
            _add(found, name, counted)
    for event in events:
        if event.properties.get("actor") == MACHINE:
            continue
        at = milliseconds(event.occurred_at)
        named = (
            each.name
            for each in plan.rules.behaviours
            if each.matches(event.name, event.properties, event.context)
        )
        for name in {event.name, *named}:
            _add(found, name, (1, at, at))
    return found


def _add(found: dict[str, Counted], name: str, counted: Counted) -> None:
    times, first, last = found.get(name, (0, counted[1], counted[2]))
    found[name] = times + counted[0], min(first, counted[1]), max(last, counted[2])


def families(ids: Collection[str], branches: Iterable[Collection[str]]) -> list[frozenset[str]]:
    """Those for whom a person's history is condensed: who may be somebody of their own one day.

    All ids together, each by itself, each with those who came with it (`branches`), and the others
    without those: so that undoing a join finds what it needs.
    """
    whole = frozenset(ids)
    found = [whole, *(frozenset({each}) for each in ids)]
    for branch in branches:
        found += [frozenset(branch), whole - frozenset(branch)]
    return [each for each in dict.fromkeys(found) if each]
