"""Into which error of ours each adapter turns what AWS and the network do to a call."""

from collections.abc import Callable

import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
)
from botocore.parsers import ResponseParserError
from relance.aws.dynamodb import DynamoStore
from relance.aws.services import (
    SqsBacklog,
    SqsRepairQueue,
    StepFunctionsExecutions,
    read_secret,
)
from relance.aws.sesv2 import SesMailer
from relance.errors import (
    RecipientRefused,
    SendOutcomeUnknown,
    SendRateExceeded,
    SendRefused,
    ServiceUnavailable,
    StoreBusy,
)
from relance.ports import Mail
from relance.storage import Check, Present, Put, Table

URL = {"endpoint_url": "https://aws.example"}
MAIL = Mail(to="ana@example.com", subject="Hello", html="<p>Hello</p>", text="Hello")
Failing = Callable[[Exception], None]


def answer(code: str, status: int, message: str = "") -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},  # type: ignore[typeddict-item]
        },
        "Call",
    )


BROKEN_OFF = [
    ConnectionClosedError(**URL),
    HTTPClientError(error="x"),
    ReadTimeoutError(**URL),
    ResponseParserError("no XML"),
    ResponseStreamingError(error="x"),
    SSLError(**URL, error=OSError("x")),
]
NOT_REACHED = [
    ConnectTimeoutError(**URL),
    CredentialRetrievalError(provider="p", error_msg="x"),
    EndpointConnectionError(**URL),
]
LATER = [
    answer("ExpiredTokenException", 400),
    answer("InternalServerError", 500),
    answer("RequestTimeout", 408),
    answer("ServiceUnavailable", 503),
    answer("ThrottlingException", 400),
    answer("", 502),
]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    """Let every call of a client fail in this way."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    def with_error(error: Exception) -> None:
        def call(client: object, operation: str, arguments: object) -> None:
            if isinstance(error, ClientError):
                known = client.exceptions.from_code(error.response["Error"]["Code"])  # type: ignore[attr-defined]
                raise known(error.response, operation)
            raise error

        monkeypatch.setattr("botocore.client.BaseClient._make_api_call", call)

    return with_error


def named(error: Exception) -> str:
    return str(error) if isinstance(error, ClientError) else type(error).__name__


@pytest.mark.parametrize("error", [*BROKEN_OFF, *NOT_REACHED, *LATER], ids=named)
def test_what_passes_may_be_tried_again(failing: Failing, error: Exception) -> None:
    failing(error)
    tables = {table: table.value for table in Table}
    store = DynamoStore(boto3.client("dynamodb"), tables, sleep=lambda _: None, chance=lambda: 0.0)
    executions = StepFunctionsExecutions(boto3.client("stepfunctions"))
    queue = SqsRepairQueue(boto3.client("sqs"), "https://sqs.example/1/q")
    backlog = SqsBacklog(boto3.client("sqs"), "https://sqs.example/1/b")
    put = Put(Table.SENDS, {"send_id": "s"})
    busy: tuple[Callable[[], object], ...] = (
        lambda: store.get(Table.SENDS, ("s",)),
        lambda: store.get_many(Table.SENDS, [("s",)]),
        lambda: store.query(Table.EVENTS, "c"),
        lambda: store.write(put),
        lambda: store.transact([put, Check(Table.SENDS, ("t",), when=Present())]),
    )
    for call in busy:
        with pytest.raises(StoreBusy):
            call()
    unavailable: tuple[Callable[[], object], ...] = (
        lambda: executions.succeed("token", {}),
        lambda: executions.is_running("arn:aws:states:us-east-1:1:execution:m:e"),
        lambda: queue.set_aside("c", [], "r"),
        lambda: backlog.keep(["{}"]),
        lambda: read_secret(boto3.client("secretsmanager"), "s"),
    )
    for call in unavailable:
        with pytest.raises(ServiceUnavailable):
            call()


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_token_that_nobody_knows_is_answered_by_nobody(failing: Failing, code: str) -> None:
    failing(answer(code, 400))
    assert StepFunctionsExecutions(boto3.client("stepfunctions")).succeed("t", {}) is False


def test_what_is_a_defect_rises_as_it_is(failing: Failing) -> None:
    failing(answer("AccessDeniedException", 400))
    with pytest.raises(ClientError, match="AccessDenied"):
        StepFunctionsExecutions(boto3.client("stepfunctions")).succeed("t", {})


SENDING = [
    *((error, SendOutcomeUnknown) for error in BROKEN_OFF),
    *((error, SendRateExceeded) for error in NOT_REACHED),
    (NoCredentialsError(), SendRateExceeded),
    (ParamValidationError(report="x"), SendRefused),
    (answer("TooManyRequestsException", 429), SendRateExceeded),
    (answer("ThrottlingException", 400), SendRateExceeded),
    (answer("ExpiredTokenException", 403), SendRateExceeded),
    (answer("RequestExpired", 400), SendRateExceeded),
    (answer("RequestTimeoutException", 408), SendOutcomeUnknown),
    (answer("InternalServiceErrorException", 500), SendOutcomeUnknown),
    (answer("ServiceUnavailable", 503), SendOutcomeUnknown),
    (answer("MessageRejected", 400, "Email address is not verified."), SendRefused),
    (answer("AccountSuspendedException", 400), SendRefused),
    (answer("AccessDeniedException", 403), SendRefused),
    (answer("BadRequestException", 400, "Duplicate tag name."), SendRefused),
    (answer("BadRequestException", 400, "Illegal address"), RecipientRefused),
    (answer("BadRequestException", 400, "Missing final '@domain'"), RecipientRefused),
    (
        answer("BadRequestException", 400, "Local address contains control or whitespace"),
        RecipientRefused,
    ),
    (answer("BadRequestException", 400, "Domain contains illegal character"), RecipientRefused),
]


@pytest.mark.parametrize(("error", "ours"), SENDING, ids=named)
def test_a_send_is_refused_repeated_or_left_alone_by_what_is_known_of_it(
    failing: Failing, error: Exception, ours: type[Exception]
) -> None:
    failing(error)
    mailer = SesMailer(boto3.client("sesv2"), sender="hello@example.com", configuration_set="c")
    with pytest.raises(ours) as raised:
        mailer.send(MAIL)
    assert type(raised.value) is ours
