"""From YAML to the canonical form of a condition, or to sentences about mistakes. Build time only.

`parse` takes plain data, as the YAML layer reads it. The canonical form is JSON, holds no
synonyms (durations in ms, `equals` is `in` with one value) and is equal for equal conditions.
"""

from collections.abc import Mapping

from pydantic import ValidationError

from relance.conditions import (
    sources,
    translate_acts,
    translate_amounts,
    translate_standing,
    translate_values,
)
from relance.conditions.findings import note
from relance.conditions.hints import not_a_condition
from relance.conditions.places import Place
from relance.conditions.translate_ranges import Canonical, Translations
from relance.conditions.vocabulary import Vocabulary
from relance.conditions.words import quoted
from relance.content.names import either, listed

GROUPS = ("all", "any", "none")
DEEPEST = 8
MOST_LEAVES = 100

_TRANSLATIONS: Translations = {
    **translate_values.TRANSLATIONS,
    **translate_standing.TRANSLATIONS,
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
        leaf = subjects[0]
        model = sources.LEAVES[leaf]
        if _note_the_empty(raw, where):
            return None
        try:
            source = model.model_validate(raw)
        except ValidationError as error:
            for each in error.errors(include_url=False):
                note(leaf, raw, each, where)
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
        if meant := not_a_condition(key, known):
            return meant
    return (
        f"{either(keys)} does not say what this is about. A condition begins with one of: "
        f"{', '.join(known)}."
    )


def _two_leaves(subjects: list[str]) -> str:
    if set(subjects) == {"overdue_by", "did"}:
        return 'what is overdue stands after "for:". Write "for:" instead of "did:".'
    return (
        f"{listed(subjects)} stand in one condition. Make two of them, each beginning with "
        '"- ", below "all:".'
    )
