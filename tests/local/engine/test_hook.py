import threading
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

from local.faults import Fault, FaultPlan, Rule
from local.hook import AwsError, Hook, NotSupportedError
from local.hub import SimulationError
from tests.local.engine.harness import Engine


class Mail:
    """A service that answers with what it is told."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.seen: list[dict[str, Any]] = []

    def send_email(self, params: dict[str, Any]) -> dict[str, Any]:
        self.seen.append(params)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"MessageId": answer}


MAIL = {
    "FromEmailAddress": "a@example.com",
    "Destination": {"ToAddresses": ["b@example.com"]},
    "Content": {"Raw": {"Data": b"x"}},
}
BUSY = AwsError("TooManyRequestsException", "Maximum sending rate exceeded.", 429)


def client(service: str = "sesv2", **config: Any) -> Any:
    return boto3.client(service, region_name="us-east-1", config=Config(**config))


def test_clients_made_before_and_after_are_answered_until_the_hook_is_removed() -> None:
    before = boto3.client(
        "sesv2", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y"
    )
    hook = Hook()
    hook.register("sesv2", Mail("one", "two"))
    with hook:
        assert before.send_email(**MAIL)["MessageId"] == "one"
        assert client().send_email(**MAIL)["MessageId"] == "two"
    with pytest.raises(Exception, match=r"socket|connect|Connect"):
        before.send_email(**MAIL)


def test_a_second_world_in_the_process_is_refused(engine: Engine) -> None:
    with pytest.raises(SimulationError, match="Another embedded AWS"):
        Hook().install()


def test_no_credentials_and_no_network_are_needed(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    engine.hook.register("sesv2", Mail("one"))
    assert boto3.Session().client("sesv2", region_name="eu-west-1").send_email(**MAIL)["MessageId"]


def test_what_is_not_there_is_refused_by_name(engine: Engine) -> None:
    engine.hook.register("sesv2", Mail())
    with pytest.raises(NotSupportedError, match=r"no service 'kms'.*It has: dynamodb, s3, secr"):
        client("kms").list_keys()
    with pytest.raises(NotSupportedError, match=r"does not implement sesv2\.GetAccount"):
        client().get_account()


def test_wrong_parameters_get_botocores_own_error(engine: Engine) -> None:
    with pytest.raises(ParamValidationError, match=r'Missing required parameter in input: "Key"'):
        client("dynamodb").get_item(TableName="items")
    with pytest.raises(ParamValidationError, match=r"Invalid type for parameter Item\.pk\.S"):
        client("dynamodb").put_item(TableName="items", Item={"pk": {"S": 3}})


def test_errors_have_the_clients_classes_and_botocores_text(engine: Engine) -> None:
    mail = client()
    engine.hook.register("sesv2", Mail(AwsError("MessageRejected", "Address is not verified.")))
    with pytest.raises(mail.exceptions.MessageRejected) as refusal:
        mail.send_email(**MAIL)
    assert str(refusal.value) == (
        "An error occurred (MessageRejected) when calling the SendEmail operation: "
        "Address is not verified."
    )
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize(
    ("retries", "attempts"),
    [
        ({"total_max_attempts": 1}, 1),
        ({"total_max_attempts": 3}, 3),
        ({"mode": "standard", "total_max_attempts": 2}, 2),
        ({}, 5),
    ],
    ids=["none", "legacy", "standard", "default"],
)
def test_throttling_is_retried_as_the_client_is_configured(
    engine: Engine, retries: dict[str, Any], attempts: int
) -> None:
    service = Mail(*[BUSY] * 6)
    engine.hook.register("sesv2", service)
    with pytest.raises(ClientError) as refusal:
        client(retries=retries).send_email(**MAIL)
    assert len(service.seen) == attempts
    assert refusal.value.response["ResponseMetadata"]["RetryAttempts"] == attempts - 1


def test_a_retry_pauses_in_virtual_time_and_can_succeed(engine: Engine) -> None:
    engine.hook.register("sesv2", Mail(BUSY, BUSY, "sent"))
    before = engine.hub.now
    answer = client(retries={"mode": "standard", "total_max_attempts": 3}).send_email(**MAIL)
    assert answer["MessageId"] == "sent"
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert 0 < engine.hub.now - before < 60


def test_a_transaction_repeated_by_the_client_after_a_500_is_applied_once(
    build: Callable[..., Engine],
) -> None:
    engine = build(faults=FaultPlan([Rule(Fault.FAIL_AFTER, operation="TransactWriteItems")]))
    engine.table()
    engine.function(
        "adds",
        """
        import boto3
        dynamodb = boto3.client("dynamodb")
        def handler(event, context):
            dynamodb.transact_write_items(TransactItems=[{"Update": {
                "TableName": "items", "Key": {"pk": {"S": "a"}},
                "UpdateExpression": "ADD times :one",
                "ExpressionAttributeValues": {":one": {"N": "1"}}}}])
        """,
    )
    assert engine.invoke("adds").error is None
    assert engine.dynamodb.items("items")[0]["times"] == {"N": "1"}
    assert engine.meter.calls["adds", "dynamodb", "TransactWriteItems"] == 2


def test_boto3_resources_work(engine: Engine) -> None:
    engine.table()
    table = boto3.resource("dynamodb", region_name="us-east-1").Table("items")
    table.put_item(Item={"pk": "a", "n": 3, "blob": b"\x00\xff", "tags": {"x", "y"}})
    item: Any = table.get_item(Key={"pk": "a"})["Item"]
    assert item["n"] == 3
    assert bytes(item["blob"]) == b"\x00\xff"
    assert item["tags"] == {"x", "y"}


def test_another_thread_is_told_that_there_is_one(engine: Engine) -> None:
    dynamodb, errors = client("dynamodb"), list[Exception]()

    def work() -> None:
        try:
            dynamodb.list_tables()
        except SimulationError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert "second thread" in str(errors[0])


def test_instances_share_the_clients_they_make_alike_and_resources_never(engine: Engine) -> None:
    assert client("dynamodb") is client("dynamodb")
    assert client("dynamodb") is not client("dynamodb", read_timeout=3)
    assert client("dynamodb") is not client("sqs")
    resource: Any = boto3.resource("dynamodb", region_name="us-east-1")
    assert resource.meta.client is not client("dynamodb")


def test_a_client_that_outlives_its_world_still_reaches_no_network(
    build: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    engine = build()
    late = client("dynamodb")
    engine.hook.remove()
    with pytest.raises(NotSupportedError, match="lets nothing out"):
        late.list_tables()
