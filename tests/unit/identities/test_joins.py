"""A join moves nothing: every reader finds the person, and undoing it gives both back."""

import pytest
from relance.contacts import read_history, read_register
from relance.errors import InvalidInput
from relance.events import Event, Name
from relance.identities import find_or_make, visitor_identity
from relance.register import ConsentState, SuppressionReason, change_consent, suppress
from relance.storage import Table
from relance.usecases.join_contacts import Joined, Why, join_contacts, undo_join
from relance.usecases.update_contacts import update_contacts

from tests.unit.identities.people import TOLD, People, said

WHY = Why("kim", "the same person wrote from two addresses")


@pytest.fixture
def people() -> People:
    return People()


def somebody(people: People, name: str, address: str | None = None) -> str:
    found = find_or_make(people.services, visitor_identity(name), address=address)
    people.store.transact(found.writes)
    return found.contact_id


def consent(people: People, contact_id: str, state: ConsentState) -> None:
    people.later(minutes=1)
    people.store.write(change_consent(contact_id, "news", state, at=people.now, by="e"))


def join(people: People, survivor: str, absorbed: str) -> list[Event]:
    people.later(minutes=1)
    assert join_contacts(survivor, absorbed, WHY, people.services) is Joined.JOINED
    return people.deliver()


def undo(people: People, absorbed: str) -> list[Event]:
    people.later(minutes=1)
    undo_join(absorbed, WHY, people.services)
    return people.deliver()


def test_the_survivor_has_done_what_both_did_and_nothing_was_moved(people: People) -> None:
    one, other = somebody(people, "v1"), somebody(people, "v2")
    people.says(one, name="Ana")
    people.does(other, "order_completed")
    people.deliver()
    before = {each: read_history(people.store, each) for each in (one, other)}
    join(people, one, other)
    person = people.contact(other)
    assert person.contact_id == one
    assert person.profile.trait_values() == {"name": "Ana"}
    assert "buyers" in person.profile.segments()
    assert said(person.profile) == said(people.replayed(one))
    for each, events in before.items():
        assert [it for it in read_history(people.store, each) if it in events] == events


def test_events_that_arrive_under_the_old_id_fold_into_the_survivor(people: People) -> None:
    one, other = somebody(people, "v1"), somebody(people, "v2")
    join(people, one, other)
    people.does(other, "order_completed")
    people.deliver()
    assert "buyers" in people.contact(one).profile.segments()
    assert people.members() == {("buyers", one), ("warm", one), ("warm-buyers", one)}


def test_what_a_join_concludes_carries_its_cause_and_what_is_new_does_not(people: People) -> None:
    one, other = somebody(people, "v1"), somebody(people, "v2")
    people.says(one, name="Ana")
    people.does(other, "order_completed")
    told = [each for each in people.deliver() if each.name in TOLD]
    assert {each.properties.get("cause") for each in told} == {None}
    new = [each for each in join(people, one, other) if each.name in TOLD]
    assert {(each.contact_id, each.properties.get("cause")) for each in new} == {(one, "joined")}


def test_an_event_still_in_the_stream_when_two_are_joined_is_news(people: People) -> None:
    one, other = somebody(people, "v1"), somebody(people, "v2")
    people.says(one, name="Ana")
    people.deliver()
    people.does(other, "order_completed")
    join_contacts(one, other, WHY, people.services)
    told = [each for each in people.deliver([1]) if each.name == Name.SEGMENT_ENTERED]
    assert {each.properties.get("cause") for each in told} == {None}
    assert {each.contact_id for each in told} == {one}


def test_undoing_gives_both_profiles_back_and_tells_nothing_of_the_past(people: People) -> None:
    one, other = somebody(people, "v1"), somebody(people, "v2")
    people.says(one, name="Ana")
    people.does(one, "email_clicked")
    people.says(other, name="Ben", city="Porto")
    people.does(other, "order_completed")
    people.does(other, "order_completed")  # 40 points do not fade below 20 in a test
    people.deliver()
    before = {each: said(people.contact(each).profile) for each in (one, other)}
    members = people.members()
    join(people, one, other)
    assert people.contact(one).profile.trait_values() == {"name": "Ben", "city": "Porto"}
    told = [each for each in undo(people, other) if each.name in TOLD]
    assert {each.properties.get("cause") for each in told} <= {"join_undone"}
    assert {each: said(people.contact(each).profile) for each in (one, other)} == before
    assert {each.contact_id for each in told} <= {one}
    assert people.members() == members


def test_who_hears_days_late_of_its_own_return_is_found_in_its_segments(people: People) -> None:
    one, other = somebody(people, "v1"), somebody(people, "v2")
    people.does(other, "order_completed")
    people.deliver()
    join(people, one, other)
    undo_join(other, WHY, people.services)
    late, people.store.stream[:] = list(people.store.stream), []
    people.later(hours=60)
    people.does(other, "page_viewed")
    people.deliver()
    update_contacts([each for each in late if each.contact_id == other], people.services)
    assert ("buyers", other) in set(people.members())


