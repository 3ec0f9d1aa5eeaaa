"""A small world: the engine without template, deliveries and state machines."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3

from local.emulator.dynamodb import DynamoDb
from local.emulator.sqs import Sqs
from local.hook import Hook
from local.hub import Hub
from local.meter import Meter
from local.sandbox import Function, InvokeResult, Sandboxes

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@dataclass
class Engine:
    """Everything that belongs to one run, opened."""

    folder: Path
    hub: Hub
    hook: Hook
    meter: Meter
    sandboxes: Sandboxes
    dynamodb: DynamoDb
    sqs: Sqs
    logs: list[tuple[str, str]] = field(default_factory=list)

    def function(
        self,
        name: str,
        code: str,
        environment: Mapping[str, str] | None = None,
        *,
        timeout: float = 3.0,
        memory: int = 128,
    ) -> None:
        """Write a handler and make it known."""
        folder = self.folder / name.replace("-", "_")
        folder.mkdir(exist_ok=True)
        (folder / "app.py").write_text(textwrap.dedent(code), "utf-8")
        function = Function(name, folder, environment or {}, timeout=timeout, memory=memory)
        self.sandboxes.define(function)

    def invoke(self, name: str, event: object = None) -> InvokeResult:
        """Run a function to its end."""
        results: list[InvokeResult] = []
        self.sandboxes.invoke(name, event, results.append)
        self.hub.run(stop=lambda: bool(results))
        return results[0]

    def table(self, name: str = "items", *, sort: bool = False) -> Any:
        """Create a table with string keys; return a client."""
        client = boto3.client("dynamodb", region_name="us-east-1")
        keys = ["pk", "sk"] if sort else ["pk"]
        client.create_table(
            TableName=name,
            KeySchema=[
                {"AttributeName": k, "KeyType": kind}
                for k, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in keys],
            BillingMode="PAY_PER_REQUEST",
        )
        return client
