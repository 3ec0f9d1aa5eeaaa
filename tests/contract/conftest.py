"""The stores that the contract suite runs on: dictionaries, moto, and the embedded AWS."""

from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import pytest
from moto import mock_aws

from local.emulator.dynamodb import DynamoDb
from local.hook import Hook
from local.memory import MemoryStore
from relance.aws.dynamodb import DynamoStore
from relance.storage import KEYS, UNSETTLED, Store, Table

START = datetime(2026, 1, 5, 9, tzinfo=UTC)


def _create_tables(client: object) -> None:
    for table, keys in KEYS.items():
        kinds = dict(zip(keys, ("HASH", "RANGE"), strict=False))
        names = list(keys)
        indexes = {}
        if table is UNSETTLED.table:
            names += [UNSETTLED.partition, UNSETTLED.sort]
            indexes["GlobalSecondaryIndexes"] = [
                {
                    "IndexName": UNSETTLED.name,
                    "KeySchema": [
                        {"AttributeName": UNSETTLED.partition, "KeyType": "HASH"},
                        {"AttributeName": UNSETTLED.sort, "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ]
        client.create_table(
            TableName=table.value,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": n, "KeyType": kind} for n, kind in kinds.items()],
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
            **indexes,
        )


@pytest.fixture(params=["memory", "moto", "embedded"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    names = {table: table.value for table in Table}
    if request.param == "moto":
        with mock_aws():
            client = boto3.client("dynamodb")
            _create_tables(client)
            yield DynamoStore(client, names)
        return
    with Hook() as hook:
        hook.register("dynamodb", DynamoDb())
        client = boto3.client("dynamodb")
        _create_tables(client)
        yield DynamoStore(client, names)
