"""A new journey works at once: in a copy of the project it passes lint, rules and its stories."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from relance.states_language import check, parse_file
from relance.usecases.check_journey import mistakes_in

from local.cli.mistakes import Mistake
from local.hub import Hub
from local.new_journey import new_journey
from local.states.jsonata import Jsonata
from local.world import ROOT, World
from tests.unit.test_journey_rules import KNOWN
from tests.workflows.story import MONDAY

NAME = "cart_reminder"
STORIES = f"tests/workflows/test_journey_{NAME}.py"
LEFT_BEHIND = {"__pycache__", "node_modules"}


def copy_of_the_project(root: Path) -> Path:
    """What a clone has, with the content compiled already."""
    for each in ROOT.iterdir():
        if each.name in (".build", ".tools"):
            (root / each.name).symlink_to(each)
        elif (each.is_dir() and not each.name.startswith(".")) or each.name == ".ci":
            skip = shutil.ignore_patterns(*LEFT_BEHIND)
            shutil.copytree(each, root / each.name, ignore=skip)
        elif each.is_file():
            shutil.copy2(each, root)
    return root


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = copy_of_the_project(tmp_path_factory.mktemp("project"))
    assert "Written:" in new_journey(NAME, root=root)
    yield root
    shutil.rmtree(root)


def run(project: Path, *command: str) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{project}:{project}/layers/relance"}
    environment.pop("PYTEST_XDIST_WORKER", None)
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_the_rules_of_the_house_hold(project: Path) -> None:
    path = project / "statemachines" / "journeys" / f"{NAME}.asl.json"
    with Hub(MONDAY) as hub:
        findings = check(parse_file(path), kind="journey", compile=Jsonata(hub).compile)
    assert [str(each) for each in findings] == []
    assert mistakes_in(path.read_bytes(), path.name, KNOWN) == []


def test_it_is_formatted_and_checked(project: Path) -> None:
    for command in (("check",), ("format", "--check")):
        run(project, sys.executable, "-m", "ruff", *command, STORIES, "--no-cache")


def test_it_runs_and_says_what_to_paste(project: Path) -> None:
    with World.build(root=project, start=MONDAY, seed=1) as world:
        execution = world.start("journey-cart-reminder", {})
        world.run()
        ending = json.loads(world.describe(execution)["output"])
    assert ending["outcome"] == "nothing to do yet"
    assert '{"contact": ' in ending["summary"]


def test_a_second_one_stands_beside_it_and_nothing_is_written_over(project: Path) -> None:
    template = project / "template.yaml"
    before = template.read_text("utf-8")
    with pytest.raises(Mistake, match="already"):
        new_journey(NAME, root=project)
    assert template.read_text("utf-8") == before
    new_journey("second", root=project)
    after = template.read_text("utf-8")
    assert after.count("  SecondJourney:\n") == 1
    lost = [line for line in before.splitlines() if line not in after.splitlines()]
    # What names every journey is written anew: the dashboard, and what functions are told.
    assert [each for each in lost if not each.lstrip().startswith(('{"type"', "JOURNEY_"))] == []
    (names,) = set(re.findall(r"JOURNEY_NAMES: (.+)", after))
    assert {"second", "cart-reminder", "welcome"} <= set(names.split(","))


@pytest.mark.parametrize("name", ["", "Cart", "cart-reminder", "2nd", "a" * 31, "../x", "a__b"])
def test_a_name_that_cannot_be_is_refused_with_an_example(project: Path, name: str) -> None:
    with pytest.raises(Mistake, match="cart_reminder"):
        new_journey(name, root=project)


@pytest.mark.long
def test_its_stories_and_the_tests_of_the_template_pass_and_so_does_lint(project: Path) -> None:
    tests = (STORIES, "tests/template", "tests/local/stack/test_template.py")
    run(project, sys.executable, "-m", "pytest", "-p", "no:xdist", *tests)
    run(project, sys.executable, "-m", "mypy", STORIES)
    lint = ROOT / ".tools" / "sam" / "bin" / "cfn-lint"
    if lint.exists():
        run(project, sys.executable, ".ci/translate.py", "template.yaml", "translated.json")
        strict = ("--non-zero-exit-code", "informational", "--")
        run(project, str(lint), *strict, "template.yaml", "translated.json")
