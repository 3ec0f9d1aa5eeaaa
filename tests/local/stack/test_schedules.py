"""Schedule expressions, and recurring schedules that do not keep a run going."""

from datetime import UTC, datetime

import pytest

from local.deliveries.schedules import (
    Recurring,
    RecurringSchedules,
    ScheduleError,
    parse_expression,
)
from local.deliveries.sweeps import SweepIndex
from local.hub import Hub

START = datetime(2026, 3, 1, tzinfo=UTC)  # a Sunday

NEXT = [
    ("rate-minute", "rate(1 minute)", "UTC", "2026-03-01T00:01:00+00:00"),
    ("rate-minutes", "rate(15 minutes)", "UTC", "2026-03-01T00:15:00+00:00"),
    ("rate-hours", "rate(2 hours)", "UTC", "2026-03-01T02:00:00+00:00"),
    ("rate-day", "rate(1 day)", "UTC", "2026-03-02T00:00:00+00:00"),
    ("daily", "cron(30 9 * * ? *)", "UTC", "2026-03-01T09:30:00+00:00"),
    ("weekdays", "cron(0 9 ? * MON-FRI *)", "UTC", "2026-03-02T09:00:00+00:00"),
    ("weekday-2-is-monday", "cron(0 9 ? * 2 *)", "UTC", "2026-03-02T09:00:00+00:00"),
    ("weekday-1-is-sunday", "cron(0 9 ? * 1 *)", "UTC", "2026-03-01T09:00:00+00:00"),
    ("third-friday", "cron(0 9 ? * 6#3 *)", "UTC", "2026-03-20T09:00:00+00:00"),
    ("last-friday", "cron(0 9 ? * 6L *)", "UTC", "2026-03-27T09:00:00+00:00"),
    ("last-day", "cron(0 9 L * ? *)", "UTC", "2026-03-31T09:00:00+00:00"),
    ("last-weekday", "cron(0 9 LW * ? *)", "UTC", "2026-03-31T09:00:00+00:00"),
    ("every-10-minutes", "cron(0/10 * * * ? *)", "UTC", "2026-03-01T00:10:00+00:00"),
    ("months", "cron(0 0 1 JUN,DEC ? *)", "UTC", "2026-06-01T00:00:00+00:00"),
    ("year", "cron(0 0 1 1 ? 2028)", "UTC", "2028-01-01T00:00:00+00:00"),
    ("years", "cron(0 0 1 1 ? 2027-2030)", "UTC", "2027-01-01T00:00:00+00:00"),
    ("zone", "cron(0 9 * * ? *)", "Europe/Paris", "2026-03-01T08:00:00+00:00"),
    ("at", "at(2026-03-05T10:00:00)", "UTC", "2026-03-05T10:00:00+00:00"),
    ("at-zone", "at(2026-07-05T10:00:00)", "Europe/Paris", "2026-07-05T08:00:00+00:00"),
]


@pytest.mark.parametrize(
    ("text", "zone", "expected"), [c[1:] for c in NEXT], ids=[c[0] for c in NEXT]
)
def test_an_expression_names_its_next_instant(text: str, zone: str, expected: str) -> None:
    start = START.timestamp()
    found = parse_expression(text, zone=zone, origin=start).after(start)
    assert found is not None
    assert datetime.fromtimestamp(found, UTC).isoformat() == expected


WRONG = [
    ("plural", "rate(1 minutes)", "1 minute"),
    ("singular", "rate(5 minute)", "5|2 minutes"),
    ("zero", "rate(0 minutes)", "write"),
    ("five-fields", "cron(0 9 * * ?)", "six fields"),
    ("no-question-mark", "cron(0 9 * * * *)", 'exactly one of day and weekday is "\\?"'),
    ("two-question-marks", "cron(0 9 ? * ? *)", "exactly one"),
    ("weekday-0", "cron(0 9 ? * 0 *)", "weekdays go from 1"),
    ("hour", "cron(0 25 * * ? *)", "hour"),
    ("nearest-weekday", "cron(0 9 15W * ? *)", "not supported"),
    ("at", "at(2026-03-05)", "write for example"),
    ("nonsense", "every day", "none of rate"),
]


@pytest.mark.parametrize(("text", "reason"), [c[1:] for c in WRONG], ids=[c[0] for c in WRONG])
def test_a_wrong_expression_is_refused_with_a_sentence(text: str, reason: str) -> None:
    with pytest.raises(ScheduleError, match=reason):
        parse_expression(text)


def test_a_schedule_in_the_past_or_out_of_years_never_fires() -> None:
    start = START.timestamp()
    assert parse_expression("at(2026-02-01T00:00:00)").after(start) is None
    assert parse_expression("cron(0 0 1 1 ? 2025)").after(start) is None


