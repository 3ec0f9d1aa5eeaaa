"""check_setup as a marketer starts it: ready, or what is still missing, or a message released."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.faults import CallMade, Fault, FaultPlan, Rule
from local.permissions import missing
from local.services.ses_account import Identity
from local.world import ROOT, World
from tests.workflows.story import MONDAY, Story

MACHINE = "operation-check-setup"
SAMPLES = {
    "everything": "ready to send",
    "release": "released",
    "misspelt": "InvalidInput",
    "an_address": "InvalidInput",
    "unknown_word": "InvalidInput",
}


def ended(world: World, data: object) -> dict[str, Any]:
    """What became of an execution with this input."""
    arn = world.start(MACHINE, data)
    while world.describe(arn)["status"] == "RUNNING":
        Story(world).a_moment(60)
    found = world.describe(arn)
    return {**found, "output": json.loads(found.get("output") or "{}")}


def test_a_set_up_that_works_ends_ready_after_a_round_trip_and_every_sample_as_it_should() -> None:
    with World.build(start=MONDAY, seed=1) as world:
        output = ended(world, {})["output"]
        assert output["outcome"] == "ready to send"
        assert output["summary"].startswith("Ready to send to everybody.")
        states = {each["what"]: each["state"] for each in output["checks"]}
        assert states["round trip"] == "ok"
        assert set(states.values()) == {"ok", "advice"}
        (mail,) = world.mailbox.mails
        assert mail.recipients == ("success@simulator.amazonses.com",)
        folder = ROOT / "events" / "executions" / MACHINE
        assert {path.stem for path in folder.glob("*.json")} == set(SAMPLES)
        for sample, outcome in SAMPLES.items():
            data = json.loads((folder / f"{sample}.json").read_text(encoding="utf-8"))
            found = ended(world, data)
            assert found["output"].get("outcome", found.get("error")) == outcome, sample
        assert missing(world.stack, world.recorder.uses) == []


def in_the_sandbox(world: World) -> None:
    world.ses.production = False


def not_verified(world: World) -> None:
    world.ses.identities = {"example.com": Identity(verified=False, dkim="PENDING")}


def paused(world: World) -> None:
    world.ses.sending_enabled = False


GAPS = {
    "the sandbox": (in_the_sandbox, "sandbox"),
    "an unverified sender": (not_verified, "CNAME"),
    "a pause": (paused, "paused"),
}


@pytest.mark.parametrize(("gap", "words"), GAPS.values(), ids=GAPS)
def test_a_gap_is_told_by_check_setup_and_by_senders_in_a_sentence(
    gap: Callable[[World], None], words: str
) -> None:
    with World.build(start=MONDAY, seed=1) as world:
        gap(world)
        output = ended(world, {})["output"]
        assert output["outcome"] == "not ready"
        assert output["summary"].startswith("Not ready: ")
        assert words in json.dumps(output["checks"])
        before = len(world.mailbox)
        story = Story(world)
        story.signs_up("ana@example.org")
        story.a_moment(120)
        assert len(world.mailbox) == before, "nothing was handed to SES"
        assert story.sends("ana@example.org") == [], "and nothing claimed"
        world.ses.production = world.ses.sending_enabled = True
        world.ses.identities = {"example.com": Identity()}
        assert ended(world, {})["output"]["outcome"] == "ready to send"
        story.signs_up("ben@example.org")
        assert story.messages("ben@example.org") == ["confirm"]


def test_a_report_that_never_comes_is_told_after_two_minutes() -> None:
    lost = Rule(Fault.FAIL_BEFORE, function="record-email-event", times=None)
    with World.build(start=MONDAY, seed=1, faults=FaultPlan([lost])) as world:
        output = ended(world, {})["output"]
        assert output["outcome"] == "not ready"
        assert "120 seconds" in output["summary"]


def test_a_broken_step_ends_red_and_a_busy_one_is_tried_again() -> None:
    for times, status in ((3, "SUCCEEDED"), (None, "FAILED")):
        code = "ThrottlingException" if times else "AccessDeniedException"
        rule = Rule(
            Fault.FAIL_BEFORE, function="check-setup", operation="GetConfigurationSet",
            code=code, status=400, times=times,
        )  # fmt: skip
        with World.build(start=MONDAY, seed=1, faults=FaultPlan([rule])) as world:
            assert ended(world, {})["status"] == status


def test_a_crash_at_any_call_leaves_a_check_that_says_the_same() -> None:
    with World.build(start=MONDAY, seed=1) as world:
        trace: list[CallMade] = []
        world.sandboxes.trace = trace
        ended(world, {})
        calls = [made for made in trace if made.function.endswith("check-setup")]
    for made in calls[::4]:
        rule = Rule(Fault.STOP_AFTER, function=made.function, invocation=1, index=made.index)
        with World.build(start=MONDAY, seed=1, faults=FaultPlan([rule])) as world:
            assert ended(world, {})["output"]["outcome"] == "ready to send"
