"""The engine alone: events a second through fold and all shipped rules, at any number of contacts.

Profiles are held serialised, as the table holds them: an event costs reading one, folding, writing
it back. Contacts are copies of a few thousand lives, each in its own memory; what is measured is
CPU, one core.
"""

import random
import resource
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from relance.content.compiled import Content
from relance.engine import Plan, fold
from relance.events import Event
from relance.ids import event_id, milliseconds, moment_of
from relance.profiles import Profile, from_text, to_text

from local.content import compiled_content
from local.world import ROOT
from tests.bench.figures import Figure

START = datetime(2026, 1, 5, tzinfo=UTC)
ACTS = (
    ("page_viewed", 12), ("email_sent", 5), ("email_delivered", 5), ("email_clicked", 3),
    ("product_added", 2), ("order_completed", 1), ("site_searched", 2), ("email_opened", 3),
)  # fmt: skip
TEMPLATES = 2_000
ROUNDS, EVENTS = 5, 5_000


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


def events_per_second(plan: Plan, profiles: list[bytes]) -> float:
    """Fold events of random contacts in a second of CPU, the best of several rounds."""
    chance = random.Random(7)
    return max(_round(plan, profiles, chance, number) for number in range(ROUNDS))


def _round(plan: Plan, profiles: list[bytes], chance: random.Random, number: int) -> float:
    """A round of events, each of one random contact, whose profile is read and written back."""
    todo = []
    for second in range(number * EVENTS, (number + 1) * EVENTS):
        at = milliseconds(START) + second * 1000
        todo.append((chance.randrange(len(profiles)), event("c", at, second, chance)))
    begun = time.process_time()
    for place, act in todo:
        profile = from_text("c", profiles[place].decode(), 0)
        fold(profile, [act], plan)
        profiles[place] = to_text(profile).encode()
    return EVENTS / (time.process_time() - begun)


def measure(largest: int = 1_000_000) -> list[Figure]:
    """Events a second at growing populations, and what a profile takes."""
    plan = shipped()
    profiles = population(plan, largest)
    sizes = [size for size in (1_000, 10_000, 100_000, 1_000_000) if size <= largest]
    speeds = [events_per_second(plan, profiles[:size]) for size in sizes]
    stored = sorted(len(each) for each in profiles[:TEMPLATES])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
    return [
        *(
            Figure(f"events folded, {size:,} contacts", speed, "/s of CPU", at_least=10_000)
            for size, speed in zip(sizes, speeds, strict=True)
        ),
        Figure(f"an event at {sizes[-1]:,} contacts beside 1,000", speeds[0] / speeds[-1], "times"),
        Figure("a profile, median", stored[len(stored) // 2], "bytes", at_most=4_096),
        Figure("a profile, greatest", stored[-1], "bytes", at_most=4_096),
        Figure("memory of it all, at most", peak, "GiB", at_most=8),
    ]


if __name__ == "__main__":
    print(*measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000), sep="\n")
