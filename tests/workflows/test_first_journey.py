"""From an empty canvas to a deployed journey: the steps of the guide, each done as it says.

Nothing here is written for the test: the journey is the one that `new journey` lays down, with the
states that the guide offers to paste.
"""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from relance.states_language import check, parse_file
from relance.usecases.check_journey import mistakes_in

from local.hub import Hub
from local.new_journey import new_journey
from local.rehearsal import run, shard
from local.rehearsal.run import Asked, rehearse
from local.states.jsonata import Jsonata
from local.world import ROOT, World
from tests.local.test_new_journey import copy_of_the_project
from tests.unit.test_journey_rules import KNOWN
from tests.workflows.journeys import Tale, tale_of
from tests.workflows.story import MONDAY

GUIDE = (ROOT / "docs" / "writing-workflows.md").read_text("utf-8")
SECTION = GUIDE.partition("## From an empty canvas to a deployed journey\n")[2].partition("\n## ")[
    0
]
LOYALTY = "https://loyalty.example.com/points"
NAME = "cart_reminder"


def snippets() -> dict[str, Any]:
    """The states of the guide that belong to this journey, ready to be pasted."""
    blocks = [json.loads(each) for each in re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)]
    ours = [each for each in blocks if f'"workflow": "{NAME}"' in json.dumps(each)]
    return {name: state for each in ours for name, state in each.items()}


def drawn(text: str) -> dict[str, Any]:
    """The journey as laid down, with the states pasted and the two ways changed."""
    machine: dict[str, Any] = json.loads(text)
    machine["States"].update(snippets())
    (yes,) = [
        each
        for each in machine["States"]["May they come in?"]["Choices"]
        if each["Comment"] == "yes"
    ]
    yes["Next"] = "Draw who gets points"
    return machine


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Steps 1 to 3: laid down, drawn, pasted, exported and put back in its place."""
    root = copy_of_the_project(tmp_path_factory.mktemp("project"))
    assert f"python -m local new journey {NAME}\n" in SECTION
    new_journey(NAME, root=root)
    path = machine_of(root)
    path.write_text(json.dumps(drawn(path.read_text("utf-8")), indent=2), encoding="utf-8")
    yield root
    shutil.rmtree(root)


def machine_of(root: Path) -> Path:
    return root / "statemachines" / "journeys" / f"{NAME}.asl.json"


@pytest.fixture(scope="module")
def world(project: Path) -> Iterator[World]:
    """Step 6: deployed, with test addresses and a service for points."""
    given = {"TestAddresses": "tests@example.com"}
    with World.build(root=project, start=MONDAY, seed=1, parameters=given) as made:
        tale_of(made, NAME).declares(loyalty=LOYALTY)
        yield made


@pytest.fixture
def tale(world: World) -> Tale:
    return tale_of(world, NAME)


def test_every_step_that_nothing_shipped_shows_has_a_snippet() -> None:
    called = set(re.findall(r"\{(\w+)FunctionArn\}", json.dumps(snippets())))
    assert called == {"SplitContacts", "AwardPoints", "SetTrait", "CallService"}


def test_the_check_finds_no_mistake(project: Path) -> None:
    path = machine_of(project)
    with Hub(MONDAY) as hub:
        findings = check(parse_file(path), kind="journey", compile=Jsonata(hub).compile)
    assert [str(each) for each in findings] == []
    assert mistakes_in(path.read_bytes(), path.name, KNOWN) == []


def test_it_is_rehearsed(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "python -m local rehearse cart-reminder --contacts " in SECTION
    for module in (run, shard):
        monkeypatch.setattr(module, "ROOT", project)
    people = tmp_path / "people.csv"
    people.write_text("E-mail,First name\nana@example.com,Ana\nben@example.com,Ben\n")
    rehearsal = rehearse(Asked("cart-reminder", people, days=2, over=1, processes=1))
    assert rehearsal.executions == 2
    assert not any(failed for _, failed, _, _ in rehearsal.found.endings)


def test_it_is_tried_with_short_days(tale: Tale) -> None:
    ana = tale.arrives("ana")
    (typed,) = re.findall(r'\{"journey": "cart-reminder", "contact": .*?\}', SECTION)
    asked = {**json.loads(typed), "contact": ana}
    execution = tale.world.start("operation-try-journey", asked)
    tale.a_moment()
    told = tale.world.describe(execution)
    assert told["status"] == "SUCCEEDED", told
    assert "is being tried" in json.loads(told["output"])["summary"]
    assert tale.world.web.posted == []


def test_whoever_has_points_enough_is_written_to_and_clicks(tale: Tale) -> None:
    """Monday Ana comes in; the service says 40 points; she gets the message and clicks."""
    tale.world.web.pages[LOYALTY] = json.dumps({"balance": 40}).encode()
    ana = tale.arrives("ada")
    execution = tale.world.start("journey-cart-reminder", {"contact": ana})
    tale.a_moment()
    ((_, body),) = tale.world.web.posted
    assert json.loads(body)["traits"] == {"email": "ada@example.com"}
    assert tale.messages("ada@example.com") == ["welcome"]
    assert "trait_changed" in tale.names("ada@example.com")
    assert "branch_chosen" in tale.names("ada@example.com")
    tale.clicks("ada@example.com")
    assert json.loads(tale.world.describe(execution)["output"])["outcome"] == "clicked"


def test_it_is_started_for_many_and_the_draw_gives_points_to_some(tale: Tale) -> None:
    """Twelve come in by the operation, counted first; the service says little."""
    tale.world.web.pages[LOYALTY] = json.dumps({"balance": 3}).encode()
    names = [f"p{n}" for n in range(12)]
    for name in names:
        tale.arrives(name, role="owner")
    asked = {"journey": "cart-reminder", "to": {"condition": {"trait": "role", "equals": "owner"}}}
    counted = operation(tale, asked)
    assert counted["outcome"] == "counted"
    assert operation(tale, {**asked, "confirm": 12})["outcome"] == "started"
    tale.a_moment()
    drawn_points = ["points_awarded" in tale.names(tale.address(name)) for name in names]
    assert 0 < sum(drawn_points) < 12
    assert all(tale.messages(tale.address(name)) == [] for name in names)


def operation(tale: Tale, asked: dict[str, Any]) -> dict[str, Any]:
    execution = tale.world.start("operation-start-journey-for-segment", asked)
    tale.a_moment(300)
    told = tale.world.describe(execution)
    assert told["status"] == "SUCCEEDED", told
    return dict(json.loads(told["output"]))
