"""Guests of events: two events at once, late and early registrations, freed seats, no newsletter.

Each story begins on Monday 5 January 2026, 9:00 (UTC). The tasting is on Tuesday 20 January, the
roasting on Thursday 29 January, both at 21:00.
"""

import pytest

from tests.workflows.conftest import MakeStory
from tests.workflows.journeys import Tale, tale_of

TASTING = {"occasion_id": "tasting", "starts_at": "2026-01-20T21:00:00Z"}
ROASTING = {"occasion_id": "roasting", "starts_at": "2026-01-29T21:00:00Z"}


@pytest.fixture
def tale(make_story: MakeStory) -> Tale:
    """The journey, by which whoever is invited or registers goes by itself."""
    story = make_story(Languages="en,fr,pt", JourneysStart="by-themselves")
    return tale_of(story.world, "event_promotion")


def registers(tale: Tale, name: str, event: dict[str, str]) -> None:
    """Somebody registers for an event."""
    tale.happens(name, "event_registered", **event)


def test_two_events_of_one_guest_have_a_reminder_and_a_follow_up_each(tale: Tale) -> None:
    tale.arrives("ana")
    registers(tale, "ana", ROASTING)
    tale.day(2)
    registers(tale, "ana", TASTING)
    tale.day(3)
    registers(tale, "ana", TASTING)  # once more, by mistake
    assert tale.ends("ana") == ["RUNNING", "RUNNING", "already in"]
    # She comes to the tasting, which ends nothing of the roasting.
    tale.day(15.6)
    assert tale.got("ana") == ["event-reminder"]
    tale.happens("ana", "event_attended", occasion_id="tasting")
    tale.day(17)
    assert tale.ends("ana")[:2] == ["RUNNING", "came"]
    assert tale.got("ana") == ["event-reminder", "event-thanks"]
    tale.day(24)
    assert tale.got("ana")[2:] == ["event-reminder"]
    tale.day(26)
    assert tale.ends("ana")[:2] == ["did not come", "came"]


def test_an_invitation_never_stands_in_the_way_of_a_registration(tale: Tale) -> None:
    for name in ("ana", "ben", "cleo", "dan"):
        tale.arrives(name)
    for name in ("ana", "ben", "cleo"):
        tale.happens(name, "list_joined", list="event_guests")
    tale.happens("dan", "list_joined", list="event_guests", occasion_id="tasting")
    # Ana registers two days later for an event of which the invitation said nothing, Cleo for one
    # that she does not name, Dan for the very one; Ben registers on day 16.
    tale.day(2)
    registers(tale, "ana", ROASTING)
    registers(tale, "cleo", {"starts_at": ROASTING["starts_at"]})
    registers(tale, "dan", ROASTING)
    registers(tale, "dan", TASTING)
    assert sorted(tale.ends("ana")) == ["RUNNING", "registered"]
    assert sorted(tale.ends("cleo")) == ["RUNNING", "already in"]
    assert sorted(tale.ends("dan")) == ["RUNNING", "RUNNING", "already in"]
    tale.day(16)
    assert tale.ends("ben") == ["did not register"]
    registers(tale, "ben", ROASTING)
    # Everybody is reminded once of each.
    tale.day(23.1)
    for name in ("ana", "ben", "cleo"):
        assert tale.got(name) == ["event-invitation", "event-reminder"], name
    assert tale.got("dan").count("event-reminder") == 2


def test_a_guest_without_the_newsletter_is_reminded_and_gets_nothing_else(tale: Tale) -> None:
    for name in ("ana", "ben"):
        tale.arrives(name, agreed=False)
    tale.arrives("cleo")
    for name in ("ana", "ben", "cleo"):
        registers(tale, name, TASTING)
    # Cleo leaves the newsletter, not the tasting.
    tale.day(3)
    tale.happens("cleo", "unsubscribed", topic="newsletter")
    tale.day(14.1)
    assert tale.got("ana") == tale.got("ben") == tale.got("cleo") == ["event-reminder"]
    assert "registered for" in tale.page("ana")
    assert "unsubscribe" not in tale.page("ana").lower()
    tale.day(15.6)
    tale.happens("ana", "event_attended", occasion_id="tasting")
    # Thanks and notes are letters for those who agreed to letters.
    tale.day(17)
    assert tale.got("ana") == tale.got("ben") == ["event-reminder"]
    assert (tale.ends("ana"), tale.ends("ben")) == (["came"], ["did not come"])
    # Nor is anybody invited who has not agreed.
    tale.happens("ana", "list_joined", list="event_guests")
    tale.day(18)
    assert tale.ends("ana")[-1] == "not sent: no_consent"
    assert tale.got("ana") == ["event-reminder"]


def test_whoever_frees_the_seat_hears_nothing_more_of_it(tale: Tale) -> None:
    for name in ("ana", "ben"):
        tale.arrives(name)
        registers(tale, name, TASTING)
        registers(tale, name, ROASTING)
    # Ana frees her seat at the tasting; the roasting is cancelled by those who hold it.
    tale.day(5)
    tale.happens("ana", "registration_cancelled", occasion_id="tasting")
    for name in ("ana", "ben"):
        tale.happens(name, "event_cancelled", occasion_id="roasting")
    assert tale.ends("ana") == ["left: cancelled", "left: event_cancelled"]
    assert tale.ends("ben") == ["RUNNING", "left: event_cancelled"]
    # She finds the time after all.
    tale.day(6)
    registers(tale, "ana", TASTING)
    tale.day(14.1)
    assert tale.got("ana") == tale.got("ben") == ["event-reminder"]
    # Ben frees his on the evening before, as the reminder asks.
    tale.happens("ben", "registration_cancelled", occasion_id="tasting")
    tale.day(26)
    assert tale.ends("ben") == ["left: cancelled", "left: event_cancelled"]
    assert tale.got("ben") == ["event-reminder"]
    assert tale.got("ana") == ["event-reminder", "event-missed"]
