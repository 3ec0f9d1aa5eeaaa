"""Handlers on moto: the tables of the template, a contact in them, the function's settings."""

import importlib.util
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import time_machine
from moto import mock_aws
from relance.aws.dynamodb import DynamoStore
from relance.content.compiled import Content
from relance.ids import milliseconds
from relance.ledger import Planned
from relance.limiter import KEY
from relance.pace import AccountState, Problem, first_pace
from relance.register import ConsentState, consent_value, new_register
from relance.storage import Item, Put, Table
from relance.workflows import Enrolment, ExitRule, Step

from local.content import compiled_content
from local.storage import client, make_buckets, make_tables
from tests.stack import environment_of, real_stack, table_names

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "events" / "functions"

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
CONTACT = "01KE6P4Z0NWNGTPJXJR5ESJA98"
SIGNUP = "01KE6P4Z0N9QW3E8R7T2Y5A1BC"
SEND = "YNKNMRV5CO2U3SK2RPT2AVHPIE"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:relance-journey-welcome:6f2a"
SECRETS: Mapping[str, Mapping[str, str]] = {
    "LinkSecret": {"current": "1", "1": "sample-secret-" * 5},
    "AddressSecret": {"current": "1", "1": "sample-address-secret-" * 3},
    "WriteKeys": {"server": "sample-write-key", "server-2025": "sample-former-key"},
    "BrowserKeys": {"browser": "sample-browser-key"},
    "Connections": {"sales": "sales@example.com"},
    "HookSecrets": {
        "shop": "sample-shop-secret",
        "booking": "sample-booking-secret",
        "booking.2025": "sample-former-secret",
        "payments": "whsec_sample",
        "facebook": "sample-app-secret",
        "facebook.verify_token": "sample-token",
        "linkedin": "sample-client-secret",
    },
}


class Bench:
    """The tables, and a way to call a function."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        # moto ends the ARN of a secret as it likes.
        self._secrets = secrets
        self.store = DynamoStore(
            client("dynamodb"), table_names(), sleep=lambda _: None, chance=lambda: 0.0
        )

    def get(self, table: Table, *key: str) -> Item:
        """An item that must be there."""
        item = self.store.get(table, key)
        assert item is not None
        return item

    def history(self, contact: str = CONTACT) -> list[str]:
        """The names of a contact's events."""
        return [str(item["name"]) for item in self.store.query(Table.EVENTS, contact)]

    def call(self, function: str, event: object, monkeypatch: pytest.MonkeyPatch) -> Any:
        """Load the function afresh with its own environment, and call it."""
        for name, value in environment_of(function).items():
            monkeypatch.setenv(name, self._secrets.get(value, value))
        path = ROOT / "functions" / function / "app.py"
        spec = importlib.util.spec_from_file_location(f"function_{function}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.handler(json.loads(json.dumps(event)), None)


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """What clients are made by: it keeps the models of the services, which are large."""
    return boto3.Session(
        aws_access_key_id="none", aws_secret_access_key="none", region_name="us-east-1"
    )


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, session: boto3.Session) -> Iterator[Bench]:
    """Moto with the stack's tables, a contact that signed up, and a claimed message."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with time_machine.travel(NOW, tick=False), mock_aws():
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
        make_tables(real_stack())
        make_buckets(real_stack())
        secrets = {}
        for logical, value in SECRETS.items():
            secret = real_stack().resources[logical]
            made = client("secretsmanager").create_secret(
                Name=secret.name, SecretString=json.dumps(value)
            )
            secrets[str(secret.arn)] = made["ARN"]
        bus = environment_of("update_contact")["EVENT_BUS"]
        client("events").create_event_bus(Name=bus)
        for queue in ("RepairQueue", "Backlog", "EngagementQueue"):
            client("sqs").create_queue(QueueName=real_stack().resources[queue].name)
        client("sesv2").create_email_identity(EmailIdentity="example.com")
        welcome = Content.open(compiled_content(ROOT)).compiled_message("welcome")
        client("s3").put_object(
            Bucket=real_stack().resources["ContentBucket"].name,
            Key="versions/0123456789ab.json",
            Body=json.dumps(welcome).encode(),
        )
        bench = Bench(secrets)
        for write in _contents():
            bench.store.write(write)
        yield bench


def _contents() -> list[Put]:
    step = Step("welcome", CONTACT, SIGNUP, "ask_to_confirm")
    planned = Planned(step, "confirm", "0123456789ab", "newsletter", NOW, timedelta(days=395))
    register = {
        **new_register(CONTACT, address="ana@example.com"),
        "consent#newsletter": consent_value(ConsentState.PENDING, NOW, SIGNUP),
    }
    enrolment = Enrolment(CONTACT, "welcome", SIGNUP, EXECUTION, NOW, NOW, (ExitRule.UNSUBSCRIBED,))
    # moto knows no GetAccount: what SES said a moment ago is remembered.
    account = AccountState(
        per_second=14,
        per_day=50_000,
        sent=0,
        production=True,
        enabled=True,
        enforcement="HEALTHY",
        verified=True,
    )
    pace = first_pace(account, now=milliseconds(NOW), most=None, problem=Problem())
    return [
        Put(Table.IDENTITIES, {"identity": "email:ana@example.com", "contact_id": CONTACT}),
        Put(Table.CONTACTS, register),
        Put(Table.CONTACTS, enrolment.to_item()),
        Put(
            Table.EVENTS,
            {
                "contact_id": CONTACT,
                "event_id": SIGNUP,
                "name": "signed_up",
                "occurred_at": "2026-01-05T08:59:59.000Z",
                "received_at": "2026-01-05T08:59:59.000Z",
                "source": "form:newsletter",
                "properties": {"form": "newsletter", "topic": "newsletter", "traits": {}},
            },
        ),
        Put(Table.SENDS, {**planned.claim().item, "send_id": SEND}),
        Put(Table.SENDS, {"send_id": KEY[0], **pace.to_item()}),
        Put(Table.SENDS, {"send_id": "links0123456789ab", "links": ["https://www.example.com/"]}),
    ]


@pytest.fixture
def call(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Any]:
    """Call a function with one of its samples, by name."""

    def with_sample(function: str, case: str) -> Any:
        sample = json.loads((SAMPLES / function / f"{case}.json").read_text(encoding="utf-8"))
        return bench.call(function, sample, monkeypatch)

    return with_sample
