"""The collection API through the whole stack: browsers' preflights, keys that change, its price."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from relance.composition import KEYS_KEPT

from local.emulator.sizes import Item
from local.faults import Fault, FaultPlan, Rule
from local.http_messages import Response
from local.permissions import missing
from local.world import World
from tests.workflows.story import MONDAY
from tests.workflows.test_backlog import events, key_of, send

ORIGIN = "https://shop.example.com"


@pytest.fixture
def world() -> Iterator[World]:
    with World.build(start=MONDAY, seed=1) as made:
        yield made


def report(world: World, key: str, items: list[dict[str, Any]]) -> Response:
    body = json.dumps({"batch": items, "writeKey": key}).encode()
    return world.request("POST", "/v1/b", headers={"origin": ORIGIN}, body=body)


def viewed(number: int, visitor: str) -> dict[str, Any]:
    return {"type": "page", "messageId": f"m{number}", "anonymousId": visitor}


def test_a_page_of_another_site_may_report(world: World) -> None:
    asks = {
        "origin": ORIGIN,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,anonymousid",
    }
    preflight = dict(world.request("OPTIONS", "/v1/t", headers=asks).headers)
    assert preflight["access-control-allow-origin"] == "*"
    assert "POST" in preflight["access-control-allow-methods"]
    allowed = preflight["access-control-allow-headers"].split(",")
    assert {"authorization", "content-type", "anonymousid"} <= set(allowed)
    # No cookie goes with it.
    assert "access-control-allow-credentials" not in preflight
    answer = report(world, key_of(world, "BrowserKeys", "browser"), [viewed(1, "v")])
    assert answer.status == 200
    assert dict(answer.headers)["access-control-allow-origin"] == "*"


def test_a_browser_library_is_told_where_to_send(world: World) -> None:
    key = key_of(world, "BrowserKeys", "browser")
    answer = world.request("GET", f"/v1/projects/{key}/settings", headers={"origin": ORIGIN})
    settings = json.loads(answer.body)
    assert settings["integrations"]["Segment.io"]["apiHost"] == f"{world.http.facts.host}/v1"
    assert list(settings["integrations"]) == ["Segment.io"]
    secret = key_of(world)
    assert world.request("GET", f"/v1/projects/{secret}/settings").status == 404


def test_keys_are_replaced_without_a_pause_and_without_a_deployment(world: World) -> None:
    secret = world.stack.resources["BrowserKeys"].arn
    former = key_of(world, "BrowserKeys", "browser")

    def change(keys: dict[str, str]) -> None:
        value = json.dumps(keys)
        world.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=value)
        world.run(for_=KEYS_KEPT)

    def answers() -> list[int]:
        return [report(world, key, [viewed(1, "v")]).status for key in (former, "new")]

    assert answers() == [200, 401]
    change({"browser": former, "browser-2026": "new"})
    assert answers() == [200, 200]
    change({"browser-2026": "new"})
    assert answers() == [401, 200]


def test_keys_that_cannot_be_read_anew_stay_valid() -> None:
    plan = FaultPlan()
    with World.build(start=MONDAY, seed=1, faults=plan) as world:
        key = key_of(world, "BrowserKeys", "browser")
        assert report(world, key, [viewed(1, "v")]).status == 200
        plan.rules.append(Rule(Fault.FAIL_BEFORE, service="secretsmanager", times=None))
        world.run(for_=KEYS_KEPT)
        assert report(world, key, [viewed(2, "v")]).status == 200
        assert plan.struck


def test_a_batch_writes_at_most_1_2_items_an_event(world: World) -> None:
    written: Counter[str] = Counter()

    def count(table: str, _: str, keys: Item, __: Item | None, new: Item | None) -> None:
        record = keys.get("record", {}).get("S", "")
        if record in ("", "now#register") and (new or {}).get("source", {}).get("S") != "relance":
            written[table] += 1

    world.dynamodb.observe(count)
    key = key_of(world, "BrowserKeys", "browser")
    for batch in range(3):  # the visitors of the first are new: a contact is two items
        items = [viewed(batch * 100 + number, f"v{number % 10}") for number in range(100)]
        assert report(world, key, items).status == 200
        assert written.total() <= 120, written
        assert written.total() == (120 if batch == 0 else 100)
        written.clear()


def test_the_collector_and_its_drain_may_do_what_they_do() -> None:
    busy = {"code": "ProvisionedThroughputExceededException", "status": 400, "times": 4}
    plan = FaultPlan([Rule(Fault.FAIL_BEFORE, operation="PutItem", **busy)])  # type: ignore[arg-type]
    with World.build(start=MONDAY, seed=1, faults=plan) as world:
        traits = {"email": "eva@example.com"}
        item = {"type": "identify", "messageId": "i", "userId": "u1", "traits": traits}
        assert send(world).status == 200
        report(world, key_of(world), [item])
        world.run(for_=timedelta(hours=1))
        assert len(events(world)) == 7
        assert missing(world.stack, world.recorder.uses) == []
