"""The product itself on one machine."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from local.permissions import missing, unconnected
from local.template import TemplateError
from local.world import World
from tests.local.stack.harness import START

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def world() -> Iterator[World]:
    with World.build(start=START, seed=1) as built:
        yield built


def sign_up(world: World, email: str = "ada@example.org") -> None:
    page = world.request("GET", "/f/newsletter").text
    hidden = dict(re.findall(r'type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page))
    world.run(for_=timedelta(seconds=5))
    answers = {**hidden, "email": email, "first_name": "Ada", "consent": "yes"}
    answer = world.request("POST", "/f/newsletter", headers=FORM, body=urlencode(answers).encode())
    assert answer.status == 200


def confirm(world: World, email: str = "ada@example.org") -> None:
    (mail, *_) = world.mailbox.to(email)
    text = mail.parts()[2] or ""
    (link,) = set(re.findall(r"https://links\.example\.com(/k/[\w-]+)", text))
    assert world.request("POST", link, headers=FORM).status == 200


def story(world: World, *, days: int | None = None) -> dict[str, Any]:
    """Somebody signs up, confirms after an hour, and never clicks; all of it, or its first days."""
    sign_up(world)
    world.run(for_=timedelta(hours=1))
    confirm(world)
    world.run(for_=timedelta(days=days) if days else None)
    return facts(world)


def facts(world: World) -> dict[str, Any]:
    tables = {
        resource.name: sorted(
            json.dumps(item, sort_keys=True) for item in world.dynamodb.items(resource.name)
        )
        for resource in world.stack.resources.values()
        if resource.type == "AWS::DynamoDB::Table"
    }
    executions = [
        (arn, world.describe(arn)["status"], world.describe(arn).get("output"))
        for name in world.stack.machines
        for arn in world.machines.executions(name)
    ]
    return {
        "tables": tables,
        "executions": executions,
        "mails": [(mail.sent_at, mail.message_id, mail.mime()) for mail in world.mailbox.mails],
    }


def test_a_sign_up_becomes_a_welcome_journey(world: World) -> None:
    seen = story(world)
    ((_, status, output),) = seen["executions"]
    assert status == "SUCCEEDED"
    assert json.loads(output)["outcome"] == "welcomed, no click"
    assert len(seen["mails"]) == 3
    assert world.wiring.targets.lost == []


def test_the_same_seed_gives_the_same_run_to_the_byte(world: World) -> None:
    first = story(world)
    world.close()
    with World.build(start=START, seed=1) as again:
        assert story(again) == first
        assert again.meter.units == world.meter.units


def test_sweeps_that_find_nothing_are_charged_and_change_nothing(world: World) -> None:
    skipping = story(world, days=1)
    world.close()
    assert world.wiring.recurring.skipped > 1_000
    with World.build(start=START, seed=1, skip_idle_sweeps=False) as running:
        assert story(running, days=1) == skipping
        assert running.wiring.recurring.skipped == 0
        for name in ("invocations", "gb_seconds_arm64", "read_units", "write_units"):
            assert running.meter.units[name] == pytest.approx(world.meter.units[name]), name


def test_no_function_does_what_its_role_does_not_allow(world: World) -> None:
    story(world)
    assert missing(world.stack, world.recorder.uses) == []


def test_every_delivery_of_the_template_is_allowed(world: World) -> None:
    assert unconnected(world.stack) == []


def test_secrets_are_drawn_from_the_seed_and_found_under_the_arn_functions_get(
    world: World,
) -> None:
    arn = world.stack.functions["relance-send-email"].environment["LINK_SECRET"]
    value = json.loads(
        world.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    )
    assert value["current"] == "1"
    assert re.fullmatch(r"[A-Za-z0-9]{64}", value["1"])
    world.close()
    with World.build(start=START, seed=2) as other:
        text = other.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
        assert json.loads(text)["1"] != value["1"]


def test_a_second_world_begins_empty_and_the_process_is_given_back(world: World) -> None:
    sign_up(world)
    world.run(for_=timedelta(minutes=5))
    world.close()
    assert datetime.now(START.tzinfo) > START + timedelta(days=30)
    with World.build(start=START) as second:
        assert second.now == START
        assert len(second.mailbox) == 0
        assert all(not items for items in facts(second)["tables"].values())


def test_a_name_that_does_not_exist_is_answered_with_those_that_do(world: World) -> None:
    with pytest.raises(TemplateError, match="welcome"):
        world.start("wellcome", {})
    with pytest.raises(TemplateError, match="send_email"):
        world.invoke("send_mail", {})


def test_an_execution_starts_as_in_the_console(world: World) -> None:
    execution = world.start("welcome", {})
    world.run()
    assert world.describe(execution)["status"] in {"SUCCEEDED", "FAILED"}
    history = world.client("stepfunctions").get_execution_history(executionArn=execution)
    assert history["events"][0]["type"] == "ExecutionStarted"
