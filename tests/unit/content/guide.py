"""What stands in docs/writing-content.md: whole files, and tables of conditions."""

import re
from collections.abc import Iterator

from relance.content.build.mistakes import Findings
from relance.content.build.yaml_source import read_yaml

from .conftest import ROOT

GUIDE = (ROOT / "docs" / "writing-content.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(
    r"^`([a-z0-9/._-]+)`:\n\n```(?:yaml|html|markdown|xml)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
FILES: dict[str, str] = dict(EXAMPLE.findall(GUIDE))
"""The examples that are whole files, by name."""

TABLE = re.compile(r"^\| (?P<title>[^|]*) \| \|\n\|---\|---\|\n(?P<rows>(?:\|.*\n)+)", re.MULTILINE)
ROW = re.compile(r"^\| `(?P<condition>\{.*?\})` \| ?(?P<said>.*?) ?\|$", re.MULTILINE)


def tables() -> Iterator[tuple[str, list[str]]]:
    """The tables of conditions in the guide: what stands above each, and its conditions."""
    for table in TABLE.finditer(GUIDE):
        rows = [row["condition"].replace("\\|", "|") for row in ROW.finditer(table["rows"])]
        if rows:
            assert len(rows) == table["rows"].count("\n"), table["title"]
            yield table["title"], rows


def unknown_rows() -> list[tuple[str, bool]]:
    """The conditions about somebody of whom nothing is known, and whether each holds."""
    table = next(each for each in TABLE.finditer(GUIDE) if "nothing is known" in each["title"])
    return [
        (row["condition"], {"holds": True, "does not hold": False}[row["said"]])
        for row in ROW.finditer(table["rows"])
    ]


def read(written: str) -> object:
    """A condition as the build reads it."""
    source = read_yaml(f"asked: {written}\n", "guide.yaml", Findings())
    assert source is not None
    assert isinstance(source.value, dict)
    return source.value["asked"]
