"""Joining, leaving and telling a company, when others do the same and when it is cut off."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast

import pytest
from relance.companies import member_since, partition, read_company
from relance.contacts import Contact, read_contact, write_profile
from relance.content.rules import OpenTracking, Rules, Tracking
from relance.content.score_rules import CompanyScore
from relance.engine import Plan
from relance.engine.companies import company_of, take_company
from relance.errors import StoreBusy
from relance.events import Event, event_of
from relance.ids import event_id, milliseconds
from relance.ports import Services
from relance.profiles import Profile
from relance.register import new_register
from relance.storage import Put, Table, Write
from relance.usecases.join_company import keep_company
from relance.usecases.update_company import MOST_MEMBERS, Outcome, update_company

from local.memory import MemoryStore

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
RULES = Rules(
    version="1",
    traits=(),
    lists=(),
    tracking_default=Tracking(OpenTracking.NONE, clicks=True),
    languages=("en",),
    company=CompanyScore("engagement", "role", (), not_companies=("gmail.com",)),
)


class Interrupted(Exception):
    """The function was stopped here."""


class Tripping(MemoryStore):
    """A store in which something happens before the next transaction of all."""

    before: Callable[[], None] | None = None

    def transact(self, writes: Sequence[Write]) -> None:
        """First what happens meanwhile, once."""
        meanwhile, self.before = self.before, None
        if meanwhile:
            meanwhile()
        super().transact(writes)


@dataclass
class World:
    """What use cases need of the services, without the rest."""

    store: Tripping
    plan: Plan
    drawn: int = 0

    def now(self) -> datetime:
        """Always the same."""
        return NOW

    def random_bytes(self, count: int) -> bytes:
        """Never the same."""
        self.drawn += 1
        return bytes([self.drawn] * count)

    @property
    def services(self) -> Services:
        """Enough of them."""
        return cast("Services", self)

    def person(self, name: str, domain: str = "firm.example") -> Contact:
        """A contact with an address."""
        register = new_register(name, address=f"{name}@{domain}")
        self.store.write(Put(Table.CONTACTS, register))
        return read_contact(self.store, name)

    def acts(self, contact: Contact, number: int = 1, account: str = "") -> None:
        """A server tells of an act; what follows of companies is appended."""
        context = {"groupId": account} if account else {}
        ident = event_id(milliseconds(NOW) + number, "test", f"{contact.contact_id}{number}")
        at = NOW.replace(microsecond=number * 1000)
        event = Event(contact.contact_id, ident, "seen", at, at, "segment", {}, context)
        keep_company(contact, [event], self.services)

    def folded(self, name: str) -> Contact:
        """The contact with every event folded."""
        contact = read_contact(self.store, name)
        profile = Profile(name, version=contact.profile.version)
        for item in self.store.query(Table.EVENTS, name):
            take_company(profile, event_of(item))
        self.store.write(write_profile(profile))
        return read_contact(self.store, name)

    def company_of(self, name: str) -> str:
        """The company that somebody belongs to."""
        return str(company_of(self.folded(name).profile))

    def told(self, name: str) -> list[object]:
        """How many members a person was told of, time after time."""
        events = [event_of(item) for item in self.store.query(Table.EVENTS, name)]
        return [e.properties["members"] for e in events if e.name == "company_changed"]


@pytest.fixture
def world() -> World:
    return World(Tripping(), Plan(RULES, UTC))


def test_two_who_are_the_first_of_their_firm_at_once_make_one_company(world: World) -> None:
    ana, ben = world.person("ana"), world.person("ben")
    world.store.before = lambda: world.acts(ben)
    world.acts(ana)
    assert world.company_of("ana") == world.company_of("ben")


def test_a_batch_that_comes_again_joins_once(world: World) -> None:
    ana = world.person("ana")
    world.acts(ana)
    world.acts(ana)
    assert [event_of(each).name for each in world.store.query(Table.EVENTS, "ana")] == [
        "company_joined"
    ]


def test_whoever_is_known_to_belong_asks_for_nothing_more(world: World) -> None:
    world.acts(world.person("ana"), account="7")
    ana = world.folded("ana")
    world.store.before = lambda: pytest.fail("something was written")
    world.acts(ana, 2, account="7")
    world.acts(ana, 3)


def test_an_account_and_a_domain_lead_to_one_company(world: World) -> None:
    world.acts(world.person("ana"), account="7")
    world.acts(world.person("ben"))
    world.acts(world.person("cleo", "gmail.com"), account="7")
    assert len({world.company_of(each) for each in ("ana", "ben", "cleo")}) == 1


def test_the_group_call_of_a_server_names_an_account_and_that_of_a_form_does_not(
    world: World,
) -> None:
    for name, source in (("ana", "segment"), ("ben", "form:newsletter")):
        contact = world.person(name, "gmail.com")
        grouped = Event(name, "E", "group_joined", NOW, NOW, source, {"group_id": "7"})
        keep_company(contact, [grouped], world.services)
    assert [len(world.store.query(Table.EVENTS, each)) for each in ("ana", "ben")] == [1, 0]


def test_a_late_word_of_a_former_account_moves_nobody(world: World) -> None:
    world.acts(world.person("ana"), 5, account="7")
    ana = world.folded("ana")
    world.acts(ana, 2, account="8")
    assert company_of(world.folded("ana").profile) == company_of(ana.profile)


def test_a_domain_that_turns_out_to_be_public_is_left(world: World) -> None:
    world.acts(world.person("ana"))
    company = world.company_of("ana")
    assert RULES.company
    public = replace(RULES.company, not_companies=("firm.example",))
    world.plan = Plan(replace(RULES, company=public), UTC)
    world.acts(world.folded("ana"), 2)
    assert company_of(world.folded("ana").profile) is None
    assert read_company(world.store, company)[1] == {}
    world.acts(world.folded("ana"), 3)
    assert company_of(world.folded("ana").profile) is None


def many(world: World, count: int) -> list[str]:
    """So many members of company C."""
    names = [f"p{number:03}" for number in range(count)]
    for name in names:
        world.person(name)
        world.store.write(member_since("C", name, 0))
    return names


def test_what_is_told_twice_at_once_is_told_once_and_anew(world: World) -> None:
    many(world, 2)

    def meanwhile() -> None:
        world.person("late")
        world.store.write(member_since("C", "late", 0))
        assert update_company("C", world.services) is Outcome.TOLD

    world.store.before = meanwhile
    with pytest.raises(StoreBusy):
        update_company("C", world.services)
    assert world.told("p000") == [3]
    assert update_company("C", world.services) is Outcome.UNCHANGED
    assert world.told("p000") == [3]


def test_whoever_was_left_out_by_a_crash_is_told_by_the_next_update(world: World) -> None:
    names = many(world, 250)

    def stop() -> None:
        raise Interrupted

    world.store.before = lambda: setattr(world.store, "before", stop)
    with pytest.raises(Interrupted):
        update_company("C", world.services)
    assert [] in map(world.told, names)
    update_company("C", world.services)
    assert list(map(world.told, names)) == [[250]] * 250


def test_of_a_company_with_too_many_members_nobody_is_told(world: World) -> None:
    names = many(world, MOST_MEMBERS + 1)
    assert update_company("C", world.services) is Outcome.TOO_MANY
    assert world.told(names[0]) == []


def test_a_company_that_nobody_belongs_to_any_more_is_only_remembered(world: World) -> None:
    many(world, 1)
    update_company("C", world.services)
    register = {**new_register("p000", address=None), "erased_at": "2026-01-05T10:00:00.000Z"}
    world.store.write(Put(Table.CONTACTS, register))
    assert update_company("C", world.services) is Outcome.TOLD
    records = [str(i["record"]) for i in world.store.query(Table.CONTACTS, partition("C"))]
    assert records == ["company"]
    assert update_company("C", world.services) is Outcome.UNCHANGED
