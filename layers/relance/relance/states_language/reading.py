"""Reads a definition: JSON to model, or every mistake in it as a sentence."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from relance.states_language.model import StateMachine
from relance.states_language.sentences import sentence
from relance.states_language.structure import problems_of


class DefinitionInvalid(Exception):
    """A definition is not one. `problems` holds one sentence for each mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def parse_file(path: Path) -> StateMachine:
    """Read a definition from a file; its name stands in every sentence.

    Raises DefinitionInvalid, and OSError when the file cannot be read.
    """
    return parse(path.read_text(encoding="utf-8"), file=path.name)


def parse(definition: str | Mapping[str, object], *, file: str = "definition") -> StateMachine:
    """Read a definition from JSON text or from an object read before.

    Raises DefinitionInvalid with every mistake found. Mistakes of shape come first and alone:
    how states hang together is checked only when each state is sound.
    """
    data = _from_text(definition, file) if isinstance(definition, str) else definition
    language = data.get("QueryLanguage")
    if language is None:
        raise DefinitionInvalid(
            [f'{file}: QueryLanguage is missing. Write "QueryLanguage": "JSONata" at the top.']
        )
    if language != "JSONata":
        raise DefinitionInvalid(
            [f'{file}: QueryLanguage {language} is not supported. Write "JSONata".']
        )
    try:
        machine = StateMachine.model_validate(data)
    except ValidationError as error:
        lines = dict.fromkeys(sentence(each) for each in error.errors(include_url=False))
        raise DefinitionInvalid([f"{file}: {line}" for line in lines]) from None
    if problems := problems_of(machine):
        raise DefinitionInvalid([f"{file}: {problem}" for problem in problems])
    return machine


def _from_text(text: str, file: str) -> Mapping[str, object]:
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        keys = Counter(key for key, _ in pairs)
        for key, times in keys.items():
            if times > 1:
                raise DefinitionInvalid(
                    [f'{file}: "{key}" stands twice in one object; the first would be lost.']
                )
        return dict(pairs)

    try:
        data = json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise DefinitionInvalid(
            [f"{file}: line {error.lineno}, column {error.colno}: not JSON ({error.msg})."]
        ) from None
    if not isinstance(data, dict):
        raise DefinitionInvalid([f"{file}: a definition is an object, in curly brackets."])
    return data
