"""Somebody who draws a journey has it checked before it is deployed, told as stories."""

import json
from typing import Any

from local.permissions import missing
from local.world import ROOT
from tests.workflows.privacy import asks
from tests.workflows.story import Story

CHECK = "operation-check-journey"
WELCOME = (ROOT / "statemachines" / "journeys" / "welcome.asl.json").read_text("utf-8")
SAMPLES = {
    "nothing": "nothing to do yet",
    "check": "has mistakes",
    "an_address_of_s3": "InvalidInput",
    "misspelt": "InvalidInput",
    "an_address": "InvalidInput",
}


def bucket(story: Story) -> str:
    return story.world.stack.resources["ContentBucket"].name


def put(story: Story, key: str, body: str) -> None:
    """Upload what was drawn."""
    story.world.client("s3").put_object(
        Bucket=bucket(story), Key=f"drafts/{key}", Body=body.encode()
    )


def checks(story: Story, typed: str) -> Any:
    """Have it checked; how that ended."""
    return asks(story, CHECK, {"check": typed})


def test_a_drawing_is_mended_until_it_keeps_every_rule(story: Story) -> None:
    drawn = WELCOME.replace('"workflow": "welcome"', '"workflow": "welcome_2"')
    misspelt = drawn.replace('"message": "confirm"', '"message": "confrm"', 1)
    put(story, "welcome_2.asl.json", misspelt)
    told = checks(story, "welcome_2")["output"]
    assert told["outcome"] == "has mistakes"
    assert told["summary"].startswith("welcome_2 has one mistake. The first: ")
    (mistake,) = told["mistakes"]
    assert mistake == (
        'welcome_2.asl.json: state "Ask them to confirm": Payload: there is no message "confrm". '
        "Did you mean confirm, reconfirm-ask or reconfirm-last?"
    )
    put(story, "welcome_2.asl.json", drawn)
    for typed in (
        "welcome_2",
        "welcome_2.asl.json",
        "drafts/welcome_2.asl.json",
        f"s3://{bucket(story)}/drafts/welcome_2.asl.json",
    ):
        told = checks(story, typed)["output"]
        assert told["outcome"] == "keeps every rule", told
    assert missing(story.world.stack, story.world.recorder.uses) == []


def test_a_large_drawing_full_of_mistakes_ends_with_the_first_hundred(story: Story) -> None:
    machine = json.loads(WELCOME)
    for number in range(200):
        machine["States"][f"Alone {number}"] = {"Type": "Succeed"}
    put(story, "many.asl.json", json.dumps(machine))
    told = checks(story, "many")["output"]
    assert len(told["mistakes"]) == 100
    assert "mistakes. The first: " in told["summary"]
    put(story, "many.asl.json", "{" + " " * 3_000_000)
    assert "more than 1 MB" in checks(story, "many")["output"]["summary"]


def test_what_is_not_there_is_told_with_what_is(story: Story) -> None:
    put(story, "welcome_2.asl.json", WELCOME)
    ended = checks(story, "welcome_3")
    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidInput")
    assert "There is no file drafts/welcome_3.asl.json. Did you mean welcome_2?" in ended["cause"]
    elsewhere = checks(story, "s3://other/drafts/welcome_2.asl.json")
    assert "Only the bucket of content is read, not other." in elsewhere["cause"]
    outside = checks(story, "../versions/welcome_2")
    assert '"check" names a file below drafts/' in outside["cause"]
    # A drawing is no draft of a message.
    told = asks(story, "operation-publish-content", {"check": "welcome-2"})
    assert "There is no draft" in told["cause"]
    assert "welcome_2" not in told["cause"]


def test_every_sample_ends_as_it_should(story: Story) -> None:
    put(story, "win_back_2.asl.json", WELCOME)
    found = {}
    for path in (ROOT / "events" / "executions" / CHECK).glob("*.json"):
        ended = asks(story, CHECK, json.loads(path.read_text("utf-8")))
        found[path.stem] = (ended.get("output") or {}).get("outcome", ended.get("error"))
    assert found == SAMPLES
