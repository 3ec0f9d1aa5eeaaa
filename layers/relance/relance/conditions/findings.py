"""What pydantic finds wrong with the shape of a leaf, as sentences at their places."""

from collections.abc import Mapping

from pydantic_core import ErrorDetails

from relance.conditions import sources
from relance.conditions.hints import EXAMPLES, not_possible
from relance.conditions.places import Path, Place
from relance.conditions.words import quoted


def note(leaf: str, raw: Mapping[object, object], error: ErrorDetails, where: Place) -> None:
    """Note one finding about a leaf, by the key that makes it one."""
    path = _path_in(raw, error["loc"])
    kind, given = error["type"], error["input"]
    if kind == "extra_forbidden":
        where.below(path[:-1]).wrong(_unknown_key(leaf, path))
    elif kind == "missing":
        example = EXAMPLES.get(str(path[-1]), f"{path[-1]}: …")
        where.below(path[:-1]).wrong(f'{path[-1]} is missing. Add a line like "{example}".')
    elif kind == "value_error":
        where.below(path).wrong(str(error["ctx"]["error"]))
    elif kind in {"too_short", "too_long"}:
        where.below(path).wrong(_wrong_length(leaf, error))
    elif kind == "list_type":
        several = isinstance(given, dict) or path[-1] == "between"
        example = _two(leaf) if several else f"[{given}]"
        where.below(path).wrong(f"{quoted(given)} is not a list. Write for example {example}.")
    else:
        example = EXAMPLES.get(str(path[-1]), "name: value")
        where.below(path).wrong(
            f'{quoted(given)} stands where named values are needed. Write for example "{example}".'
        )


def _two(leaf: str) -> str:
    return "[30 days ago, 7 days ago]" if leaf in {"did", "did_not"} else "[10, 20]"


def _wrong_length(leaf: str, error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    if context.get("max_length") == 2 or context.get("min_length") == 2:
        there = context["actual_length"]
        stand = "value stands" if there == 1 else "values stand"
        return f'{there} {stand} here. Write two, for example "{_two(leaf)}".'
    return "this list is empty. Write at least one value."


def _path_in(raw: object, loc: Path) -> Path:
    """The part of pydantic's path that is in the file: without the members of unions."""
    path: Path = ()
    for index, part in enumerate(loc):
        below = dict(enumerate(raw)) if isinstance(raw, list) else raw
        if isinstance(below, Mapping) and part in below:
            raw = below[part]
        elif index < len(loc) - 1 or not isinstance(raw, Mapping):
            continue
        path = (*path, part)
    return path


def _unknown_key(leaf: str, path: Path) -> str:
    model = sources.LEAVES[leaf]
    place = leaf
    for part in path[:-1]:
        model, place = sources.PARTS.get(str(part), model), str(part)
    known = [field.alias or name for name, field in model.model_fields.items()]
    return not_possible(place, str(path[-1]), [each for each in known if each != leaf])
