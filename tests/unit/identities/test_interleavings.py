"""Identify, alias, join, undo and events in any order, delivered in any other and repeatedly."""

from collections import Counter
from contextlib import suppress

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from relance.contacts import read_register
from relance.errors import ConditionFailed, InvalidInput
from relance.events import JOINS, Event
from relance.register import ConsentState, change_consent
from relance.storage import Table, Update
from relance.usecases.identify import Trust, Who, alias, identify, resolve, whose
from relance.usecases.join_contacts import Why, join_contacts, undo_join
from relance.usecases.update_contacts import update_contacts

from tests.unit.identities.people import TOLD, People, said

USERS = st.sampled_from(["ana", "ben", "dora"])
VISITORS = st.sampled_from(["v1", "v2", "v3", "v4"])
DONE = st.sampled_from(["page_viewed", "email_clicked", "order_completed"])
WHY = Why("kim", "a test")


class Interleavings(RuleBasedStateMachine):
    """People, browsers, systems and a colleague, all at once."""

    @initialize()
    def begin(self) -> None:
        self.people = People()
        self.contacts: list[str] = []
        self.events: dict[tuple[str, str], Event] = {}
        self.delivered: list[Event] = []

    def met(self, contact_id: str) -> str:
        if contact_id not in self.contacts:
            self.contacts.append(contact_id)
        return contact_id

    def pick(self, number: int) -> str:
        return self.contacts[number % len(self.contacts)]

    @rule(visitor=VISITORS, name=DONE, hours=st.integers(0, 60))
    def a_visitor_does(self, visitor: str, name: str, hours: int) -> None:
        self.people.later(hours=hours)
        self.did(self.met(whose(Who(visitor=visitor), self.people.services)), name)

    @rule(user=USERS, name=DONE)
    def a_user_does(self, user: str, name: str) -> None:
        self.did(self.met(whose(Who(user=user), self.people.services)), name)

    def did(self, contact_id: str, name: str) -> None:
        event = self.people.does(contact_id, name)
        self.events[contact_id, event.event_id] = event

    @rule(visitor=VISITORS, city=st.sampled_from(["Faro", "Porto"]))
    def a_trait_becomes_known(self, visitor: str, city: str) -> None:
        contact_id = self.met(whose(Who(visitor=visitor), self.people.services))
        event = self.people.says(contact_id, city=city)
        self.events[contact_id, event.event_id] = event

    @rule(user=USERS, visitor=VISITORS)
    def a_system_identifies(self, user: str, visitor: str) -> None:
        self.people.later(seconds=1)
        found = identify(Who(user=user, visitor=visitor), Trust.SECRET, self.people.services)
        self.met(found.contact_id)

    @rule(previous=st.one_of(USERS, VISITORS), user=USERS)
    def a_system_says_alias(self, previous: str, user: str) -> None:
        self.people.later(seconds=1)
        found = alias(previous, user, Trust.SECRET, self.people.services)
        assert found is not None
        self.met(found.contact_id)

    @precondition(lambda self: self.contacts)
    @rule(contact=st.integers(0, 9), state=st.sampled_from(list(ConsentState)))
    def somebody_decides(self, contact: int, state: ConsentState) -> None:
        self.people.later(seconds=1)
        change = change_consent(self.pick(contact), "news", state, at=self.people.now, by="e")
        try_to_write(self.people, change)

    @precondition(lambda self: len(self.contacts) > 1)
    @rule(one=st.integers(0, 9), other=st.integers(0, 9))
    def a_person_joins(self, one: int, other: int) -> None:
        self.people.later(seconds=1)
        ids = (self.pick(one), self.pick(other))
        store, services = self.people.store, self.people.services
        before = {read_register(store, each).consent_to("news") for each in ids}
        join_contacts(*ids, WHY, services)
        after = {read_register(store, each).consent_to("news") for each in ids}
        assert len(after) == 1
        if ConsentState.WITHDRAWN in before:
            assert after == {ConsentState.WITHDRAWN}

    @precondition(lambda self: self.contacts)
    @rule(contact=st.integers(0, 9))
    def a_person_undoes(self, contact: int) -> None:
        self.people.later(seconds=1)
        try:
            undo_join(self.pick(contact), WHY, self.people.services)
        except InvalidInput:
            assert resolve(self.pick(contact), self.people.services) == self.pick(contact)

    @precondition(lambda self: self.people.store.stream)
    @rule(turns=st.lists(st.integers(0, 30), min_size=1, max_size=4), again=st.integers(0, 30))
    def the_stream_delivers(self, turns: list[int], again: int) -> None:
        stream = self.people.store.stream
        for turn in turns:
            if stream:
                self.handle(stream.pop(turn % len(stream)))
        repeated = self.delivered[-1 - again % len(self.delivered)]
        update_contacts([repeated], self.people.services)

    def handle(self, event: Event) -> None:
        self.delivered.append(event)
        update_contacts([event], self.people.services)

    def settle(self) -> list[Event]:
        begin = len(self.delivered)
        while self.people.store.stream:
            self.handle(self.people.store.stream.pop(0))
        return self.delivered[begin:]

    @rule()
    def everything_settles(self) -> None:
        self.settle()
        roots = {resolve(each, self.people.services) for each in self.contacts}
        members = self.people.members()
        for root in roots:
            contact = self.people.contact(root)
            assert said(contact.profile) == said(self.people.replayed(root))
            its = {segment for segment, each in members if each == root}
            assert its == set(contact.profile.segments())
        assert {each for _, each in members} <= roots

    @precondition(lambda self: len(self.contacts) > 1)
    @rule(one=st.integers(0, 9), other=st.integers(0, 9))
    def a_join_is_told_with_its_cause_and_undoing_it_gives_both_back(
        self, one: int, other: int
    ) -> None:
        self.settle()
        people = self.people
        survivor, absorbed = (resolve(self.pick(each), people.services) for each in (one, other))
        if survivor == absorbed:
            return
        people.later(seconds=1)
        join_contacts(survivor, absorbed, WHY, people.services)
        told = [each for each in self.settle() if each.name in TOLD]
        assert {each.properties.get("cause") for each in told} <= {"joined", "join_undone"}
        assert {each.contact_id for each in told} <= {survivor}
        people.later(seconds=1)
        undo_join(absorbed, WHY, people.services)
        told = [each for each in self.settle() if each.name in TOLD]
        assert {each.properties.get("cause") for each in told} <= {"join_undone"}
        for each in (survivor, absorbed):
            assert said(people.contact(each).profile) == said(people.replayed(each))

    @invariant()
    def every_event_belongs_to_exactly_one_person(self) -> None:
        if not hasattr(self, "people"):
            return
        owners: Counter[str] = Counter()
        for root in {resolve(each, self.people.services) for each in self.contacts}:
            contact = self.people.contact(root)
            assert contact.contact_id == root
            owners.update(contact.ids)
            for each in contact.ids:
                assert self.people.contact(each).contact_id == root
                register = read_register(self.people.store, each)
                assert register.contact_id == root
                assert register == self.people.contact(each).register
        assert owners == Counter(self.contacts)
        for contact_id, ident in self.events:
            assert self.people.store.get(Table.EVENTS, (contact_id, ident)) is not None

    def teardown(self) -> None:
        """At the end nothing was published as new more than once, and no event was moved."""
        if not hasattr(self, "people"):
            return
        self.everything_settles()
        inserted = Counter((each.contact_id, each.event_id) for each in self.delivered)
        assert set(inserted.values()) <= {1}
        theirs = Counter(each.event_id for each in self.delivered if each.name not in JOINS)
        assert all(theirs[ident] == 1 for _, ident in self.events)
        news = [
            (each.contact_id, each.name, str(each.properties), each.occurred_at)
            for each in self.delivered
            if each.name in TOLD and "cause" not in each.properties
        ]
        assert len(news) == len(set(news))


def try_to_write(people: People, change: Update) -> None:
    with suppress(ConditionFailed):
        people.store.write(change)


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
