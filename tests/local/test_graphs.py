"""The pictures of the machines are up to date, and tell what each branch means."""

import json
from collections import Counter
from pathlib import Path

import pytest

from local.graph import read
from local.graphs import draw, machines, mark
from local.world import ROOT

PICTURES = ROOT / "docs" / "graphs"
JOURNEYS = (ROOT / "docs" / "journeys.md").read_text("utf-8")
FOUND = machines()


def test_there_is_a_picture_of_each_machine_and_of_nothing_else() -> None:
    assert {path.stem for path in PICTURES.iterdir()} == set(FOUND), "run `make graphs`"


@pytest.mark.parametrize("path", FOUND.values(), ids=FOUND)
def test_a_picture_shows_the_machine_as_it_is(path: Path) -> None:
    picture = PICTURES / f"{path.name.removesuffix('.asl.json')}.svg"
    assert picture.read_text("utf-8").endswith(mark(path)), "out of date: run `make graphs`"


@pytest.mark.parametrize("path", FOUND.values(), ids=FOUND)
def test_every_branch_says_when_it_is_taken(path: Path) -> None:
    graph = read(json.loads(path.read_text("utf-8")))
    choices = {state.name for state in graph.states if state.kind == "choice"}
    labels = [(edge.source, edge.label) for edge in graph.edges if edge.source in choices]
    assert all(label for _, label in labels), labels
    assert max(Counter(labels).values(), default=1) == 1


def test_drawing_again_gives_the_same() -> None:
    path = FOUND["welcome"]
    assert draw(path) == draw(path)
    assert mark(path) in draw(path)


def test_every_journey_is_shown_where_it_is_told() -> None:
    names = [name for name, path in FOUND.items() if path.parent.name == "journeys"]
    assert [name for name in names if f"](graphs/{name}.svg)" not in JOURNEYS] == []
