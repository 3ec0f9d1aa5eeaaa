"""Letters that say "today" or "tomorrow" go on that day, or not at all.

Each story begins on Monday 5 January 2026, 9:00 (UTC);
three letters of marketing a day are allowed.
"""

import pytest

from tests.workflows.conftest import MakeStory
from tests.workflows.journeys import Tale, tale_of

THREE_LETTERS = ["event-invitation", "reconfirm-ask", "trial-start"]


@pytest.fixture
def tale(make_story: MakeStory) -> Tale:
    """All journeys start by themselves."""
    story = make_story(Languages="en,fr,pt", JourneysStart="by-themselves", TimeZone="UTC")
    return tale_of(story.world, "birthday")


def fills_the_day(tale: Tale, name: str) -> None:
    """Somebody gets as many letters of marketing as are allowed in a day, one after the other."""
    tale.happens(name, "trial_started")
    reconfirm = {"contact": tale.contact(tale.address(name))}
    tale.world.start("journey-newsletter-reconfirm", reconfirm)
    tale.happens(name, "list_joined", list="event_guests")
    tale.a_moment(60)
    assert sorted(tale.got(name)) == THREE_LETTERS


def test_a_birthday_letter_does_not_come_the_day_after(tale: Tale) -> None:
    tale.arrives("ana", birth_date="1984-01-08")
    tale.arrives("ben", birth_date="1984-01-08")
    # On Thursday morning at half past eight Ana gets three letters.
    tale.day(3 - 0.5 / 24)
    fills_the_day(tale, "ana")
    # At nine there is no room for a fourth letter, and tomorrow it is too late.
    tale.day(3.4)
    assert tale.ends("ana") == ["not sent: too_late"]
    assert tale.got("ben") == ["birthday"]
    tale.day(4.5)
    assert "birthday" not in tale.got("ana")


def test_tomorrow_is_said_the_day_before_however_many_letters_went(tale: Tale) -> None:
    tale.arrives("ana")
    tale.happens("ana", "event_registered", occasion_id="a", starts_at="2026-01-08T19:00:00Z")
    # The day before, Wednesday: three letters at half past eight; the reminder at ten goes as well.
    tale.day(2 - 0.5 / 24)
    fills_the_day(tale, "ana")
    tale.day(2.1)
    assert tale.got("ana")[3:] == ["event-reminder"]


def test_tomorrow_is_not_said_on_the_day_itself(tale: Tale) -> None:
    tale.arrives("ana")
    tale.happens("ana", "event_registered", starts_at="2026-01-08T19:00:00Z")
    # The journey is paused on Tuesday and goes on on Thursday morning, the day of the event.
    tale.day(1)
    tale.world.start("operation-control", {"journey": "event_promotion", "do": "pause"})
    tale.day(2.9)
    tale.world.start("operation-control", {"journey": "event_promotion", "do": "resume"})
    tale.day(3.1)
    assert tale.got("ana") == []
    (skipped,) = tale.sends("ana@example.com")
    assert (skipped["message"], skipped["reason"]) == ("event-reminder", "too_late")
    # She comes all the same, and is thanked.
    tale.day(3.5)
    tale.happens("ana", "event_attended")
    tale.day(5)
    assert tale.got("ana") == ["event-thanks"]
    assert tale.ends("ana", "event_promotion") == ["came"]


def test_a_reminder_of_a_cart_gives_way_to_the_letter_of_the_next_day(tale: Tale) -> None:
    tale.arrives("ana")
    fills_the_day(tale, "ana")
    tale.happens("ana", "product_added", cart_id="a", product_id="espresso")
    # At ten the day is full; the reminder would come at eight tomorrow, an hour before the second
    # letter about the same cart.
    tale.day(0.9)
    assert tale.got("ana")[3:] == []
    tale.day(1.2)
    letters = tale.sends("ana@example.com")
    (late,) = [each for each in letters if each["message"] == "cart-reminder"]
    assert late["reason"] == "too_late"
    assert "cart-proof" in tale.got("ana")
