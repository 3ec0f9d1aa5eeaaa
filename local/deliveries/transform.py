"""What a rule's target receives: the event, a part of it, a constant, or a transformed text.

Source: "Amazon EventBridge input transformation"
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_MISSING = object()
_STEP = re.compile(r"\.([^.\[\]'\"()?*@]+)|\[(\d+)\]|\['([^']+)'\]")
_VARIABLE = re.compile(r"<([A-Za-z0-9_.\-]+)>")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')


class TransformError(Exception):
    """The input cannot be made from this event, or the transformer is wrong."""


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What the predefined variables tell about the rule."""

    arn: str
    name: str


Path = Callable[[Any], Any]


def compile_path(path: str) -> Path:
    """Return a function that reads `path` (as in `$.detail.items[0].sku`) from an event.

    Raises TransformError for anything but names and indices: EventBridge takes no more.
    """
    if not path.startswith("$"):
        raise TransformError(f'a path begins with "$", not "{path}"')
    steps: list[str | int] = []
    rest = path[1:]
    while rest:
        found = _STEP.match(rest)
        if found is None:
            raise TransformError(f'the path "{path}" is not supported here from "{rest}" on')
        name, index, quoted = found.groups()
        steps.append(int(index) if index is not None else name or quoted)
        rest = rest[found.end() :]

    def read(event: Any) -> Any:
        for step in steps:
            if isinstance(step, str):
                event = event.get(step, _MISSING) if isinstance(event, Mapping) else _MISSING
            else:
                fits = isinstance(event, list) and step < len(event)
                event = event[step] if fits else _MISSING
            if event is _MISSING:
                return _MISSING
        return event

    return read


class InputTransformer:
    """Compiled `InputPathsMap` and `InputTemplate`."""

    def __init__(self, paths: Mapping[str, str], template: str, rule: RuleFacts) -> None:
        self._paths = {name: compile_path(path) for name, path in paths.items()}
        self._template = template
        self._rule = rule
        self._is_json = template.lstrip().startswith(("{", "["))
        for name in _VARIABLE.findall(template):
            if name not in paths and not name.startswith("aws.events."):
                raise TransformError(f"<{name}> is not in the InputPathsMap")

    def __call__(self, event: Mapping[str, Any], ingested: str) -> str:
        """Return the text the target receives.

        Raises TransformError when a variable stands outside of quotation marks and the event
        lacks it, or when a template that is JSON does not give JSON.
        """
        values = {name: read(event) for name, read in self._paths.items()}
        if not self._is_json:
            return self._fill(self._template, values, event, ingested, quoted=True)
        parts: list[str] = []
        end = 0
        for found in _QUOTED.finditer(self._template):
            between = self._template[end : found.start()]
            parts.append(self._fill(between, values, event, ingested, quoted=False))
            parts.append(self._fill(found.group(), values, event, ingested, quoted=True))
            end = found.end()
        parts.append(self._fill(self._template[end:], values, event, ingested, quoted=False))
        text = "".join(parts)
        try:
            json.loads(text)
        except json.JSONDecodeError as error:
            raise TransformError(f"the input template does not give JSON: {error}") from error
        return text

    def _fill(
        self,
        text: str,
        values: Mapping[str, Any],
        event: Mapping[str, Any],
        ingested: str,
        *,
        quoted: bool,
    ) -> str:
        def put(found: re.Match[str]) -> str:
            name = found.group(1)
            value = values[name] if name in values else self._predefined(name, event, ingested)
            if value is _MISSING:
                if quoted:
                    return ""
                raise TransformError(f"the event has no value for <{name}>")
            if not quoted:
                return json.dumps(value)
            inside = value if isinstance(value, str) else json.dumps(value)
            return json.dumps(inside)[1:-1] if self._is_json else inside

        return _VARIABLE.sub(put, text)

    def _predefined(self, name: str, event: Mapping[str, Any], ingested: str) -> object:
        known: dict[str, object] = {
            "aws.events.rule-arn": self._rule.arn,
            "aws.events.rule-name": self._rule.name,
            "aws.events.event.ingestion-time": ingested,
            "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
            "aws.events.event.json": dict(event),
        }
        if name not in known:
            raise TransformError(f"there is no predefined variable <{name}>")
        return known[name]


def part_of(path: str) -> Callable[[Mapping[str, Any]], str]:
    """Return what `InputPath` makes of an event, as JSON text."""
    read = compile_path(path)

    def take(event: Mapping[str, Any]) -> str:
        value = read(event)
        if value is _MISSING:
            raise TransformError(f'the event has nothing at "{path}"')
        return json.dumps(value)

    return take
