import pytest

from local.latency import latency
from local.meter import Meter
from local.prices import PRICES
from tests.local.engine.harness import Engine


def test_the_bill_prices_what_was_counted_and_its_rows_add_up() -> None:
    meter = Meter()
    meter.count("transitions", 4_000)
    meter.count("emails", 1_000)
    meter.count("http_requests", 2_000_000)
    meter.count("doors opened", 3)
    rows = {row.what: row for row in meter.bill()}
    assert rows["Step Functions transitions"].dollars == pytest.approx(0.10)
    assert rows["SES e-mails"].dollars == pytest.approx(0.16)
    assert rows["HTTP API requests"].dollars == pytest.approx(2.00)
    assert len(rows) == 3
    assert meter.total() == pytest.approx(2.26)
    assert meter.per_thousand(500) == pytest.approx(4.52)


def test_an_invocation_is_billed_by_memory_and_modelled_time(engine: Engine) -> None:
    engine.function("echo", "def handler(event, context): return event", memory=512)
    engine.invoke("echo", 1)
    engine.invoke("echo", 1)
    use = engine.meter.functions["echo"]
    assert (use.invocations, use.cold_starts, use.billed_ms) == (2, 1, 403)
    assert use.gb_seconds == pytest.approx(0.403 * 0.5)
    rows = {row.what: row for row in engine.meter.bill()}
    assert rows["Lambda time, arm64"].dollars == pytest.approx(0.403 * 0.5 * 0.0000133334)
    assert rows["Lambda invocations"].dollars == pytest.approx(2 * 0.20 / 1e6)


def test_calls_are_counted_by_function_service_and_operation(engine: Engine) -> None:
    engine.table()
    engine.function(
        "stack-writer",
        """
        import boto3
        dynamodb, secrets = boto3.client("dynamodb"), boto3.client("secretsmanager")
        def handler(event, context):
            dynamodb.put_item(TableName="items", Item={"pk": {"S": "a"}})
            secrets.list_secrets()
        """,
    )
    engine.invoke("stack-writer")
    assert engine.meter.calls_of("writer") == {
        ("dynamodb", "PutItem"): 1,
        ("secretsmanager", "ListSecrets"): 1,
    }
    assert engine.meter.invocations_of("writer") == 1
    assert engine.meter.units["secret_reads"] == 1
    assert engine.meter.units["write_units"] == 1


def test_every_price_is_per_something() -> None:
    assert all(price.per > 0 and price.dollars > 0 for price in PRICES.values())


def test_a_transaction_takes_longer_than_a_put_and_a_mail_longer_than_both() -> None:
    put, transaction = latency("dynamodb", "PutItem"), latency("dynamodb", "TransactWriteItems")
    assert put < transaction < latency("sesv2", "SendEmail")
