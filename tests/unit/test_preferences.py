"""When and on which channel a contact is written to: as it states, else as it responds."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from relance.content.priors import HOURS, Priors
from relance.content.rules import OpenTracking, Rules, Tracking, Trait
from relance.engine import Plan, fold, replay
from relance.events import Event
from relance.ids import event_id, milliseconds
from relance.preferences import Preferences, preferences, response
from relance.profiles import Profile

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
MORNING = tuple(0.5 if hour == 9 else 0.5 / 23 for hour in range(HOURS))
PRIORS = Priors(
    channels={"email": 0.03, "sms": 0.06, "push": 0.04},
    channel_weight=20,
    hours=MORNING,
    hour_weight=12,
)
RULES = Rules(
    version="1",
    traits=(
        Trait("preferred_channel", "text", personal=False, visible_to_workflows=True),
        Trait("preferred_hour", "number", personal=False, visible_to_workflows=True),
    ),
    lists=(),
    tracking_default=Tracking(OpenTracking.NONE, clicks=True),
    languages=("en",),
    priors=PRIORS,
)
PLAN = Plan(RULES, UTC)
MESSAGES = ("email", "sms", "push")


def happened(name: str, at: datetime, number: int = 0, **properties: object) -> Event:
    return Event(
        contact_id="c",
        event_id=event_id(milliseconds(at), "test", f"{name}{number}"),
        name=name,
        occurred_at=at,
        received_at=at,
        source="test",
        properties=properties,  # type: ignore[arg-type]
    )


def mails(days: int, *, clicked_at: int | None = None) -> list[Event]:
    """A mail every day at six, and a click at an hour of the same day (UTC)."""
    found = []
    for day in range(days):
        found.append(happened("email_delivered", MONDAY + timedelta(days=day, hours=6)))
        if clicked_at is not None:
            found.append(happened("email_clicked", MONDAY + timedelta(days=day, hours=clicked_at)))
    return found


def preferred(events: list[Event], *, zone: str = "UTC") -> Preferences:
    profile = replay("c", events, PLAN, version=0) if events else Profile("c")
    now = milliseconds(events[-1].received_at) if events else milliseconds(MONDAY)
    return preferences(profile, PRIORS, zone=ZoneInfo(zone), now=now, among=MESSAGES)


def test_of_somebody_unknown_the_habits_of_everybody_are_assumed() -> None:
    assert preferred([]) == Preferences(("sms", "push", "email"), 9, "habit")


def test_three_clicks_do_not_outweigh_the_population_and_thirty_do() -> None:
    few, many = preferred(mails(3, clicked_at=20)), preferred(mails(30, clicked_at=20))
    assert few.hour == 9
    assert many.hour == 20
    assert many.channels[0] == "email"


def test_whoever_never_answers_mail_is_tried_elsewhere_first() -> None:
    assert preferred(mails(60)).channels == ("sms", "push", "email")


def test_hours_are_those_of_the_place_where_the_contact_lives() -> None:
    assert preferred(mails(30, clicked_at=20), zone="Asia/Tokyo").hour == 5
    assert preferred(mails(30, clicked_at=20), zone="America/New_York").hour == 15


def test_what_is_stated_counts_before_what_was_observed() -> None:
    said = happened(
        "identified",
        MONDAY,
        traits={"preferred_channel": "push", "preferred_hour": 18},
    )
    found = preferred([said, *mails(30, clicked_at=20)])
    assert found == Preferences(("push", "email", "sms"), 18, "stated")


def test_five_links_of_one_mail_are_one_answer_and_machines_give_none() -> None:
    sent = mails(1)
    five = [happened("email_clicked", MONDAY + timedelta(hours=7, minutes=m), m) for m in range(5)]
    machine = [
        happened("email_clicked", MONDAY + timedelta(hours=6, seconds=s), s, actor="machine")
        for s in range(1, 9)
    ]
    now = milliseconds(MONDAY + timedelta(hours=8))
    once = response(replay("c", [*sent, five[0]], PLAN, version=0), PRIORS, "email", now)
    often = response(replay("c", [*sent, *five, *machine], PLAN, version=0), PRIORS, "email", now)
    assert often == pytest.approx(once, rel=1e-12)
    assert once == pytest.approx((0.03 * 20 + 1) / 21, rel=1e-3)


def test_habits_fade_and_a_late_click_moves_the_answer_of_its_day() -> None:
    profile = Profile("c")
    fold(profile, mails(1), PLAN)
    fold(profile, [happened("email_clicked", MONDAY + timedelta(hours=20))], PLAN)
    late = happened("email_clicked", MONDAY + timedelta(hours=10), 1)
    late = Event(**{**{f: getattr(late, f) for f in Event.__slots__},
                    "received_at": MONDAY + timedelta(hours=21)})  # fmt: skip
    fold(profile, [late], PLAN)
    assert profile.fading["~hour/10"][0] > 0.99
    assert profile.fading["~hour/20"][0] == pytest.approx(0, abs=1e-9)
    later = milliseconds(MONDAY + timedelta(days=3650))
    assert response(profile, PRIORS, "email", later) == pytest.approx(0.03, rel=1e-3)
