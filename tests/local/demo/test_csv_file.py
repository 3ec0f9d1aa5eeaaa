"""A CSV of one's own: whatever people export is read, and what is wrong is said by row."""

from pathlib import Path

import pytest

from local.demo.csv_file import FileRefused, read

FILES: dict[str, tuple[bytes, list[tuple[str, str]]]] = {
    "comma": (b"name,email\nAda,ada@example.org\n", [("ada@example.org", "Ada")]),
    "semicolon": (
        b"E-Mail;Vorname;Ort\nada@example.org;Ada Maria;Wien\n",
        [("ada@example.org", "Ada")],
    ),
    "tab": (b"first name\te-mail address\nAda\tada@example.org\n", [("ada@example.org", "Ada")]),
    "byte order mark": (
        "\ufeffemail,prénom\nz@example.org,Zoë\n".encode(),
        [("z@example.org", "Zoë")],
    ),
    "latin-1": ("email;prénom\nz@example.org;Zoë\n".encode("latin-1"), [("z@example.org", "Zoë")]),
    "UTF-16": ("email,name\na@example.org,Łukasz\n".encode("utf-16"),
               [("a@example.org", "Łukasz")]),
    "no heading": (b"Ada,ada@example.org\nBob,bob@example.org\n",
                   [("ada@example.org", ""), ("bob@example.org", "")]),
    "heading that says nothing": (
        b"a,b\n1,ada@example.org\n2,bob@example.org\n",
        [("ada@example.org", ""), ("bob@example.org", "")],
    ),
    "one column": (b"ada@example.org\r\nbob@example.org\r\n",
                   [("ada@example.org", ""), ("bob@example.org", "")]),
    "quoted line break": (
        b'email,note\nada@example.org,"two\nlines"\n',
        [("ada@example.org", "")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "expected"), FILES.values(), ids=FILES.keys())
def test_the_column_delimiter_and_encoding_are_found(
    data: bytes, expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(data)
    contacts = read(path)
    assert [(row.email, row.first_name) for row in contacts.rows] == expected
    assert contacts.bad == ()


def test_broken_rows_are_told_by_number_and_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "name,email\nAda,ada@example.org\nBob\nCyd,not-an-address\nDee,\n"
        "Eve,ADA@example.org\nFay,fay@example.org,more\n\nGus,gus@example.org\n"
    )
    contacts = read(path)
    assert [row.email for row in contacts.rows] == ["ada@example.org", "gus@example.org"]
    assert [(bad.number, bad.reason) for bad in contacts.bad] == [
        (3, "the row has 1 of 2 columns"),
        (4, "'not-an-address' is not an e-mail address"),
        (5, "the e-mail address is missing"),
        (6, "the address stands in row 2 already"),
        (7, "the row has 3 columns, the heading 2"),
    ]


REFUSED = {
    "no e-mail column": (b"name,city\nAda,Wien\n", "no column holds e-mail addresses"),
    "empty": (b"", "the file is empty"),
    "not text": (b"PK\x03\x04\x00\x00\x00\x00", "not a text file"),
}


@pytest.mark.parametrize(("data", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_a_file_without_addresses_is_refused_with_a_sentence(
    data: bytes, sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(data)
    with pytest.raises(FileRefused, match=sentence):
        read(path)


def test_a_missing_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="No such file"):
        read(tmp_path / "nowhere.csv")
