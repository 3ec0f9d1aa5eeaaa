"""Small projects of one template and a few functions; what their functions do is up to the test."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from local.deliveries.ports import Answer
from local.hub import Hub

START = datetime(2026, 3, 1, tzinfo=UTC)
HANDLER = (
    "import probe\n\n\ndef handler(event, context):\n    return probe.handle({name!r}, event)\n"
)

Handle = Callable[[Any], Any]


class Probe:
    """What the functions of a small project do, and what they were given."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []
        self.does: dict[str, Handle] = {}

    def handle(self, name: str, event: Any) -> Any:
        self.seen.append((name, event))
        return self.does.get(name, lambda _: None)(event)

    def events(self, name: str) -> list[Any]:
        return [event for known, event in self.seen if known == name]


def function(name: str, **properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "CodeUri": f"functions/{name}",
            "Handler": "app.handler",
            "Runtime": "python3.13",
            "FunctionName": name,
            **properties,
        },
    }


def write_project(root: Path, resources: dict[str, Any], **sections: Any) -> Path:
    """Write a project; every function's folder gets the probe's handler."""
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        **sections,
        "Resources": resources,
    }
    (root / "template.yaml").write_text(yaml.safe_dump(template, sort_keys=False))
    for resource in resources.values():
        code = resource.get("Properties", {}).get("CodeUri")
        if isinstance(code, str):
            folder = root / code
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "app.py").write_text(HANDLER.format(name=folder.name))
    return root / "template.yaml"


class FakeFunction:
    """Stands for Lambda where only deliveries are looked at: answers come from a list."""

    def __init__(self, hub: Hub, answers: list[Any] | None = None, *, seconds: float = 0) -> None:
        self.hub, self.answers, self.seconds = hub, answers or [], seconds
        self.calls: list[tuple[float, Any]] = []

    def __call__(self, function: str, payload: Any, done: Callable[[Answer], None]) -> None:
        self.calls.append((self.hub.now, payload))
        answer = self.answers.pop(0) if self.answers else None
        if callable(answer):
            answer = answer(payload)
        made = answer if isinstance(answer, Answer) else Answer(answer)
        self.hub.after(self.seconds, lambda: done(made))


def failure(message: str = "broken") -> Answer:
    return Answer(None, {"errorType": "RuntimeError", "errorMessage": message})
