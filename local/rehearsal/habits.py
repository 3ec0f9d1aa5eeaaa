"""What people do with their mail, and when: the population's habits, and each contact's own.

A contact with a past does what it did. Its rate of clicks, say, is drawn from what is known of it:
the population's rate, which counts like `counts_like` messages of its own, mixed with its own
messages and clicks (the posterior of a beta-binomial). So who has no past differs from others as
people do, and who has much of it behaves as before. When somebody acts follows likewise from the
hours and weekdays of the past (Dirichlet-multinomial); the moment is found by thinning (Lewis and
Shedler, 1979): later hours are tried in turn, and taken as often as they weigh.

The population's rates are made up, in the region of what mailing services report; hours and the
usual time between orders stand in `habits.yaml`. A file says them otherwise:

    counts_like: 20
    rates: {clicks: 0.08, unsubscribes: 0.004}
    weekdays: {saturday: 0.4, sunday: 0.4}
    events:
      - {event: product_added, share: 0.3, from_day: 0, to_day: 5, properties: {cart_id: C1}}
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from relance.collecting.naming import event_name
from relance.content.priors import Priors
from relance.errors import InvalidInput

from local.cli.mistakes import closest
from local.clock import to_datetime
from local.rehearsal.people import FileRefused, Past

RATES: Mapping[str, tuple[str, float]] = {
    "confirms": ("confirm within hours, of those who are asked", 0.68),
    "confirms_late": ("confirm only after a reminder", 0.13),
    "opens": ("load the pictures of a mail", 0.40),
    "clicks": ("click in a mail", 0.18),
    "unsubscribes": ("unsubscribe in a mail", 0.012),
    "complains": ("report a mail as spam", 0.0008),
    "mailbox_gone": ("have no mailbox any more (hard bounce)", 0.01),
    "mailbox_full": ("have a full mailbox (soft bounce after hours)", 0.01),
    "behind_scanner": ("sit behind a scanner that fetches every link", 0.08),
    "allows_tracking": ("tick the box that allows tracking, if there is one", 0.60),
    "signs_up_twice": ("sign up a second time, days later", 0.03),
}
"""What is assumed of everybody: in words, and the share."""

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOUR = 3600.0
_MOST_HOURS = 24 * 7
_MOST_TRIES = 5_000
_MOST_ORDERS = 200

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _told(event: str) -> str:
    """The event as the suite names it, if a website may tell it."""
    try:
        return event_name(event)
    except InvalidInput as error:
        raise ValueError(str(error)) from None


class Deed(_Part):
    """Something that a share of the people does on a day between two, as the website tells it."""

    event: Annotated[str, AfterValidator(_told)]
    share: Share = 1.0
    from_day: Annotated[float, Field(ge=0)] = 0.0
    to_day: Annotated[float, Field(ge=0)] = 10.0
    properties: dict[str, str | int | float | bool] = {}


class Habits(_Part):
    """An audience file, whole; what it does not say is as above."""

    counts_like: Annotated[float, Field(gt=0)] = 10.0
    rates: dict[str, Share] = {}
    hours: Annotated[tuple[Weight, ...], Field(min_length=24, max_length=24)] | None = None
    weekdays: dict[
        Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
        Weight,
    ] = {}
    buys: bool = True
    events: tuple[Deed, ...] = ()

    @field_validator("rates")
    @classmethod
    def _known(cls, rates: dict[str, float]) -> dict[str, float]:
        for name in rates:
            if name not in RATES:
                raise ValueError(
                    f'there is no rate "{name}".{closest(name, RATES)} '
                    f"There are: {', '.join(RATES)}."
                )
        return rates

    @model_validator(mode="after")
    def _awake(self) -> Self:
        if self.hours is not None and not any(self.hours):
            raise ValueError("hours: somebody must be awake; write one weight above 0.")
        if len(self.weekdays) == len(DAYS) and not any(self.weekdays.values()):
            raise ValueError("weekdays: one weight must be above 0.")
        return self

    def rate(self, name: str) -> float:
        """The share of the population."""
        return self.rates.get(name, RATES[name][1])


def read_habits(path: Path | None) -> Habits:
    """Read an audience file; FileRefused names what is wrong in it, and where."""
    if path is None:
        return Habits()
    try:
        written = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise FileRefused(f"{path}: {error.strerror or 'cannot be read'}.") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        place = getattr(error, "problem_mark", None)
        where = f"line {place.line + 1}: " if place is not None else ""
        raise FileRefused(f"{path}: {where}this is no YAML.") from error
    try:
        return Habits.model_validate(written or {})
    except ValidationError as error:
        said = [
            f"{'.'.join(map(str, each['loc'])) or 'the file'}: "
            f"{each['msg'].removeprefix('Value error, ')}"
            for each in error.errors(include_url=False, include_input=False)
        ]
        raise FileRefused("\n   ".join([f"{path}:", *said])) from error


@dataclass(frozen=True, slots=True)
class Manner:
    """What one person is like: rates of its own, and weights for each hour of its week."""

    mailbox: Literal["fine", "gone", "full"]
    confirms: Literal["soon", "after the reminder", "never"]
    opens: float
    clicks: float
    unsubscribes: float
    complains: float
    by_link: bool
    behind_scanner: bool
    allows_tracking: bool
    signs_up_twice: bool
    buys_every: float
    """Days between two orders; 0: it buys nothing."""
    spends: float
    zone: ZoneInfo
    week: tuple[float, ...]
    """168 weights, Monday 0:00 first, the greatest of them 1."""

    def next_moment(self, since: float, chance: random.Random) -> float:
        """A moment from `since` (epoch seconds) on at which this person is likely to act."""
        at = since
        for _ in range(_MOST_HOURS):
            local = self._local(at)
            if chance.random() < self.week[local.weekday() * 24 + local.hour]:
                return at
            into = local.minute * 60 + local.second + local.microsecond / 1e6
            at += _HOUR - into + chance.uniform(0, _HOUR - 1)
        return at

    def moment_between(self, since: float, until: float, chance: random.Random) -> float:
        """A moment between two at which this person acts of its own accord, in its own hours."""
        at = since
        for _ in range(_MOST_TRIES):
            at = chance.uniform(since, until)
            local = self._local(at)
            if chance.random() < self.week[local.weekday() * 24 + local.hour]:
                break
        return at

    def _local(self, at: float) -> datetime:
        return to_datetime(round(at * 1_000_000)).astimezone(self.zone)


def manner_of(
    past: Past, zone: ZoneInfo, habits: Habits, priors: Priors, chance: random.Random
) -> Manner:
    """Draw what somebody is like from the population's habits and its own past."""
    weight = habits.counts_like
    mailbox = _one_of(chance, habits, "mailbox_gone", "mailbox_full")
    confirms = _one_of(chance, habits, "confirms", "confirms_late")

    def own(name: str, did: int) -> float:
        known = habits.rate(name)
        tries = max(past.delivered, did)
        alike, unlike = known * weight + did, (1 - known) * weight + tries - did
        if alike <= 0 or unlike <= 0:
            return known if not tries else did / tries
        return chance.betavariate(alike, unlike)

    return Manner(
        mailbox="gone" if mailbox == "mailbox_gone" else "full" if mailbox else "fine",
        confirms=(
            "soon" if confirms == "confirms" else "after the reminder" if confirms else "never"
        ),
        opens=own("opens", past.opened),
        clicks=own("clicks", past.clicked),
        unsubscribes=habits.rate("unsubscribes"),
        complains=habits.rate("complains"),
        by_link=chance.random() < 0.5,
        behind_scanner=_one_of(chance, habits, "behind_scanner") is not None,
        allows_tracking=_one_of(chance, habits, "allows_tracking") is not None,
        signs_up_twice=_one_of(chance, habits, "signs_up_twice") is not None,
        buys_every=_gap(past, priors) if habits.buys else 0.0,
        spends=round(past.spent / past.orders, 2) if past.orders else 0.0,
        zone=zone,
        week=_week(past, habits, priors),
    )


