"""Fixtures of the engine's tests."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from local.emulator.dynamodb import DynamoDb
from local.emulator.s3 import S3
from local.emulator.secretsmanager import SecretsManager
from local.emulator.sqs import Sqs
from local.faults import FaultPlan
from local.hook import Hook
from local.hub import Hub
from local.meter import Meter
from local.sandbox import Sandboxes
from tests.local.engine.harness import START, Engine


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[..., Engine]]:
    """Build engines; the last one is closed at the end, earlier ones when the next is built."""
    opened: list[Engine] = []

    def close() -> None:
        while opened:
            engine = opened.pop()
            engine.hub.close()
            engine.hook.remove()

    def make(*, seed: int = 0, faults: FaultPlan | None = None, start: datetime = START) -> Engine:
        close()
        hub = Hub(start, seed=seed).open()
        hook = Hook().install()
        meter = Meter()
        logs: list[tuple[str, str]] = []
        sandboxes = Sandboxes(
            hub,
            hook,
            accounts=meter,
            faults=faults,
            on_log=lambda name, _, text: logs.append((name, text)),
        )
        dynamodb, sqs = DynamoDb(), Sqs()
        hook.register("dynamodb", dynamodb)
        hook.register("sqs", sqs)
        hook.register("s3", S3())
        hook.register("secretsmanager", SecretsManager())
        engine = Engine(tmp_path, hub, hook, meter, sandboxes, dynamodb, sqs, logs)
        opened.append(engine)
        return engine

    yield make
    close()


@pytest.fixture
def engine(build: Callable[..., Engine]) -> Engine:
    """One engine, opened."""
    return build()
