"""Who somebody is: said for good by a secret key, claimed by a public one, guessed by a link."""

from datetime import timedelta

import pytest
from relance.contacts import read_history
from relance.content.forms import Form
from relance.content.rules import OpenTracking, Tracking
from relance.errors import InvalidInput
from relance.events import Name
from relance.identities import email_identity, find, visitor_identity
from relance.links import Landing
from relance.register import RECORD, SuppressionReason, suppress, tracking_value
from relance.storage import Table, Update
from relance.usecases.identify import (
    Claim,
    Identified,
    Outcome,
    Seen,
    Trust,
    Who,
    alias,
    identify,
    recognise_softly,
    resolve,
    who_looks,
    whose,
)
from relance.usecases.join_contacts import Why, join_contacts, undo_join

from tests.unit.identities.people import People

WHY = Why("kim", "she said so on the phone")


@pytest.fixture
def people() -> People:
    return People()


def says(people: People, **who: str) -> Identified:
    people.later(minutes=1)
    found = identify(Who(**who), Trust.SECRET, people.services)  # type: ignore[arg-type]
    people.deliver()
    return found


def visits(people: People, visitor: str) -> str:
    """An anonymous visitor looks at a page."""
    contact_id = whose(Who(visitor=visitor), people.services)
    people.does(contact_id, "page_viewed")
    people.deliver()
    return contact_id


def looked(people: People, contact_id: str) -> int:
    done = people.contact(contact_id).profile.behaviours.get("page_viewed")
    return done.times if done else 0


def test_a_visitor_who_says_who_they_are_has_their_visits(people: People) -> None:
    visitor = visits(people, "v1")
    found = says(people, user="ana", visitor="v1")
    assert found == Identified(visitor, Outcome.LINKED)
    assert looked(people, found.contact_id) == 1


def test_a_second_browser_of_the_same_person_is_joined(people: People) -> None:
    visits(people, "v1")
    ana = says(people, user="ana", visitor="v1").contact_id
    second = visits(people, "v2")
    assert says(people, user="ana", visitor="v2") == Identified(ana, Outcome.JOINED)
    assert resolve(second, people.services) == ana
    visits(people, "v2")
    assert looked(people, ana) == 3
    assert says(people, user="ana", visitor="v2").outcome is Outcome.KNOWN


def test_two_people_on_a_shared_device_are_kept_apart(people: People) -> None:
    ana = says(people, user="ana", visitor="v1").contact_id
    ben = says(people, user="ben", address="ben@example.com")
    assert says(people, user="ben", visitor="v1") == Identified(ben.contact_id, Outcome.KEPT_APART)
    assert resolve(ana, people.services) != resolve(ben.contact_id, people.services)
    dora = says(people, user="dora", visitor="v1")  # nobody knew her before
    assert dora.contact_id not in (ana, ben.contact_id)


def test_a_forwarded_link_recognises_softly_until_somebody_says_who_they_are(
    people: People,
) -> None:
    ana = says(people, user="ana", address="ana@example.com").contact_id
    visits(people, "v2")
    recognise_softly("v2", followed(people, ana), people.services)
    assert who_looks("v2", people.services) == Seen(ana, softly=True)
    assert looked(people, ana) == 0
    ben = says(people, user="ben", visitor="v2").contact_id
    assert ben != ana
    assert who_looks("v2", people.services) == Seen(ben)
    assert (looked(people, ana), looked(people, ben)) == (0, 1)


def test_a_soft_link_is_forgotten_after_thirty_days(people: People) -> None:
    ana = says(people, user="ana").contact_id
    recognise_softly("v2", followed(people, ana), people.services)
    people.later(days=30)
    assert who_looks("v2", people.services) is None


def followed(people: People, contact_id: str) -> Landing:
    """What the address of a page says to which a link of a contact's mail led."""
    return Landing(contact_id, "00" * 16, people.now)


def test_a_changed_address_is_the_same_contact_and_both_addresses_lead_to_it(
    people: People,
) -> None:
    ana = says(people, user="ana", address="old@example.com").contact_id
    assert says(people, user="ana", address="new@example.com").contact_id == ana
    assert people.contact(ana).register.address == "new@example.com"
    for address in ("old@example.com", "new@example.com"):
        assert find(people.store, email_identity(address)) == ana
    says(people, user="ana", address="old@example.com")
    assert people.contact(ana).register.address == "old@example.com"


def test_an_address_that_is_somebody_else_s_is_not_taken_over(people: People) -> None:
    ana = says(people, user="ana", address="ana@example.com").contact_id
    ben = says(people, user="ben", address="ben@example.com").contact_id
    found = says(people, user="ana", address="ben@example.com")
    assert found == Identified(ana, Outcome.KEPT_APART)
    assert people.contact(ana).register.address == "ana@example.com"
    assert resolve(ben, people.services) == ben


def test_a_suppressed_address_stays_suppressed_when_another_takes_its_place(
    people: People,
) -> None:
    ana = says(people, user="ana", address="old@example.com").contact_id
    people.store.write(suppress(ana, SuppressionReason.COMPLAINED, at=people.now))
    says(people, user="ana", address="new@example.com")
    assert people.contact(ana).register.suppressed is SuppressionReason.COMPLAINED


def test_the_id_of_a_crm_is_the_key_whatever_address_it_knows(people: People) -> None:
    first = crm(people, "7", "old@example.com")
    second = crm(people, "7", "new@example.com")
    assert first.contact_id == second.contact_id
    assert people.contact(first.contact_id).register.address == "new@example.com"
    assert crm(people, "8", "other@example.com").contact_id != first.contact_id


