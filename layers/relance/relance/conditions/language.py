"""From YAML to the canonical form of a condition, or to sentences about mistakes. Build time only.

`parse` takes plain data, as the YAML layer reads it. The canonical form is JSON, holds no
synonyms (durations in ms, `equals` is `in` with one value) and is equal for equal conditions.
"""

from collections.abc import Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from relance.conditions import sources, translate_acts, translate_amounts, translate_values
from relance.conditions.places import Path, Place
from relance.conditions.translate_ranges import Canonical, Translations
from relance.conditions.vocabulary import Vocabulary
from relance.conditions.words import quoted
from relance.content.names import closest, either, listed, suggestion

GROUPS = ("all", "any", "none")
DEEPEST = 8
MOST_LEAVES = 100

_MEANT: Mapping[str, str] = {
    "is": "equals", "eq": "equals", "equal": "equals", "value": "equals", "is_not": "not",
    "not_equals": "not", "one_of": "in", "any_of": "in", "none_of": "not_in", "min": "at_least",
    "minimum": "at_least", "more_than": "greater_than", "above": "greater_than", "max": "at_most",
    "maximum": "at_most", "below": "less_than", "fewer_than": "less_than", "times": "exactly",
    "count": "exactly", "in_last": "within", "in_the_last": "within", "last_days": "within",
    "during": "within", "and": "all", "or": "any", "not": "none", "every": "all",
    "segment": "in_segment", "list": "in_list", "event": "did", "behaviour": "did",
    "has_done": "did", "not_did": "did_not", "didnt": "did_not", "regex": "matches",
    "pattern": "matches", "exists": "is_set", "begins_with": "starts_with", "includes": "contains",
    "state": "is", "name": "named", "within": "within_last", "birthday": "anniversary",
    "duration": "for", "property": "of",
}  # fmt: skip
"""What people write who know another tool, and what it is called here."""

_TRANSLATIONS: Translations = {
    **translate_values.TRANSLATIONS,
    **translate_acts.TRANSLATIONS,
    **translate_amounts.TRANSLATIONS,
}


def parse(raw: object, vocabulary: Vocabulary, where: Place) -> Canonical | None:
    """The canonical form; None after noting every mistake at its place."""
    parser = _Parser(vocabulary)
    return parser.condition(raw, where, 1)


class _Parser:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.leaves = 0

    def condition(self, raw: object, where: Place, depth: int) -> Canonical | None:
        if not isinstance(raw, dict):
            where.wrong(_no_condition(raw))
            return None
        groups = [key for key in GROUPS if key in raw]
        if not groups:
            return self._leaf(raw, where)
        if len(raw) > 1:
            where.wrong(_beside_a_group(groups, [str(key) for key in raw]))
            return None
        return self._group(groups[0], raw[groups[0]], where / groups[0], depth)

    def _group(self, kind: str, parts: object, where: Place, depth: int) -> Canonical | None:
        if not isinstance(parts, list):
            where.wrong(
                f"{quoted(parts)} stands where a list is needed. Write one line for each "
                f'condition below "{kind}:", beginning with "- ".'
            )
            return None
        if not parts:
            where.wrong(
                f'"{kind}:" is empty. Write at least one condition below it, or "everyone: yes" '
                "for everybody."
            )
            return None
        if depth > DEEPEST:
            where.wrong(
                f"this is nested more than {DEEPEST} levels deep. Make a segment of a part of it "
                'and write "in_segment:".'
            )
            return None
        read = [self.condition(part, where / index, depth + 1) for index, part in enumerate(parts)]
        found = [each for each in read if each is not None]
        return {kind: found} if len(found) == len(read) else None

    def _leaf(self, raw: Mapping[object, object], where: Place) -> Canonical | None:
        keys = [str(key) for key in raw]
        subjects = _subjects(keys)
        if len(subjects) != 1:
            where.wrong(_two_leaves(subjects) if subjects else _no_leaf(keys))
            return None
        self.leaves += 1
        if self.leaves == MOST_LEAVES + 1:
            where.wrong(
                f"there are more than {MOST_LEAVES} conditions here. Make a segment of a part of "
                'them and write "in_segment:".'
            )
        model = sources.LEAVES[subjects[0]]
        if _note_the_empty(raw, where):
            return None
        try:
            source = model.model_validate(raw)
        except ValidationError as error:
            for each in error.errors(include_url=False):
                _note(model, raw, each, where)
            return None
        return _TRANSLATIONS[model](source, self.vocabulary, where)


