"""The engine alone: events a second through fold and all shipped rules, at any number of contacts.

Profiles are held serialised, as the table holds them: an event costs reading one, folding, writing
it back. `python -m tests.bench.engine 1000000` runs the largest population.
"""

import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from relance.content.compiled import Content
from relance.engine import NeedsHistory, Plan, fold
from relance.events import Event
from relance.ids import event_id, milliseconds, moment_of
from relance.profiles import Profile, from_text, to_text

from local.content import compiled_content
from local.world import ROOT

START = datetime(2026, 1, 5, tzinfo=UTC)
ACTS = (
    ("page_viewed", 12), ("email_sent", 5), ("email_delivered", 5), ("email_clicked", 3),
    ("product_added", 2), ("order_completed", 1), ("site_searched", 2), ("email_opened", 3),
)  # fmt: skip
TEMPLATES = 2_000


def shipped() -> Plan:
    """The rules that the product ships."""
    return Plan(Content.open(compiled_content(ROOT)).rules, UTC)


def event(contact: str, at: int, number: int, chance: random.Random) -> Event:
    """Something that a contact does at an instant (ms)."""
    (name,) = chance.choices([name for name, _ in ACTS], [weight for _, weight in ACTS])
    moment = moment_of(at)
    path = chance.choice(["/pricing", "/guide/one", "/blog/beans", "/product/espresso"])
    return Event(
        contact_id=contact,
        event_id=event_id(at, "bench", f"{contact}{number}"),
        name=name,
        occurred_at=moment,
        received_at=moment,
        source="bench",
        properties={"page": {"path": path}, "path": path, "revenue": 29.9, "order_id": "A1"},
    )


def lives(plan: Plan, contacts: int, chance: random.Random) -> Iterator[str]:
    """Profiles with a year of history."""
    begin = milliseconds(START - timedelta(days=365))
    for number in range(contacts):
        profile, at = Profile(f"contact{number}"), begin
        for act in range(chance.randint(1, 40)):
            at += chance.randint(60_000, 20 * 86_400_000)
            if at < milliseconds(START):
                fold(profile, [event(profile.contact_id, at, act, chance)], plan)
        yield to_text(profile)


def population(plan: Plan, contacts: int) -> list[bytes]:
    """So many profiles, each its own bytes."""
    templates = [text.encode() for text in lives(plan, TEMPLATES, random.Random(1))]
    return [bytes(bytearray(templates[number % TEMPLATES])) for number in range(contacts)]


def events_per_second(plan: Plan, profiles: list[bytes], events: int = 4_000) -> float:
    """Fold events of random contacts, each profile read and written back."""
    chance = random.Random(7)
    at = milliseconds(START)
    todo = []
    for number in range(events):
        at += 1000
        place = chance.randrange(len(profiles))
        todo.append((place, event("c", at, number, chance)))
    begun = time.perf_counter()
    for place, act in todo:
        profile = from_text("c", profiles[place].decode(), 0)
        try:
            fold(profile, [act], plan)
        except NeedsHistory:
            continue
        profiles[place] = to_text(profile).encode()
    return events / (time.perf_counter() - begun)


def measure(largest: int = 100_000) -> dict[str, float]:
    """Events a second at growing populations, and what a profile takes."""
    plan = shipped()
    profiles = population(plan, largest)
    found: dict[str, float] = {}
    for size in (1_000, 10_000, 100_000, 1_000_000):
        if size <= largest:
            found[f"events a second, {size:,} contacts"] = events_per_second(plan, profiles[:size])
    sizes = sorted(len(each) for each in profiles[:TEMPLATES])
    found["bytes of a profile, median"] = sizes[len(sizes) // 2]
    found["bytes of a profile, greatest"] = sizes[-1]
    return found


if __name__ == "__main__":
    for what, figure in measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000).items():
        print(f"{what:<45}{figure:>14,.0f}")
