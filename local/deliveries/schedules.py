"""Schedules: one-time and recurring.

Expressions as AWS writes them (https://docs.aws.amazon.com/scheduler/latest/UserGuide/
schedule-types.html): `rate(15 minutes)`, `cron(0 9 ? * MON-FRI *)` with six fields and weekdays
from 1 (Sunday), `at(2026-03-01T09:00:00)`; cron and at in the schedule's own time zone.

All recurring schedules share one timer, so that a run can tell whether anything else is left to
happen. A sweep names the table and the attribute it looks for; while nothing of that table is due,
its ticks are charged and not run: it sleeps until something will be, and pays for all of them then,
or when somebody asks for the bill (`account`).
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from local.deliveries.ports import Cancellable, Clockwork

_UNITS = {"minute": 60, "hour": 3_600, "day": 86_400}
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
_CALL = re.compile(r"(cron|at)\(([^()]+)\)")
_LAST_YEAR = 2199
_LONGEST_SLEEP = 86_400.0
_PATIENCE = 20
"""Runs in a row that leave something due, after which a sweep counts as stuck."""


class ScheduleError(Exception):
    """The expression is none that EventBridge takes; the message quotes it."""


@dataclass(frozen=True, slots=True)
class Once:
    """A single instant, in epoch seconds."""

    when: float

    def after(self, moment: float) -> float | None:
        """Return the next instant later than `moment`, None when there is none."""
        return self.when if self.when > moment else None


@dataclass(frozen=True, slots=True)
class Every:
    """A fixed period in seconds, counted from `origin`."""

    period: float
    origin: float

    def after(self, moment: float) -> float | None:
        """Return the next instant later than `moment`."""
        passed = max(0, int((moment - self.origin) // self.period))
        return self.origin + (passed + 1) * self.period


@dataclass(frozen=True, slots=True)
class Cron:
    """A calendar expression in five fields, the years it holds in, and its zone."""

    fields: str
    years: frozenset[int] | None
    zone: ZoneInfo

    def after(self, moment: float) -> float | None:
        """Return the next instant later than `moment`, None when the years are over."""
        for found in CronSim(self.fields, datetime.fromtimestamp(moment, self.zone)):
            if found.year > (max(self.years) if self.years else _LAST_YEAR):
                return None
            if self.years is None or found.year in self.years:
                return found.timestamp()
        return None


Expression = Once | Every | Cron


def parse_expression(text: str, *, zone: str = "UTC", origin: float = 0) -> Expression:
    """Read an expression; `origin` is where a rate begins. Raises ScheduleError."""
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ScheduleError(f'"{zone}" is not a time zone') from error
    rate = _RATE.fullmatch(text)
    if rate is not None:
        count, unit, plural = int(rate.group(1)), rate.group(2), rate.group(3)
        if count < 1 or (count == 1) == bool(plural):
            raise ScheduleError(f'"{text}": write "1 {unit}" or "2 {unit}s"')
        return Every(count * _UNITS[unit], origin)
    call = _CALL.fullmatch(text)
    if call is None:
        raise ScheduleError(f'"{text}" is none of rate(…), cron(…), at(…)')
    kind, inside = call.groups()
    return _cron(text, inside, place) if kind == "cron" else _at(text, inside, place)


def _at(text: str, inside: str, zone: ZoneInfo) -> Once:
    try:
        moment = datetime.strptime(inside, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone)
    except ValueError as error:
        raise ScheduleError(f'"{text}": write for example at(2026-03-01T09:00:00)') from error
    return Once(moment.timestamp())


def _cron(text: str, inside: str, zone: ZoneInfo) -> Cron:
    parts = inside.split()
    if len(parts) != 6:
        raise ScheduleError(f'"{text}": cron has six fields, the last one for years')
    minute, hour, day, month, weekday, year = parts
    if (day == "?") == (weekday == "?"):
        raise ScheduleError(f'"{text}": exactly one of day and weekday is "?"')
    if "W" in day.upper() and day.upper() != "LW":
        raise ScheduleError(f'"{text}": the day "{day}" is not supported here')
    day, weekday = day.replace("?", "*"), _weekday(text, weekday)
    fields = f"{minute} {hour} {day} {month} {weekday}"
    try:
        CronSim(fields, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise ScheduleError(f'"{text}": {error}') from error
    return Cron(fields, _years(text, year), zone)


def _weekday(text: str, field: str) -> str:
    """Count from Sunday = 0 instead of Sunday = 1."""
    if field in {"?", "*"}:
        return "*"
    if field.upper() == "L":
        return "6"
    parts = re.split(r"([,\-#/L])", field.upper())
    shifted: list[str] = []
    for number, part in enumerate(parts):
        counts = number > 0 and parts[number - 1] in {"#", "/"}
        if part.isdigit() and not counts:
            if not 1 <= int(part) <= 7:
                raise ScheduleError(f'"{text}": weekdays go from 1 (Sunday) to 7')
            part = str(int(part) - 1)  # noqa: PLW2901
        shifted.append(part)
    return "".join(shifted)


def _years(text: str, field: str) -> frozenset[int] | None:
    if field == "*":
        return None
    years: set[int] = set()
    for part in field.split(","):
        found = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", part)
        if found is None:
            raise ScheduleError(f'"{text}": the years "{field}" are not supported here')
        first, last = int(found.group(1)), int(found.group(2) or found.group(1))
        years.update(range(first, last + 1))
    return frozenset(years)


class Sweep(Protocol):
    """What a recurring schedule looks for, known from every write."""

    def due(self, now: float) -> bool:
        """Return whether a run at `now` would find something."""

    def later(self, now: float) -> bool:
        """Return whether something becomes due after `now`."""

    @property
    def earliest(self) -> float | None:
        """When a run would first find something; None when nothing is known of."""

    def when_earlier(self, call: Callable[[], None]) -> None:
        """Call this whenever `earliest` comes nearer."""


@dataclass(slots=True)
class Recurring:
    """One recurring schedule; `run` does its work.

    `charge` counts so many idle ticks as if they had run; while it cannot (no idle run has been
    measured yet) it returns false and the tick is run. `entry` numbers its place among those due,
    `paid` is the last tick that was run or charged.
    """

    name: str
    expression: Expression
    run: Callable[[], None]
    sweep: Sweep | None = None
    charge: Callable[[int], bool] | None = None
    cancelled: bool = False
    fruitless: int = 0
    entry: int = 0
    paid: float = 0.0
    asleep: bool = False


class RecurringSchedules:
    """Every recurring schedule, on one timer of the hub.

    `nothing_left` tells whether a run that has no end of its own is over.
    """

    def __init__(self, hub: Clockwork, *, skip_idle: bool) -> None:
        self._hub, self._skip_idle = hub, skip_idle
        self._due: list[tuple[float, int, Recurring]] = []
        self._count = 0
        self._timer: Cancellable | None = None
        self.skipped = 0

    def add(self, schedule: Recurring) -> None:
        """Start a schedule."""
        schedule.paid = self._hub.now
        if schedule.sweep is not None:
            schedule.sweep.when_earlier(lambda: self._wake(schedule))
        self._push(schedule)
        self._arm()

    def remove(self, name: str) -> None:
        """Stop a schedule."""
        for _, _, schedule in self._due:
            if schedule.name == name and not schedule.cancelled:
                self._pay(schedule)
                schedule.cancelled = True

    def account(self) -> None:
        """Charge the ticks up to now that were slept through."""
        for _, entry, schedule in self._due:
            if entry == schedule.entry and not schedule.cancelled:
                self._pay(schedule)

    def nothing_left(self) -> bool:
        """Return whether only recurring schedules are due and none will find anything."""
        if self._timer is None:
            return self._hub.next_due is None
        next_due = self._hub.next_due
        if next_due is not None and next_due < self._due[0][0] - 1e-6:
            return False
        self._timer.cancel()
        self._timer = None
        empty = self._hub.next_due is None
        self._arm()
        return empty and not self._expected()

    def _expected(self) -> bool:
        now = self._hub.now
        return any(
            one.sweep.later(now) or (one.sweep.due(now) and one.fruitless < _PATIENCE)
            for _, _, one in self._due
            if one.sweep is not None and not one.cancelled
        )

    def _push(self, schedule: Recurring) -> None:
        when = self._next(schedule)
        if when is not None:
            self._count += 1
            schedule.entry = self._count
            heapq.heappush(self._due, (when, self._count, schedule))

    def _next(self, schedule: Recurring) -> float | None:
        """When it is looked at next: the next tick, or of one asleep the first with work to do."""
        now, expression = self._hub.now, schedule.expression
        if schedule.asleep and isinstance(expression, Every) and schedule.sweep is not None:
            earliest = schedule.sweep.earliest
            latest = now + _LONGEST_SLEEP
            wanted = latest if earliest is None else min(earliest, latest)
            return expression.after(max(now, math.nextafter(wanted, 0.0)))
        return expression.after(now)

    def _wake(self, schedule: Recurring) -> None:
        """Something is due earlier than was known: look again when that is, if not before."""
        if schedule.asleep and not schedule.cancelled:
            self._push(schedule)
            self._arm()

    def _arm(self) -> None:
        while self._due and self._due[0][1] != self._due[0][2].entry:
            heapq.heappop(self._due)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._due:
            self._timer = self._hub.at(self._due[0][0], self._tick)

    def _tick(self) -> None:
        self._timer = None
        now = self._hub.now
        while self._due and self._due[0][0] <= now:
            _, entry, schedule = heapq.heappop(self._due)
            if entry == schedule.entry and not schedule.cancelled:
                self._run(schedule, now)
                self._push(schedule)
        self._arm()

    def _run(self, schedule: Recurring, now: float) -> None:
        found = schedule.sweep is not None and schedule.sweep.due(now)
        schedule.fruitless = schedule.fruitless + 1 if found else 0
        idle = schedule.sweep is not None and not found
        self._pay(schedule, until=now)
        schedule.paid = now
        schedule.asleep = bool(
            idle and self._skip_idle and schedule.charge is not None and schedule.charge(1)
        )
        if schedule.asleep:
            self.skipped += 1
        else:
            schedule.run()

    def _pay(self, schedule: Recurring, *, until: float | None = None) -> None:
        """Charge the ticks slept through: up to now, or before `until`."""
        if not schedule.asleep or not isinstance(schedule.expression, Every) or not schedule.charge:
            return
        end = self._hub.now if until is None else math.nextafter(until, 0.0)
        period, origin = schedule.expression.period, schedule.expression.origin
        ticks = int((end - origin) // period) - int((schedule.paid - origin) // period)
        if ticks > 0:
            schedule.charge(ticks)
            schedule.paid = origin + int((end - origin) // period) * period
            self.skipped += ticks
