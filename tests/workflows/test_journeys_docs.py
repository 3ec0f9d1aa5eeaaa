"""The guides about workflows: every snippet is shipped, every journey is told with its cost."""

import json
import re

import pytest

from local.journey_costs import most_transitions
from local.world import ROOT

GUIDE = (ROOT / "docs" / "writing-workflows.md").read_text("utf-8")
LIBRARY = (ROOT / "docs" / "journeys.md").read_text("utf-8")
CONTENT = ROOT / "layers" / "content"
MACHINES = {
    path.name.removesuffix(".asl.json"): json.loads(path.read_text("utf-8"))
    for path in sorted((ROOT / "statemachines" / "journeys").glob("*.asl.json"))
}
SNIPPETS = [json.loads(each) for each in re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)]
STAGES = set(re.findall(r"^(\w+):$", (CONTENT / "stages.yaml").read_text("utf-8"), re.MULTILINE))
STEPS = (
    "EnterWorkflow", "AwaitEvent", "SendEmail", "AwardPoints", "ChangeList", "CheckCondition",
    "FindMoment", "SetTrait", "SplitContacts", "StartJourney", "AlertPeople", "CallService",
    "HandOver",
)  # fmt: skip


def test_every_snippet_stands_in_a_machine_that_is_shipped() -> None:
    """But for those that `test_first_journey` pastes and runs."""
    shipped = [each["States"] for each in MACHINES.values()]
    assert len(SNIPPETS) > 8
    for snippet in SNIPPETS:
        if '"workflow": "cart_reminder"' in json.dumps(snippet):
            continue
        for name, state in snippet.items():
            assert any(states.get(name) == state for states in shipped), name


@pytest.mark.parametrize("step", STEPS)
def test_every_step_is_in_the_guide(step: str) -> None:
    assert f"`{step}`" in GUIDE
    assert (ROOT / "functions" / re.sub(r"(?<!^)(?=[A-Z])", "_", step).lower()).is_dir()


@pytest.mark.parametrize("journey", sorted(MACHINES))
def test_every_journey_is_told_with_what_it_costs(journey: str) -> None:
    (row,) = [each for each in LIBRARY.splitlines() if f": `{journey}` |" in each]
    assert row.endswith(f"| {most_transitions(MACHINES[journey])} transitions |")
    assert MACHINES[journey]["Comment"] in LIBRARY
    letters = re.findall(r'"message": "([a-z-]+)"', json.dumps(MACHINES[journey]))
    assert all(f"`{each}`" in LIBRARY for each in letters)


@pytest.mark.parametrize("journey", sorted(MACHINES))
def test_every_journey_says_what_it_is_for_and_on_which_stages(journey: str) -> None:
    (row,) = [each for each in LIBRARY.splitlines() if each.startswith(f"| `{journey}` | ")]
    _, what, stages = row.strip("| ").split(" | ")
    assert what
    assert set(re.findall(r"`(\w+)`", stages)) <= STAGES
    assert re.findall(r"`(\w+)`", stages)


@pytest.mark.parametrize("journey", sorted(MACHINES))
def test_the_section_of_a_journey_says_how_it_ends_and_what_ends_it_early(journey: str) -> None:
    shown = f"![The graph of {journey}](graphs/{journey}.svg)"
    section = LIBRARY.partition(shown)[2].partition("\n## ")[0]
    states = MACHINES[journey]["States"]
    refusals = {"Already in", "Not eligible", "Nothing to do yet"}
    endings = {name for name, state in states.items() if state["Type"] == "Succeed"} - refusals
    told = section.partition("**Ends as:**")[2]
    assert set(re.findall("“([^”]+)”", told)) == endings
    exits = states["Let them in"]["Arguments"]["Payload"]["rules"]["exits"]
    reasons = [each if isinstance(each, str) else each["reason"] for each in exits]
    assert all(f"`{reason}`" in section for reason in reasons)
