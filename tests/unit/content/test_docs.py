"""The examples in docs/writing-content.md are whole files that build, and are valid for editors."""

import json
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
    rules = content.rules
    segments = {Path(name).stem for name, _ in examples if name.startswith("segments/")}
    assert len(segments) >= 7
    assert segments <= {each.name for each in rules.segments}
    assert "interest" in {each.name for each in rules.scores}
    assert "machine-buyer" in {each.name for each in rules.fits}
    assert "machines" in {each.name for each in rules.potentials}
    assert [each.name for each in rules.stages][-2:] == ["customer", "at_risk"]


def test_no_example_is_left_unbuilt() -> None:
    fenced = re.findall(r"^```(?:yaml|html)$", GUIDE, re.MULTILINE)
    assert len(EXAMPLE.findall(GUIDE)) == len(fenced) > 20


def test_the_guide_names_every_schema_for_editors() -> None:
    settings = re.search(r"^```json\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert settings is not None
    named = {Path(each).name for each in json.loads(settings[1])["yaml.schemas"]}
    parts = {"condition.schema.json", "only-for.schema.json", "value-test.schema.json"}
    published = {each.name for each in (ROOT / "docs" / "schemas").iterdir()}
    assert named == published - parts


def test_the_guide_names_every_file_and_folder_that_is_shipped() -> None:
    overview = GUIDE[: GUIDE.index("Check your work")]
    for path in SHIPPED.iterdir():
        name = f"{path.name}/" if path.is_dir() else f"{path.name.partition('.')[0]}.yaml"
        assert f"\n{name} " in overview
