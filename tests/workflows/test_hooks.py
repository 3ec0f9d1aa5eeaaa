"""Hooks over real HTTP: signed by the providers' own formulas, from the request to the profile."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from local.faults import CallMade, Fault, FaultPlan, Rule, stops_at
from local.http_messages import Response
from local.world import World
from tests.workflows.story import MONDAY, Story

SAMPLES = Path(__file__).parents[2] / "layers" / "content" / "hooks"
ANA = "ana@example.com"
SECRETS = {
    "shop": "shpss_1", "shop.2027": "shpss_2", "payments": "whsec_1", "booking": "own",
    "facebook": "app", "facebook.verify_token": "token", "linkedin": "client",
}  # fmt: skip


def digest(secret: str, message: bytes) -> Any:
    return hmac.new(secret.encode(), message, hashlib.sha256)


def shopify(body: bytes, secret: str, _: int) -> dict[str, str]:
    return {"X-Shopify-Hmac-Sha256": base64.b64encode(digest(secret, body).digest()).decode()}


def stripe(body: bytes, secret: str, now: int) -> dict[str, str]:
    return {
        "Stripe-Signature": f"t={now},v1={digest(secret, f'{now}.'.encode() + body).hexdigest()}"
    }


def meta(body: bytes, secret: str, _: int) -> dict[str, str]:
    return {"X-Hub-Signature-256": f"sha256={digest(secret, body).hexdigest()}"}


def linkedin(body: bytes, secret: str, _: int) -> dict[str, str]:
    return {"X-LI-Signature": digest(secret, b"hmacsha256=" + body).hexdigest()}


def booking(body: bytes, secret: str, now: int) -> dict[str, str]:
    signature = digest(secret, f"{now}.".encode() + body).hexdigest()
    return {"X-Booking-Signature": f"sha256={signature}", "X-Booking-Timestamp": str(now)}


SIGNED: Mapping[str, Callable[[bytes, str, int], dict[str, str]]] = {
    "shop": shopify, "payments": stripe, "facebook": meta, "linkedin": linkedin, "booking": booking,
}  # fmt: skip
CASES = sorted(f"{path.parent.name}/{path.stem}" for path in SAMPLES.glob("*/*.json"))


@pytest.fixture
def world() -> Iterator[World]:
    """One world in which every provider has its secret."""
    with World.build(start=MONDAY, seed=1) as built:
        give_secrets(built)
        yield built


def give_secrets(world: World) -> None:
    name = world.stack.resources["HookSecrets"].arn
    world.client("secretsmanager").put_secret_value(SecretId=name, SecretString=json.dumps(SECRETS))


def send(
    world: World, case: str, *, secret: str | None = None, age: int = 0, **more: str
) -> Response:
    """Send a sample as its provider does."""
    hook, sample = case.partition("/")[0], read(case)
    body = json.dumps(sample["payload"], ensure_ascii=False).encode()
    now = int(world.hub.moment.timestamp()) - age
    signed = SIGNED[hook](body, secret or SECRETS[hook], now)
    headers = {**sample.get("headers", {}), **signed, "content-type": "application/json", **more}
    return world.browser().fetch("POST", f"/hooks/{hook}", headers=headers, body=body)


def read(case: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / f"{case}.json").read_text(encoding="utf-8"))
    return found


def said(response: Response) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(response.body)
    return found


def test_every_sample_is_taken_as_its_provider_sends_it(world: World) -> None:
    for case in CASES:
        answer = send(world, case)
        assert answer.status == 200, case
        told = said(answer)
        assert told["success"] is True, case
        assert "errors" not in told, case
        expected = len(read(case)["events"])
        assert told.get("taken", 0) + told.get("unknown", 0) == expected, case
        assert send(world, case, secret="somebody else's").status == 401, case


def test_what_ana_did_elsewhere_stands_in_her_history_and_profile(world: World) -> None:
    story = Story(world)
    story.signs_up(ANA)
    story.confirms(ANA)
    sent = [
        "shop/checkout", "shop/checkout_updated", "shop/order", "shop/refund", "shop/customer",
        "payments/customer", "payments/trial", "payments/trial_from_checkout",
        "payments/trial_became_a_subscription", "payments/checkout", "payments/refund",
        "payments/subscription_cancelled", "booking/booked", "booking/checked_in",
        "booking/day_closed",
    ]  # fmt: skip
    for _ in range(2):  # every provider repeats itself
        for case in sent:
            assert send(world, case).status == 200
    story.a_moment(120)
    hooks = [each for each in story.events(ANA) if each["source"] == "hook"]
    assert sorted(each["name"] for each in hooks) == [
        "cart_updated", "checkout_started", "identified", "identified", "meeting_booked",
        "meeting_held", "order_completed", "order_completed", "order_refunded",
        "order_refunded", "store_visited", "subscription_cancelled", "subscription_started",
        "trial_started",
    ]  # fmt: skip
    traits = story.profile(ANA)["traits"]
    assert traits["country"][0] == "FR"
    assert story.register(ANA)["consent#newsletter"]["state"] == "granted"
    # Likes count from the day on which somebody said whose they are.
    assert said(send(world, "facebook/likes")) == {"success": True, "unnamed": 1, "unknown": 1}


def test_a_buyer_whom_nobody_knew_is_a_contact_who_gets_no_mail(world: World) -> None:
    story = Story(world)
    assert send(world, "shop/order").status == 200
    story.day(2)
    assert [each["name"] for each in story.events(ANA) if each["source"] == "hook"] == [
        "order_completed"
    ]
    register = story.register(ANA)
    assert register["address"] == ANA
    assert not [name for name in register if name.startswith("consent")]
    assert story.mails(ANA) == []


def test_two_secrets_are_valid_at_once(world: World) -> None:
    assert send(world, "shop/order", secret="shpss_2").status == 200
    assert send(world, "shop/order", secret="shpss_3").status == 401


def test_what_was_recorded_is_refused_five_minutes_later(world: World) -> None:
    for case in ("payments/checkout", "booking/booked"):
        assert send(world, case, age=299).status == 200
        assert send(world, case, age=301).status == 401
        assert send(world, case, age=-301).status == 401


def test_the_addresses_prove_that_they_are_ours(world: World) -> None:
    asked = "/hooks/facebook?hub.mode=subscribe&hub.challenge=42&hub.verify_token="
    ask = world.browser().fetch
    good, bad = ask("GET", asked + "token"), ask("GET", asked + "other")
    assert (good.status, good.body, bad.status) == (200, b"42", 403)
    code = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
    answer = said(ask("GET", f"/hooks/linkedin?challengeCode={code}"))
    assert answer["challengeResponse"] == digest("client", code.encode()).hexdigest()
    assert ask("GET", "/hooks/shop").status == 405
    assert ask("GET", "/hooks/nobody").status == 404
    assert ask("POST", "/hooks/nobody", body=b"{}").status == 404


@pytest.mark.parametrize("operation", ["BatchGetItem", "PutItem"])
def test_what_busy_tables_do_not_take_waits_in_the_queue(operation: str) -> None:
    plan = FaultPlan(
        [
            Rule(
                Fault.FAIL_BEFORE,
                function="take-hook",
                operation=operation,
                code="ProvisionedThroughputExceededException",
                status=400,
                times=None,
            )
        ]
    )
    with World.build(start=MONDAY, seed=1, faults=plan) as world:
        give_secrets(world)
        story = Story(world)
        answer = send(world, "booking/day_closed")
        assert said(answer) == {"success": True, "taken": 2, "waiting": 2}
        assert plan.struck
        story.a_moment(600)
        names = [each["name"] for each in story.rows("Events") if each["source"] == "hook"]
        assert names == ["meeting_held", "meeting_held"]


def day_closed(faults: FaultPlan | None = None) -> tuple[list[tuple[str, str]], list[CallMade]]:
    """The booking system reports until it is answered; an hour passes. What is there then."""
    with World.build(start=MONDAY, seed=1, faults=faults) as world:
        give_secrets(world)
        trace: list[CallMade] = []
        world.sandboxes.trace = trace
        for _ in range(5):
            if send(world, "booking/day_closed").status == 200:
                break
        story = Story(world)
        story.a_moment(3600)
        rows = [each for each in story.rows("Events") if each["source"] == "hook"]
        identities = {each["identity"] for each in story.rows("Identities")}
        assert {"crm:booking:K-12", "email:ana@example.com", "crm:booking:K-14"} <= identities
        return sorted((each["name"], each["event_id"]) for each in rows), trace


def test_stopped_at_a_call_and_sent_again_nothing_is_lost_and_nothing_doubled() -> None:
    undisturbed, trace = day_closed()
    assert len(undisturbed) == 2
    stops = [*stops_at([each for each in trace if each.function.endswith("take-hook")])]
    for made, plan in stops[::4]:
        assert day_closed(plan)[0] == undisturbed, made


def test_who_reaches_neither_tables_nor_queue_is_asked_to_come_again() -> None:
    broken = {
        "fault": Fault.FAIL_BEFORE,
        "function": "take-hook",
        "code": "ThrottlingException",
        "status": 400,
        "times": None,
    }
    plan = FaultPlan(
        [Rule(**broken, operation=each) for each in ("BatchGetItem", "SendMessage")]  # type: ignore[arg-type]
    )
    with World.build(start=MONDAY, seed=1, faults=plan) as world:
        give_secrets(world)
        answer = send(world, "shop/order")
        assert answer.status == 503
        assert int(dict(answer.headers)["retry-after"]) > 0
