"""The JSON Schemas that editors use are current, and agree with what is shipped."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from relance.content.build.mistakes import Findings
from relance.content.build.yaml_source import read_yaml
from relance.content.schemas import main, schemas

from .conftest import ROOT, SHIPPED
from .guide import FILES, GUIDE, tables
from .guide import read as as_built

PUBLISHED = ROOT / "docs" / "schemas"
SCHEMAS = {name: json.loads(text) for name, text in schemas().items()}


def written() -> Iterator[tuple[str, str]]:
    """Each shipped file, and the schema that is for it."""
    for path in sorted(SHIPPED.rglob("*.yaml")):
        file = path.relative_to(SHIPPED).as_posix()
        for name in schemas_of(file):
            yield file, name


def schemas_of(file: str) -> list[str]:
    """The schemas for a file, by what they say they are for."""
    *folders, last = file.split("/")
    if file.startswith("forms/") and last.count(".") > 1:
        return ["form-words.schema.json"]
    if file.startswith("landing/") and last.count(".") > 1:
        return ["landing-words.schema.json"]
    base = "/".join((*folders, f"{last.partition('.')[0]}.yaml"))
    return [name for name, schema in SCHEMAS.items() if fnmatch(base, schema["title"])]


def examples() -> list[tuple[str, str, str]]:
    """The files that stand in the guide: name, schema, text."""
    return [
        (file, schema, text)
        for file, text in FILES.items()
        if file.endswith(".yaml")
        for schema in schemas_of(file)
    ]


def checker(name: str) -> Draft202012Validator:
    registry: Registry[Any] = Registry().with_resources(
        (each, Resource.from_contents(schema)) for each, schema in SCHEMAS.items()
    )
    return Draft202012Validator(SCHEMAS[name], registry=registry)


def read(file: str, text: str) -> object:
    source = read_yaml(text, file, Findings())
    assert source is not None
    return source.value


def test_the_published_schemas_are_current(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 0
    made = {each.name: each.read_text(encoding="utf-8") for each in tmp_path.iterdir()}
    assert made == {each.name: each.read_text(encoding="utf-8") for each in PUBLISHED.iterdir()}


def test_every_shipped_file_has_a_schema() -> None:
    files = {path.relative_to(SHIPPED).as_posix() for path in SHIPPED.rglob("*.yaml")}
    assert {file for file, _ in written()} == files


@pytest.mark.parametrize(("file", "schema"), list(written()))
def test_every_shipped_file_is_as_its_schema_says(file: str, schema: str) -> None:
    value = read(file, (SHIPPED / file).read_text(encoding="utf-8"))
    assert [each.message for each in checker(schema).iter_errors(value)] == []


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ("segment.schema.json", "title: x\nmembers: {did: ordered, within: 30 dayz}\n"),
        ("segment.schema.json", "title: x\nmembers: {all: []}\n"),
        ("score.schema.json", "half_life: soon\npoints: [{event: x, points: 1}]\n"),
        ("behaviours.schema.json", "x: {title: X, event: y, where: {z: {begins: 1}}}\n"),
        ("stages.schema.json", "only_for: {sale: slow}\nx: {title: X, family: retention}\n"),
        ("company.schema.json", "name: x\n"),
    ],
)
def test_an_editor_underlines_what_cannot_be_right(schema: str, text: str) -> None:
    assert not checker(schema).is_valid(read("x.yaml", text))


@pytest.mark.parametrize(("file", "schema", "text"), examples(), ids=[n for n, *_ in examples()])
def test_every_example_of_the_guide_is_as_its_schema_says(
    file: str, schema: str, text: str
) -> None:
    assert [each.message for each in checker(schema).iter_errors(read(file, text))] == []


def test_every_condition_in_a_table_of_the_guide_is_as_the_schema_says() -> None:
    conditions = [as_built(row) for _, rows in tables() for row in rows]
    check = checker("condition.schema.json")
    assert len(conditions) > 90
    assert [each for each in conditions if not check.is_valid(each)] == []


def test_the_modeline_of_the_guide_leads_to_a_schema() -> None:
    found = re.search(r"^# yaml-language-server: \$schema=(.*)$", GUIDE, re.MULTILINE)
    assert found is not None
    assert (SHIPPED / "segments" / found[1]).resolve().is_file()
