"""Worlds made of small projects."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from local.hub import Hub
from local.world import World
from tests.local.stack.harness import START, Probe, write_project


@pytest.fixture
def hub() -> Hub:
    return Hub(START)


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Probe:
    made = Probe()
    module = ModuleType("probe")
    module.handle = made.handle  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "probe", module)
    return made


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def make(resources: dict[str, Any], **options: Any) -> World:
        write_project(tmp_path, resources)
        world = World.build(root=tmp_path, start=START, **options)
        made.append(world)
        return world

    yield make
    for world in made:
        world.close()
