"""What every version that may still run sends to its steps is accepted today.

`tests/recorded/<release>/` holds what the journeys of a release sent (`make record`). Whoever is in
a journey goes on sending just that until its end, months after another version is live.
"""

import ast
import copy
import importlib
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, create_model
from relance.errors import InvalidInput
from relance.usecases.inputs import parse

from tests.recording import missing_in, plain

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "tests" / "recorded"
RELEASES = sorted(path.name for path in RECORDED.iterdir())
MESSAGES = {path.name for path in (ROOT / "layers" / "content" / "messages").iterdir()}


@lru_cache
def model_of(function: str) -> type[BaseModel]:
    """The model by which the function's own handler reads what it is sent."""
    tree = ast.parse((ROOT / "functions" / function / "app.py").read_text("utf-8"))
    (name,) = [
        node.args[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "parse"
        and isinstance(node.args[0], ast.Name)
    ]
    (module,) = [
        node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and name in [each.name for each in node.names]
    ]
    model: type[BaseModel] = getattr(importlib.import_module(str(module)), name)
    assert issubclass(model, BaseModel)
    return model


def recorded() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Release, journey, function, and what was sent to it, of everything there is."""
    for path in sorted(RECORDED.glob("*/*.json")):
        for key, sent in json.loads(path.read_text("utf-8")).items():
            yield path.parent.name, path.stem, key.partition("/")[0], sent


def refused(function: str, model: type[BaseModel]) -> list[str]:
    """What the model says of the inputs recorded for a function that it does not take."""
    found = []
    for release, journey, whose, sent in recorded():
        if whose != function:
            continue
        try:
            parse(model, copy.deepcopy(sent))
        except InvalidInput as error:
            found.append(f"{release}, {journey}, {sent.get('step', 'enter')}: {error}")
    return found


FUNCTIONS = sorted({function for _, _, function, _ in recorded()})


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_accepts_what_every_version_sends_it(function: str) -> None:
    assert refused(function, model_of(function)) == []


def test_every_message_that_a_version_sends_is_still_there() -> None:
    sent = {each["message"] for _, _, function, each in recorded() if function == "send_email"}
    assert sent - MESSAGES == set()


def test_the_latest_release_is_recorded_whole() -> None:
    """Of steps that were added since then nothing can be recorded before the next release."""
    folder = RECORDED / RELEASES[-1]
    there = {path.stem: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")}
    assert len(there) >= 14
    assert all(there.values())
    known = {each for each in missing_in(there) if each.partition(":")[0] in there}
    assert len(known) <= 3, f"run `make record RELEASE={RELEASES[-1]}`: {sorted(known)}"


def test_nothing_recorded_is_of_a_person() -> None:
    for path in RECORDED.glob("*/*.json"):
        text = path.read_text("utf-8")
        assert "@" not in text
        assert plain(json.loads(text)) == json.loads(text)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_field_that_is_required_anew_is_noticed(function: str) -> None:
    model = model_of(function)
    stricter = create_model("Stricter", __base__=model, added=(str, ...))
    assert refused(function, stricter)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_field_that_is_renamed_is_noticed(function: str) -> None:
    """The model without one of its fields, as if it had another name now."""
    model = model_of(function)
    for name in model.model_fields:
        left = {
            each: (field.annotation, field)
            for each, field in model.model_fields.items()
            if each != name
        }
        renamed = create_model("Renamed", __config__=model.model_config, **left)  # type: ignore[call-overload]
        is_sent = any(name in sent for _, _, whose, sent in recorded() if whose == function)
        assert bool(refused(function, renamed)) is is_sent, name
