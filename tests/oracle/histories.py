"""Random histories of one contact: a seed gives the events, in the order in which they arrive.

What goes wrong in life is in them: events that come late, from clocks that are off, in bursts that
arrive in one batch; years of silence; contacts that move to another zone, or have none, or one
that does not exist; days of 23 and of 25 hours; leap days; birthdays on 29 February.
"""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from relance.events import Event
from relance.ids import event_id, milliseconds
from relance.storage import Value

ZONES = (
    "Europe/Paris", "Europe/Lisbon", "America/New_York", "America/St_Johns", "Asia/Kathmandu",
    "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Pago_Pago",
    "America/Havana", "Asia/Beirut", "Africa/Cairo", "Africa/Casablanca", "America/Santiago",
    "UTC",
)  # fmt: skip
"""Zones with their clock changes at 1:00 UTC, 2:00, 3:00 and at midnight (a day that begins at
1:00), by half an hour, in the southern summer, for a month in the year; and without any."""

DAYS = (
    date(2024, 2, 27), date(2024, 2, 29), date(2028, 2, 28), date(2025, 2, 27), date(2023, 12, 30),
    date(2026, 3, 27), date(2026, 10, 23), date(2024, 3, 8), date(2025, 11, 1), date(2026, 4, 3),
    date(2026, 4, 23), date(2026, 9, 26), date(2025, 3, 29), date(2024, 10, 25), date(2026, 7, 14),
)  # fmt: skip
"""Where histories like to begin: before a leap day, a year's end, a change of the clocks."""

PATHS = ("/", "/pricing", "/pricing/teams", "/blog/espresso", "/blog/filter", "/careers")
OFFERS = ("espresso", "filter", None)
LISTS = ("newsletter", "engaged")
COUNTRIES = ("FR", "PT", "DE", "US", None)
ROLES = ("owner", "senior_executive", "middle_manager", "other", None)
CITIES = ("Porto", "Paris", "São Paulo", "Berlin", "")

GAPS = (
    (timedelta(0), 6), (timedelta(seconds=1), 8), (timedelta(seconds=40), 10),
    (timedelta(minutes=30), 14), (timedelta(hours=3), 16), (timedelta(hours=30), 18),
    (timedelta(days=7), 13), (timedelta(days=14), 2), (timedelta(days=30), 8),
    (timedelta(days=200), 2), (timedelta(days=900), 1),
)  # fmt: skip
"""How long until something arrives again (about), and how often it is so long, in a hundred."""

LATE = (
    (timedelta(0), 70), (timedelta(milliseconds=300), 8), (timedelta(seconds=50), 5),
    (timedelta(hours=2), 6), (timedelta(days=1), 4), (timedelta(days=9), 4),
    (timedelta(days=45), 3),
)  # fmt: skip
"""How late an event arrives (about), and how often, in a hundred."""


NAMES = (
    ("page_viewed", 34), ("email_clicked", 14), ("order_completed", 12), ("identified", 14),
    ("product_added", 6), ("points_awarded", 6), ("list_joined", 4), ("list_left", 3),
    ("email_opened", 4), ("workflow_entered", 2), ("confirmed", 1), ("unsubscribed", 1),
)  # fmt: skip
"""What happens, and how often."""


def history_of(chance: random.Random) -> list[Event]:
    """The events of one contact, each once, by `(received_at, event_id)`."""
    received = datetime(*_start(chance).timetuple()[:3], tzinfo=UTC) + timedelta(
        milliseconds=chance.randrange(86_400_000)
    )
    tidy, in_batches = chance.random() < 0.3, chance.random() < 0.2
    exactly = 0.9 if chance.random() < 0.15 else 0.2
    source, zone = chance.choice(("web", "import", "crm")), chance.choice(ZONES)
    events: list[Event] = []
    for number in range(_how_many(chance)):
        if received.year < 2036 and not (in_batches and chance.random() < 0.5):
            received += _about(chance, GAPS, exactly)
        if tidy:
            received = received.replace(second=0, microsecond=0)
        occurred = received - _about(chance, LATE, exactly)
        name = _name(chance, first=number == 0)
        if in_batches and events and chance.random() < 0.4:
            name = events[-1].name
        properties = _properties(chance, name, occurred, zone)
        skew = timedelta(0) if chance.random() < 0.9 else timedelta(hours=chance.randint(-90, 90))
        events.append(
            Event(
                contact_id="",
                event_id=event_id(milliseconds(occurred + skew), source, str(number)),
                name=name,
                occurred_at=_whole(occurred),
                received_at=_whole(received),
                source=source,
                properties=properties,
            )
        )
    contact_id = event_id(milliseconds(received), "contact", str(chance.random()))
    events = [_of(contact_id, each) for each in events]
    return sorted(events, key=lambda event: event.order)


def with_companies(history: Sequence[Event], chance: random.Random) -> list[Event]:
    """The history with what it is told of companies: joined, left, changed."""
    first, last = history[0].received_at, history[-1].received_at + timedelta(days=20)
    arrivals = [event.received_at for event in history]
    more = []
    for number in range(chance.randint(2, 9)):
        at = chance.choice((chance.choice(arrivals), first + (last - first) * chance.random()))
        names = ("company_joined", "company_changed")
        name = names[number] if number < len(names) else _about_company(chance)
        occurred = _whole(at - _about(chance, LATE, 0.3))
        more.append(
            Event(
                contact_id=history[0].contact_id,
                event_id=event_id(milliseconds(occurred), "company", str(number)),
                name=name,
                occurred_at=occurred,
                received_at=_whole(at),
                source="company",
                properties=_company(chance, name, milliseconds(occurred)),
            )
        )
    return sorted([*history, *more], key=lambda event: event.order)


