"""DynamoDB inside the process, measured: moto, ministack as it comes, and ours.

`measure()` returns calls per second of CPU through boto3, for each implementation, with a number
of items in the table; `python -m tests.bench.emulators` prints them as a table. "sandboxed" is what
a handler gets: ours, with the pause of every call through the simulation, and the meter.
"""

import importlib.util
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import boto3
from botocore.awsrequest import AWSResponse

from local.emulator.dynamodb import DynamoDb
from local.emulator.ministack import finish, load
from local.hook import Hook
from local.hub import Hub
from local.meter import Meter
from local.sandbox import Function, Sandboxes

Speeds = dict[str, dict[str, float]]
Step = Callable[[Any, int], object]
TABLE = {"TableName": "items"}


def item(number: int) -> dict[str, Any]:
    """Return an item of about 1 KB."""
    return {
        "pk": {"S": f"p{number}"},
        "sk": {"S": "now#profile"},
        "version": {"N": "3"},
        "traits": {"M": {f"t{i}": {"S": "abcdefghij" * 3} for i in range(12)}},
        "scores": {"M": {f"s{i}": {"N": f"{i}.5"} for i in range(12)}},
        "name": {"S": "x" * 200},
    }


def put(client: Any, number: int) -> None:
    client.put_item(
        **TABLE, Item=item(number), ConditionExpression="attribute_not_exists(pk) OR version = :v",
        ExpressionAttributeValues={":v": {"N": "3"}},
    )  # fmt: skip


def get(client: Any, number: int) -> None:
    key = {"pk": {"S": f"p{number}"}, "sk": {"S": "now#profile"}}
    assert client.get_item(**TABLE, Key=key, ConsistentRead=True)["Item"]


def query(client: Any, number: int) -> None:
    values = {":p": {"S": f"p{number}"}, ":n": {"S": "now#"}}
    condition = "pk = :p AND begins_with(sk, :n)"
    found = client.query(
        **TABLE, KeyConditionExpression=condition, ExpressionAttributeValues=values
    )
    assert found["Count"] == 1


def update(client: Any, number: int) -> None:
    client.update_item(
        **TABLE,
        Key={"pk": {"S": f"p{number}"}, "sk": {"S": "now#profile"}},
        UpdateExpression="SET #n = :n, seen = :v",
        ConditionExpression="version = :v",
        ExpressionAttributeNames={"#n": "name"},
        ExpressionAttributeValues={":n": {"S": "new"}, ":v": {"N": "3"}},
    )


