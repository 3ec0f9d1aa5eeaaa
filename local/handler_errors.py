"""A failed invocation, worded as Lambda words it.

The shapes are those of the Lambda runtime for Python and of the service's own messages
(https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html, and the error names that the
Step Functions guide lists under "Handle Lambda service exceptions").
"""

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.hook import AwsError

_OURS = str(Path(__file__).parent)


@dataclass(frozen=True, slots=True)
class HandlerError:
    """errorType, errorMessage, stackTrace; the type is None where Lambda gives none."""

    type: str | None
    message: str
    trace: tuple[str, ...] | None = None
    request_id: str | None = None

    def as_payload(self) -> dict[str, Any]:
        """Return the error object that the caller of Invoke reads."""
        payload: dict[str, Any] = {"errorMessage": self.message}
        if self.type is not None:
            payload["errorType"] = self.type
        if self.request_id is not None:
            payload["requestId"] = self.request_id
        if self.trace is not None:
            payload["stackTrace"] = list(self.trace)
        return payload


class ImportFailedError(Exception):
    """The handler's module could not be loaded; `type` is Lambda's name for the reason."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.type = kind


def describe(error: BaseException, request_id: str) -> HandlerError:
    """Return what Lambda makes of an exception that left the handler."""
    if isinstance(error, ImportFailedError):
        return HandlerError(error.type, str(error), (), request_id)
    if isinstance(error, SystemExit):
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
        message = f"RequestId: {request_id} Error: Runtime exited with error: exit status {status}"
        return HandlerError("Runtime.ExitError", message)
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(_OURS)
    ]
    trace = tuple(traceback.format_list(frames))
    return HandlerError(type(error).__name__, str(error), trace, request_id)


def timed_out(request_id: str, seconds: float) -> HandlerError:
    """Word a time-out."""
    message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    return HandlerError("Sandbox.Timedout", message)


def exited(request_id: str, kind: str) -> HandlerError:
    """Word the death of the process: "Runtime.ExitError" or "Lambda.Unknown" for Step Functions."""
    message = f"RequestId: {request_id} Error: Runtime exited without providing a reason"
    return HandlerError(kind, message)


def unmarshallable(request_id: str, reason: str) -> HandlerError:
    """Word a result that is not JSON."""
    message = f"Unable to marshal response: {reason}"
    return HandlerError("Runtime.MarshalError", message, (), request_id)


def response_too_large(size: int) -> HandlerError:
    """Word a result over 6 MB."""
    message = (
        f"Response payload size ({size} bytes) exceeded maximum allowed payload size "
        "(6291556 bytes)."
    )
    return HandlerError("Function.ResponseSizeTooLarge", message)


def request_too_large(limit: int) -> AwsError:
    """Return the refusal of an event over the limit."""
    message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
    return AwsError("RequestTooLargeException", message, 413)
