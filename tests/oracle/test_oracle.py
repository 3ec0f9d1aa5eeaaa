"""The oracle itself, on cases small enough to be worked out by hand.

Instants are read as UTC unless a zone is named; a membership is told as the minutes at which it
began and ended.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from relance.events import Event
from relance.ids import event_id, milliseconds
from relance.storage import Value

from tests.oracle.cases import Act, Points, Score, Source, Stage, World
from tests.oracle.instants import grid, local_days, moment, ms
from tests.oracle.timeline import timeline

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def event(text: str, name: str, *, arrived: str | None = None, **properties: Value) -> Event:
    occurred = at(text)
    return Event(
        contact_id="01CONTACT",
        event_id=event_id(milliseconds(occurred), "hand", f"{text} {name} {properties}"),
        name=name,
        occurred_at=occurred,
        received_at=at(arrived) if arrived else occurred,
        source="hand",
        properties=properties,
    )


def identified(text: str, **traits: Value) -> Event:
    return event(text, "identified", traits=traits)


def held(
    history: list[Event], source: Source, *, until: str | None = None, zone: str = "UTC",
    segments: Mapping[str, Source] | None = None, scores: Mapping[str, Score] | None = None,
    stages: tuple[Stage, ...] = (), population: Mapping[str, tuple[str, int]] | None = None,
) -> list[tuple[datetime, bool]]:  # fmt: skip
    """When the segment began and ceased to hold."""
    world = World(
        zone=zone,
        acts={"clicked": Act("email_clicked"), "ordered": Act("order_completed")},
        scores=scores or {},
        stages=stages,
        segments={**(segments or {}), "it": source},
        population=population or {},
    )
    found = timeline(history, world, ms(at(until)) if until else None)
    return [(moment(change), holds) for change, holds in found.held("segment:it")]


THREE_CLICKS: Source = {"did": "clicked", "at_least": 3, "within": "30 days"}


def test_the_first_of_three_clicks_leaves_its_window_to_the_millisecond() -> None:
    clicks = [
        event("2026-03-01T09:00:00.250", "email_clicked"),
        event("2026-03-02T10:00:00", "email_clicked"),
        event("2026-03-20T11:00:00", "email_clicked"),
    ]
    assert held(clicks, THREE_CLICKS) == [
        (at("2026-03-20T11:00:00"), True),
        (at("2026-03-31T09:00:00.250"), False),
    ]


def test_a_late_click_counts_from_its_arrival_and_by_when_it_happened() -> None:
    clicks = [
        event("2026-03-01T09:00:00", "email_clicked", arrived="2026-03-25T08:00:00"),
        event("2026-03-02T10:00:00", "email_clicked"),
        event("2026-03-20T11:00:00", "email_clicked"),
    ]
    assert held(clicks, THREE_CLICKS) == [
        (at("2026-03-25T08:00:00"), True),
        (at("2026-03-31T09:00:00"), False),
    ]


def test_a_click_delivered_twice_counts_once_and_a_machine_s_not_at_all() -> None:
    click = event("2026-03-01T09:00:00", "email_clicked")
    machine = event("2026-03-01T10:00:00", "email_clicked", actor="machine")
    assert held([click, click, machine], {"did": "clicked", "at_least": 2}) == []
    assert held([click, click, machine], {"did": "clicked", "exactly": 1})[0][1]


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        pytest.param(2027, "2027-02-28", id="kept on the 28th in other years"),
        pytest.param(2028, "2028-02-29", id="on its day in a leap year"),
    ],
)
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/New_York", "Asia/Kathmandu"])
def test_a_birthday_on_29_february_begins_and_ends_where_the_contact_lives(
    zone: str, year: int, expected: str
) -> None:
    born = identified(f"{year}-02-10T00:00:00", birth_date="1988-02-29", time_zone=zone)
    begins = at(f"{expected}T00:00:00", zone)
    assert held(
        [born], {"trait": "birth_date", "anniversary": "today"}, until=f"{year}-04-01T00:00:00"
    ) == [(begins, True), (begins + DAY, False)]


def test_without_a_zone_a_birthday_is_kept_where_the_company_is() -> None:
    born = identified("2026-07-01T00:00:00", birth_date="1990-07-14", time_zone=None)
    assert held([born], {"trait": "birth_date", "anniversary": "today"}, zone="Europe/Paris") == [
        (at("2026-07-13T22:00:00"), True),
        (at("2026-07-14T22:00:00"), False),
    ]


def test_a_contact_who_moves_takes_its_calendar_along() -> None:
    history = [
        identified("2026-07-01T00:00:00", birth_date="1990-07-14", time_zone="Pacific/Auckland"),
        identified("2026-07-13T18:00:00", time_zone="America/New_York"),
    ]
    assert held(history, {"trait": "birth_date", "anniversary": "today"}) == [
        (at("2026-07-14T00:00:00", "Pacific/Auckland"), True),
        (at("2026-07-13T18:00:00"), False),
        (at("2026-07-14T00:00:00", "America/New_York"), True),
        (at("2026-07-15T00:00:00", "America/New_York"), False),
    ]


def test_the_first_anniversary_is_a_year_after_the_day() -> None:
    born = identified("2026-05-01T00:00:00", renewal_date="2026-05-03")
    assert held(
        [born], {"trait": "renewal_date", "anniversary": "today"}, until="2027-06-01T00:00:00"
    ) == [(at("2027-05-03T00:00:00"), True), (at("2027-05-04T00:00:00"), False)]


def test_the_next_seven_days_are_today_and_the_seven_after_it() -> None:
    told = identified("2026-05-01T12:00:00", renewal_date="2026-05-20", time_zone="Europe/Lisbon")
    assert held([told], {"trait": "renewal_date", "within_next": "7 days"}) == [
        (at("2026-05-13T00:00:00", "Europe/Lisbon"), True),
        (at("2026-05-21T00:00:00", "Europe/Lisbon"), False),
    ]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        pytest.param("Europe/Paris", "2026-03-29", 23, id="spring in Paris"),
        pytest.param("Europe/Paris", "2026-10-25", 25, id="autumn in Paris"),
        pytest.param("America/Havana", "2026-03-08", 23, id="a day that begins at 1:00"),
        pytest.param("Asia/Beirut", "2026-10-24", 25, id="a day whose last hour comes twice"),
        pytest.param("Australia/Lord_Howe", "2026-10-04", 23.5, id="half an hour less"),
        pytest.param("Asia/Kathmandu", "2026-03-29", 24, id="no change of the clocks"),
    ],
)
def test_a_day_is_as_long_as_the_clocks_make_it(zone: str, day: str, hours: float) -> None:
    told = identified(f"{day[:8]}01T00:00:00", renewal_date=day, time_zone=zone)
    (begins, _), (ends, _) = held([told], {"trait": "renewal_date", "on": "today"})
    assert ends - begins == timedelta(hours=hours)


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York"])
def test_a_window_of_a_day_is_24_hours_whatever_the_clocks_do(zone: str) -> None:
    clicked = [
        identified("2026-03-01T00:00:00", time_zone=zone),
        event("2026-03-28T12:00:00", "email_clicked"),
        event("2026-03-07T12:00:00", "email_clicked"),
    ]
    changes = held(clicked, {"did": "clicked", "within": "1 day"})
    assert [b[0] - a[0] for a, b in zip(changes[::2], changes[1::2], strict=True)] == [DAY, DAY]


def test_a_score_crosses_50_after_its_closed_form_says() -> None:
    points = Score("6 hours", (Points("clicked", 80),))
    clicked = [event("2026-03-01T09:00:00", "email_clicked")]
    (entered, _), (left, _) = held(
        clicked, {"score": "intent", "at_least": 50}, scores={"intent": points}
    )
    assert entered == at("2026-03-01T09:00:00")
    # 6 h · log2(80 / (50 − 10⁻⁶)) = 14 646 353.8 ms
    assert left - entered == timedelta(milliseconds=14_646_354)


def test_two_halves_of_a_score_add_up_and_fade_together() -> None:
    points = Score("1 day", (Points("clicked", 40),))
    clicked = [
        event("2026-03-01T09:00:00", "email_clicked"),
        event("2026-03-02T09:00:00", "email_clicked"),
    ]
    changes = held(clicked, {"score": "intent", "greater_than": 30}, scores={"intent": points})
    # 40 > 30 for log2(40/30) days; then 20 + 40 = 60 > 30 for a day.
    assert [holds for _, holds in changes] == [True, False, True, False]
    assert changes[2][0] == at("2026-03-02T09:00:00")
    assert abs(changes[3][0] - at("2026-03-03T09:00:00")) < timedelta(seconds=1)


def test_only_the_first_so_many_of_a_day_give_points_by_when_they_happened() -> None:
    points = Score("52 weeks", (Points("clicked", 10, at_most_per_day=1),))
    clicked = [
        event("2026-03-01T09:00:00", "email_clicked"),
        event("2026-03-01T23:59:59", "email_clicked"),
        event("2026-03-02T00:00:00", "email_clicked"),
    ]
    scores = {"intent": points}
    assert held(clicked, {"score": "intent", "at_least": 19}, scores=scores)[0] == (
        at("2026-03-02T00:00:00"), True,
    )  # fmt: skip
    assert held(clicked, {"score": "intent", "at_least": 21}, scores=scores) == []


FRENCH: Source = {"trait": "country", "equals": "FR"}
SETTLED: Source = {"has_been": {"segment": "french"}, "for": "14 days"}


def test_has_been_counts_from_the_last_time_of_entering() -> None:
    history = [
        identified("2026-03-01T09:00:00", country="FR"),
        identified("2026-03-10T09:00:00", country="PT"),
        identified("2026-03-12T10:30:00", country="fr"),
        identified("2026-04-01T09:00:00", country="PT"),
    ]
    assert held(history, SETTLED, segments={"french": FRENCH}) == [
        (at("2026-03-26T10:30:00"), True),
        (at("2026-04-01T09:00:00"), False),
    ]


def test_has_been_is_not_broken_by_two_changes_that_arrive_together() -> None:
    history = [
        identified("2026-03-01T09:00:00", country="FR"),
        event("2026-03-05T08:00:00", "identified", arrived="2026-03-05T09:00:00",
              traits={"country": "PT"}),
        event("2026-03-05T08:30:00", "identified", arrived="2026-03-05T09:00:00",
              traits={"country": "FR"}),
    ]  # fmt: skip
    assert held(history, SETTLED, segments={"french": FRENCH})[0] == (
        at("2026-03-15T09:00:00"), True,
    )  # fmt: skip


def test_has_been_is_not_broken_when_one_click_leaves_as_another_arrives() -> None:
    clicks = [
        event("2026-03-01T09:00:00", "email_clicked"),
        event("2026-03-08T09:00:00", "email_clicked"),
    ]
    recent: Source = {"did": "clicked", "within": "7 days"}
    lasting: Source = {"has_been": {"segment": "recent"}, "for": "10 days"}
    assert held(clicks, lasting, segments={"recent": recent}) == [
        (at("2026-03-11T09:00:00"), True),
        (at("2026-03-15T09:00:00"), False),
    ]


def test_has_been_follows_changes_that_last_for_less_than_a_minute() -> None:
    clicks = [
        event("2026-03-01T09:00:10", "email_clicked"),
        event("2026-03-01T09:00:40", "order_completed"),
    ]
    either: Source = {
        "any": [
            {"did": "clicked", "within": "1 day"},
            {"did": "ordered", "between": ["7 days ago", "1 day ago"]},
        ]
    }
    lasting: Source = {"has_been": {"segment": "either"}, "for": "30 hours"}
    assert held(clicks, lasting, segments={"either": either}) == [
        (at("2026-03-03T15:00:40"), True),
        (at("2026-03-08T09:00:40"), False),
    ]


def test_a_contact_falls_back_and_is_at_risk_instead_of_a_customer() -> None:
    stages = (
        Stage("visitor", None),
        Stage("lead", {"did": "clicked", "within": "7 days"}),
        Stage("customer", {"did": "ordered", "within": "30 days"}),
        Stage("at_risk", {"did_not": "ordered", "within": "14 days"}, instead_of=("customer",)),
    )
    history = [
        event("2026-03-01T09:00:00", "email_clicked"),
        event("2026-03-02T09:00:00", "order_completed"),
    ]
    began = at("2026-03-01T09:00:00")
    expected = {
        "lead": [(began, True), (began + DAY, False)],
        "customer": [(began + DAY, True), (began + 15 * DAY, False)],
        "at_risk": [(began + 15 * DAY, True), (began + 31 * DAY, False)],
        "visitor": [(began + 31 * DAY, True)],
    }
    for stage, changes in expected.items():
        assert held(history, {"stage": stage}, stages=stages) == changes


def test_spent_200_within_90_days_until_the_first_order_is_older() -> None:
    orders = [
        event("2026-01-01T12:00:00", "order_completed", revenue=150),
        event("2026-02-01T12:00:00", "order_completed", revenue="a gift"),
        event("2026-03-01T12:00:00", "order_completed", revenue=50),
    ]
    spent: Source = {"did": "ordered", "sum": {"of": "revenue", "at_least": 200},
                     "within": "90 days"}  # fmt: skip
    assert held(orders, spent) == [
        (at("2026-03-01T12:00:00"), True),
        (at("2026-04-01T12:00:00"), False),
    ]


def test_twice_the_usual_needs_a_habit_first() -> None:
    seldom = [event(f"2026-03-{day:02}T12:00:00", "email_clicked") for day in (1, 8, 15)]
    often = [event(f"2026-03-{day}T12:00:00", "email_clicked") for day in (21, 22)]
    usual: Source = {"did": "clicked", "within": "7 days", "at_least_times_usual": 2}
    # On 22 March at 12:00 two in 7 days; before, three in 14 days: 1.5 in 7. On 25 March at 12:00
    # span is 17 days: 3 · 7 / 17 = 1.24; 2 ≥ 2 · e · 7 / span from span = 21 days on, too late.
    assert held([*seldom, *often], usual) == []
    third = event("2026-03-23T12:00:00", "email_clicked")
    # Three: from span = 14 days on, where it always is since 22 March 12:00.
    assert held([*seldom, *often, third], usual) == [
        (at("2026-03-23T12:00:00"), True),
        (at("2026-03-28T12:00:00"), False),
    ]


def test_overdue_is_measured_against_the_mean_of_own_and_usual_gaps() -> None:
    orders = [event(f"2026-03-{day:02}T12:00:00", "order_completed") for day in (1, 11)]
    # (20 days · 1 + 10 days) / (1 + 1) = 15 days; twice that is 30 days after 11 March.
    assert held(orders, {"overdue_by": 2, "for": "ordered"}, population={"ordered": ("20 days", 1)}
    ) == [(at("2026-04-10T12:00:00"), True)]  # fmt: skip
    assert held(orders[:1], {"overdue_by": 2, "for": "ordered"}) == []


def test_nothing_follows_from_what_was_only_concluded() -> None:
    history = [
        event("2026-03-01T09:00:00", "email_clicked"),
        event("2026-03-02T09:00:00", "workflow_entered", list="newsletter"),
    ]
    assert held(history, {"did": "workflow_entered"}) == []


def test_the_grid_is_dense_for_a_day_around_each_boundary_and_hourly_elsewhere() -> None:
    start, boundary = at("2026-03-01T00:00:00"), at("2026-03-05T12:34:56")
    looked = grid(ms(start), ms(start + 10 * DAY), [ms(boundary)])
    gaps = {int(b - a) for a, b in pairwise(looked)}
    assert max(gaps) == 3_600_000
    near = looked[(looked >= ms(boundary - 12 * HOUR)) & (looked <= ms(boundary + 12 * HOUR))]
    assert int((near[1:] - near[:-1]).max()) == 60_000
    assert ms(boundary) in looked
    assert ms(boundary) - 1 in looked


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/Havana", "Pacific/Chatham", "UTC"])
def test_days_are_those_that_a_clock_on_the_wall_shows(zone: str) -> None:
    looked = grid(ms(at("2026-01-01T00:00:00")), ms(at("2026-12-31T00:00:00")), [])
    days = local_days(looked, zone)
    for instant, day in list(zip(looked, days, strict=True))[::7]:
        shown = moment(int(instant)).astimezone(ZoneInfo(zone)).date()
        assert (shown - datetime(1970, 1, 1).date()).days == day  # noqa: DTZ001