def test_what_happened_while_they_were_one_returns_to_its_own_id(people: People) -> None:
    one, other = somebody(people, "v1"), somebody(people, "v2")
    join(people, one, other)
    people.does(other, "order_completed")
    people.does(one, "page_viewed")
    people.deliver()
    told = [each for each in undo(people, other) if each.name == Name.SEGMENT_ENTERED]
    assert "buyers" in people.contact(other).profile.segments()
    assert "buyers" not in people.contact(one).profile.segments()
    assert {each.properties.get("cause") for each in told} == {"join_undone"}
    assert {segment for segment, each in people.members() if each == other} >= {"buyers"}


def test_joining_a_joined_contact_means_its_survivor_and_no_chain_grows(people: People) -> None:
    a, b, c, d = (somebody(people, name) for name in "abcd")
    join(people, b, a)
    join(people, d, c)
    join(people, c, a)  # d absorbs b, and a with it
    assert {people.contact(each).contact_id for each in (a, b, c, d)} == {d}
    for each in (a, b, c):
        item = people.store.get(Table.CONTACTS, (each, "now#register"))
        assert item is not None
        assert item["joined_to"] == d
    assert join_contacts(a, d, WHY, people.services) is Joined.ONE_ALREADY


def test_undoing_a_join_takes_along_who_had_been_joined_before(people: People) -> None:
    a, b, c = (somebody(people, name) for name in "abc")
    people.says(a, city="Faro")
    people.deliver()
    join(people, b, a)
    join(people, c, b)
    undo(people, b)
    assert people.contact(a).contact_id == b
    assert people.contact(c).ids == (c,)
    assert people.contact(b).profile.trait_values() == {"city": "Faro"}
    assert people.contact(c).profile.trait_values() == {}
    undo(people, a)
    assert people.contact(b).profile.trait_values() == {}


def test_who_joined_whom_when_and_why_stands_in_the_history(people: People) -> None:
    one, other = somebody(people, "v1"), somebody(people, "v2")
    join(people, one, other)
    undo(people, other)
    told = [each for each in read_history(people.store, one) if each.source == "joins"]
    assert [each.name for each in told] == ["joined", "join_undone"]
    assert told[0].properties == {"contact": other, "by": "kim", "reason": WHY.reason}
    assert [each.name for each in read_history(people.store, other)] == ["join_undone"]


def test_what_was_not_joined_cannot_be_undone(people: People) -> None:
    with pytest.raises(InvalidInput, match="not joined to another"):
        undo_join(somebody(people, "v1"), WHY, people.services)


@pytest.mark.parametrize("survivor_left", [True, False])
def test_a_withdrawal_before_the_join_counts_for_both(
    people: People, *, survivor_left: bool
) -> None:
    one, other = somebody(people, "v1", "a@x.example"), somebody(people, "v2", "b@x.example")
    left, stayed = (one, other) if survivor_left else (other, one)
    consent(people, left, ConsentState.WITHDRAWN)
    consent(people, stayed, ConsentState.GRANTED)  # later, and yet the stricter counts
    join(people, one, other)
    for each in (one, other):
        assert read_register(people.store, each).consent_to("news") is ConsentState.WITHDRAWN
        assert people.contact(each).register.consent_to("news") is ConsentState.WITHDRAWN
    undo(people, other)
    assert read_register(people.store, stayed).consent_to("news") is ConsentState.GRANTED


def test_after_the_join_the_last_word_counts_under_whichever_id(people: People) -> None:
    one, other = somebody(people, "v1", "a@x.example"), somebody(people, "v2", "b@x.example")
    consent(people, one, ConsentState.WITHDRAWN)
    join(people, one, other)
    consent(people, other, ConsentState.GRANTED)
    assert read_register(people.store, one).consent_to("news") is ConsentState.GRANTED
    consent(people, one, ConsentState.WITHDRAWN)
    assert read_register(people.store, other).consent_to("news") is ConsentState.WITHDRAWN


def test_a_consent_given_for_another_address_is_none_for_this_one(people: People) -> None:
    one, other = somebody(people, "v1", "a@x.example"), somebody(people, "v2", "b@x.example")
    consent(people, other, ConsentState.GRANTED)
    join(people, one, other)
    register = read_register(people.store, one)
    assert (register.address, register.consent_to("news")) == ("a@x.example", None)


def test_a_survivor_without_an_address_is_written_to_at_the_other_s(people: People) -> None:
    one, other = somebody(people, "v1"), somebody(people, "v2", "b@x.example")
    consent(people, other, ConsentState.GRANTED)
    join(people, one, other)
    register = read_register(people.store, one)
    assert register.address == "b@x.example"
    assert register.consent_to("news") is ConsentState.GRANTED


def test_the_suppression_of_either_address_counts(people: People) -> None:
    one, other = somebody(people, "v1", "a@x.example"), somebody(people, "v2", "b@x.example")
    people.store.write(suppress(other, SuppressionReason.COMPLAINED, at=people.now))
    join(people, one, other)
    assert people.contact(one).register.suppressed is SuppressionReason.COMPLAINED


def test_an_absorbed_visitor_with_nothing_but_a_history_is_not_read(people: People) -> None:
    one, other = somebody(people, "v1"), somebody(people, "v2")
    join(people, one, other)
    assert people.contact(one).register.absorbed[other].quiet
    consent(people, one, ConsentState.GRANTED)
    third = somebody(people, "v3", "c@x.example")
    join(people, one, third)
    assert not people.contact(one).register.absorbed[third].quiet
