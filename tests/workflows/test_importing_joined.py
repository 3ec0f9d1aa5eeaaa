"""Importing rows about people who have several ids: the person who lives on is meant."""

from collections.abc import Iterator
from typing import Any

import pytest
from relance.contacts import read_contact, read_register
from relance.identities import find, link, user_identity
from relance.ports import Services
from relance.register import RECORD, ConsentState
from relance.storage import Table, Update
from relance.usecases.identify import Who, whose
from relance.usecases.join_contacts import Joined, Why, join_contacts, join_visitor

from local.world import World
from tests.workflows.story import MONDAY
from tests.workflows.test_identities import services_of
from tests.workflows.test_importing import AGREED, Importing, add_up, customers, table

WHY = Why("kim", "the same person has two records")


class Joining(Importing):
    """A world with Ana, who was joined to by Anna: two addresses, two customer numbers."""

    ana: str
    anna: str
    services: Services

    def meet(self) -> None:
        """Let the two be imported, and be one."""
        rows = customers(2)
        for number, row in enumerate(rows):
            row["Customer number"] = f"c{number}"
        self.imports(table(rows))
        self.services = services_of(self.story)
        self.ana, self.anna = (self.story.contact(row["E-mail"]) for row in rows)
        assert join_contacts(self.ana, self.anna, WHY, self.services) is Joined.JOINED
        self.story.a_moment()

    def change(self, contact_id: str, **values: Any) -> None:
        """Change a register from outside."""
        change = Update(Table.CONTACTS, (contact_id, RECORD), set=values)
        self.services.store.write(change)

    def traits(self) -> dict[str, Any]:
        """What is known of the person."""
        return read_contact(self.services.store, self.ana).profile.trait_values()


@pytest.fixture
def joining() -> Iterator[Joining]:
    """Two who are one."""
    with World.build(start=MONDAY, seed=1) as world:
        joining = Joining(world)
        joining.meet()
        yield joining


def test_a_row_of_a_joined_address_tells_of_the_person_who_lives_on(joining: Joining) -> None:
    row = {"E-mail": "P1@example.com", "Company": "Acme", "Engaged": "yes"}
    identities = list(joining.rows("Identities"))
    done = joining.imports(table([row]))
    assert (done["counts"]["known"], add_up(done)) == (1, 1)
    person = read_contact(joining.services.store, joining.ana)
    assert person.profile.trait_values()["company"] == "Acme"
    assert person.profile.joined_lists() == ["engaged"]
    assert list(joining.rows("Identities")) == identities


def test_two_rows_of_one_person_merge_and_the_later_row_has_the_last_word(
    joining: Joining,
) -> None:
    rows = [
        {"E-mail": "p1@example.com", "First name": "Anna", "Company": "Acme"},
        {"Customer number": "c0", "First name": "Ana"},
    ]
    done = joining.imports(table(rows))
    assert (done["counts"]["known"], done["counts"]["ids_of_somebody_else"]) == (2, 0)
    traits = joining.traits()
    assert (traits["first_name"], traits["company"]) == ("Ana", "Acme")


def test_the_ids_of_both_are_the_persons_own(joining: Joining) -> None:
    row = {"E-mail": "p0@example.com", "Customer number": "c1", "CRM id": "7"}
    done = joining.imports(table([row]))
    assert (done["counts"]["known"], done["counts"]["ids_of_somebody_else"]) == (1, 0)
    assert find(joining.services.store, "crm:hubspot:7") == joining.ana


def test_what_one_of_them_withdrew_is_not_granted_under_the_other(joining: Joining) -> None:
    joining.imports(table([{"E-mail": "p1@example.com", "Newsletter": "no"}]))
    done = joining.imports(table([{"E-mail": "p0@example.com", **AGREED}]))
    assert done["counts"]["consents_not_granted"] == 1
    register = read_register(joining.services.store, joining.ana)
    assert register.consent_to("newsletter") is ConsentState.WITHDRAWN


def test_whom_nobody_writes_to_under_one_address_stays_so_under_the_other(
    joining: Joining,
) -> None:
    joining.change(joining.anna, suppressed={"reason": "complained", "at": "x"})
    done = joining.imports(table([{"E-mail": "p0@example.com", **AGREED}]))
    assert done["counts"]["suppressed"] == done["counts"]["consents_not_granted"] == 1
    joining.change(joining.ana, erased_at="2026-01-05T09:00:00.000Z")
    events = len(list(joining.rows("Events")))
    done = joining.imports(table([{"E-mail": "p1@example.com", "First name": "Back"}]))
    assert (done["counts"]["erased"], add_up(done)) == (1, 1)
    assert len(list(joining.rows("Events"))) == events


def test_a_file_that_was_imported_before_they_were_one_writes_nothing_afterwards() -> None:
    with World.build(start=MONDAY, seed=1) as world:
        joining = Joining(world)
        rows = customers(2, **AGREED, Engaged="yes")
        joining.imports(table(rows))
        services = services_of(joining.story)
        ana, anna = (joining.story.contact(row["E-mail"]) for row in rows)
        join_contacts(ana, anna, WHY, services)
        joining.story.a_moment()
        before = joining.everything()
        data = {"file": "f.csv", "mapping": "customers"}
        assert joining.asks(data)["output"]["unchanged"] == 2
        again = joining.asks({**data, "confirm": 2})["output"]
        assert (again["unchanged"], again["taken"]) == (2, 0)
        assert joining.everything() == before


def test_a_withdrawal_by_the_id_of_a_former_visitor_is_heard(joining: Joining) -> None:
    services = joining.services
    visitor = whose(Who(visitor="v1"), services)
    link(services.store, user_identity("c9"), visitor)
    assert join_visitor(joining.ana, visitor, WHY, services) is Joined.JOINED
    assert read_register(services.store, joining.ana).absorbed[visitor].quiet
    joining.imports(table([{"Customer number": "c9", "Newsletter": "no"}]))
    register = read_register(services.store, joining.ana)
    assert register.consent_to("newsletter") is ConsentState.WITHDRAWN


def test_whoever_was_imported_is_known_and_no_device_joins_it_to_somebody(
    joining: Joining,
) -> None:
    joining.imports(table([{"E-mail": "bob@example.com"}, {"CRM id": "8"}]))
    store = joining.services.store
    bob = find(store, "email:bob@example.com") or ""
    by_crm = find(store, "crm:hubspot:8") or ""
    assert [read_register(store, each).known_by for each in (bob, by_crm)] == ["address", "crm"]
    assert join_visitor(bob, by_crm, WHY, joining.services) is Joined.KEPT_APART
