"""The examples in docs/writing-content.md are whole files that build."""

import re
import shutil
from pathlib import Path

from relance.content.build import build
from relance.content.compiled import Content

from .conftest import ROOT, SHIPPED

GUIDE = (ROOT / "docs" / "writing-content.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(
    r"^`([a-z0-9/._-]+)`:\n\n```(?:yaml|html)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)


def test_every_example_builds(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "source")
    examples = EXAMPLE.findall(GUIDE)
    for name, text in examples:
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    report = build(tmp_path / "source", tmp_path / "built")
    assert (report.mistakes, report.warnings) == ((), ())
    content = Content.open(tmp_path / "built")
    assert content.message("spring").variant(persona="ease", language="en").persona == "ease"
    assert content.form("tasting") is not None
    assert {each.name for each in content.rules.scores} == {"engagement", "interest"}


def test_no_example_is_left_unbuilt() -> None:
    fenced = re.findall(r"^```(?:yaml|html)$", GUIDE, re.MULTILINE)
    assert len(EXAMPLE.findall(GUIDE)) == len(fenced) > 5
