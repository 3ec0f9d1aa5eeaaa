"""The dashboard to begin with: written from what there is, within what CloudWatch takes."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from local.dashboard import BEGIN, END, body, machines, written
from local.journey_costs import with_costs

ROOT = Path(__file__).parents[2]
SOURCE = (ROOT / "template.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def widgets(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The widgets as they are deployed."""
    text = template["Resources"]["StartHere"]["Properties"]["DashboardBody"]["Fn::Sub"]
    found = json.loads(text)["widgets"]
    assert isinstance(found, list)
    return found


@pytest.fixture(scope="module")
def markdown(widgets: list[dict[str, Any]]) -> str:
    """All its text."""
    return "\n".join(each["properties"].get("markdown", "") for each in widgets)


def test_it_was_written_after_the_last_change(template: Mapping[str, Any]) -> None:
    anew = written(SOURCE, body(machines(template, ROOT)))
    assert anew == SOURCE, "the dashboard is out of date: run `make dashboard`"


def test_what_journeys_cost_at_most_is_up_to_date() -> None:
    assert with_costs(SOURCE, ROOT) == SOURCE, "run `make dashboard`"


def test_every_machine_has_a_link_a_sentence_and_something_to_paste(
    template: Mapping[str, Any], markdown: str
) -> None:
    for machine in machines(template, ROOT):
        assert f"/view/${{{machine.logical_id}}})\n{machine.sentence}\n" in markdown
        assert machine.samples, f"events/executions/{machine.name}/ has no sample that is right"


def test_what_is_to_be_pasted_is_a_sample_that_runs(
    template: Mapping[str, Any], markdown: str
) -> None:
    shown = {
        json.dumps(json.loads(each), sort_keys=True)
        for each in re.findall(r"```\n(.+?)\n```", markdown)
    }
    samples = {
        json.dumps(json.loads(path.read_text("utf-8")), sort_keys=True)
        for machine in machines(template, ROOT)
        for path in (ROOT / "events" / "executions" / machine.name).glob("*.json")
    }
    assert shown
    assert shown <= samples


def test_nothing_lies_over_anything_else_and_all_fits_the_grid(
    widgets: list[dict[str, Any]],
) -> None:
    taken: set[tuple[int, int]] = set()
    for each in widgets:
        cells = {
            (column, row)
            for column in range(each["x"], each["x"] + each["width"])
            for row in range(each["y"], each["y"] + each["height"])
        }
        assert not taken & cells, each["properties"]
        assert each["x"] + each["width"] <= 24
        taken |= cells
    assert len(widgets) <= 500


def test_names_in_it_are_those_of_the_template(template: Mapping[str, Any]) -> None:
    text = SOURCE[SOURCE.index(BEGIN) : SOURCE.index(END)]
    known = {*template["Resources"], *template["Parameters"]}
    for name in re.findall(r"\$\{([^}]+)\}", text):
        assert name.startswith("AWS::") or name.split(".")[0] in known, name


def test_the_template_is_as_small_as_cloudformation_takes_it_from_a_bucket() -> None:
    assert len(SOURCE.encode()) < 1_000_000


def test_a_template_without_a_place_for_it_is_refused() -> None:
    with pytest.raises(ValueError, match="two comments are gone"):
        written("Resources: {}", [])
