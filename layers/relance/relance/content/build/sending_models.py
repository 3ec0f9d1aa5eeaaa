"""sending.yaml as pydantic models: when and how much may be sent."""

import re
from datetime import timedelta
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from relance.conditions.words import quoted
from relance.conditions.words_of_time import DURATION_PATTERN
from relance.content.build.durations import duration, wait
from relance.content.build.models import Model, OneOrMany
from relance.content.build.pace_models import BrakeSource, Domain, HeldOut, PerSecond, WarmUpSource
from relance.content.sending_rules import DAY, Priority
from relance.content.stage_rules import Intent

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])|24:00")
_COUNTRY = re.compile(r"[A-Z]{2}")

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DAYS: tuple[Day, ...] = get_args(Day)

SHORTEST_SETTLING = timedelta(minutes=15)
LONGEST_SETTLING = timedelta(hours=6)


def _clock(text: object) -> int:
    """Read "20:00" as minutes from midnight; "24:00" is the end of the day."""
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError(f'{quoted(text)} is not a time of day. Write for example "20:00".')
    return int(found[1]) * 60 + int(found[2]) if found[1] else DAY


def _country(code: object) -> str:
    if not isinstance(code, str) or not _COUNTRY.fullmatch(code):
        raise ValueError(f'{quoted(code)} is not a country. Write two letters, for example "FR".')
    return code


def _settling(text: object) -> timedelta:
    found = duration(text)
    if not SHORTEST_SETTLING <= found <= LONGEST_SETTLING:
        raise ValueError(
            f"{quoted(text)}: SES needs some minutes to report what became of a mail, and nobody "
            'should wait for it for long. Write between "15 minutes" and "6 hours".'
        )
    return found


def _time(title: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^(?:{_CLOCK.pattern})$", "title": title})


Bound = Annotated[int, Field(ge=0, le=1000)]
Country = Annotated[
    str, BeforeValidator(_country), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$"})
]


class WindowSource(Model):
    """A time of the day: `{days: [saturday], from: 20:00, to: 10:00}`, into the next if need be."""

    begins: Annotated[int, BeforeValidator(_clock), _time("from"), Field(alias="from")]
    ends: Annotated[int, BeforeValidator(_clock), _time("to"), Field(alias="to")]
    days: Annotated[list[Day], Field(min_length=1, default_factory=lambda: list(DAYS))]

    @model_validator(mode="after")
    def _has_a_length(self) -> "WindowSource":
        if self.begins % DAY == self.ends % DAY and self.ends != DAY:
            raise ValueError(
                "a time that ends when it begins is none. For the whole day write "
                '"{from: 00:00, to: 24:00}".'
            )
        return self


class CapSource(Model):
    """How many at most; 0 is none, and what is left out has no bound."""

    per_day: Bound | None = None
    per_week: Bound | None = None


class ClassCapsSource(Model):
    """`caps:` of a channel, by class of message."""

    marketing: CapSource
    transactional: None = None

    @model_validator(mode="before")
    @classmethod
    def _nothing_for_what_was_asked_for(cls, written: object) -> object:
        if isinstance(written, dict) and "transactional" in written:
            raise ValueError(
                "transactional mail has no bounds here: it is what people asked for. A message "
                'can bound itself, with "at_most: 1 per day" in its message.yaml.'
            )
        return written


class CapsSource(Model):
    """`caps:`."""

    email: ClassCapsSource


class HolidaysSource(Model):
    """`holidays:`, on which there are no business hours."""

    home: Country
    countries: Annotated[list[Country], Field(min_length=1)]


class InPeaceSource(Model):
    """`leave_in_peace:`, one segment; without `intents` it gets no marketing at all."""

    segment: str
    intents: Annotated[list[Annotated[Intent, Field(strict=False)]], Field(min_length=1)] | None = (
        None
    )


class SendingSource(Model):
    """sending.yaml."""

    caps: CapsSource | None = None
    quiet_hours: OneOrMany[WindowSource] = Field(default_factory=list)
    business_hours: OneOrMany[WindowSource] = Field(default_factory=list)
    holidays: HolidaysSource | None = None
    priorities: dict[
        Annotated[Intent, Field(strict=False)], Annotated[Priority, Field(strict=False)]
    ] = Field(default_factory=dict)
    too_late: Annotated[
        timedelta,
        BeforeValidator(wait),
        WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["3 days"]}),
    ] = timedelta(days=3)
    settling_time: Annotated[
        timedelta,
        BeforeValidator(_settling),
        WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["1 hour"]}),
    ] = timedelta(hours=1)
    leave_in_peace: list[InPeaceSource] = Field(default_factory=list)
    hold_out: HeldOut = 0.0
    warm_up: WarmUpSource | None = None
    per_domain: dict[Domain, PerSecond] = Field(default_factory=dict)
    brake: BrakeSource = Field(default_factory=BrakeSource)
