"""The small adapters: EventBridge, Step Functions, SQS, Secrets Manager."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from relance.aws.passing import calling
from relance.errors import ServiceUnavailable
from relance.events import Event
from relance.ports import Run
from relance.storage import Value

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

SOURCE = "relance"
"""What the suite's events on the bus name as their source."""

PUT_EVENTS_LIMIT = 10


class EventBridgeBus:
    """The suite's bus."""

    def __init__(self, client: "EventBridgeClient", bus: str) -> None:
        self._client = client
        self._bus = bus

    def publish(self, events: Sequence[Event]) -> None:
        """Put the events on the bus, ten at a time.

        Raises:
            ServiceUnavailable: some were not taken, or nobody knows; publish them all again.
        """
        for start in range(0, len(events), PUT_EVENTS_LIMIT):
            some = events[start : start + PUT_EVENTS_LIMIT]
            with calling("EventBridge"):
                answer = self._client.put_events(
                    Entries=[
                        {
                            "EventBusName": self._bus,
                            "Source": SOURCE,
                            "DetailType": event.name,
                            "Detail": json.dumps(event.public(), separators=(",", ":")),
                        }
                        for event in some
                    ]
                )
            if answer["FailedEntryCount"]:
                raise ServiceUnavailable(
                    f"EventBridge did not take {answer['FailedEntryCount']} of {len(some)} events"
                )


LIVE = "live"
"""The alias of a journey that leads to the version in force."""


class StepFunctionsExecutions:
    """The state machines.

    `starts` is the ARN of the one that the function starts, `journeys` how those of all journeys
    begin.
    """

    def __init__(self, client: "SFNClient", *, starts: str = "", journeys: str = "") -> None:
        self._client = client
        self._starts, self._journeys = starts, journeys

    def arn_of(self, name: str) -> str:
        """The ARN of an execution of the machine that is started here."""
        return f"{self._starts.replace(':stateMachine:', ':execution:')}:{name}"

    def start(self, name: str, data: Mapping[str, Value]) -> None:
        """Start an execution; one that was started under the name is enough.

        Raises:
            ServiceUnavailable: Step Functions could not answer now.
        """
        self._start(self._starts, name, data)

    def start_journey(self, journey: str, *, name: str, data: Mapping[str, Value]) -> bool:
        """Start a journey's live version; False if the execution's name was used before.

        Raises:
            LookupError: there is no such journey.
            ServiceUnavailable: Step Functions could not answer now.
        """
        known = self._client.exceptions
        try:
            return self._start(f"{self._journey(journey)}:{LIVE}", name, data)
        except (known.StateMachineDoesNotExist, known.InvalidArn):
            raise LookupError(journey) from None

    def journey_arn_of(self, journey: str, name: str) -> str:
        """The ARN of the execution of this name of a journey of this stack."""
        return f"{self._journey(journey).replace(':stateMachine:', ':execution:')}:{name}"

    def _journey(self, journey: str) -> str:
        return self._journeys + journey.replace("_", "-")

    def _start(self, machine: str, name: str, data: Mapping[str, Value]) -> bool:
        text = json.dumps(data, separators=(",", ":"))
        try:
            with calling("Step Functions"):
                self._client.start_execution(stateMachineArn=machine, name=name, input=text)
        except self._client.exceptions.ExecutionAlreadyExists:
            return False
        return True

    def succeed(self, token: str, result: Mapping[str, Value]) -> bool:
        """Answer a pause; False if nobody waits for this answer any more.

        Raises:
            ServiceUnavailable: Step Functions could not answer now.
        """
        known = self._client.exceptions
        try:
            with calling("Step Functions"):
                self._client.send_task_success(
                    taskToken=token, output=json.dumps(result, separators=(",", ":"))
                )
        except (known.TaskTimedOut, known.TaskDoesNotExist, known.InvalidToken):
            return False
        return True

    def fail(self, token: str, *, error: str, cause: str) -> bool:
        """Tell a pause that its step failed; False if nobody waits for this answer any more.

        Raises:
            ServiceUnavailable: Step Functions could not answer now.
        """
        known = self._client.exceptions
        try:
            with calling("Step Functions"):
                self._client.send_task_failure(taskToken=token, error=error, cause=cause)
        except (known.TaskTimedOut, known.TaskDoesNotExist, known.InvalidToken):
            return False
        return True

    def stop(self, execution: str, *, cause: str) -> None:
        """Stop an execution, if it is still running.

        Raises:
            ServiceUnavailable: Step Functions could not answer now.
        """
        with suppress(self._client.exceptions.ExecutionDoesNotExist), calling("Step Functions"):
            self._client.stop_execution(executionArn=execution, cause=cause)

    def is_running(self, execution: str) -> bool:
        """Whether the execution with this ARN is still running; False if it is unknown.

        Raises:
            ServiceUnavailable: Step Functions could not answer now.
        """
        try:
            with calling("Step Functions"):
                answer = self._client.describe_execution(executionArn=execution)
        except self._client.exceptions.ExecutionDoesNotExist:
            return False
        return answer["status"] in ("RUNNING", "PENDING_REDRIVE")