def _about_company(chance: random.Random) -> str:
    names, weights = ("company_joined", "company_left", "company_changed"), (3, 2, 8)
    return chance.choices(names, weights)[0]


def _company(chance: random.Random, name: str, at: int) -> dict[str, Value]:
    """What an event says of one of two companies."""
    company = chance.choice(("A", "A", "A", "B"))
    if name != "company_changed":
        return {"company": company, "by": "domain"}
    ago, day = chance.choice((0, 0, 1, 90)), 86_400_000
    return {
        "company": company,
        "version": 1,
        "members": chance.randint(1, 9),
        "roles": [],
        "roles_missing": chance.choice(([], ["owner"], ["owner", "middle_manager"])),
        "score": [
            chance.choice((0.0, 3.0, 19.5, 40.0, 400.0, -8.0)),
            at - ago * day,
            chance.choice((day // 4, 30 * day)),
        ],
    }


def deliveries(history: Sequence[Event], chance: random.Random) -> list[Event]:
    """The history as it is delivered: in order of arrival, some events more than once."""
    out: list[Event] = []
    for event in history:
        out.append(event)
        if chance.random() < 0.15:
            out.append(chance.choice(out))
    return out


def shuffled(history: Sequence[Event], chance: random.Random) -> list[Event]:
    """The history in any order with repetitions: what no replay may notice."""
    out = [*history, *(each for each in history if chance.random() < 0.3)]
    chance.shuffle(out)
    return out


def _start(chance: random.Random) -> date:
    if chance.random() < 0.7:
        return chance.choice(DAYS)
    return date(2023, 1, 1) + timedelta(days=chance.randrange(6 * 365))


def _how_many(chance: random.Random) -> int:
    """Seven on average, rarely above thirty."""
    return min(1 + int(chance.expovariate(1 / 7)), 40)


def _about(
    chance: random.Random, table: Sequence[tuple[timedelta, int]], exactly: float
) -> timedelta:
    """A length from the table, and exactly that with the given probability."""
    about = chance.choices([each for each, _ in table], [weight for _, weight in table])[0]
    return about if chance.random() < exactly else about * chance.uniform(0.4, 1.6)


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _of(contact_id: str, event: Event) -> Event:
    return Event(
        contact_id, event.event_id, event.name, event.occurred_at, event.received_at,
        event.source, event.properties, event.context,
    )  # fmt: skip


def _name(chance: random.Random, *, first: bool) -> str:
    """What happens; a contact often begins by being seen, named or joining a list."""
    if first:
        return chance.choice(("identified", "page_viewed", "list_joined"))
    names, weights = zip(*NAMES, strict=True)
    return str(chance.choices(names, weights)[0])


def _properties(chance: random.Random, name: str, at: datetime, zone: str) -> dict[str, Value]:
    match name:
        case "page_viewed":
            product: dict[str, Value] = {"category": chance.choice(OFFERS)}
            return {
                "path": chance.choice(PATHS), "seconds": chance.choice((0, 5, 30, 240)),
                "product": product, "offer": product["category"],
            }  # fmt: skip
        case "email_clicked" | "email_opened":
            clicked: dict[str, Value] = {"message": chance.choice(("welcome", "offer"))}
            if chance.random() < 0.2:
                clicked["actor"] = "machine"
            return clicked
        case "order_completed" | "product_added":
            return {
                "revenue": chance.choice((0, 25, 50, 80, 100.5, 199.75, 200, -25, "gift", None)),
                "offer": chance.choice(OFFERS),
            }
        case "points_awarded":
            return {"score": "intent", "points": chance.choice((-10, 5, 25, 50))}
        case "list_joined" | "list_left":
            return {"list": chance.choice(LISTS)}
        case "confirmed" | "unsubscribed":
            return {"topic": "newsletter"}
        case "identified":
            return {"traits": _traits(chance, at, zone)}
        case _:
            return {}


def _traits(chance: random.Random, at: datetime, zone: str) -> dict[str, Value]:
    """A few traits, some of them taken back (null)."""
    day = at.date()
    near = day + timedelta(days=chance.choice((-400, -31, -8, -7, -1, 0, 1, 6, 7, 8, 30, 33)))
    birthday = near.replace(day=min(near.day, 28), year=chance.randint(1950, 2005))
    all_of_them: dict[str, Value] = {
        "country": chance.choice(COUNTRIES),
        "role": chance.choice(ROLES),
        "city": chance.choice(CITIES),
        "employees": chance.choice((0, 1, 9, 10, 49.5, 250, None)),
        "vip": chance.choice((True, False, None)),
        "birth_date": chance.choice(
            (birthday.isoformat(), "1988-02-29", "2000-02-29", "1990-02-28", "1990-03-01", None)
        ),
        "renewal_date": chance.choice((near.isoformat(), near.isoformat(), "2024-02-29", None)),
        "time_zone": chance.choice((zone, zone, chance.choice(ZONES), "Mars/Olympus", None)),
    }
    names = chance.sample(sorted(all_of_them), chance.randint(1, 5))
    return {name: all_of_them[name] for name in names}
