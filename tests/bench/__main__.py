"""`make bench`: every figure beside a floor or a rival, from one run on this machine.

Floors are what the suite must reach; rivals are measured here, in the same run, unless said
otherwise. Nothing fails here: figures move with the machine.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.bench import emulators, interpreter, whole_stack


@dataclass(frozen=True)
class Row:
    """A figure and what it is held against; `at_most` where less is better."""

    what: str
    figure: float
    beside: str = ""
    floor: float | None = None
    at_most: bool = False

    def __str__(self) -> str:
        text = f"  {self.what:<52}{self.figure:>12,.2f}"
        if self.floor is None:
            return text
        ratio = self.floor / self.figure if self.at_most else self.figure / self.floor
        bound = "at most" if self.at_most else "at least"
        name = self.beside or bound
        return f"{text}   {name} {self.floor:,.2f}: {ratio:.1f} ×"


FLOORS: Mapping[str, tuple[float, bool]] = {
    "mails a second, Send and Delivery folded": (100, False),
    "own CPU a mail, ms (send_email)": (2, True),
    "own CPU an event, ms (collect and fold)": (1, True),
    "AWS calls a mail (send_email)": (6, True),
}


def stack_rows() -> Iterator[Row]:
    """The whole stack."""
    for what, figure in whole_stack.measure().items():
        floor, at_most = FLOORS.get(what, (None, False))
        yield Row(what, figure, floor=floor, at_most=at_most)


def interpreter_rows() -> Iterator[Row]:
    """The interpreter alone, and its JSONata beside the library in pure Python."""
    found = interpreter.measure()
    for what, figure in found.items():
        yield Row(what, figure, floor=5_000 if what.startswith("transitions") else None)


def store_rows() -> Iterator[Row]:
    """Our store in the process beside moto's and ministack's, calls a second through boto3."""
    speeds = emulators.measure()
    for rival in [name for name in speeds if name not in ("ours", "sandboxed")]:
        for call, figure in speeds["ours"].items():
            yield Row(f"{call} a second", figure, beside=rival, floor=speeds[rival][call])


def main() -> None:
    """Print everything."""
    for title, rows in (
        ("The whole stack, one core", stack_rows),
        ("The interpreter of state machines alone", interpreter_rows),
        ("DynamoDB inside the process", store_rows),
    ):
        print(title)
        for row in rows():
            print(row)
        print()
    print(
        "For scale, measured elsewhere on a machine of two cores: Parcelvoy (Node, MariaDB, Redis)\n"
        "1,500 to 1,700 events a second, 97 to 111 mails a second at 16 ms CPU each; Tryton's\n"
        "marketing automation 71 mails a second."
    )


if __name__ == "__main__":
    main()