class StepFunctionsRuns:
    """The executions of one state machine."""

    def __init__(self, client: "SFNClient", machine: str) -> None:
        self._client = client
        self._machine = machine

    def latest(self, most: int) -> list[Run]:
        """The latest executions, each with its input and output: one call more than there are.

        Raises:
            ServiceUnavailable: Step Functions could not answer now.
        """
        with calling("Step Functions"):
            listed = self._client.list_executions(stateMachineArn=self._machine, maxResults=most)
            return [self._read(each["executionArn"]) for each in listed["executions"][:most]]

    def _read(self, execution: str) -> Run:
        told = self._client.describe_execution(executionArn=execution)
        return Run(
            execution=execution,
            status=told["status"],
            started_at=told["startDate"],
            ended_at=told.get("stopDate"),
            input=told.get("input", ""),
            output=told.get("output"),
        )


class SqsRepairQueue:
    """The queue of contacts set aside."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def set_aside(self, contact_id: str, event_ids: Sequence[str], reason: str) -> None:
        """Keep the contact and its events for `refold_contact`.

        Raises:
            ServiceUnavailable: SQS could not answer now.
        """
        body = {"contact_id": contact_id, "event_ids": list(event_ids), "reason": reason}
        with calling("SQS"):
            self._client.send_message(QueueUrl=self._url, MessageBody=json.dumps(body))


class SqsBacklog:
    """The queue of events that wait for the tables."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def keep(self, bodies: Sequence[str]) -> None:
        """Send each body as a message.

        Raises:
            ServiceUnavailable: SQS could not answer now.
        """
        for body in bodies:
            with calling("SQS"):
                self._client.send_message(QueueUrl=self._url, MessageBody=body)


class SqsWaker:
    """The queue of deferred messages whose time has come."""

    AT_ONCE = 10
    """How many messages SQS takes in one call."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def wake(self, send_ids: Sequence[str]) -> None:
        """Send each id as a message.

        Raises:
            ServiceUnavailable: SQS could not take all of them now.
        """
        for start in range(0, len(send_ids), self.AT_ONCE):
            some = send_ids[start : start + self.AT_ONCE]
            with calling("SQS"):
                answer = self._client.send_message_batch(
                    QueueUrl=self._url,
                    Entries=[{"Id": str(n), "MessageBody": each} for n, each in enumerate(some)],
                )
            if answer.get("Failed"):
                raise ServiceUnavailable("SQS did not take all messages")


def read_secret(client: "SecretsManagerClient", name: str) -> dict[str, str]:
    """The JSON object that a secret holds, as texts.

    Raises:
        ServiceUnavailable: Secrets Manager could not answer now.
    """
    with calling("Secrets Manager"):
        answer = client.get_secret_value(SecretId=name)
    value = json.loads(answer["SecretString"])
    return {str(name): str(each) for name, each in value.items()}
