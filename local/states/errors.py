"""What can go wrong: for those who call the API, and inside of an execution."""

from __future__ import annotations

QUERY_EVALUATION = "States.QueryEvaluationError"
DATA_LIMIT = "States.DataLimitExceeded"
RUNTIME = "States.Runtime"
NO_CHOICE = "States.NoChoiceMatched"
EXCEEDED = "States.ExceedToleratedFailureThreshold"
ITEM_READER = "States.ItemReaderFailed"
RESULT_WRITER = "States.ResultWriterFailed"
TIMEOUT = "States.Timeout"
HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout"


class StatesError(Exception):
    """An API call is refused. `code` is the exception's name in the API of Step Functions."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Failure(Exception):
    """A state reports an error; Retry and Catch decide what becomes of it.

    `location` is the field whose expression failed, when one did.
    """

    def __init__(self, error: str | None, cause: str | None, location: str | None = None) -> None:
        super().__init__(error, cause)
        self.error = error
        self.cause = cause
        self.location = location


class HistoryFull(Exception):
    """The execution has used up its events."""
