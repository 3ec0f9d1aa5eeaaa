"""When the tables take nothing, events wait in a queue: nothing is lost, nothing is doubled."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local.faults import CallMade, Fault, FaultPlan, Rule, SeededFaults, stops_at
from local.http_messages import Response
from local.world import World
from tests.workflows.story import MONDAY

THROTTLED: dict[str, Any] = {
    "fault": Fault.FAIL_BEFORE,
    "code": "ProvisionedThroughputExceededException",
    "status": 400,
    "times": None,
}
EVENTS = 6
Found = list[Mapping[str, Any]]


def key_of(world: World, secret: str = "WriteKeys", name: str = "server") -> str:
    value = world.client("secretsmanager").get_secret_value(
        SecretId=world.stack.resources[secret].arn
    )
    return str(json.loads(value["SecretString"])[name])


def item(number: int) -> dict[str, Any]:
    """Half of them are of one customer, half of a visitor each."""
    whose = {"userId": "u1"} if number % 2 else {"anonymousId": f"v{number}"}
    return {
        "type": "track",
        "event": f"Event {number}",
        "messageId": f"m{number}",
        "timestamp": "2026-01-05T08:59:00Z",
        "context": {"ip": "192.0.2.99"},
        **whose,
    }


def send(world: World, count: int = EVENTS) -> Response:
    packed = base64.b64encode(f"{key_of(world)}:".encode()).decode()
    body = json.dumps({"batch": [item(number) for number in range(count)]}).encode()
    return world.request(
        "POST", "/v1/batch", headers={"authorization": f"Basic {packed}"}, body=body
    )


def events(world: World) -> Found:
    """Every event that clients reported, by name."""
    table = world.stack.resources["Events"].name
    found = [{key: next(iter(value.values())) for key, value in each.items()}
             for each in world.dynamodb.items(table)]  # fmt: skip
    return sorted((e for e in found if e["source"] == "segment"), key=lambda e: str(e["name"]))


def facts(found: Found) -> list[tuple[str, str]]:
    return [(str(each["name"]), str(each["event_id"])) for each in found]


def live_through(faults: FaultPlan | None = None) -> tuple[Found, list[Response], list[CallMade]]:
    """A client sends a batch until it is taken; an hour passes. What is there then."""
    with World.build(start=MONDAY, seed=1, faults=faults) as world:
        trace: list[CallMade] = []
        world.sandboxes.trace = trace
        answers = []
        for _ in range(10):
            answers.append(send(world))
            if answers[-1].status == 200:
                break
            world.run(for_=timedelta(seconds=5))
        world.run(for_=timedelta(hours=3))
        assert {name: waiting(world, name) for name in ("Backlog", "LostBacklog")} == {
            "Backlog": 0,
            "LostBacklog": 0,
        }
        return events(world), answers, trace


def waiting(world: World, queue: str) -> int:
    sqs = world.client("sqs")
    url = sqs.get_queue_url(QueueName=world.stack.resources[queue].name)["QueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)


def throttled(*operations: str, index: int | None = None) -> FaultPlan:
    return FaultPlan(
        [
            Rule(**THROTTLED, function="collect-events", operation=operation, index=index)
            for operation in operations
        ]
    )


@pytest.fixture(scope="module")
def undisturbed() -> Found:
    found, answers, _ = live_through()
    assert [each.status for each in answers] == [200]
    assert len(found) == EVENTS
    return found


@pytest.mark.parametrize("operation", ["BatchGetItem", "TransactWriteItems", "PutItem"])
def test_what_the_tables_do_not_take_is_safe_in_the_queue_and_stored_from_there(
    undisturbed: Found, operation: str
) -> None:
    plan = throttled(operation)
    found, (answer,), _ = live_through(plan)
    assert plan.struck
    assert (answer.status, json.loads(answer.body)) == (200, {"success": True})
    assert facts(found) == facts(undisturbed)


def test_what_waited_is_the_same_event_received_at_the_same_time(undisturbed: Found) -> None:
    found, _, _ = live_through(throttled("PutItem"))
    names = ("name", "occurred_at", "received_at", "source")
    # The first answer comes a little later, since the table was asked twice.
    assert [[each[name] for name in names] for each in found] == [
        [each[name] for name in names] for each in undisturbed
    ]
    assert "192.0.2.99" not in json.dumps(found)


def test_a_batch_that_was_half_stored_is_whole_in_the_end(undisturbed: Found) -> None:
    plan = FaultPlan(
        [Rule(**THROTTLED, function="collect-events", operation="PutItem", index=at)
         for at in range(15, 60)]
    )  # fmt: skip
    found, (answer,), _ = live_through(plan)
    assert plan.struck
    assert answer.status == 200
    assert facts(found) == facts(undisturbed)


def test_who_reaches_neither_tables_nor_queue_is_asked_to_come_again(undisturbed: Found) -> None:
    plan = FaultPlan(
        [
            Rule(**THROTTLED, function="collect-events", operation="PutItem"),
            replace(
                Rule(**THROTTLED, function="collect-events", operation="SendMessage"), times=20
            ),
        ]
    )
    found, answers, _ = live_through(plan)
    refused, *_, taken = answers
    assert (refused.status, taken.status) == (429, 200)
    headers = dict(refused.headers)
    assert int(headers["retry-after"]) > 0
    assert headers["content-type"] == "application/json"
    assert json.loads(refused.body)["success"] is False
    assert facts(found) == facts(undisturbed)


def test_tables_that_are_busy_for_an_hour_lose_nothing(undisturbed: Found) -> None:
    plan = throttled("PutItem")
    plan.rules.append(replace(Rule(**THROTTLED, function="drain-backlog"), times=50))
    found, _, _ = live_through(plan)
    assert plan.rules[-1].times == 0
    assert facts(found) == facts(undisturbed)


def stops() -> Iterator[tuple[CallMade, FaultPlan]]:
    """Every call of the collector and of the drain, in a run in which the tables are throttled."""
    _, _, trace = live_through(throttled("PutItem"))
    names = ("collect-events", "drain-backlog")
    for made, plan in stops_at([each for each in trace if each.function.endswith(names)]):
        plan.rules += throttled("PutItem").rules
        yield made, plan


def test_stopped_at_a_call_nothing_is_lost_and_nothing_doubled(undisturbed: Found) -> None:
    for made, plan in list(stops())[::9]:
        found, _, _ = live_through(plan)
        assert facts(found) == facts(undisturbed), f"{made} {plan.rules[0].fault}"


@pytest.mark.long
def test_stopped_at_every_call_nothing_is_lost_and_nothing_doubled(undisturbed: Found) -> None:
    for made, plan in stops():
        found, _, _ = live_through(plan)
        assert facts(found) == facts(undisturbed), f"{made} {plan.rules[0].fault}"


@pytest.mark.parametrize("seed", range(3))
def test_whatever_goes_wrong_at_random_nothing_is_lost_and_nothing_doubled(
    undisturbed: Found, seed: int
) -> None:
    found, _, _ = live_through(SeededFaults(seed, rate=0.1))
    assert facts(found) == facts(undisturbed)
