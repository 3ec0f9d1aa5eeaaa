"""Trials of any length: what is said of the use and of the end is what is known of them.

Each story begins on Monday 5 January 2026, 9:00 (UTC), with the beginning of trials.
"""

import pytest

from tests.workflows.conftest import MakeStory
from tests.workflows.journeys import Tale, tale_of


@pytest.fixture
def tale(make_story: MakeStory) -> Tale:
    """The journey, by which whoever begins a trial goes by itself."""
    story = make_story(Languages="en,fr,pt", JourneysStart="by-themselves", TimeZone="UTC")
    return tale_of(story.world, "trial_onboarding")


def test_a_trial_of_thirty_days_is_told_of_its_end_on_day_27(tale: Tale) -> None:
    tale.arrives("ana")
    tale.happens("ana", "trial_started", ends_at="2026-02-04T09:00:00Z")
    tale.day(26.9)
    assert tale.got("ana") == ["trial-start", "trial-help"]
    tale.day(27.1)  # 1 February, at ten
    assert tale.got("ana")[2:] == ["trial-ending"]
    tale.day(32)
    assert tale.ends("ana") == ["trial ended"]


def test_where_no_end_is_named_the_provider_says_when_it_is_near(tale: Tale) -> None:
    for name in ("ana", "ben"):
        tale.arrives(name)
        tale.happens(name, "trial_started")
    # Nobody knows that Ana's trial lasts 30 days, so nothing is said on day 11.
    tale.day(27)
    assert "trial-ending" not in tale.got("ana")
    tale.happens("ana", "trial_ending")
    assert tale.got("ana")[-1] == "trial-ending"
    tale.day(32)
    assert tale.ends("ana") == ["trial ended"]
    # Of Ben's trial nothing is ever said.
    tale.day(91)
    assert tale.ends("ben") == ["end not known"]
    assert "trial-ending" not in tale.got("ben")


def test_one_use_in_the_first_minutes_is_no_often(tale: Tale) -> None:
    for name in ("ana", "ben"):
        tale.arrives(name)
        tale.happens(name, "trial_started", ends_at="2026-01-19T09:00:00Z")
    # Six minutes later both try it; Ben goes on.
    tale.hour(0.1)
    for name in ("ana", "ben"):
        tale.happens(name, "feature_used", feature="orders")
    tale.day(1)
    tale.happens("ben", "feature_used", feature="orders")
    tale.day(2)
    tale.happens("ben", "feature_used", feature="invoices")
    assert tale.got("ana") == tale.got("ben") == ["trial-start"]
    tale.day(3.1)
    assert tale.got("ana") == ["trial-start"]
    assert tale.got("ben") == ["trial-start", "trial-more"]


def test_a_trial_of_two_days_is_told_no_end(tale: Tale) -> None:
    tale.arrives("ana")
    tale.happens("ana", "trial_started", ends_at="2026-01-07T09:00:00Z")
    tale.day(4.1)
    assert "trial-ending" not in tale.got("ana")
    assert tale.ends("ana") == ["trial ended"]
