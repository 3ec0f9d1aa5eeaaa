"""The examples in docs/writing-content.md are whole files that build, and say what they mean.

Every condition that stands in a table of the guide is evaluated for Ana, of whom it tells.
"""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from relance.conditions import sources
from relance.conditions.facts import Facts
from relance.content.build import build
from relance.content.compiled import Content
from relance.ids import milliseconds

from .ana import HISTORY, condition, facts_about
from .conftest import ROOT, SHIPPED
from .guide import FILES, GUIDE, read, tables, unknown_rows
from .people import NOW, known

UNKNOWN = unknown_rows()
HOLDING = [row for title, rows in tables() for row in rows if "nothing is known" not in title]

ANA_IS_IN = {
    "machine-buyers-to-be": True,
    "local-owners": True,
    "dates-ahead": True,
    "good-customers": True,
    "out-of-the-ordinary": True,
    "worth-a-call": False,
    "control-group": False,
    "owner-missing": False,
}
"""The segments of the guide, and whether Ana is a member."""


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    """What is shipped, with every example of the guide in its place."""
    folder = tmp_path_factory.mktemp("guide")
    shutil.copytree(SHIPPED, folder / "source")
    for name, text in FILES.items():
        path = folder / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    report = build(folder / "source", folder / "built")
    assert (report.mistakes, report.warnings) == ((), ())
    return Content.open(folder / "built")


def test_every_example_builds(content: Content) -> None:
    assert content.message("spring").variant(persona="ease", language="en").persona == "ease"
    letters = content.message("harvest-news").variants
    assert all("Warm regards,\nthe people at" in each.html for each in letters)
    assert "Keep me a seat: {{ link(0) }}" in content.message("tasting-day").variants[0].text
    assert content.form("tasting") is not None
    rules = content.rules
    assert "interest" in {each.name for each in rules.scores}
    assert "machine-buyer" in {each.name for each in rules.fits}
    assert "machines" in {each.name for each in rules.potentials}
    assert [each.name for each in rules.stages][-2:] == ["customer", "at_risk"]


def test_every_segment_of_the_guide_has_the_members_that_it_should(content: Content) -> None:
    examples = {Path(n).stem for n in FILES if n.startswith("segments/")}
    assert examples == set(ANA_IS_IN)
    there = known(content, *HISTORY).segments()
    assert {name: name in there for name in ANA_IS_IN} == ANA_IS_IN


@pytest.mark.parametrize("written", HOLDING)
def test_every_condition_of_the_guide_holds_for_ana(written: str, content: Content) -> None:
    asked = condition(written, content)
    assert asked.holds(facts_about(asked, content), milliseconds(NOW))


@pytest.mark.parametrize(("written", "holds"), UNKNOWN)
def test_what_is_not_known_is_judged_as_the_guide_says(
    written: str, content: Content, *, holds: bool
) -> None:
    assert condition(written, content).holds(Facts(), milliseconds(NOW)) == holds


def test_the_guide_shows_every_condition_and_every_option_of_each() -> None:
    shown: set[tuple[str, str]] = set()
    for row in HOLDING:
        _note_keys(read(row), shown)
    wanted = {
        (place, field.alias or name)
        for place, model in {**sources.LEAVES, **sources.PARTS}.items()
        for name, field in model.model_fields.items()
    }
    missing = {
        (place, key)
        for place, key in wanted
        if not any((alike, key) in shown for alike in ALIKE.get(place, (place,)))
    }
    assert missing == set()


_AMOUNTS = ("score", "interest", "potential", "sum", "max")
ALIKE: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_AMOUNTS, _AMOUNTS),
    "company": ("company", "trait"),
    "first": ("first", "last"),
    "last": ("first", "last"),
}
"""What can be asked alike: each option is shown for one of them."""


def _note_keys(raw: object, shown: set[tuple[str, str]]) -> None:
    """Every key of a condition, with the leaf or the part in which it stands."""
    if isinstance(raw, list):
        for each in raw:
            _note_keys(each, shown)
    if not isinstance(raw, dict):
        return
    leaf = next((key for key in raw if key in sources.LEAVES), None)
    for key, value in raw.items():
        if leaf is not None:
            shown.add((leaf, key))
        if key in sources.PARTS and isinstance(value, dict):
            shown.update((key, each) for each in value)
        _note_keys(value, shown)


def test_no_example_is_left_unbuilt() -> None:
    fenced = re.findall(r"^```(?:yaml|html|markdown|xml)$", GUIDE, re.MULTILINE)
    assert len(FILES) == len(fenced) > 20


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
