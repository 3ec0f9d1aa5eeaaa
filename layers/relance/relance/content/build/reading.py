"""Reads YAML files into models and turns pydantic's findings into sentences."""

from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path
from types import UnionType
from typing import TypeVar, cast, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from relance.conditions.hints import alike
from relance.conditions.places import shown
from relance.conditions.words import not_a_number, quoted
from relance.content.build.mistakes import Findings
from relance.content.build.yaml_source import Path as YamlPath
from relance.content.build.yaml_source import Source, read_yaml
from relance.content.names import closest, either, suggestion

T = TypeVar("T")

_EXPECTED = {
    "string_type": 'is not a text. Put it in quotes: "…".',
    "bool_type": 'is neither yes nor no. Write "yes" or "no".',
    "int_type": "is not a whole number. Write for example 3.",
    "list_type": 'is not a list. Write one line for each, beginning with "- ".',
    "dict_type": 'holds no named values. Write them below it, as "name: value".',
    "model_type": 'holds no named values. Write them below it, as "name: value".',
    "model_attributes_type": 'holds no named values. Write them below it, as "name: value".',
}
_ABOUT_SIZE = {
    "string_too_short": "this must not be empty.",
    "string_too_long": "this is longer than {max_length} characters.",
    "too_short": "this needs at least one entry.",
    "greater_than_equal": "this must be {ge:g} or more.",
    "less_than_equal": "this must be {le:g} or less.",
}
_EXAMPLES = {
    "title": "title: What people see",
    "event": "event: page_viewed",
    "members": "members: {did: ordered}",
    "when": "when: {did: ordered}",
    "half_life": "half_life: 30 days",
    "points": "points: 5",
    "grades": "grades: {A: 60, B: 40, C: 20}",
    "family": "family: retention",
    "concern": "concern: price_and_profit",
    "asks": "asks: What does it cost?",
    "at_least": "at_least: 12",
    "usual": "usual: 45 days",
    "counts_like": "counts_like: 3",
    "score": "score: engagement",
    "role_in": "role_in: role",
    "values": "values: owner",
    "who": "who: {email: email}",
}
"""What to paste where a line is missing."""


class Reader:
    """Reads the source folder."""

    def __init__(self, folder: Path, findings: Findings) -> None:
        self.folder = folder
        self.findings = findings

    def text(self, file: str) -> str | None:
        """Return a text file, or None after noting that it is missing or not UTF-8."""
        try:
            return (self.folder / file).read_text(encoding="utf-8")
        except FileNotFoundError:
            self.findings.wrong(file, 0, "this file is missing.")
        except UnicodeDecodeError:
            self.findings.wrong(file, 0, "is not saved as UTF-8. Save it again in that encoding.")
        return None

    def model(self, file: str, shape: type[T]) -> tuple[Source, T] | None:
        """Return a YAML file as a model with its lines, or None after noting the mistakes."""
        source = self.source(file)
        if source is None:
            return None
        written = self.check(source, shape, value=source.value)
        return None if written is None else (source, written)

    def source(self, file: str) -> Source | None:
        """Return a YAML file with its lines, or None after noting why it cannot be read."""
        text = self.text(file)
        return None if text is None else read_yaml(text, file, self.findings)

    def check(
        self, source: Source, shape: type[T], *, value: object, prefix: YamlPath = ()
    ) -> T | None:
        """Return the value at `prefix` as a model, or None after noting the mistakes."""
        try:
            return cast("T", _adapter(cast("Hashable", shape)).validate_python(value))
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=True, include_input=True)
            for each in _told_once(found):
                self._note(source, shape, each, prefix)
            return None

    def names(self, folder: str, pattern: str) -> list[str]:
        """Return the files of a folder that match, as paths below the source folder, sorted."""
        found = (self.folder / folder).glob(pattern)
        return sorted(str(each.relative_to(self.folder)) for each in found if each.is_file())

    def _note(self, source: Source, shape: object, error: ErrorDetails, prefix: YamlPath) -> None:
        path = _without_union_members((*prefix, *error["loc"]), source)
        name = shown(path)
        kind = error["type"]
        line = source.line(path)
        if kind == "extra_forbidden":
            allowed = _keys(shape, path[len(prefix) : -1])
            where = f" in {shown(path[:-1])}" if path[:-1] else ""
            meant = alike(str(path[-1]), allowed)
            instead = f"Did you mean {either(meant)}?" if meant else suggestion("", allowed)
            sentence = f"{path[-1]} is not known{where}. {instead}"
        elif kind == "missing":
            line = source.line(path[:-1])
            example = _EXAMPLES.get(str(path[-1]))
            line_like = f'like "{example}"' if example else f'"{path[-1]}: …"'
            sentence = f"{name} is missing. Add a line {line_like}."
        else:
            sentence = f"{name}: {_what(error)}" if name else _what(error)
        self.findings.wrong(source.file, line, sentence)


@lru_cache(maxsize=256)
def _adapter(shape: Hashable) -> TypeAdapter[object]:
    return TypeAdapter(shape)


def _told_once(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without what is missing only because it is mistyped beside: `member:` for `members:`."""
    mistyped = {
        (each["loc"][:-1], meant)
        for each in errors
        if each["type"] == "extra_forbidden"
        for meant in closest(
            str(each["loc"][-1]),
            [str(it["loc"][-1]) for it in errors if it["type"] == "missing"],
        )
    }
    return [
        each
        for each in errors
        if each["type"] != "missing" or (each["loc"][:-1], each["loc"][-1]) not in mistyped
    ]


def _what(error: ErrorDetails) -> str:
    kind, given = error["type"], error["input"]
    context = error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind in {"literal_error", "enum"}:
        return _not_a_choice(given, str(context["expected"]))
    if given is None:
        return "nothing is written here."
    if kind == "float_type":
        return not_a_number(given)
    if kind in _ABOUT_SIZE:
        return _ABOUT_SIZE[kind].format(**context)
    expected = _EXPECTED.get(kind, f"cannot be used: {error['msg']}.")
    return f"this {expected}" if isinstance(given, dict | list) else f"{quoted(given)} {expected}"


def _not_a_choice(given: object, expected: str) -> str:
    choices = [each.strip("'") for each in expected.replace(" or ", ", ").split(", ")]
    return f"{quoted(given)} is not possible here. {suggestion(str(given), choices)}"


def _without_union_members(loc: tuple[int | str, ...], source: Source) -> YamlPath:
    """Drop what pydantic adds to a path for unions and keys: it is not in the file."""
    path: YamlPath = ()
    for index, each in enumerate(loc):
        last = index == len(loc) - 1
        if (*path, each) in source.lines or (last and each != "[key]" and not _synthetic(each)):
            path = (*path, each)
    return path


def _synthetic(part: int | str) -> bool:
    return isinstance(part, str) and part in {"bool", "int", "float", "str"}


def _keys(shape: object, path: YamlPath) -> list[str]:
    """Return the keys that the model has at a path."""
    for part in path:
        shape = _child(shape, part)
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        return [field.alias or name for name, field in shape.model_fields.items()]
    return []


def _child(shape: object, part: str | int) -> object:
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        by_key = {field.alias or name: field for name, field in shape.model_fields.items()}
        return _plain(by_key[str(part)].annotation) if str(part) in by_key else None
    arguments = get_args(shape)
    return _plain(arguments[-1]) if arguments else None


def _plain(shape: object) -> object:
    """Drop `| None`."""
    if isinstance(shape, UnionType):
        return next(each for each in get_args(shape) if each is not type(None))
    return shape
