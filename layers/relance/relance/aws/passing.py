"""Which failures of AWS pass by themselves: told by code and status, in one place.

Every adapter translates them into its own error; what is left is a defect and rises as it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - the name that botocore gave it
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.parsers import ResponseParserError

from relance.errors import ServiceUnavailable

Failure: TypeAlias = ClientError | BotoCoreError | ResponseParserError

FAILURES = (ClientError, BotoCoreError, ResponseParserError)
"""What a call to AWS may raise."""

_NETWORK = (
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    ResponseParserError,
)
"""The network failed, or an answer came that was cut off or no answer of AWS."""

STALE_SIGNATURE = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidSignatureException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "UnrecognizedClientException",
    }
)
"""The credentials or the clock of this environment are out of date; the next one's are not."""

_THROTTLED = frozenset(
    {
        "KmsThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "RequestTimeoutException",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


def code_of(error: ClientError) -> str:
    """The code of an error that AWS answered."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    """The HTTP status of an error that AWS answered; 0 if there is none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def passes(error: Failure) -> bool:
    """Whether the same call may succeed later."""
    if not isinstance(error, ClientError):
        return isinstance(error, _NETWORK)
    status = status_of(error)
    return status >= 500 or status in (408, 429) or code_of(error) in _THROTTLED | STALE_SIGNATURE


@contextmanager
def calling(service: str) -> Iterator[None]:
    """What passes by itself becomes ServiceUnavailable."""
    try:
        yield
    except FAILURES as error:
        if passes(error):
            raise ServiceUnavailable(f"{service} could not answer now") from error
        raise
