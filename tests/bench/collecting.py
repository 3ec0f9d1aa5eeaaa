"""How fast events go through the collector, and what they cost, beside a floor.

The handler is called in this process, with the embedded AWS behind it and nothing else running: no
stream, no HTTP. The floor reads the same JSON and puts the same items, and does nothing else: it
checks no key, looks nobody up and would count a repeated delivery twice. Times are real seconds on
one core; on AWS a call takes 5 to 10 ms more, during which nothing is computed. Write units are
those of DynamoDB: one for each KB of an item.
"""

import base64
import contextlib
import importlib.util
import io
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from unittest import mock

from relance.storage import Put, Table

from local.emulator.dynamodb import DynamoDb
from local.emulator.secretsmanager import SecretsManager
from local.emulator.sqs import Sqs
from local.hook import Answer, Call, Hook
from local.hub import Hub
from local.identifiers import REGION
from local.storage import client, make_queues, make_secrets, make_tables
from local.world import ROOT
from tests.bench.figures import Figure
from tests.stack import environment_of, real_stack

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
PEOPLE = 50


class Collector:
    """The function, and what its calls used so far."""

    def __init__(self, hook: Hook) -> None:
        self.calls = self.writes = 0.0
        self._serve = hook.serve
        hook.route = self._counted
        path = ROOT / "functions" / "collect_events" / "app.py"
        spec = importlib.util.spec_from_file_location("bench_collect_events", path)
        assert spec is not None
        assert spec.loader is not None
        self.module: Any = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)
        arn = environment_of("collect_events")["WRITE_KEYS"]
        secret = client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
        key = f"{json.loads(secret)['server']}:".encode()
        self._headers = {"authorization": f"Basic {base64.b64encode(key).decode()}"}

    def _counted(self, call: Call) -> Answer:
        self.calls += 1
        answer = self._serve(call)
        self.writes += sum(writes for _, _, writes in call.capacity)
        return answer

    def send(self, body: str) -> None:
        """Let the handler take one batch."""
        answer = self.module.handler(
            {
                "rawPath": "/v1/batch",
                "pathParameters": {"word": "batch"},
                "headers": self._headers,
                "requestContext": {
                    "http": {"method": "POST", "sourceIp": "192.0.2.1"},
                    "requestId": "bench",
                    "domainName": "links.example.com",
                },
                "body": body,
            },
            None,
        )
        assert answer["body"] == '{"success": true}', answer

    def put(self, body: str) -> None:
        """Do the least that could be done with a batch."""
        for item in json.loads(body)["batch"]:
            key = {"contact_id": item["userId"], "event_id": item["messageId"]}
            self.module.services.store.write(Put(Table.EVENTS, {**item, **key}))


@contextmanager
def collector() -> Iterator[Collector]:
    """The function with its tables, its secrets and its queue, and nothing else."""
    hook = Hook()
    secrets = SecretsManager()
    for name, service in (("dynamodb", DynamoDb()), ("secretsmanager", secrets), ("sqs", Sqs())):
        hook.register(name, service)
    quiet = contextlib.redirect_stdout(io.StringIO())
    given = {**environment_of("collect_events"), "AWS_DEFAULT_REGION": REGION}
    environment = mock.patch.dict(os.environ, given)
    with Hub(START), hook, environment, quiet:
        make_tables(real_stack())
        make_queues(real_stack())
        make_secrets(real_stack(), secrets.backend, seed=1)
        yield Collector(hook)


def batches(count: int, size: int, *, filling: int = 0, first: int = 0) -> list[str]:
    """So many batches of so many events of 50 people; each event with so many more bytes."""
    return [
        json.dumps(
            {
                "batch": [
                    {
                        "type": "track",
                        "event": "Product Added",
                        "messageId": f"m{number}",
                        "userId": f"u{number % PEOPLE}",
                        "timestamp": "2026-01-05T08:59:00Z",
                        "properties": {"product_id": f"p{number}", "note": "x" * filling},
                        "context": {"library": {"name": "analytics-python", "version": "2.4.0"}},
                    }
                    for number in range(first + at * size, first + (at + 1) * size)
                ],
                "sentAt": "2026-01-05T09:00:00Z",
            }
        )
        for at in range(count)
    ]


def measure(events: int = 4_000) -> tuple[Figure, ...]:
    """Send `events` in batches of 100, of 20 and alone; then larger ones."""
    figures: list[Figure] = []
    with collector() as it:
        it.send(batches(1, PEOPLE, first=10**7)[0])  # everybody is known, everything is loaded
        first = 0
        for size in (100, 20, 1):
            bodies = batches(events // size, size, first=first)
            first += events
            it.calls = 0
            begun = time.perf_counter()
            for body in bodies:
                it.send(body)
            rate = events / (time.perf_counter() - begun)
            what = f"in batches of {size}" if size > 1 else "one by one"
            figures.append(Figure(f"Events collected {what}", rate, "events/s"))
            figures.append(Figure(f"AWS calls, {what}", it.calls / events, "calls/event"))
        begun = time.perf_counter()
        for body in batches(events // 100, 100, first=first):
            it.put(body)
        floor = events / (time.perf_counter() - begun)
        figures.append(Figure("The floor: parse and put, in batches of 100", floor, "events/s"))
        for filling in (0, 1_000, 4_000, 16_000):
            it.writes = 0
            first += events
            bodies = batches(2, 25, filling=filling, first=first)
            for body in bodies:
                it.send(body)
            what = f"Write units, events of {len(bodies[0]) / 25 / 1024:.1f} KB"
            figures.append(Figure(what, it.writes / 50, "units/event"))
    return tuple(figures)


if __name__ == "__main__":
    print(*measure(), sep="\n")
