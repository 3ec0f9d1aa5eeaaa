"""Habits: a contact's own past, mixed with what is assumed of everybody."""

import random
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from zoneinfo import ZoneInfo

import pytest
from relance.content.compiled import Content

from local.content import compiled_content
from local.rehearsal.habits import Habits, Manner, manner_of, orders_of, read_habits
from local.rehearsal.people import FileRefused, Past
from local.world import ROOT

PARIS = ZoneInfo("Europe/Paris")
PRIORS = Content.open(compiled_content(ROOT)).rules.priors
MONDAY = datetime(2026, 1, 5, tzinfo=UTC).timestamp()
DAY = 86_400.0


def manner(past: Past = Past(), habits: Habits = Habits(), seed: int = 1) -> Manner:  # noqa: B008
    return manner_of(past, PARIS, habits, PRIORS, random.Random(seed))


def mean_of_clicks(past: Past) -> float:
    return mean(manner(past, seed=seed).clicks for seed in range(400))


def test_nobody_s_past_means_everybody_s_habits_on_average() -> None:
    assert mean_of_clicks(Past()) == pytest.approx(Habits().rate("clicks"), abs=0.02)


def test_who_clicked_in_everything_will_click_and_who_never_did_will_not() -> None:
    assert mean_of_clicks(Past(delivered=60, clicked=60)) > 0.85
    assert mean_of_clicks(Past(delivered=60, clicked=0)) < 0.05


def test_three_mails_say_little() -> None:
    assert mean_of_clicks(Past(delivered=3, clicked=0)) == pytest.approx(0.14, abs=0.03)


def test_people_act_in_the_hours_and_on_the_days_of_their_past() -> None:
    evenings = manner(Past(hours={21: 300}, weekdays={6: 300}))
    chance = random.Random(3)
    moments = [evenings.moment_between(MONDAY, MONDAY + 28 * DAY, chance) for _ in range(200)]
    local = [datetime.fromtimestamp(at, PARIS) for at in moments]
    assert sum(each.hour == 21 for each in local) > 150
    assert sum(each.weekday() == 6 for each in local) > 150


def test_what_follows_a_mail_follows_it_and_comes_within_a_week() -> None:
    chance = random.Random(4)
    for past in (Past(), Past(hours={3: 900}), Past(preferred=22)):
        for _ in range(100):
            since = MONDAY + chance.uniform(0, 7 * DAY)
            assert since <= manner(past).next_moment(since, chance) <= since + 8 * DAY


def test_who_never_ordered_does_not_begin_to_and_who_did_goes_on_at_its_rate() -> None:
    year = MONDAY + 365 * DAY
    assert orders_of(manner(), random.Random(5), start=MONDAY, end=year) == []
    weekly = manner(Past(orders=53, days=364))
    assert 30 < len(orders_of(weekly, random.Random(5), start=MONDAY, end=year)) < 60


@pytest.mark.parametrize(
    ("written", "told"),
    [
        pytest.param("rates: {clickz: 0.1}", 'rates: there is no rate "clickz"', id="rate"),
        pytest.param("rates: {clickz: 0.1}", "Did you mean clicks?", id="closest"),
        pytest.param("rates: {clicks: 1.5}", "rates.clicks", id="share"),
        pytest.param("hours: [1, 2]", "hours: ", id="hours"),
        pytest.param("weekdays: {funday: 2}", "weekdays.funday", id="weekday"),
        pytest.param("cliks: 3", "cliks", id="key"),
        pytest.param("rates: [", "line 1", id="no YAML"),
        pytest.param("events: [{share: 0.2}]", "events.0.event", id="event"),
        pytest.param("events: [{event: email_clicked}]", "events.0.event: ", id="not theirs"),
    ],
)
def test_an_audience_file_with_a_mistake_is_refused_with_its_place(
    tmp_path: Path, written: str, told: str
) -> None:
    path = tmp_path / "audience.yaml"
    path.write_text(written)
    with pytest.raises(FileRefused, match=r"audience\.yaml") as refused:
        read_habits(path)
    assert told in str(refused.value)


def test_an_event_may_be_named_as_segment_names_it(tmp_path: Path) -> None:
    path = tmp_path / "audience.yaml"
    path.write_text("events: [{event: Product Added}]\n")
    assert read_habits(path).events[0].event == "product_added"


def test_an_audience_file_overrides_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "audience.yaml"
    path.write_text("rates: {clicks: 0.5}\nweekdays: {sunday: 0}\n")
    habits = read_habits(path)
    assert (habits.rate("clicks"), habits.rate("confirms")) == (0.5, 0.68)
    assert not any(manner(habits=habits).week[-24:])
