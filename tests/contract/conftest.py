"""The stores of the contract suite: two of dictionaries, moto, and the embedded AWS."""

from collections.abc import Iterator

import pytest
from moto import mock_aws
from relance.aws.dynamodb import DynamoStore
from relance.storage import Store

from local.emulator.dynamodb import DynamoDb
from local.emulator.s3 import S3
from local.hook import Hook
from local.memory import MemoryStore
from local.quick_store import QuickStore, QuickTables
from local.storage import client, make_tables
from tests.stack import real_stack, table_names


@pytest.fixture(params=["memory", "quick", "moto", "embedded"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An empty store of each kind, with the tables of the template."""
    if request.param == "memory":
        yield MemoryStore()
        return
    if request.param == "quick":
        yield QuickStore(QuickTables())
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    if request.param == "moto":
        with mock_aws():
            yield _store()
        return
    with Hook() as hook:
        hook.register("dynamodb", DynamoDb())
        yield _store()


@pytest.fixture(params=["moto", "embedded"])
def s3(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """S3 without a bucket, of each kind."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    if request.param == "moto":
        with mock_aws():
            yield
        return
    with Hook() as hook:
        hook.register("s3", S3())
        yield


def _store() -> Store:
    make_tables(real_stack())
    return DynamoStore(client("dynamodb"), table_names(), sleep=lambda _: None, chance=lambda: 0.0)