def crm(people: People, ident: str, address: str) -> Identified:
    who = Who(crm={"hubspot": ident}, address=address)
    found = identify(who, Trust.SECRET, people.services)
    people.deliver()
    return found


def test_a_claim_leads_to_nobody_and_answers_the_same_whoever_is_known(people: People) -> None:
    ana = says(people, user="ana", address="ana@example.com").contact_id
    answers = [
        identify(
            Who(visitor=f"v{number}", user=user, address=address), Trust.PUBLIC, people.services
        )
        for number, (user, address) in enumerate(
            [("ana", "ana@example.com"), ("nobody", "nobody@example.com")]
        )
    ]
    assert [each.outcome for each in answers] == [Outcome.CLAIMED] * 2
    assert ana not in {each.contact_id for each in answers}
    assert find(people.store, email_identity("nobody@example.com")) is None


def test_a_claim_made_in_a_form_asks_the_address_once_and_joins_nobody(people: People) -> None:
    form = Form(
        name="newsletter", version="1", title="News", language="en", fields=(),
        consent_purpose="marketing", consent_topic="news", consent_text="Yes",
        consent_version="1", tracking_text=None, tracking_version=None, pages={}, words={},
    )  # fmt: skip
    visitor = visits(people, "v1")
    who = Who(visitor="v1", address="ana@example.com")
    claim = Claim(form, {"ip": "203.0.113.7"})
    for _ in range(2):
        identify(who, Trust.PUBLIC, people.services, claim=claim)
    asked = find(people.store, email_identity("ana@example.com"))
    assert asked is not None
    assert asked != visitor
    (signed_up,) = read_history(people.store, asked)
    assert (signed_up.name, signed_up.properties["visitor"]) == (Name.SIGNED_UP, "v1")
    assert people.contact(asked).register.is_pending
    assert not people.contact(asked).register.is_known


def test_a_claim_and_an_identify_must_name_somebody(people: People) -> None:
    with pytest.raises(InvalidInput, match="anonymousId"):
        identify(Who(user="ana"), Trust.PUBLIC, people.services)
    with pytest.raises(InvalidInput, match="userId"):
        identify(Who(visitor="v1"), Trust.SECRET, people.services)


def test_a_confirmed_sign_up_was_the_visitor_of_its_browser(people: People) -> None:
    visitor = visits(people, "v1")
    ana = says(people, address="ana@example.com").contact_id
    people.does(ana, Name.CONFIRMED, {"topic": "news", "visitor": "v1"})
    people.deliver()
    assert resolve(visitor, people.services) == ana
    assert looked(people, ana) == 1


def test_a_confirmation_in_somebody_else_s_browser_joins_nobody(people: People) -> None:
    ana = says(people, user="ana", visitor="v1").contact_id
    ben = says(people, address="ben@example.com").contact_id
    people.does(ben, Name.CONFIRMED, {"topic": "news", "visitor": "v1"})
    people.deliver()
    assert resolve(ana, people.services) != resolve(ben, people.services)


def test_an_alias_lets_a_new_user_id_lead_to_the_former_one(people: People) -> None:
    ana = says(people, user="ana").contact_id
    found = alias("ana", "ana-2", Trust.SECRET, people.services)
    assert found == Identified(ana, Outcome.LINKED)
    assert whose(Who(user="ana-2"), people.services) == ana


def test_an_alias_of_a_visitor_joins_them_and_of_two_users_keeps_them_apart(
    people: People,
) -> None:
    ana, ben = (says(people, user=name).contact_id for name in ("ana", "ben"))
    visitor = visits(people, "v1")
    found = alias("v1", "ana", Trust.SECRET, people.services)
    assert found == Identified(ana, Outcome.JOINED)
    assert resolve(visitor, people.services) == ana
    found = alias("ben", "ana", Trust.SECRET, people.services)
    assert found == Identified(ana, Outcome.KEPT_APART)
    assert alias("ben", "ana", Trust.PUBLIC, people.services) is None
    assert resolve(ben, people.services) == ben


def test_a_person_joins_two_known_ones_and_what_a_person_undid_stays_undone(
    people: People,
) -> None:
    ana = says(people, user="ana").contact_id
    visitor = visits(people, "v1")
    says(people, user="ana", visitor="v1")
    people.later(minutes=1)
    undo_join(visitor, WHY, people.services)
    people.deliver()
    assert says(people, user="ana", visitor="v1").outcome is Outcome.KEPT_APART
    join_contacts(ana, visitor, WHY, people.services)
    assert says(people, user="ana", visitor="v1").outcome is Outcome.KNOWN


def test_an_identity_is_never_changed_so_a_repeated_delivery_finds_its_history(
    people: People,
) -> None:
    visitor = visits(people, "v2")
    event = people.does(visitor, "page_viewed")
    ana = says(people, user="ana").contact_id
    says(people, user="ana", visitor="v2")
    assert find(people.store, visitor_identity("v2")) == visitor
    assert not people.appended_once(event)
    assert looked(people, ana) == 2


def test_a_soft_link_lasts_as_long_as_it_says(people: People) -> None:
    ana = says(people, user="ana").contact_id
    recognise_softly("v2", followed(people, ana), people.services)
    people.now += timedelta(days=29)
    assert who_looks("v2", people.services) == Seen(ana, softly=True)


def test_nothing_is_noted_of_who_does_not_want_to_be_seen_on_the_web(people: People) -> None:
    ana = says(people, user="ana").contact_id
    no = tracking_value(Tracking(OpenTracking.NONE, clicks=True, web=False), people.now, "e")
    people.store.write(Update(Table.CONTACTS, (ana, RECORD), set={"tracking": no}))
    recognise_softly("v2", followed(people, ana), people.services)
    assert who_looks("v2", people.services) is None
