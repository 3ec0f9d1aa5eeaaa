"""`warm_up`, `per_domain` and `brake` of sending.yaml as pydantic models."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from relance.conditions.words import quoted
from relance.content.build.models import Model
from relance.content.pace_rules import Brake, PaceRules, WarmUp

_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?) ?%")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


def _percent(text: object) -> float:
    """Read "5 %" as 0.05."""
    found = _PERCENT.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError(f'{quoted(text)} is not a share. Write for example "5 %".')
    return float(found[1]) / 100


def _bound(text: object) -> float:
    share = _percent(text)
    if not 0 < share <= 1:
        raise ValueError(f'{quoted(text)}: write a share above "0 %", "100 %" at most.')
    return share


def _held_out(text: object) -> float:
    share = _percent(text)
    if share > 0.5:
        raise ValueError(f'{quoted(text)}: most people would get nothing. Write "50 %" at most.')
    return share


def _day(value: object) -> date:
    """Read a date, which YAML may have read already."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f'{quoted(value)} is not a day. Write for example "2026-12-01".') from None


def _domain(name: object) -> str:
    if not isinstance(name, str) or not _DOMAIN.fullmatch(name):
        raise ValueError(
            f"{quoted(name)} is not a domain. Write what stands after the @, in small letters, for "
            'example "gmail.com".'
        )
    return name


_PERCENT_SCHEMA = WithJsonSchema(
    {"type": "string", "pattern": f"^(?:{_PERCENT.pattern})$", "examples": ["5 %"]}
)
Share = Annotated[float, BeforeValidator(_bound), _PERCENT_SCHEMA]
HeldOut = Annotated[float, BeforeValidator(_held_out), _PERCENT_SCHEMA]
Growth = Annotated[float, BeforeValidator(_percent), _PERCENT_SCHEMA]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Domain = Annotated[
    str,
    BeforeValidator(_domain),
    WithJsonSchema({"type": "string", "pattern": f"^(?:{_DOMAIN.pattern})$"}),
]


class WarmUpSource(Model):
    """`warm_up:`, for a domain that providers do not know yet."""

    since: Day
    first_day: Annotated[int, Field(ge=10, le=1_000_000)]
    grows: Growth
    days: Annotated[int, Field(ge=1, le=90)]


class BrakeSource(Model):
    """`brake:`: the shares that stop a message, and the mails before which none counts."""

    bounces: Share = Brake.bounces
    bounces_after: Annotated[int, Field(ge=10, le=1_000_000)] = Brake.bounces_after
    complaints: Share = Brake.complaints
    complaints_after: Annotated[int, Field(ge=10, le=1_000_000)] = Brake.complaints_after


PerSecond = Annotated[float, Field(gt=0, le=1_000, strict=False)]


def pace_rules(
    warm_up: WarmUpSource | None, per_domain: Mapping[str, float], brake: BrakeSource
) -> PaceRules:
    """The rules that these say."""
    return PaceRules(
        warm_up=WarmUp(
            since=warm_up.since.isoformat(),
            first_day=warm_up.first_day,
            growth=1 + warm_up.grows,
            days=warm_up.days,
        )
        if warm_up
        else None,
        per_domain={domain: float(rate) for domain, rate in per_domain.items()},
        brake=Brake(**brake.model_dump()),
    )
