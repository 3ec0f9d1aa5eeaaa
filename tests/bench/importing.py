"""Importing: rows a second through the whole import, beside a floor that only parses and puts.

Everything runs on the embedded AWS, one core: what is measured is the CPU of both sides, the tables
among it. The floor reads the same file with `csv` and puts one item a row.
"""

import csv
import io
import random
import sys
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

from relance.aws.dynamodb import DynamoStore
from relance.content.compiled import Content
from relance.exporting import DOLLARS_PER_CONTACT
from relance.importing.job import DOLLARS_PER_ROW, Job
from relance.importing.rows import open_table
from relance.ports import FileAbout, Services
from relance.suppression import Suppressions
from relance.usecases.cut_file import CutRequest, cut_file
from relance.usecases.import_piece import Piece, PieceRequest, import_piece

from local.content import compiled_content
from local.emulator.dynamodb import DynamoDb
from local.hook import Hook
from local.hub import Hub
from local.storage import client, make_tables
from local.world import ROOT, World
from tests.bench.figures import Figure
from tests.stack import real_stack, table_names

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


class _Discarded:
    """Files that are read from a list of blocks and written nowhere."""

    def __init__(self, rows: int) -> None:
        raw = file_of(1_000)
        names, _, body = raw.partition(b"\r\n")
        self.turns = rows // 1_000
        self.names, self.body = names + b"\r\n", body
        self.about = lambda _: FileAbout(len(raw), "tag", START)

    def read_blocks(self, _key: str, _about: FileAbout) -> Iterator[bytes]:
        """A thousand rows at a time, of other people each time."""
        yield self.names
        for turn in range(self.turns):
            yield self.body.replace(b"@example", b"@e%d" % turn)

    def write_lines(self, _key: str, lines: Iterable[str]) -> None:
        """Take the lines as they come."""
        for _ in lines:
            pass


def memory_while_cut(rows: int) -> float:
    """The most that cutting a file into pieces holds at once, in MiB."""
    files, content = _Discarded(rows), Content.open(compiled_content(ROOT))
    made = SimpleNamespace(files=files, content=content, now=lambda: START)
    request = CutRequest(execution="bench", input={"file": "f.csv", "mapping": MAPPING})
    tracemalloc.start()
    assert cut_file(request, cast("Services", made))["rows"] == rows
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 2**20


class _Kept(_Discarded):
    """Files in memory; what is read is a file of so many people."""

    def __init__(self, rows: int) -> None:
        super().__init__(rows)
        self.kept: dict[str, list[str]] = {}

    def write_lines(self, key: str, lines: Iterable[str]) -> None:
        """Keep the lines."""
        self.kept[key] = list(lines)

    def read_lines(self, key: str) -> Iterator[str]:
        """What was kept."""
        return iter(self.kept[key])


def written_per_second(rows: int) -> float:
    """Rows a second of CPU that are parsed and written; nobody listens to the tables."""
    with Hub(START), Hook() as hook:
        hook.register("dynamodb", DynamoDb())
        make_tables(real_stack())
        store = DynamoStore(
            client("dynamodb"), table_names(), sleep=lambda _: None, chance=lambda: 0.0
        )
        made = SimpleNamespace(
            store=store,
            suppressions=Suppressions(store, secrets={"1": "bench"}, current="1"),
            files=_Kept(rows),
            content=Content.open(compiled_content(ROOT)),
            now=lambda: START,
            random_bytes=random.Random(1).randbytes,
        )
        services = cast("Services", made)
        asked = {"file": "f.csv", "mapping": MAPPING, "confirm": rows}
        begun = time.process_time()
        cut = cut_file(CutRequest(execution="bench", input=asked), services)
        job = Job.model_validate(cut["job"])
        for number in range(1, int(str(cut["pieces"])) + 1):
            pieces = (Piece(piece=number),)
            taken = import_piece(PieceRequest(job=job, pieces=pieces), services)
            assert taken["counts"] == {"new": 500, "consents_granted": 500}
        return rows / (time.process_time() - begun)


def imported(rows: int) -> list[Figure]:
    """An import and an export of so many people on the embedded AWS, its calls and its price."""
    with World.build(start=START, seed=1) as world:
        bucket = world.stack.resources["OperationsBucket"].name
        key = "people/imports/f.csv"
        world.client("s3").put_object(Bucket=bucket, Key=key, Body=file_of(rows))
        begun = time.process_time()
        asked = {"file": "f.csv", "mapping": MAPPING, "confirm": rows}
        execution = world.start("operation-import-contacts", asked)
        world.run(for_=timedelta(minutes=5))
        whole = rows / (time.process_time() - begun)
        assert world.describe(execution)["status"] == "SUCCEEDED"
        calls = sum(count for (of, _, _), count in world.meter.calls.items() if "piece" in of)
        dollars = world.meter.total()
        begun = time.process_time()
        execution = world.start("operation-export-contacts", {"everybody": True})
        world.run(for_=timedelta(minutes=5))
        exported = rows / (time.process_time() - begun)
        assert world.describe(execution)["status"] == "SUCCEEDED"
        export_dollars = world.meter.total() - dollars
    written, floor = written_per_second(rows), parsed_and_put(rows)
    return [
        Figure("rows imported, all new, with consent", written, "/s of CPU", at_least=500),
        Figure("the floor: parsed and put", floor, "/s of CPU"),
        Figure("the floor beside the import", floor / written, "times"),
        Figure("rows imported, folded and published", whole, "/s of CPU", at_least=150),
        Figure("AWS calls of an import", calls / rows, "calls/row", at_most=2.1),
        Figure(
            "price of 100,000 new rows",
            dollars / rows * 100_000,
            "dollars",
            at_most=DOLLARS_PER_ROW * 100_000,
        ),
        Figure("contacts exported", exported, "/s of CPU", at_least=500),
        Figure(
            "price of 100,000 exported contacts",
            export_dollars / rows * 100_000,
            "dollars",
            at_most=DOLLARS_PER_CONTACT * 100_000,
        ),
    ]


def parsed_and_put(rows: int) -> float:
    """The floor: rows a second of CPU that are only parsed, and put as one item each."""
    raw = file_of(rows)
    with World.build(start=START, seed=1) as world:
        table = world.stack.resources["Contacts"].name
        put = world.client("dynamodb").put_item
        begun = time.process_time()
        for row in csv.DictReader(io.StringIO(raw.decode())):
            cells = {name: {"S": value} for name, value in row.items()}
            item = {"contact_id": {"S": row["E-mail"]}, "record": {"S": "x"}, **cells}
            put(TableName=table, Item=item)
        return rows / (time.process_time() - begun)


def measure(rows: int = 2_000) -> list[Figure]:
    """Rows read, rows imported beside the floor, and the memory of a large file."""
    return [
        Figure("rows decoded and parsed", read_per_second(100_000), "/s of CPU", at_least=50_000),
        Figure("memory while 400,000 rows are cut", memory_while_cut(400_000), "MiB", at_most=64),
        *imported(rows),
    ]


if __name__ == "__main__":
    print(*measure(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000), sep="\n")
