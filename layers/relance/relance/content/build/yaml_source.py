"""YAML read so that every value knows its line, without YAML 1.1's surprises.

Only true, false, yes and no are yes/no values; a date or a time of day stays the text it is; a
key that stands twice is a mistake.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

import yaml

from relance.content.build.mistakes import Findings

Path: TypeAlias = tuple[str | int, ...]


class _Loader(yaml.SafeLoader):
    """SafeLoader with fewer guesses."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse `*name`: nobody who writes content means a YAML alias by it."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "undefined alias", mark)
        return super().compose_node(parent, index)

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|false|yes|no)$"), list("tfyn")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""]
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+\.[0-9]+$"), list("-+0123456789")
)


@dataclass(slots=True)
class Source:
    """One YAML file: its value, and the line of every value and key in it."""

    file: str
    value: object
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """Return the line of the path, or of the nearest thing above it that exists."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(text: str, file: str, findings: Findings) -> Source | None:
    """Return the file's value, or None after noting why it cannot be read."""
    source = Source(file, None)
    try:
        node = composed(text)
        if node is not None:
            source.value = _value(_Loader(""), node, (), source, findings)
            return source
    except yaml.MarkedYAMLError as error:
        opened = "quoted scalar" in (error.context or "")
        mark = error.context_mark if opened else error.problem_mark or error.context_mark
        findings.wrong(file, mark.line + 1 if mark else 0, _unreadable(error))
        return None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        findings.wrong(file, line, "a character stands here that cannot be seen. Delete it.")
        return None
    findings.wrong(file, 0, "is empty.")
    return None


@lru_cache(maxsize=512)
def composed(text: str) -> yaml.Node | None:
    """Return the file's tree, which nobody changes; most files are as at the build before."""
    return _Loader(text).get_single_node()


def _value(
    loader: _Loader, node: yaml.Node, path: Path, source: Source, findings: Findings
) -> object:
    source.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, path, source, findings)
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(loader, each, (*path, index), source, findings)
            for index, each in enumerate(node.value)
        ]
    return loader.construct_object(node)


def _mapping(
    loader: _Loader, node: yaml.MappingNode, path: Path, source: Source, findings: Findings
) -> dict[str, object]:
    result: dict[str, object] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        line = key_node.start_mark.line + 1
        if key in result:
            findings.wrong(
                source.file, line, f"{key} stands here a second time. Keep one of the two."
            )
            continue
        source.lines[(*path, key)] = line
        result[key] = _value(loader, value_node, (*path, key), source, findings)
    return result


def _unreadable(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or ""
    if "character '\\t'" in problem or "'\\t'" in problem:
        return "a tab stands where spaces are needed. Indent with two spaces."
    if "mapping values are not allowed" in problem:
        return (
            'a second ":" stands on this line. Put the text in quotes, for example '
            'subject: "Today: a surprise".'
        )
    if "while scanning a quoted scalar" in (error.context or ""):
        return "a quotation mark is opened and never closed."
    if "undefined alias" in problem or "alias" in (error.context or ""):
        return 'a text that begins with "*" needs quotes.'
    if "could not determine a constructor" in problem:
        return 'a text that begins with "!" needs quotes.'
    return f"this is no valid YAML ({problem}). Check the indentation and quotes on this line."