def orders_of(manner: Manner, chance: random.Random, *, start: float, end: float) -> list[float]:
    """When somebody orders between two instants: at its own rate, in its own hours."""
    found: list[float] = []
    at = start
    while manner.buys_every > 0 and len(found) < _MOST_ORDERS:
        at += chance.expovariate(1 / manner.buys_every) * 24 * _HOUR
        when = manner.next_moment(at, chance)
        if when >= end:
            break
        found.append(when)
    return found


def _gap(past: Past, priors: Priors) -> float:
    """The mean days between two orders; who never ordered does not begin to."""
    if not past.orders:
        return 0.0
    known = priors.gaps.get("ordered")
    usual = known.usual / timedelta(days=1) if known else 45.0
    weight = known.weight if known else 3
    return (usual * weight + past.days) / (weight + past.orders - 1) if weight else usual


def _week(past: Past, habits: Habits, priors: Priors) -> tuple[float, ...]:
    hours = _shares(habits.hours or priors.hours)
    own = [float(past.hours.get(hour, 0)) for hour in range(24)]
    if past.preferred is not None and not any(own):
        own[past.preferred % 24] = priors.hour_weight or 12.0
    hours = _mixed(hours, own, priors.hour_weight or 12.0)
    days = _shares([habits.weekdays.get(day, 1.0) for day in DAYS])  # type: ignore[call-overload]
    days = _mixed(days, [float(past.weekdays.get(day, 0)) for day in range(7)], 14.0)
    week = [day * hour for day in days for hour in hours]
    most = max(week)
    return tuple(each / most for each in week)


def _mixed(known: Sequence[float], own: Sequence[float], weight: float) -> list[float]:
    total = weight + sum(own)
    return [(k * weight + o) / total for k, o in zip(known, own, strict=True)]


def _shares(weights: Sequence[float]) -> list[float]:
    total = sum(weights)
    return [each / total for each in weights]


def _one_of(chance: random.Random, habits: Habits, *names: str) -> str | None:
    drawn = chance.random()
    for name in names:
        drawn -= habits.rate(name)
        if drawn < 0:
            return name
    return None
