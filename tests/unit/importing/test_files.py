"""Files as they come: whatever can be wrong with one is told, and what can be read is read."""

import csv
import gzip
import io
import json
import tracemalloc
from collections.abc import Iterator

import pytest
from relance.errors import InvalidInput
from relance.importing import decoding
from relance.importing.csv_rows import csv_rows
from relance.importing.rows import Row, open_table
from relance.importing.tables import csv_lines

COLUMNS = ("Mail", "Name")


def rows(raw: bytes, *, block: int = 7) -> list[Row]:
    """All rows of a file that comes in small blocks."""
    return list(
        open_table(lambda: (raw[at : at + block] for at in range(0, len(raw), block)), COLUMNS).rows
    )


def cells(raw: bytes) -> list[tuple[str, ...]]:
    return [tuple(row.cells.values()) for row in rows(raw)]


TEXT = "Mail,Name\na@example.com,Zoé\nb@example.com,Ümit\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"]
)
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_any_usual_encoding_and_line_end_is_read(encoding: str, ends: str) -> None:
    told = [("a@example.com", "Zoé"), ("b@example.com", "Ümit")]
    for text in (TEXT, TEXT.rstrip()):
        raw = text.replace("\n", ends).encode(encoding)
        assert cells(raw) == cells(gzip.compress(raw)) == told


@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_any_usual_delimiter_is_found_out(delimiter: str) -> None:
    raw = f"Mail{delimiter}Name\na@example.com{delimiter}A,;|\n".replace("A,;|", '"A,;|"')
    assert cells(raw.encode()) == [("a@example.com", "A,;|")]


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\n\r\n\n", gzip.compress(b""), gzip.compress(b"\n")],
    ids=["nothing", "a mark", "a mark of UTF-16", "blank lines", "packed", "packed blank"],
)
def test_an_empty_file_is_said_to_be_empty(raw: bytes) -> None:
    with pytest.raises(InvalidInput, match="The file is empty"):
        rows(raw)


def test_a_packed_file_that_is_cut_short_anywhere_is_refused() -> None:
    raw = gzip.compress(TEXT.encode())
    for length in range(3, len(raw)):
        with pytest.raises(InvalidInput, match=r"cut off|cannot be unpacked"):
            rows(raw[:length])


def test_two_packed_files_behind_each_other_are_one_and_names_that_come_again_are_refused() -> None:
    raw = gzip.compress(TEXT.encode()) * 2
    assert [row.wrong for row in rows(raw)] == [
        "", "", "it repeats the names of the columns", "", "",
    ]  # fmt: skip


def test_names_alike_are_refused() -> None:
    with pytest.raises(InvalidInput, match="no two alike"):
        rows(b"Mail,Mail\na,b\n")


def test_a_character_that_is_none_is_kept_for_its_row_to_be_refused() -> None:
    found = rows(b"Mail,Name\na@example.com,A\x00B\nb@example.com,B\n")
    assert [row.cells["Name"] for row in found] == ["A\x00B", "B"]
    with pytest.raises(InvalidInput, match="is no text"):
        rows(b"Mail\x00,Name\n")


def test_a_line_without_end_is_refused_and_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MOST_CHARACTERS", 1000)
    endless = (b"x" * 100 for _ in range(10**9))
    with pytest.raises(InvalidInput, match="longer than 1,000 characters"):
        list(decoding.lines_of(iter_once(TEXT.encode(), endless)))


def iter_once(first: bytes, more: Iterator[bytes]) -> decoding.Blocks:
    """Something short for the first look, something endless for the second."""
    calls = [iter([first]), more]
    return lambda: calls.pop(0)


def test_a_file_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MOST_BYTES", 100_000)
    with pytest.raises(InvalidInput, match="larger than 2 GB"):
        rows(gzip.compress(b"Mail,Name\n" + b"a,b\n" * 50_000))


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('"a@example.com,A\n"b@example.com,B\nc@example.com,C', ["never closed"] * 2 + [""]),
        ('a@example.com,"two\nlines"\nb@example.com,B', ["", ""]),
        ('a@example.com,"A ""B"" C"\nb@example.com,B', ["", ""]),
        ("a@example.com\nb@example.com,B,C\nc@example.com,C,", ["1 cells", "3 cells", ""]),
    ],
    ids=["opened twice", "over two lines", "quoted marks", "ragged"],
)
def test_a_row_is_never_mixed_up_with_another(lines: str, told: list[str]) -> None:
    found = rows(f"Mail,Name\n{lines}\n".encode())
    assert len(found) == len(told)
    for row, wrong in zip(found, told, strict=True):
        assert (wrong in row.wrong) if wrong else not row.wrong


DANGEROUS = ["=1+1", "+33 6", "-2+3", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("x")', "\n=1"]


def test_no_cell_that_is_written_is_taken_for_a_formula() -> None:
    lines = list(csv_lines(COLUMNS, [{"Mail": each, "Name": "-5.5"} for each in DANGEROUS]))
    read = csv.reader(io.StringIO("\n".join(lines).removeprefix("\ufeff")))
    for mail, name in list(read)[1:]:
        assert mail.startswith("'")
        assert name == "-5.5"


def test_what_is_written_is_read_again_as_it_was() -> None:
    whole = [{"Mail": each, "Name": "'quoted'"} for each in (*DANGEROUS, "'tis", 'a,b;c"d')]
    lines = [f"{line}\n" for line in csv_lines(COLUMNS, whole)]
    lines[0] = lines[0].removeprefix("\ufeff")
    _, found = csv_rows(iter("".join(lines).splitlines(keepends=True)), COLUMNS)
    assert [row.cells["Mail"] for row in found if not row.wrong][:4] == DANGEROUS[:4]


def test_a_row_of_json_is_told_by_its_line() -> None:
    lines = ['{"Mail": "a@example.com"}', "", "{", "[1]", json.dumps({"a": {"b": [1, True]}})]
    found = rows("\n".join(lines).encode())
    assert [(row.number, row.wrong) for row in found] == [
        (1, ""),
        (3, "it is no JSON"),
        (4, "it is no JSON object"),
        (5, ""),
    ]
    assert found[-1].cells == {"a.b": "1, yes"}


def test_what_is_held_does_not_grow_with_the_file() -> None:
    def held(count: int) -> int:
        def blocks() -> Iterator[bytes]:
            yield b"Mail,Name\n"
            yield from (b"p%d@example.com,P\n" % n * 50 for n in range(count // 50))

        tracemalloc.start()
        assert sum(1 for _ in open_table(blocks, COLUMNS).rows) == count
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    assert held(20_000) < held(2_000) + 300_000  # what is held of each would be a million