def _note_the_empty(raw: Mapping[object, object], where: Place) -> bool:
    """Note keys with nothing behind them; whether there were any."""
    found = False
    for key, value in raw.items():
        if value is None:
            (where / str(key)).wrong("nothing is written here.")
            found = True
        elif isinstance(value, dict):
            found = _note_the_empty(value, where / str(key)) or found
    return found


def _subjects(keys: list[str]) -> list[str]:
    """Which leaves the keys make. `first`, `for` … are no leaves; `company` may name a trait."""
    return [key for key in keys if key in sources.LEAVES]


def _no_condition(raw: object) -> str:
    if isinstance(raw, list):
        return 'a list stands where a condition is needed. Write "all:" or "any:" above it.'
    if raw is None:
        return 'nothing is written here. Write a condition, for example "did: ordered".'
    return f'{quoted(raw)} is not a condition. Write for example "in_segment: regulars".'


def _beside_a_group(groups: list[str], keys: list[str]) -> str:
    beside = [key for key in keys if key != groups[0]]
    return (
        f'beside "{groups[0]}:" stands {listed(f"{chr(34)}{key}:{chr(34)}" for key in beside)}. '
        f'Put everything below one "all:".'
    )


def _no_leaf(keys: list[str]) -> str:
    if not keys:
        return 'nothing is written here. Write a condition, for example "did: ordered".'
    known = [*GROUPS, *sources.LEAVES]
    for key in keys:
        meant = _MEANT.get(key.lower())
        alike = (meant,) if meant in known else closest(key, known)
        if alike:
            return f"{key} is not known. Did you mean {either(alike)}?"
    return (
        f"{either(keys)} does not say what this is about. A condition begins with one of: "
        f"{', '.join(known)}."
    )


def _two_leaves(subjects: list[str]) -> str:
    return (
        f"{listed(subjects)} stand in one condition. Make two of them, each beginning with "
        '"- ", below "all:".'
    )


def _note(
    model: type[sources.Leaf], raw: Mapping[object, object], error: ErrorDetails, where: Place
) -> None:
    """One of pydantic's findings as a sentence at its place."""
    path = _path_in(raw, error["loc"])
    kind, given = error["type"], error["input"]
    if kind == "extra_forbidden":
        where.below(path[:-1]).wrong(_unknown_key(model, path))
    elif kind == "missing":
        where.below(path[:-1]).wrong(f'{path[-1]} is missing. Add a line "{path[-1]}: …".')
    elif kind == "value_error":
        where.below(path).wrong(str(error["ctx"]["error"]))
    elif kind in {"too_short", "too_long"}:
        where.below(path).wrong(_wrong_length(error))
    elif kind == "list_type":
        example = "[10, 20]" if isinstance(given, dict) else f"[{given}]"
        where.below(path).wrong(f"{quoted(given)} is not a list. Write for example {example}.")
    else:
        where.below(path).wrong(
            f'{quoted(given)} stands where named values are needed. Write them as "name: value".'
        )


def _wrong_length(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    if context.get("max_length") == 2 or context.get("min_length") == 2:
        there = context["actual_length"]
        stand = "value stands" if there == 1 else "values stand"
        return f'{there} {stand} here. Write two, for example "[10, 20]".'
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


def _unknown_key(model: type[sources.Leaf], path: Path) -> str:
    key = str(path[-1])
    part: type[sources.Leaf] = model
    for each in path[:-1]:
        part = sources.PARTS.get(str(each), part)
    known = [field.alias or name for name, field in part.model_fields.items()]
    meant = _MEANT.get(key.lower())
    if meant in known:
        return f"{key} is not known. Did you mean {meant}?"
    return f"{key} is not known. {suggestion(key, [each for each in known if each not in path])}"
