"""A profile with new events in it: folded where the events say it all, else from the history.

What is told of it depends on why it is folded anew. Events that nobody was told of yet are news.
Rules that changed, a join and the undoing of one say things differently that were told before: what
then follows carries the cause, and entry rules ignore it.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace

from relance.contacts import Contact, profile_of, read_history
from relance.engine import (
    Conclusion,
    NeedsHistory,
    Plan,
    difference,
    fold,
    refold,
    replay,
    retell,
)
from relance.engine.taking import was_folded
from relance.events import JOINS, Event, Name
from relance.ids import milliseconds
from relance.joins import branch
from relance.profiles import Profile, copy_of
from relance.storage import Store


@dataclass(frozen=True, slots=True)
class Folded:
    """The profile, and what followed. `returns`: the contact is somebody of its own again."""

    profile: Profile
    conclusions: Sequence[Conclusion]
    returns: bool = False


def fold_or_replay(store: Store, contact: Contact, events: Iterable[Event], plan: Plan) -> Folded:
    """The profile of the contact with these events in it; the contact's own is used up."""
    events = list(events)
    folded = _folded(store, contact, events, plan)
    # Told so late that its profile cannot say any more whether it knows, it returns all the same.
    returns = any(each.contact_id == contact.contact_id and _is_return(each) for each in events)
    return replace(folded, returns=True) if returns else folded


def _folded(store: Store, contact: Contact, events: Sequence[Event], plan: Plan) -> Folded:
    before = copy_of(contact.profile)
    same_rules = not before.version or before.rules == plan.version
    if same_rules and not _new_joins(before, events):
        try:
            return Folded(contact.profile, fold(contact.profile, events, plan))
        except NeedsHistory:
            pass
    history = list(
        {each.event_id: each for each in [*read_history(store, *contact.ids), *events]}.values()
    )
    joins = _new_joins(before, history)
    if joins:
        told = _told(store, contact, before, history, joins)
        return _after_joins(before, history, told, joins, plan)
    if not same_rules:
        return _with_other_rules(before, history, events, plan)
    after = replay(before.contact_id, history, plan, version=before.version)
    return Folded(after, difference(before, after, plan))


def _with_other_rules(
    before: Profile, history: Sequence[Event], events: Sequence[Event], plan: Plan
) -> Folded:
    """The profile under the plan's rules, first without the events and then with them."""
    fresh = [each for each in events if each.folded and each.event_id not in before.recent]
    ids = {each.event_id for each in fresh}
    known = [each for each in history if each.event_id not in ids]
    up_to = _just_before(fresh, before)
    now, changed = refold(before, known, plan, up_to=up_to)
    return _with_news(now, changed, history, events, plan)


def _just_before(fresh: Sequence[Event], profile: Profile) -> int:
    """The last instant (ms) before the first of these events arrived."""
    return min((milliseconds(each.received_at) - 1 for each in fresh), default=profile.newest)


def _with_news(
    now: Profile,
    changed: Sequence[Conclusion],
    history: Sequence[Event],
    events: Sequence[Event],
    plan: Plan,
) -> Folded:
    """The profile folded anew, with the events that are news; `changed` was told differently."""
    before = copy_of(now)
    try:
        return Folded(now, [*changed, *fold(now, events, plan)])
    except NeedsHistory:
        after = replay(before.contact_id, history, plan, version=before.version)
        return Folded(after, [*changed, *difference(before, after, plan)])


def _new_joins(profile: Profile, events: Iterable[Event]) -> list[Event]:
    """The joins, and undone joins, that the profile does not follow from yet."""
    return [each for each in events if each.name in JOINS and not was_folded(profile, each)]


def _after_joins(
    before: Profile,
    history: Sequence[Event],
    told: Set[str],
    joins: Sequence[Event],
    plan: Plan,
) -> Folded:
    """The profile over all histories that are the contact's now.

    What somebody was told of before they met, the events `told`, is told no more.
    """
    known = [each for each in history if each.event_id in told]
    fresh = [each for each in history if each.folded and each.event_id not in told]
    cause = max(joins, key=lambda each: each.order).name
    now, changed = retell(before, known, plan, up_to=_just_before(fresh, before), cause=cause)
    folded = _with_news(now, changed, history, fresh, plan)
    returns = any(each.contact_id == before.contact_id and _is_return(each) for each in joins)
    return Folded(folded.profile, folded.conclusions, returns)


def _is_return(event: Event) -> bool:
    """Whether the event says that the contact in whose history it stands is its own again."""
    return event.name == Name.JOIN_UNDONE and event.properties.get("contact") == event.contact_id


def _told(
    store: Store,
    contact: Contact,
    before: Profile,
    history: Sequence[Event],
    joins: Sequence[Event],
) -> set[str]:
    """The ids of the events that somebody was told of: under whichever id they stand.

    What an absorbed contact was told of stands in its own profile, as it was when it was joined;
    what was folded while it was absorbed lies before the event that says it is its own again.
    """
    absorbed = contact.register.absorbed
    profiles: dict[str, list[Profile]] = {}
    for each in joins:
        child = str(each.properties.get("contact"))
        if each.name == Name.JOINED and child in absorbed:
            frozen = profile_of(store, child)
            for one in (child, *branch(absorbed, child)):
                profiles.setdefault(one, []).append(frozen)
    returned: dict[str, Event] = {}
    for each in sorted(filter(_is_return, history), key=lambda each: each.order):
        returned |= dict.fromkeys((each.contact_id, *branch(absorbed, each.contact_id)), each)

    def is_told(event: Event) -> bool:
        if event.event_id in before.recent or event.name == Name.HISTORY_CONDENSED:
            return True
        until = returned.get(event.contact_id)
        if until and event.order < until.order:
            return True
        holders = profiles.get(event.contact_id, [before])
        return any(was_folded(each, event) for each in holders)

    return {each.event_id for each in history if is_told(each)}
