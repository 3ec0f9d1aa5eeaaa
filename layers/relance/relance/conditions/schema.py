"""The condition language as JSON Schema (draft 2020-12), for editors: completion and red lines.

    python -m relance.conditions.schema > condition.schema.json

It knows the shape of every leaf; what the content declares is known to the build alone.
"""

import json
import sys

from pydantic import TypeAdapter

from relance.conditions.language import GROUPS
from relance.conditions.sources import LEAVES

Schema = dict[str, object]

_TITLES = {
    "all": "every one of these holds",
    "any": "at least one of these holds",
    "none": "none of these holds",
}


def condition_schema() -> Schema:
    """The schema of a condition."""
    definitions: dict[str, object] = {}
    choices: list[Schema] = []
    for group in GROUPS:
        parts = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Condition"}}
        definitions[group] = {
            "type": "object",
            "description": _TITLES[group],
            "properties": {group: parts},
            "required": [group],
            "additionalProperties": False,
        }
        choices.append({"$ref": f"#/$defs/{group}"})
    for model in LEAVES.values():
        schema = TypeAdapter(model).json_schema(by_alias=True)
        definitions.update(schema.pop("$defs", {}))
        definitions[model.__name__] = schema
        choices.append({"$ref": f"#/$defs/{model.__name__}"})
    definitions["Condition"] = {"oneOf": choices}
    cleaned = _without_null(definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Condition",
        "$ref": "#/$defs/Condition",
        "$defs": cleaned,
    }


def _without_null(value: object) -> object:
    """Drop what only Python needs: null, defaults and titles. A key without a value is refused."""
    if isinstance(value, list):
        return [_without_null(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {
        key: _without_null(each)
        for key, each in value.items()
        if key not in {"default", "title"} or isinstance(each, dict)
    }
    choices = kept.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        rest = [each for each in choices if each != {"type": "null"}]
        del kept["anyOf"]
        return {**rest[0], **kept} if len(rest) == 1 else {"anyOf": rest, **kept}
    return kept


if __name__ == "__main__":
    sys.stdout.write(json.dumps(condition_schema(), indent=1, ensure_ascii=False) + "\n")