def _drain(hub: Hub, recurring: RecurringSchedules) -> None:
    hub.run(stop=recurring.nothing_left)


def test_recurring_schedules_run_while_something_else_is_due_and_no_longer() -> None:
    hub = Hub(START)
    recurring = RecurringSchedules(hub, skip_idle=True)
    ticks: list[float] = []
    expression = parse_expression("rate(1 hour)", origin=hub.now)
    recurring.add(Recurring("hourly", expression, lambda: ticks.append(hub.now)))
    hub.after(3.5 * 3600, lambda: None)
    _drain(hub, recurring)
    assert [tick - START.timestamp() for tick in ticks] == [3600, 7200, 10800]
    assert hub.now == START.timestamp() + 3.5 * 3600


def test_a_removed_schedule_fires_no_more() -> None:
    hub = Hub(START)
    recurring = RecurringSchedules(hub, skip_idle=True)
    ticks: list[float] = []
    expression = parse_expression("rate(1 hour)", origin=hub.now)
    recurring.add(Recurring("hourly", expression, lambda: ticks.append(hub.now)))
    hub.after(5400, lambda: recurring.remove("hourly"))
    hub.run(until=hub.now + 86_400)
    assert len(ticks) == 1


def test_a_sweep_runs_only_when_something_is_due_and_a_run_waits_for_what_becomes_due() -> None:
    hub = Hub(START)
    recurring = RecurringSchedules(hub, skip_idle=True)
    index = SweepIndex("due_at")
    charged: list[int] = []
    ran: list[float] = []

    def run() -> None:
        ran.append(hub.now)
        hub.after(1, lambda: index.write({"id": {"S": "a"}}, None))

    def charge(ticks: int) -> bool:
        charged.append(ticks)
        return True

    index.write({"id": {"S": "a"}}, {"due_at": {"S": "2026-03-01T02:30:00+00:00"}})
    expression = parse_expression("rate(1 hour)", origin=hub.now)
    recurring.add(Recurring("sweep", expression, run, sweep=index, charge=charge))
    _drain(hub, recurring)
    assert [moment - START.timestamp() for moment in ran] == [3 * 3600]
    assert sum(charged) == 2
    assert recurring.skipped == 2


def test_a_sweep_that_never_settles_what_is_due_does_not_keep_a_run_going_for_ever() -> None:
    hub = Hub(START)
    recurring = RecurringSchedules(hub, skip_idle=True)
    index = SweepIndex("due_at")
    index.write({"id": {"S": "a"}}, {"due_at": {"N": str(START.timestamp())}})
    expression = parse_expression("rate(1 hour)", origin=hub.now)
    recurring.add(Recurring("sweep", expression, lambda: None, sweep=index, charge=lambda _: True))
    _drain(hub, recurring)
    assert hub.now < START.timestamp() + 30 * 3600


def test_a_sweep_that_sleeps_wakes_for_what_is_written_meanwhile_and_pays_for_every_tick() -> None:
    hub = Hub(START)
    recurring = RecurringSchedules(hub, skip_idle=True)
    index = SweepIndex("due_at")
    charged: list[int] = []
    ran: list[float] = []

    def run() -> None:
        ran.append(hub.now - START.timestamp())
        index.write({"id": {"S": "a"}}, None)

    def charge(ticks: int) -> bool:
        charged.append(ticks)
        return True

    def note(when: float) -> None:
        index.write({"id": {"S": "a"}}, {"due_at": {"N": str(START.timestamp() + when)}})

    expression = parse_expression("rate(1 minute)", origin=hub.now)
    recurring.add(Recurring("sweep", expression, run, sweep=index, charge=charge))
    hub.after(36_000, lambda: note(80_000))
    hub.after(40_000, lambda: note(40_100))
    hub.run(until=hub.now + 100 * 3_600 + 30)
    recurring.account()
    assert ran == [40_140]
    assert sum(charged) == recurring.skipped == 6_000 - 1
    assert len(charged) < 20


def test_a_sweep_that_is_removed_pays_up_to_then() -> None:
    hub = Hub(START)
    recurring = RecurringSchedules(hub, skip_idle=True)
    charged: list[int] = []
    expression = parse_expression("rate(1 minute)", origin=hub.now)

    def charge(ticks: int) -> bool:
        charged.append(ticks)
        return True

    index = SweepIndex("due_at")
    recurring.add(Recurring("sweep", expression, lambda: None, sweep=index, charge=charge))
    hub.after(3_630, lambda: recurring.remove("sweep"))
    hub.run(until=hub.now + 86_400)
    recurring.account()
    assert sum(charged) == 60