def transact(client: Any, number: int) -> None:
    client.transact_write_items(
        TransactItems=[
            {
                "Put": {
                    **TABLE,
                    "Item": item(number),
                    "ConditionExpression": "version = :v",
                    "ExpressionAttributeValues": {":v": {"N": "3"}},
                }
            },
            {
                "Put": {
                    **TABLE,
                    "Item": {
                        "pk": {"S": f"p{number}"},
                        "sk": {"S": f"event#{time.perf_counter()}"},
                        "properties": {"S": "y" * 200},
                    },
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            },
        ]
    )


STEPS: dict[str, Step] = {
    "put": put, "get": get, "query": query, "update": update, "transact": transact
}  # fmt: skip


def fill(client: Any, items: int) -> None:
    client.create_table(
        **TABLE,
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    for number in range(items):
        put(client, number)


def timed(client: Any, seconds: float) -> dict[str, float]:
    """Return calls per second of CPU for every step, each run for so many seconds of it."""
    speeds = {}
    for name, step in STEPS.items():
        begun, calls = time.process_time(), 0
        while (took := time.process_time() - begun) < seconds:
            step(client, calls % 1_000)
            calls += 1
        speeds[name] = calls / took
    return speeds


@contextmanager
def moto() -> Iterator[Any]:
    from moto import mock_aws  # noqa: PLC0415 - heavy

    with mock_aws():
        yield boto3.client("dynamodb", region_name="us-east-1")


@contextmanager
def plain() -> Iterator[Any]:
    """Yield ministack as it comes, behind botocore's `before-send`."""
    spec = importlib.util.spec_from_file_location("plain", str(load("dynamodb").__file__))
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    start: Any = threading.Thread.start
    threading.Thread.start = lambda _: None  # type: ignore[assignment,method-assign]
    try:
        spec.loader.exec_module(module)
    finally:
        threading.Thread.start = start  # type: ignore[method-assign]
    client: Any = boto3.client(
        "dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y"
    )

    def send(request: Any, **_: object) -> AWSResponse:
        headers = {
            k.lower(): v if isinstance(v, str) else v.decode() for k, v in request.headers.items()
        }
        status, found, body = finish(module.handle_request("POST", "/", headers, request.body, {}))
        response: Any = AWSResponse(request.url, status, cast("Any", found), None)
        response._content = body if isinstance(body, bytes) else body.encode()
        return response  # type: ignore[no-any-return]

    client.meta.events.register("before-send.dynamodb", send)
    yield client


@contextmanager
def ours() -> Iterator[Any]:
    hook = Hook()
    hook.register("dynamodb", DynamoDb())
    with Hub(datetime(2026, 1, 1, tzinfo=UTC)), hook:
        yield boto3.client("dynamodb", region_name="us-east-1")


HANDLER = """
    import boto3
    from tests.bench.emulators import timed
    dynamodb = boto3.client("dynamodb")
    def handler(event, context):
        return timed(dynamodb, event)
"""


def sandboxed(items: int, seconds: float) -> dict[str, float]:
    """Return the speeds inside of a handler."""
    hook, hub = Hook(), Hub(datetime(2026, 1, 1, tzinfo=UTC))
    hook.register("dynamodb", DynamoDb())
    results: list[Any] = []
    with tempfile.TemporaryDirectory() as name, hub, hook:
        sandboxes = Sandboxes(hub, hook, accounts=Meter())
        folder = Path(name)
        (folder / "app.py").write_text(textwrap.dedent(HANDLER), "utf-8")
        sandboxes.define(Function("bench", folder, timeout=1e9))
        fill(boto3.client("dynamodb", region_name="us-east-1"), items)
        sandboxes.invoke("bench", seconds, results.append)
        hub.run()
    speeds: dict[str, float] = results[0].payload
    return speeds


def measure(items: int = 2_000, seconds: float = 0.5, *, only_ours: bool = False) -> Speeds:
    """Return calls per second of CPU: implementation → step → speed."""
    speeds: Speeds = {}
    for implementation in (ours,) if only_ours else (moto, plain, ours):
        with implementation() as client:
            fill(client, items)
            speeds[implementation.__name__] = timed(client, seconds)
    speeds["sandboxed"] = sandboxed(items, seconds)
    return speeds


class _Nothing:
    """A DynamoDB that has nothing to do."""

    def get_item(self, _: dict[str, Any]) -> dict[str, Any]:
        return {}


def overheads(calls: int = 1_000) -> dict[str, float]:
    """Return botocore's own milliseconds of CPU a call, by the place where it is answered."""
    key = {"pk": {"S": "a"}, "sk": {"S": "b"}}

    def spent(client: Any) -> float:
        client.get_item(**TABLE, Key=key)
        begun = time.process_time()
        for _ in range(calls):
            client.get_item(**TABLE, Key=key)
        return (time.process_time() - begun) / calls * 1_000

    def made() -> Any:
        return boto3.client(
            "dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y"
        )

    class Response:
        status_code = 200

    early, late = made(), made()
    early.meta.events.register("before-call.dynamodb", lambda **_: (Response, {}))

    def send(request: Any, **_: object) -> AWSResponse:
        response: Any = AWSResponse(request.url, 200, cast("Any", {}), None)
        response._content = b"{}"
        return response  # type: ignore[no-any-return]

    late.meta.events.register("before-send.dynamodb", send)
    hook = Hook()
    hook.register("dynamodb", _Nothing())
    found = {"before-send": spent(late), "before-call": spent(early)}
    with hook:
        found["ours"] = spent(made())
    return found


def main() -> None:
    """Print the table."""
    for place, milliseconds in overheads().items():
        print(f"botocore answered at {place}: {milliseconds:.3f} ms a call")
    items = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    print(f"DynamoDB calls per second of CPU through boto3, {items} items of 1 KB\n")
    print(f"{'':12}" + "".join(f"{name:>11}" for name in STEPS))
    for name, speeds in measure(items).items():
        print(f"{name:12}" + "".join(f"{speeds[step]:11,.0f}" for step in STEPS))


if __name__ == "__main__":
    main()
