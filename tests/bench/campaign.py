"""A campaign on the embedded AWS: its time, its memory, its AWS calls, and that the numbers add up.

`RELANCE_BENCH_PEOPLE=20000 make bench` sends to as many; by itself it sends to two thousand. The
time counts everything that follows a mail as well: SES's reports, the history, the profiles.
"""

import os
import resource
import time
from collections.abc import Iterator

from tests.bench.figures import Figure
from tests.workflows.mailing import Gathered

PEOPLE = int(os.environ.get("RELANCE_BENCH_PEOPLE", "2000"))


def measure() -> Iterator[Figure]:
    """Send one campaign to everybody, through the state machine, until every outcome is known."""
    with Gathered.of(PEOPLE).somewhere() as mailing:
        began = time.process_time()
        ended = mailing.sends(minutes=60)
        spent = time.process_time() - began
        mailing.adds_up(ended)
        calls = sum(
            count
            for (function, _, _), count in mailing.world.meter.calls.items()
            if function.endswith("send-batch")
        )
        took = (ended["stopDate"] - ended["startDate"]).total_seconds()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Figure("people, in ledger, mail box and histories alike", PEOPLE, "people")
    yield Figure("AWS calls of the sender for each mail", calls / PEOPLE, "calls", at_most=0.2)
    yield Figure("with all that follows a mail", PEOPLE / spent, "mails/s of CPU")
    yield Figure("the execution, in virtual time", took, "s")
    yield Figure("memory of the whole world", memory, "MB")
