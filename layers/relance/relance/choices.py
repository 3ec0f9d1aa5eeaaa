"""What a person chooses on the preference page, and what of it changes the register. Pure.

A page may be sent again: by a second press, a restored tab, a step back. So whatever gives us more
(a consent, more tracking, more mail, another pause) is taken only from a page that was made after
the last change of the same thing; whatever gives us less is always taken.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from relance.content.rules import OpenTracking, Tracking
from relance.storage import Value

PAUSE = timedelta(days=30)
"""How long a pause lasts; it ends by itself."""

EMAIL = "email"

_MARKETING = "marketing"


class Frequency(StrEnum):
    """How often a person wants to hear from us at most."""

    ALL = "all"
    WEEKLY = "weekly"
    MONTHLY = "monthly"

    @property
    def days(self) -> int:
        """Of so many days in a row, one may bring a marketing mail; 0: every day may."""
        return {Frequency.ALL: 0, Frequency.WEEKLY: 7, Frequency.MONTHLY: 30}[self]


def consent_key(channel: str, topic: str) -> str:
    """How the register names the consent to marketing about a topic on a channel."""
    return topic if channel == EMAIL else f"{channel}/{topic}"


def channel_of(key: str) -> str:
    """The channel that a consent is for."""
    channel, slash, _ = key.partition("/")
    return channel if slash else EMAIL


def said_of_consent(key: str, state: str, *, way: str) -> dict[str, Value]:
    """What an event says of a consent that changed: topic, purpose, channel, and by which way."""
    return {
        "topic": key,
        "purpose": _MARKETING,
        "channel": channel_of(key),
        "state": state,
        "way": way,
    }


@dataclass(frozen=True, slots=True)
class Standing:
    """What is chosen now. `paused_until` is a text as `relance.moments` writes it, or None."""

    consents: frozenset[str]
    frequency: Frequency
    paused_until: str | None
    tracking: Tracking
    language: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What a page asked for: `consents` are the keys of the boxes that are ticked.

    None is what the page did not say. `made_at` is when it was made (ms), 0 if it does not say.
    With `keeps` everything shall stay as it is, whatever else was ticked.
    """

    consents: frozenset[str]
    frequency: Frequency | None
    pause: bool
    tracking: Tracking
    language: str | None
    made_at: int
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """The register as far as choices concern it.

    `open` holds every consent that is not withdrawn, `offered` those that the page shows, and
    `changed_at` when each thing changed last (ms): a consent by its key, `frequency`, `pause`,
    `tracking`.
    """

    standing: Standing
    open: frozenset[str]
    offered: frozenset[str]
    changed_at: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes different; None stays as it is. `is_stale`: the page was too old for some."""

    granted: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    frequency: Frequency | None = None
    pause: bool | None = None
    tracking: Tracking | None = None
    language: str | None = None
    is_stale: bool = False

    @property
    def is_none(self) -> bool:
        """Whether everything stays as it is."""
        kept = (self.frequency, self.pause, self.tracking, self.language)
        return not (self.granted or self.withdrawn) and all(each is None for each in kept)


def leave_all(known: Known) -> Change:
    """No letters at all: every consent is withdrawn, those that wait for an answer as well."""
    return Change(withdrawn=tuple(sorted(known.open)))


def difference(known: Known, choice: Choice) -> Change:
    """What of a choice is different from what is known, and may be taken."""
    now = known.standing
    asked = choice.consents & known.offered
    granted = sorted(asked - now.consents)
    fresh = [key for key in granted if _is_fresh(known, choice, key)]
    frequency = choice.frequency if choice.frequency != now.frequency else None
    more_mail = frequency is not None and _mails(frequency) > _mails(now.frequency)
    pause = choice.pause if choice.pause != (now.paused_until is not None) else None
    tracking, tracking_is_stale = _tracking(known, choice)
    stale_frequency = more_mail and not _is_fresh(known, choice, "frequency")
    stale_pause = pause is not None and not _is_fresh(known, choice, "pause")
    return Change(
        granted=tuple(fresh),
        withdrawn=tuple(sorted((now.consents & known.offered) - asked)),
        frequency=None if stale_frequency else frequency,
        pause=None if stale_pause else pause,
        tracking=tracking,
        language=choice.language if choice.language != now.language else None,
        is_stale=bool(len(fresh) < len(granted) or stale_frequency or stale_pause)
        or tracking_is_stale,
    )


def _mails(frequency: Frequency) -> int:
    """How many days of a month may bring a mail."""
    return 30 // max(1, frequency.days)


def _tracking(known: Known, choice: Choice) -> tuple[Tracking | None, bool]:
    """The tracking to change to, if any, and whether a part of the wish came from an old page."""
    now, asked = known.standing.tracking, choice.tracking
    if _is_fresh(known, choice, "tracking"):
        return (asked if asked != now else None), False
    least = Tracking(
        opens=min(now.opens, asked.opens, key=list(OpenTracking).index),
        clicks=now.clicks and asked.clicks,
        web=now.web and asked.web,
    )
    return (least if least != now else None), least != asked


def _is_fresh(known: Known, choice: Choice, what: str) -> bool:
    return choice.made_at >= known.changed_at.get(what, 0) and choice.made_at > 0


def offered_consents(channels: tuple[str, ...], topics: Mapping[str, str]) -> Iterator[str]:
    """The keys of all consents that a company asks for."""
    for topic in topics:
        for channel in channels:
            yield consent_key(channel, topic)


def pause_from(now: datetime) -> datetime:
    """When a pause that begins now is over."""
    return now + PAUSE
