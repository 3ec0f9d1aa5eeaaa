"""`python -m relance.content.schemas FOLDER`: what the files look like, as JSON Schema for editors.

An editor that knows them completes what is being written and underlines what cannot be right. What
depends on other files (names, loops, what fits together) is known to the build alone.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from relance.conditions.schema import condition_schema
from relance.content.build import (
    hook_models,
    models,
    page_models,
    rule_models,
    sending_models,
    slots,
)
from relance.content.build.models import SnakeName
from relance.content.build.rule_models import IN_FILE
from relance.content.build.selection import ONLY_FOR, OnlyForSource
from relance.importing.mapping import ImportSource

_ENDING = ".schema.json"
_DRAFT = "https://json-schema.org/draft/2020-12/schema"

_FOR_EVERYBODY: Mapping[str, tuple[str, Any]] = {
    "company": ("company.yaml", models.CompanySource),
    "traits": ("traits.yaml", dict[SnakeName, models.TraitSource]),
    "lists": ("lists.yaml", dict[SnakeName, models.ListSource]),
    "files": ("files.yaml", dict[SnakeName, models.FileSource]),
    "form": ("forms/*.yaml", page_models.FormSource),
    "form-words": ("forms/*.*.yaml", page_models.FormWordsSource),
    "landing": ("landing/*/page.yaml", page_models.LandingSource),
    "landing-words": ("landing/*/page.*.yaml", page_models.LandingWordsSource),
    "texts": ("texts/*.yaml", dict[str, dict[str, models.Text]]),
    "import": ("imports/*.yaml", ImportSource),
    "brand": ("brands/*.yaml", models.BrandSource),
    "message": ("messages/*/message.yaml", models.MessageSource),
    "hook": ("hooks/*.yaml", hook_models.HookSource),
    "sending": ("sending.yaml", sending_models.SendingSource),
}

_FOR_SOME: Mapping[str, tuple[str, Any]] = {
    "events": ("events.yaml", dict[SnakeName, models.EventSource]),
    "behaviours": ("behaviours/*.yaml", dict[SnakeName, rule_models.BehaviourSource]),
    "segment": ("segments/*.yaml", rule_models.SegmentSource),
    "score": ("scores/*.yaml", rule_models.ScoreSource),
    "fit": ("fits/*.yaml", rule_models.FitSource),
    "potential": ("potentials/*.yaml", rule_models.PotentialSource),
    "qualification": ("qualifications/*.yaml", rule_models.QualificationSource),
    "interests": ("interests.yaml", rule_models.InterestsSource),
    "personas": ("personas.yaml", dict[SnakeName, rule_models.PersonaSource]),
    "stages": ("stages.yaml", dict[SnakeName, rule_models.StageSource]),
    "companies": ("companies.yaml", rule_models.CompaniesSource),
    "habits": ("habits.yaml", rule_models.HabitsSource),
    "slot": ("slots/*.yaml", slots.SlotSource),
}
"""The files that may begin with `only_for:`."""


def schemas() -> dict[str, str]:
    """Every schema as text, by the name of its file."""
    found = {
        f"{name}{_ENDING}": _schema(title, shape) for name, (title, shape) in _FOR_EVERYBODY.items()
    }
    for name, (title, shape) in _FOR_SOME.items():
        schema = _schema(title, shape)
        schema.setdefault("properties", {})[ONLY_FOR] = {"$ref": f"only-for{_ENDING}"}
        found[f"{name}{_ENDING}"] = schema
    found[f"only-for{_ENDING}"] = _schema("only_for", OnlyForSource)
    found[f"condition{_ENDING}"] = condition_schema()
    found[f"value-test{_ENDING}"] = _value_test()
    return {name: json.dumps(each, indent=1) + "\n" for name, each in sorted(found.items())}


def _schema(title: str, shape: Any) -> dict[str, Any]:
    schema = _linked(TypeAdapter(shape).json_schema(by_alias=True))
    return {"$schema": _DRAFT, **schema, "title": title}


def _linked(value: Any) -> Any:
    """Make references of the names of other schemas."""
    if isinstance(value, list):
        return [_linked(each) for each in value]
    if not isinstance(value, dict):
        return value
    named = value.get(IN_FILE)
    linked = {key: _linked(each) for key, each in value.items() if key != IN_FILE}
    return {**linked, "$ref": f"{named}{_ENDING}"} if named else linked


def _value_test() -> dict[str, Any]:
    """What a filter may ask of a property: a value, some values, or a test as of a trait."""
    definitions: Any = condition_schema()["$defs"]
    test = {**definitions["CompanySource"], "description": "a test of the value"}
    test["properties"] = {k: v for k, v in test["properties"].items() if k != "company"}
    del test["required"]
    value = {"type": ["string", "number", "boolean"]}
    choices = [value, {"type": "array", "items": value, "minItems": 1}, test]
    return {"$schema": _DRAFT, "title": "where", "anyOf": choices}


def main(arguments: list[str] | None = None) -> int:
    """Write the schemas into a folder; others there are left alone."""
    parser = argparse.ArgumentParser(
        prog="python -m relance.content.schemas",
        description="Writes a JSON Schema for every kind of file that marketers write.",
    )
    parser.add_argument("folder", type=Path, help="for example docs/schemas")
    folder: Path = parser.parse_args(arguments).folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
