"""Instants as text and back: aware, UTC, whole milliseconds, always the same length.

`2026-11-21T09:30:00.000Z`: texts of this form sort as the instants do.
"""

from datetime import UTC, datetime, timedelta

from relance.ids import milliseconds, moment_of


def to_text(moment: datetime) -> str:
    """The instant (aware) as text."""
    utc = moment_of(milliseconds(moment))
    return utc.isoformat(timespec="milliseconds")[:23] + "Z"


def from_text(text: str) -> datetime:
    """The instant that an ISO 8601 text names; without a zone it is taken as UTC.

    Raises:
        ValueError: `text` is not an ISO 8601 date and time.
    """
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def day_of(moment: datetime) -> str:
    """The UTC day, `2026-11-21`."""
    return moment.astimezone(UTC).date().isoformat()


def in_days(moment: datetime, days: float) -> datetime:
    """The instant so many days of 24 hours later."""
    return moment + timedelta(days=days)
