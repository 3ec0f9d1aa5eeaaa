"""Importing: rows a second through the whole import, beside a floor that only parses and puts.

Everything runs on the embedded AWS, one core: what is measured is the CPU of both sides, the tables
among it. The floor reads the same file with `csv` and puts one item a row.
"""

import csv
import io
import sys
import time
import tracemalloc
from datetime import UTC, datetime

from relance.importing.rows import open_table

from local.world import World
from tests.bench.figures import Figure

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
COLUMNS = (
    "E-mail",
    "First name",
    "Country",
    "Newsletter",
    "Agreed on",
    "Agreed where",
    "Agreed to",
)
MAPPING = {
    "columns": {
        "E-mail": "email",
        "First name": "first_name",
        "Country": "country",
        "Newsletter": {"consent": "newsletter"},
        "Agreed on": {"date_of": "newsletter"},
        "Agreed where": {"source_of": "newsletter"},
        "Agreed to": {"text_of": "newsletter"},
    }
}


def file_of(rows: int) -> bytes:
    """A CSV file with so many different people, all of whom agreed."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for number in range(rows):
        who = (f"p{number}@example.com", f"P{number}", "FR")
        writer.writerow((*who, "yes", "2025-03-01", "Checkout", "Send me news."))
    return written.getvalue().encode()


def read_per_second(rows: int) -> float:
    """How many rows are decoded and parsed in a second of CPU."""
    raw = file_of(rows)
    begun = time.process_time()
    table = open_table(
        lambda: [raw[at : at + 65_536] for at in range(0, len(raw), 65_536)], COLUMNS
    )
    assert sum(1 for _ in table.rows) == rows
    return rows / (time.process_time() - begun)


def memory_while_read(rows: int) -> float:
    """The most that reading a file holds at once, without the file itself, in MiB."""
    raw = file_of(rows)
    tracemalloc.start()
    for _ in open_table(
        lambda: (raw[at : at + 65_536] for at in range(0, len(raw), 65_536)), COLUMNS
    ).rows:
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 2**20


def imported_per_second(rows: int) -> tuple[float, float]:
    """Rows a second of CPU through the functions of an import, and through the floor."""
    raw = file_of(rows)
    with World.build(start=START, seed=1) as world:
        bucket = world.stack.resources["OperationsBucket"].name
        key = "people/imports/f.csv"
        world.client("s3").put_object(Bucket=bucket, Key=key, Body=raw)
        begun = time.process_time()
        asked = {"file": "f.csv", "mapping": MAPPING, "confirm": rows}
        cut = world.invoke("cut_file", {"execution": "bench", "input": asked}).payload
        for piece in range(1, cut["pieces"] + 1):
            world.invoke("import_piece", {"job": cut["job"], "pieces": [{"piece": piece}]})
        import_ = rows / (time.process_time() - begun)
    with World.build(start=START, seed=1) as world:
        table = world.stack.resources["Contacts"].name
        put = world.client("dynamodb").put_item
        begun = time.process_time()
        for row in csv.DictReader(io.StringIO(raw.decode())):
            cells = {name: {"S": value} for name, value in row.items()}
            item = {"contact_id": {"S": row["E-mail"]}, "record": {"S": "x"}, **cells}
            put(TableName=table, Item=item)
        floor = rows / (time.process_time() - begun)
    return import_, floor


def measure(rows: int = 2_000) -> list[Figure]:
    """Rows read, rows imported beside the floor, and the memory of a large file."""
    imported, floor = imported_per_second(rows)
    return [
        Figure("rows decoded and parsed", read_per_second(100_000), "/s of CPU", at_least=50_000),
        Figure("memory while 400,000 rows are read", memory_while_read(400_000), "MiB", at_most=8),
        Figure("rows imported, all new, with consent", imported, "/s of CPU", at_least=200),
        Figure("the floor: parsed and put", floor, "/s of CPU"),
        Figure("the floor beside the import", floor / imported, "times"),
    ]


if __name__ == "__main__":
    print(*measure(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000), sep="\n")
