"""The preference page as the build leaves it: show what is chosen, read what a person chose.

Plain HTML with a form; it works without a script. Standard library only.

| field | says |
|---|---|
| `made_at` | when the page was made (ms): see `relance.choices` |
| `on:<channel>:<topic>` | `yes`: marketing about this topic on this channel |
| `frequency` | `all`, `weekly` or `monthly` |
| `pause` | `yes`: nothing for thirty days |
| `opens`, `clicks`, `web` | what may be followed |
| `language` | the language to write in |
| `do` | `leave`: no letters at all; `keep`: all stays as it is; else the rest is saved |
"""

from collections.abc import Mapping
from enum import StrEnum

from relance.choices import Choice, Frequency, Standing, consent_key
from relance.content.compiled import Company
from relance.content.pages import SafeHtml, fill
from relance.content.rules import OpenTracking, Tracking

PREFERENCES = "preferences"
MADE_AT = "made_at"

_SWITCHES = ("pause", "clicks", "web")
_NOTES = ("SAVED", "STALE", "PAUSED", "RUNNING")


class Note(StrEnum):
    """What the page tells on top: nothing, that it was saved, or that it was too old for some."""

    NOTHING = ""
    SAVED = "SAVED"
    STALE = "STALE"


def preference_marks(company: Company) -> frozenset[str]:
    """Every mark that `preference_page` fills; the build checks the page by it."""
    fields = (
        *(f"{channel}:{topic}" for topic in company.topics for channel in company.channels),
        *(f"frequency:{each}" for each in Frequency),
        *(f"opens:{each}" for each in OpenTracking),
        *_SWITCHES,
    )
    return frozenset(
        {
            "MADE",
            "UNTIL",
            *_NOTES,
            *(f"CHECKED:{each}" for each in fields),
            *(f"SELECTED:{each}" for each in company.languages),
        }
    )


def preference_page(
    page: str, company: Company, standing: Standing, *, made_at: int, note: Note = Note.NOTHING
) -> str:
    """The page with what is chosen now; `made_at` is now (ms)."""
    chosen = {
        *(
            f"{channel}:{topic}"
            for topic in company.topics
            for channel in company.channels
            if consent_key(channel, topic) in standing.consents
        ),
        f"frequency:{standing.frequency}",
        f"opens:{standing.tracking.opens}",
        *(["clicks"] if standing.tracking.clicks else []),
        *(["web"] if standing.tracking.web else []),
        *(["pause"] if standing.paused_until else []),
    }
    shown = {note.value, "PAUSED" if standing.paused_until else "RUNNING"}
    marks: dict[str, str] = {
        "MADE": str(made_at),
        "UNTIL": (standing.paused_until or "")[:10],
        **{each: SafeHtml("" if each in shown else " hidden") for each in _NOTES},
    }
    for mark in preference_marks(company) - marks.keys():
        kind, _, name = mark.partition(":")
        is_so = name in chosen if kind == "CHECKED" else name == standing.language
        marks[mark] = SafeHtml(f" {kind.lower()}" if is_so else "")
    return fill(page, marks)


def wants_to_leave(fields: Mapping[str, str]) -> bool:
    """Whether the button for no letters at all was pressed."""
    return fields.get("do") == "leave"


def is_ours(fields: Mapping[str, str]) -> bool:
    """Whether the page was sent at all: anything else changes nothing."""
    return MADE_AT in fields


def read_choice(company: Company, fields: Mapping[str, str], *, now: int) -> Choice:
    """What a person chose; what is none of the answers says nothing."""
    frequency, opens = fields.get("frequency", ""), fields.get("opens", "")
    language = fields.get("language")
    return Choice(
        consents=frozenset(
            consent_key(channel, topic)
            for topic in company.topics
            for channel in company.channels
            if fields.get(f"on:{channel}:{topic}") == "yes"
        ),
        frequency=Frequency(frequency) if frequency in list(Frequency) else None,
        pause=fields.get("pause") == "yes",
        tracking=Tracking(
            opens=OpenTracking(opens) if opens in list(OpenTracking) else OpenTracking.NONE,
            clicks=fields.get("clicks") == "yes",
            web=fields.get("web") == "yes",
        ),
        language=language if language in company.languages else None,
        made_at=_moment(fields.get(MADE_AT, ""), now),
        keeps=fields.get("do") == "keep",
    )


def _moment(written: str, now: int) -> int:
    """When the page says that it was made (ms); 0 if it cannot be."""
    made_at = int(written) if written.isascii() and written.isdigit() and len(written) < 16 else 0
    return made_at if made_at <= now else 0
