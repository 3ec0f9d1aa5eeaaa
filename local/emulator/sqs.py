"""SQS: standard and FIFO queues with visibility time-outs in virtual time.

A long poll answers at once: nothing arrives while the one thread waits for it. Redrive to the
dead-letter queue happens when a message is received once too often, as in AWS.
"""

from typing import Any, cast

from local.emulator.ministack import JsonService, dump, scope
from local.hook import Answer, AwsError, Call


class Sqs(JsonService):
    """Answers for "sqs"."""

    name = "sqs"

    def __init__(self, account: str = "123456789012", region: str = "us-east-1") -> None:
        super().__init__(account, region)
        module: Any = self.backend
        # Queue URLs carry the host of AWS, as in the template's own attributes.
        module._queue_url_for_account = self._url  # noqa: SLF001

    def _url(self, account: str, name: str) -> str:
        return f"https://sqs.{self.region}.amazonaws.com/{account}/{name}"

    def url(self, name: str) -> str:
        """Return the URL of a queue."""
        return self._url(self.account, name)

    def call(self, call: Call) -> Answer:
        """Answer a call; an empty list is left out, as AWS leaves it out."""
        return {key: value for key, value in super().call(call).items() if value != []}

    def prepare(self, call: Call) -> bytes:
        """Return the body of the request."""
        if call.operation == "ReceiveMessage":
            return dump({**call.params, "WaitTimeSeconds": 0})
        return dump(call.params)

    def receive(self, url: str, most: int, visibility: int | None = None) -> list[dict[str, Any]]:
        """Take up to `most` messages (any number) for a delivery, with all their attributes."""
        messages: list[dict[str, Any]] = []
        while len(messages) < most:
            request: dict[str, Any] = {
                "QueueUrl": url,
                "MaxNumberOfMessages": min(10, most - len(messages)),
                "WaitTimeSeconds": 0,
                "MessageSystemAttributeNames": ["All"],
                "AttributeNames": ["All"],
                "MessageAttributeNames": ["All"],
            }
            if visibility is not None:
                request["VisibilityTimeout"] = visibility
            some = cast(
                "list[dict[str, Any]]", self._act("ReceiveMessage", request).get("Messages")
            )
            if not some:
                break
            messages.extend(some)
        return messages

    def delete(self, url: str, receipt: str) -> None:
        """Take a delivered message out of its queue."""
        self._act("DeleteMessage", {"QueueUrl": url, "ReceiptHandle": receipt})

    def send(self, url: str, body: str, **more: object) -> str:
        """Put a message into a queue; return its id."""
        return str(
            self._act("SendMessage", {"QueueUrl": url, "MessageBody": body, **more})["MessageId"]
        )

    def change_visibility(self, url: str, receipt: str, seconds: int) -> None:
        """Hide a delivered message for so many seconds from now (0: show it)."""
        request = {"QueueUrl": url, "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
        self._act("ChangeMessageVisibility", request)

    def _act(self, action: str, data: dict[str, Any]) -> Answer:
        module: Any = self.backend
        with scope(self.account, self.region):
            coroutine = module._dispatch(action, data, data["QueueUrl"])  # noqa: SLF001
            try:
                coroutine.send(None)
            except StopIteration as end:
                return cast("Answer", end.value)
            except module._Err as error:  # noqa: SLF001
                raise AwsError(error.code, error.message, error.status) from error
        raise AssertionError(action)
