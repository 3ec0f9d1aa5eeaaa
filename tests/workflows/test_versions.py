"""A journey is changed while people are in it, told as stories: each ends in the graph it began."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.permissions import unconnected
from local.world import World
from tests.workflows.privacy import asks
from tests.workflows.story import MONDAY, Story

ANA, BEN = "ana@example.com", "ben@example.com"
WELCOME = "journey-welcome"


@pytest.fixture
def story() -> Iterator[Story]:
    """A world on a Monday morning."""
    with World.build(start=MONDAY, seed=1) as world:
        yield Story(world)


def changed(story: Story) -> dict[str, Any]:
    """The welcome, with five days for a click in the place of three, and another ending."""
    arn = story.world.machine_arn(WELCOME)
    (machine,) = [each for each in story.world.stack.machines.values() if each.arn == arn]
    text = json.dumps(machine.definition)
    for old, new in (
        ("Give them 3 days to click", "Give them 5 days to click"),
        ("Wait up to 3 days for a click", "Wait up to 5 days for a click"),
        ("($sent.at) + 3 * $day", "($sent.at) + 5 * $day"),
        ("did not click within 3 days", "did not click within 5 days"),
    ):
        assert old in text
        text = text.replace(old, new)
    return dict(copy.deepcopy(json.loads(text)))


def versions(story: Story) -> list[str]:
    """By which version each execution runs, oldest first."""
    told = [each.get("stateMachineVersionArn", "none") for each in story.executions()]
    return [each.rpartition(":")[2] for each in told]


def test_who_is_inside_ends_in_the_version_it_began_and_the_next_goes_through_the_new_one(
    story: Story,
) -> None:
    """Monday: Ana signs up. Tuesday: the welcome is changed and deployed; Ben signs up."""
    story.signs_up(ANA)
    story.confirms(ANA)
    story.day(1)
    story.world.deploy_machine(WELCOME, changed(story))
    story.signs_up(BEN)
    story.confirms(BEN)
    assert versions(story) == ["1", "2"]
    story.day(3.1)
    assert story.messages(ANA) == ["confirm", "welcome", "welcome-again"]
    story.day(5.9)
    assert story.messages(BEN) == ["confirm", "welcome"]
    story.day(6.1)
    assert story.messages(BEN) == ["confirm", "welcome", "welcome-again"]
    summaries = [json.loads(each["output"])["summary"] for each in story.executions()]
    assert "did not click within 3 days" in summaries[0]
    assert "did not click within 5 days" in summaries[1]


def test_who_is_moved_goes_on_in_the_new_version(story: Story) -> None:
    """Ana has been welcomed on Monday; moved on Tuesday, she has until Saturday to click."""
    story.signs_up(ANA)
    story.confirms(ANA)
    story.day(1)
    story.world.deploy_machine(WELCOME, changed(story))
    asked = {"journey": "welcome", "do": "move", "contact": story.contact(ANA)}
    assert asks(story, "operation-control", asked, seconds=60)["output"]["outcome"] == "done"
    assert versions(story) == ["1", "2"]
    story.day(4.9)
    assert story.messages(ANA) == ["confirm", "welcome"]
    story.day(5.1)
    assert story.messages(ANA) == ["confirm", "welcome", "welcome-again"]
    assert story.outcomes() == ["ABORTED", "welcomed, no click"]


def test_rules_and_starts_lead_to_the_alias(story: Story) -> None:
    story.signs_up(ANA)
    (told,) = story.executions()
    machine = story.world.machine_arn(WELCOME)
    assert told["stateMachineAliasArn"] == f"{machine}:live"
    assert told["stateMachineArn"] == machine
    assert told["executionArn"].startswith(machine.replace(":stateMachine:", ":execution:") + ":")
    client = story.world.client("stepfunctions")
    for arn in (f"{machine}:live", f"{machine}:1", machine):
        assert len(client.list_executions(stateMachineArn=arn)["executions"]) == 1
    with pytest.raises(client.exceptions.StateMachineDoesNotExist):
        client.start_execution(stateMachineArn=f"{machine}:2")
    assert unconnected(story.world.stack) == []


def test_what_is_deployed_unchanged_makes_a_version_only_when_it_is_another(story: Story) -> None:
    machine = story.world.machine_arn(WELCOME)
    assert story.world.machines.publish(machine, "live") == f"{machine}:1"
    story.world.deploy_machine(WELCOME, changed(story))
    assert story.world.machines.publish(machine, "live") == f"{machine}:2"
