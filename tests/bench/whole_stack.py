"""How fast mails and events go through the whole stack, what they cost us, and how many calls.

Everything is there: HTTP routes, handlers, tables, streams, the state machine, SES with its
reports over both paths. Times are real seconds of this process on one core; requests come in the
process, without sockets. "Own CPU" is that of the handlers, without the emulator and botocore.
"""

import base64
import json
import re
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit

from local.meter import FunctionUse
from local.services.ses_account import Quota
from local.world import World
from tests.bench.figures import Figure

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
FORM = {"content-type": "application/x-www-form-urlencoded"}


def _uses(world: World) -> dict[str, tuple[float, int]]:
    """Own CPU seconds and calls of each function so far."""
    found: dict[str, tuple[float, int]] = {}
    for name, use in world.meter.functions.items():
        assert isinstance(use, FunctionUse)
        calls = sum(world.meter.calls_of(name).values())
        found[name.removeprefix("relance-")] = (use.own_seconds, calls)
    return found


def _spent(
    world: World, before: dict[str, tuple[float, int]], *functions: str
) -> tuple[float, int]:
    after = _uses(world)
    own = sum(after[name][0] - before.get(name, (0.0, 0))[0] for name in functions)
    calls = sum(after[name][1] - before.get(name, (0.0, 0))[1] for name in functions)
    return own, calls


def _sign_up(world: World, number: int) -> None:
    fields = {"email": f"person{number}@example.com", "first_name": "Ana", "consent": "yes"}
    network = f"198.{18 + number % 2}.{number // 2 % 256}.1"
    body = urlencode(fields).encode()
    world.request("POST", "/f/newsletter", headers=FORM, body=body, source_ip=network)


def _confirm(world: World, number: int) -> None:
    html = world.mailbox.to(f"person{number}@example.com")[0].parts()[1] or ""
    path = next(
        urlsplit(each).path for each in re.findall(r'href="([^"]+)"', html) if "/k/" in each
    )
    world.request("POST", path, headers=FORM)


def _order(world: World, key: str, number: int, person: int) -> None:
    body = {
        "messageId": f"m{number}",
        "userId": f"user{person}",
        "event": "Order Completed",
        "timestamp": world.now.isoformat(),
        "properties": {"order_id": f"A{number}", "revenue": 29.9, "currency": "EUR"},
        "context": {"traits": {"email": f"person{person}@example.com"}},
    }
    headers = {
        "authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
        "content-type": "application/json",
    }
    world.request("POST", "/v1/track", headers=headers, body=json.dumps(body).encode())


def measure(people: int = 400, events: int = 2_000) -> tuple[Figure, ...]:
    """Run `people` through sign-up, double opt-in and welcome, then send `events` orders."""
    quota = Quota(per_day=10**7, per_second=10**4)  # the figure is ours, not that of SES
    with World.build(start=START, seed=1, quota=quota) as world:
        secret = world.stack.resources["WriteKeys"].arn
        answer = world.client("secretsmanager").get_secret_value(SecretId=secret)
        key = str(json.loads(answer["SecretString"])["server"])
        for number in range(20):  # every handler is loaded, every template compiled
            _sign_up(world, 10**6 + number)
            _order(world, key, 10**6 + number, 10**6 + number)
        world.run(for_=timedelta(minutes=5))
        for number in range(20):
            _confirm(world, 10**6 + number)
        world.run(for_=timedelta(minutes=5))

        before, mails = _uses(world), len(world.mailbox)
        transitions = world.meter.units["transitions"]
        begun = time.perf_counter()
        for number in range(people):
            _sign_up(world, number)
        world.run(for_=timedelta(minutes=5))
        for number in range(people):
            _confirm(world, number)
        world.run(for_=timedelta(minutes=5))
        journey_seconds = time.perf_counter() - begun
        moved = world.meter.units["transitions"] - transitions
        assert len(world.mailbox) - mails == 2 * people

        # Day 3: whoever did not click is sent the welcome again, and the journey ends.
        world.run(until=START + timedelta(days=2.99))
        before, mails = _uses(world), len(world.mailbox)
        begun = time.perf_counter()
        world.run(until=START + timedelta(days=3.1))
        mail_seconds = time.perf_counter() - begun
        sent = len(world.mailbox) - mails
        send_own, at_once = _spent(world, before, "send-email")
        report_own, report_calls = _spent(world, before, "record-email-event", "update-contact")

        before, mails = _uses(world), len(world.mailbox)
        for number in range(people):
            _sign_up(world, 2 * 10**6 + number)
            world.run(for_=timedelta(seconds=1))
        world.run(for_=timedelta(minutes=1))
        one_by_one = _spent(world, before, "send-email")[1] / (len(world.mailbox) - mails)

        before = _uses(world)
        begun = time.perf_counter()
        for number in range(events):
            _order(world, key, number, number % people)
        world.run(for_=timedelta(minutes=5))
        event_seconds = time.perf_counter() - begun
        event_own, event_calls = _spent(world, before, "collect-events", "update-contact")
    assert sent >= people
    return (
        Figure("Mails sent, Send and Delivery folded", sent / mail_seconds, "mails/s", 100),
        Figure("Events collected and folded", events / event_seconds, "events/s"),
        Figure("Journeys from sign-up to welcome", people / journey_seconds, "journeys/s"),
        Figure("Transitions meanwhile", moved / journey_seconds, "transitions/s"),
        Figure("Own CPU, send_email", 1000 * send_own / sent, "ms/mail", at_most=2),
        Figure("Own CPU, feedback and folding of a mail", 1000 * report_own / sent, "ms/mail"),
        Figure("Own CPU, collect and fold", 1000 * event_own / events, "ms/event", at_most=1),
        Figure("AWS calls, send_email, one a second", one_by_one, "calls/mail", at_most=6),
        Figure("AWS calls, send_email, all at once", at_once / sent, "calls/mail"),
        Figure("AWS calls, feedback and folding of a mail", report_calls / sent, "calls/mail"),
        Figure("AWS calls, collect and fold", event_calls / events, "calls/event"),
    )
