"""What people choose on the preference page when two ids turn out to be one person."""

from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from relance.choices import Choice, Frequency
from relance.contacts import own_register, read_register
from relance.content.compiled import Company
from relance.content.rules import OpenTracking, Tracking
from relance.identities import find_or_make, visitor_identity
from relance.links import Preferences
from relance.ports import Services
from relance.register import ConsentState, Register, change_consent, first_free, take_turn
from relance.usecases.change_preferences import Page, Saved, change_preferences
from relance.usecases.join_contacts import Why, join_contacts, undo_join

from tests.unit.identities.people import People

WHY = Why("kim", "the same person wrote from two addresses")
QUIET = Tracking(OpenTracking.NONE, clicks=False, web=False)
COMPANY = Company(
    name="Acme",
    sender_name="Acme",
    postal_address="1 Main Street",
    website="https://www.acme.example",
    languages=("en",),
    topics={"news": "News"},
)


@pytest.fixture
def people() -> People:
    return People()


def services(people: People) -> Services:
    known = vars(people.services)
    content = SimpleNamespace(company=COMPANY, rules=SimpleNamespace(tracking_default=QUIET))
    return cast("Services", SimpleNamespace(**{**known, "content": content}))


def somebody(people: People, name: str) -> str:
    address = f"{name}@x.example"
    found = find_or_make(people.services, visitor_identity(name), address=address)
    people.store.transact(found.writes)
    people.later(minutes=1)
    people.store.write(
        change_consent(
            found.contact_id, "news", ConsentState.GRANTED, at=people.now, by="e",
            also={"known_by": "address"},
        )
    )  # fmt: skip
    return found.contact_id


def chooses(
    people: People,
    contact_id: str,
    *,
    frequency: Frequency = Frequency.ALL,
    tracking: Tracking = QUIET,
    news: bool = True,
    pause: bool = False,
) -> Saved:
    """Whoever follows a link of this id chooses on a fresh page."""
    people.later(minutes=1)
    choice = Choice(
        consents=frozenset({"news"} if news else ()), frequency=frequency, pause=pause,
        tracking=tracking, language=None, made_at=int(people.now.timestamp() * 1000),
    )  # fmt: skip
    page = Page(Preferences(contact_id, "s" * 32), ("en",), {})
    saved = change_preferences(page, choice, services(people))
    assert saved is not None
    return saved


def join(people: People, survivor: str, absorbed: str) -> Register:
    people.later(minutes=1)
    join_contacts(survivor, absorbed, WHY, people.services)
    people.deliver()
    return read_register(people.store, absorbed)


def test_of_two_choices_made_apart_the_stricter_counts(people: People) -> None:
    one, other = somebody(people, "a"), somebody(people, "b")
    chooses(people, one, frequency=Frequency.MONTHLY)
    open_hearted = Tracking(OpenTracking.FULL, clicks=True, web=True)
    chooses(people, other, frequency=Frequency.WEEKLY, tracking=open_hearted, pause=True)
    person = join(people, one, other)
    assert person.frequency is Frequency.MONTHLY
    assert person.is_paused(people.now)
    assert person.tracking == open_hearted  # the first never said anything of it
    undo_join(other, WHY, people.services)
    assert not read_register(people.store, one).is_paused(people.now)


@pytest.mark.parametrize("under_the_absorbed", [True, False])
def test_what_the_person_chooses_afterwards_counts_under_whichever_id(
    people: People, *, under_the_absorbed: bool
) -> None:
    one, other = somebody(people, "a"), somebody(people, "b")
    chooses(people, one, frequency=Frequency.MONTHLY, pause=True)
    chooses(people, other, frequency=Frequency.WEEKLY)
    join(people, one, other)
    saved = chooses(people, other if under_the_absorbed else one, frequency=Frequency.WEEKLY)
    assert not saved.is_stale
    for each in (one, other):
        register = read_register(people.store, each)
        assert register.frequency is Frequency.WEEKLY
        assert not register.is_paused(people.now)


def test_who_leaves_by_a_link_of_the_absorbed_has_left_after_undoing(people: People) -> None:
    one, other = somebody(people, "a"), somebody(people, "b")
    join(people, one, other)
    chooses(people, other, news=False)
    assert read_register(people.store, one).consent_to("news") is ConsentState.WITHDRAWN
    undo_join(other, WHY, people.services)
    assert read_register(people.store, other).consent_to("news") is ConsentState.WITHDRAWN
    assert read_register(people.store, one).consent_to("news") is ConsentState.GRANTED


def test_a_mail_that_the_absorbed_got_takes_the_turn_of_the_person(people: People) -> None:
    one, other = somebody(people, "a"), somebody(people, "b")
    for each in (one, other):
        chooses(people, each, frequency=Frequency.WEEKLY)
    day = people.now.date()
    people.store.write(take_turn(other, "sent", day=day, frequency=Frequency.WEEKLY))
    person = join(people, one, other)
    assert own_register(people.store, one).turn is None
    assert person.turn is not None
    assert person.turn.day >= first_free(day + timedelta(days=6), person.frequency)
    assert person.turn.day < first_free(day + timedelta(days=7), person.frequency)


def test_a_consent_to_be_seen_on_the_web_is_refused_only_by_who_said_no(people: People) -> None:
    one = somebody(people, "a")
    assert not read_register(people.store, one).refuses_web
    chooses(people, one, tracking=Tracking(OpenTracking.NONE, clicks=True, web=False))
    assert read_register(people.store, one).refuses_web
