"""`make bench`: every figure with its unit, beside what it must reach or beside a rival.

Rivals are measured here, in the same run, unless said otherwise. Nothing fails here, since figures
move with the machine: what misses its mark is marked. Run it on a machine that does nothing else.
"""

import os
import platform

from tests.bench import (
    campaign,
    collecting,
    conditions,
    emulators,
    engine,
    importing,
    interpreter,
    rehearsing,
    sending,
    sending_rate,
    whole_stack,
)
from tests.bench.emulators import Speeds
from tests.bench.figures import short

ELSEWHERE = """\
For scale, measured elsewhere on a machine of two cores: Parcelvoy (Node, MariaDB, Redis) takes in
1,500 to 1,700 events/s and sends 97 to 111 mails/s at 16 ms of CPU each; Tryton's marketing
automation sends 71 mails/s."""

RIVALS = {"ours": "ours", "plain": "ministack as it comes", "moto": "moto"}


def rivals(speeds: Speeds) -> str:
    """Return the table of the stores: a line for each call, a column for each store."""
    lines = ["  " + f"{'':<10}" + "".join(f"{name:>28}" for name in RIVALS.values())]
    for call, ours in speeds["ours"].items():
        cells = [f"{short(ours)} /s"]
        for name in list(RIVALS)[1:]:
            theirs = speeds[name][call]
            cells.append(f"{short(theirs)} /s, ours {short(ours / theirs)} ×")
        lines.append("  " + f"{call:<10}" + "".join(f"{cell:>28}" for cell in cells))
    return "\n".join(lines)


def main() -> None:
    """Print everything as it is found."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores; all of it uses one core\n")
    print("The whole stack: HTTP, handlers, tables, streams, state machine, SES and its reports")
    print(*whole_stack.measure(), sep="\n", end="\n\n", flush=True)
    print("The collection API: batches of events through its handler")
    print(*collecting.measure(), sep="\n", end="\n\n", flush=True)
    print("Conditions: one of four leaves, asked of five hundred contacts")
    print(*conditions.measure(), sep="\n", end="\n\n", flush=True)
    print("The engine: each event folded with all shipped rules, its profile read and written")
    print(*engine.measure(), sep="\n", end="\n\n", flush=True)
    print(
        "Importing and exporting: files cut, rows written, beside a floor that only parses and puts"
    )
    print(*importing.measure(), sep="\n", end="\n\n", flush=True)
    print("The rate: twenty senders against 14 mails a second, in virtual time")
    print(*sending_rate.measure(), sep="\n", end="\n\n", flush=True)
    print("Rehearsing: people of a file through welcome over thirty days")
    print(*rehearsing.measure(), sep="\n", end="\n\n", flush=True)
    print("Sending: a mail decided, rendered, signed and assembled, beside its bare templates")
    print(*sending.measure(), sep="\n", end="\n\n", flush=True)
    print("A campaign: counted, claimed, handed to SES fifty at a time, every outcome known")
    print(*campaign.measure(), sep="\n", end="\n\n", flush=True)
    print("The interpreter of state machines alone")
    print(*interpreter.measure(), sep="\n", end="\n\n", flush=True)
    print("DynamoDB inside the process, through boto3: calls in a second of CPU")
    print(rivals(emulators.measure()), end="\n\n")
    print(ELSEWHERE)


if __name__ == "__main__":
    main()
