"""People under several ids, on the whole stack: journeys and links go on under the old one."""

import json
import random
from types import SimpleNamespace
from typing import cast

from relance.aws.dynamodb import DynamoStore
from relance.contacts import read_contact, read_register
from relance.events import Event, put_once
from relance.ids import event_id, milliseconds
from relance.ports import Services
from relance.register import ConsentState
from relance.suppression import Suppressions
from relance.usecases.identify import Outcome, Trust, Who, identify, resolve, whose
from relance.usecases.join_contacts import Joined, Why, join_contacts, undo_join

from tests.stack import table_names
from tests.workflows.story import Story

ANA = "ana@example.com"
WHY = Why("kim", "the same person has two records")


def services_of(story: Story) -> Services:
    """What a use case asks for, on the tables of the story."""
    chance = random.Random(1)
    store = DynamoStore(
        story.world.client("dynamodb"), table_names(), sleep=lambda _: None, chance=chance.random
    )
    secret = story.world.stack.resources["AddressSecret"].name
    found = story.world.client("secretsmanager").get_secret_value(SecretId=secret)
    keys = json.loads(found["SecretString"])
    made = SimpleNamespace(
        store=store,
        now=lambda: story.world.now,
        random_bytes=chance.randbytes,
        currency="EUR",
        suppressions=Suppressions(store, current=keys.pop("current"), secrets=keys),
    )
    return cast("Services", made)


def does(story: Story, contact_id: str, name: str) -> None:
    """Let something happen to a contact, and be folded."""
    now = story.world.now
    ident = event_id(milliseconds(now), "test", name)
    services_of(story).store.write(
        put_once(Event(contact_id, ident, name, occurred_at=now, received_at=now, source="test"))
    )
    story.a_moment()


def names_under(story: Story, contact_id: str) -> list[str]:
    """What stands in the history under one id."""
    return [row["name"] for row in story.rows("Events") if row["contact_id"] == contact_id]


def test_who_confirms_was_the_visitor_of_the_browser_they_signed_up_in(story: Story) -> None:
    services = services_of(story)
    visitor = whose(Who(visitor="v1"), services)
    does(story, visitor, "order_completed")
    story.signs_up(ANA, visitor="v1")
    assert resolve(visitor, services) == visitor  # a form proves nothing
    story.confirms(ANA)
    ana = story.contact(ANA)
    assert resolve(visitor, services) == ana
    assert story.profile(ANA)["behaviours"]["ordered"][0] == 1
    assert "order_completed" in names_under(story, visitor)


def test_a_journey_goes_on_under_the_old_id_after_a_join(story: Story) -> None:
    services = services_of(story)
    story.signs_up(ANA)
    story.confirms(ANA)
    old = story.contact(ANA)
    crm = identify(Who(crm={"hubspot": "7"}), Trust.SECRET, services).contact_id
    assert join_contacts(crm, old, WHY, services) is Joined.JOINED
    story.a_moment()
    person = read_contact(services.store, crm)
    assert person.register.address == ANA
    assert person.register.consent_to("newsletter") is ConsentState.GRANTED
    assert [each.contact_id for each in person.enrolments] == [old]
    story.clicks(ANA)
    story.day(5)
    assert story.outcomes() == ["became engaged"]
    assert read_contact(services.store, crm).enrolments == ()


def test_an_old_unsubscribe_link_stops_the_mail_of_the_whole_person(story: Story) -> None:
    services = services_of(story)
    story.signs_up(ANA)
    story.confirms(ANA)
    old = story.contact(ANA)
    crm = identify(Who(crm={"hubspot": "7"}), Trust.SECRET, services).contact_id
    join_contacts(crm, old, WHY, services)
    story.a_moment()
    sent = len(story.mails(ANA))
    assert story.unsubscribes(ANA) == 200
    assert read_register(services.store, crm).consent_to("newsletter") is ConsentState.WITHDRAWN
    story.day(20)
    assert len(story.mails(ANA)) == sent
    assert story.outcomes() == ["left: unsubscribed"]


def test_a_sign_up_under_the_old_id_is_asked_and_welcomed_once(story: Story) -> None:
    services = services_of(story)
    story.signs_up(ANA)
    crm = identify(Who(crm={"hubspot": "7"}), Trust.SECRET, services).contact_id
    join_contacts(crm, story.contact(ANA), WHY, services)
    story.a_moment()
    assert story.confirms(ANA) == 200
    story.day(3)
    assert story.messages(ANA)[:2] == ["confirm", "welcome"]
    counts = read_register(services.store, crm).counters  # for caps both are one
    assert sum(counts.values()) == 2
    assert story.sends(ANA)[1]["sent_as"] == crm
    assert read_register(services.store, crm).consent_to("newsletter") is ConsentState.GRANTED


def test_a_journey_stays_with_whom_it_was_started_for_when_the_join_is_undone(
    story: Story,
) -> None:
    services = services_of(story)
    story.signs_up(ANA)
    crm = identify(Who(crm={"hubspot": "7"}), Trust.SECRET, services).contact_id
    join_contacts(crm, story.contact(ANA), WHY, services)
    story.confirms(ANA)
    assert story.messages(ANA)[-1] == "welcome"
    undo_join(story.contact(ANA), WHY, services)
    story.clicks(ANA)
    story.day(10)
    assert story.outcomes() == ["became engaged"]
    assert story.register(ANA)["consent#newsletter"]["state"] == "granted"


def test_undoing_a_join_gives_both_back_on_the_whole_stack(story: Story) -> None:
    services = services_of(story)
    one, other = (whose(Who(user=name), services) for name in ("ana", "anna"))
    does(story, one, "page_viewed")
    does(story, other, "order_completed")
    before = [read_contact(services.store, each).profile.segments() for each in (one, other)]
    join_contacts(one, other, WHY, services)
    story.a_moment()
    assert read_contact(services.store, other).contact_id == one
    undo_join(other, WHY, services)
    story.a_moment()
    after = [read_contact(services.store, each).profile.segments() for each in (one, other)]
    assert [sorted(each) for each in after] == [sorted(each) for each in before]
    assert identify(Who(user="anna"), Trust.SECRET, services).outcome is Outcome.KNOWN
