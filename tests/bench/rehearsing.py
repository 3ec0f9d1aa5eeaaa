"""How many people a second go through a journey in a rehearsal, on one core."""

import time
from datetime import UTC, datetime

from relance.importing.person import Person

from local.rehearsal.people import Subject
from local.rehearsal.shard import Setting, rehearse_shard
from tests.bench.figures import Figure

START = datetime(2026, 1, 5, tzinfo=UTC)


def measure(people: int = 200) -> tuple[Figure, ...]:
    """Rehearse `welcome` over thirty days with people who bring no past."""
    subjects = [
        Subject(n, address, Person(address=address, traits={"email": address}))
        for n, address in ((n, f"p{n}@example.com") for n in range(people))
    ]
    setting = Setting("welcome", START, days=30, over=10, seed=1)
    rehearse_shard(setting, subjects[:5])  # every handler is loaded
    begun = time.perf_counter()
    found = rehearse_shard(setting, subjects)
    seconds = time.perf_counter() - begun
    return (
        Figure("People rehearsed", people / seconds, "people/s", 17),
        Figure("Mails of theirs", found.sent.total() / seconds, "mails/s"),
    )
