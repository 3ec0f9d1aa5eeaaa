"""What expires of people who were joined, or are themselves again, is condensed before it goes.

What there ever was of them is kept by the test, and folded from the beginning: the profiles must
be the same.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from relance.conditions.facts import FOREVER
from relance.contacts import read_history
from relance.content.known_events import KEPT
from relance.engine import Plan, replay
from relance.errors import StoreBusy
from relance.events import Name, event_of
from relance.profiles import Profile
from relance.storage import Delete, Item, Put, Table, Update
from relance.usecases.condense_history import condense_history
from relance.usecases.identify import Trust, Who, identify, whose
from relance.usecases.join_contacts import Why, join_contacts, undo_join

from tests.unit.engine.test_engine import assert_same
from tests.unit.identities.people import PLAN, START, People

WHY = Why("kim", "one person")
SHORT = Plan(replace(PLAN.rules, kept=timedelta(days=60), version="retention-1"), PLAN.zone)
ACTS = ("page_viewed", "email_clicked", "email_clicked", "order_completed", "email_delivered")


def people() -> People:
    return People(plan=SHORT)


def acts(world: People, contacts: Iterable[str], plan: Iterable[tuple[int, int, int]]) -> None:
    """Let things happen: who, what, and after how many days; each is folded when it happens."""
    those = list(contacts)
    for who, what, days in plan:
        world.later(days=days)
        world.does(those[who % len(those)], ACTS[what % len(ACTS)], {"offer": "moka"})
        world.deliver()


def from_the_beginning(world: People, contact_id: str) -> Profile:
    """The profile that follows from everything there ever was."""
    contact = world.contact(contact_id)
    history = [
        each for each in world.store.log
        if each.contact_id in contact.ids and each.name != Name.HISTORY_CONDENSED
    ]  # fmt: skip
    return replay(contact.contact_id, history, SHORT, version=contact.profile.version)


def expired(world: People, *ids: str) -> list[str]:
    """The names of acts that are there although they expired a month ago."""
    items = [item for each in ids for item in world.store.query(Table.EVENTS, each)]
    old = world.now - timedelta(days=60 + 31)
    events = map(event_of, items)
    return [
        each.name for each in events
        if each.received_at < old and each.folded and each.name not in {*KEPT, Name.TIME_PASSED}
    ]  # fmt: skip


STEPS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), st.integers(0, 9)), max_size=14)


@settings(max_examples=25, deadline=None)
@given(STEPS, STEPS, STEPS, STEPS, st.booleans())
def test_joined_before_and_undone_after_it_was_condensed(
    early: list[tuple[int, int, int]],
    joined: list[tuple[int, int, int]],
    late: list[tuple[int, int, int]],
    alone: list[tuple[int, int, int]],
    through_another: bool,
) -> None:
    # What was condensed before they met is added up, and not exact in everything: see below.
    assume(sum(days for _, _, days in [*early, *joined[:3]]) < 55)
    world = people()
    ids = [whose(Who(user=name), world.services) for name in ("a", "b", "c")]
    acts(world, ids, early)
    join_contacts(ids[1], ids[2], WHY, world.services)
    if through_another:
        acts(world, ids, joined[:3])
    join_contacts(ids[0], ids[1], WHY, world.services)
    world.deliver()
    acts(world, ids, joined)
    acts(world, ids, [*late, (0, 0, 92), *late, (0, 0, 40)])
    assert expired(world, *ids) == []
    assert_same(world.contact(ids[0]).profile, from_the_beginning(world, ids[0]))
    assert_same(world.replayed(ids[0]), from_the_beginning(world, ids[0]))
    undone = ids[1] if through_another else ids[2]
    undo_join(undone, WHY, world.services)
    world.deliver()
    acts(world, ids, alone)
    for each in ids:
        assert_same(world.contact(each).profile, from_the_beginning(world, each))
        assert_same(world.replayed(each), from_the_beginning(world, each))
    assert not any(
        {*map(str, event.properties["of"])} - {*world.contact(event.contact_id).ids}  # type: ignore[arg-type]
        for each in ids
        for event in map(event_of, world.store.query(Table.EVENTS, each))
        if event.name == Name.HISTORY_CONDENSED
    )


def test_whoever_is_alone_again_after_two_joins_were_undone_has_all_their_own_acts() -> None:
    world = people()
    ids = [whose(Who(user=name), world.services) for name in ("a", "b", "c")]
    acts(world, ids, [(0, 0, 0), (1, 0, 0), (1, 0, 0), (2, 0, 0), (2, 0, 0), (2, 0, 0)])
    join_contacts(ids[1], ids[2], WHY, world.services)
    join_contacts(ids[0], ids[1], WHY, world.services)
    world.deliver()
    acts(world, ids, [(0, 0, 92)])
    assert expired(world, *ids) == []
    for each in (ids[1], ids[2]):
        undo_join(each, WHY, world.services)
        world.deliver()
    viewed = [world.replayed(each).behaviours["page_viewed"].times for each in ids]
    assert viewed == [2, 2, 3]


def test_joined_on_the_day_on_which_one_was_condensed_everything_is_counted() -> None:
    world = people()
    ids = [whose(Who(user=name), world.services) for name in ("a", "b")]
    acts(world, ids, [(0, 0, 0), (1, 0, 0), (0, 0, 92), (0, 0, 0)])
    assert expired(world, ids[1]) != []  # nobody woke the second
    join_contacts(ids[0], ids[1], WHY, world.services)
    world.deliver()
    assert expired(world, *ids) == []
    counted = world.replayed(ids[0]).behaviours["page_viewed"].times
    assert counted == from_the_beginning(world, ids[0]).behaviours["page_viewed"].times == 4


@settings(max_examples=25, deadline=None)
@given(STEPS, STEPS, STEPS)
def test_joined_after_each_was_condensed_everything_adds_up(
    early: list[tuple[int, int, int]],
    late: list[tuple[int, int, int]],
    together: list[tuple[int, int, int]],
) -> None:
    world = people()
    ids = [whose(Who(user=name), world.services) for name in ("a", "b")]
    acts(world, ids, [*early, (0, 0, 92), (1, 0, 0), *late])
    join_contacts(ids[0], ids[1], WHY, world.services)
    world.deliver()
    acts(world, ids, together)
    profile, whole = world.contact(ids[0]).profile, from_the_beginning(world, ids[0])
    assert_same(profile, world.replayed(ids[0]))
    for name in ("traits", "lists", "consents", "newest"):
        assert getattr(profile, name) == getattr(whole, name)
    for name, done in whole.behaviours.items():
        mine = profile.behaviours[name]
        assert (mine.times, mine.first, mine.last) == (done.times, done.first, done.last)
    # And what expires from then on changes nothing.
    acts(world, ids, [(0, 0, 92)])
    assert expired(world, *ids) == []
    assert_same(world.contact(ids[0]).profile, world.replayed(ids[0]))


def test_an_event_goes_only_after_what_it_amounts_to_was_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = people()
    one = whose(Who(user="a"), world.services)
    acts(world, [one], [(0, 1, 1)] * 12)
    expected = from_the_beginning(world, one)
    world.later(days=95)
    write, there = world.store.write, len(read_history(world.store, one))
    for calls in range(100):
        left = [calls]

        def failing(each: Put | Update | Delete, left: list[int] = left) -> None:
            if left[0] == 0:
                raise StoreBusy("not now")
            left[0] -= 1
            write(each)

        monkeypatch.setattr(world.store, "write", failing)
        try:
            condense_history(one, world.services)
        except StoreBusy:
            assert calls <= there + 1
        else:
            break
        finally:
            monkeypatch.setattr(world.store, "write", write)
        assert_same(world.replayed(one), expected)
        if calls == 0:
            assert len(read_history(world.store, one)) == there
    assert calls > 1
    assert_same(world.replayed(one), expected)
    assert [each.name for each in read_history(world.store, one)] == ["history_condensed"]
    assert world.contact(one).profile.condense_at == 0
    assert world.contact(one).profile.wake_at <= FOREVER


def test_who_does_nothing_any_more_is_woken_once_to_be_condensed() -> None:
    world = people()
    one = whose(Who(user="a"), world.services)
    acts(world, [one], [(0, 4, 1), (0, 4, 1)])
    due = world.contact(one).profile.wake_at
    assert due == world.contact(one).profile.condense_at
    world.now = START + timedelta(days=92)
    world.does(one, Name.TIME_PASSED)
    world.deliver()
    names = [event_of(item).name for item in world.store.query(Table.EVENTS, one)]
    assert sorted(names) == ["history_condensed", "time_passed"]
    assert world.contact(one).profile.wake_at == FOREVER


def test_nothing_goes_that_an_open_journey_may_ask_for() -> None:
    world = people()
    one = identify(Who(user="a"), Trust.SECRET, world.services).contact_id
    acts(world, [one], [(0, 1, 1), (0, 1, 9)])
    record: Item = {
        "contact_id": one, "record": "now#enrolment#welcome", "workflow": "welcome", "entry": "1",
        "execution": "arn", "entered_at": "2026-03-05T09:00:00.000Z",
        "until": "2027-03-05T09:00:00.000Z", "exits": (),
    }  # fmt: skip
    world.store.write(Put(Table.CONTACTS, record))
    acts(world, [one], [(0, 0, 120)])
    names = sorted(each.name for each in read_history(world.store, one) if each.folded)
    assert names == ["email_clicked", "page_viewed"]
    world.store.write(Delete(Table.CONTACTS, (one, "now#enrolment#welcome")))
    acts(world, [one], [(0, 0, 0)])
    names = sorted(each.name for each in read_history(world.store, one) if each.folded)
    assert names == ["page_viewed", "page_viewed"]
