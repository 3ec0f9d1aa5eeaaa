"""`lambda`: Invoke, and what else the product asks of Lambda."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import orjson

from local.deliveries.invocations import Invocations
from local.hook import AwsError
from local.hub import Hub, Outcome
from local.sandbox import ASYNCHRONOUS_LIMIT, InvokeResult, Sandboxes


class Functions:
    """Invokes functions for whoever calls Lambda's API."""

    def __init__(self, hub: Hub, sandboxes: Sandboxes, invocations: Invocations) -> None:
        self._hub, self._sandboxes, self._invocations = hub, sandboxes, invocations

    def invoke(self, params: dict[str, Any]) -> dict[str, Any]:
        """Invoke a function: `RequestResponse` waits for the result, `Event` does not."""
        name = self._sandboxes.function(params["FunctionName"]).name
        payload = _bytes(params.get("Payload", b"{}"))
        try:
            event = orjson.loads(payload or b"{}")
        except orjson.JSONDecodeError as error:
            message = f"Could not parse request body into json: {error}"
            raise AwsError("InvalidRequestContentException", message) from error
        if params.get("InvocationType", "RequestResponse") == "Event":
            if len(payload) > ASYNCHRONOUS_LIMIT:
                raise AwsError("RequestEntityTooLargeException", "The payload is over 1 MB.", 413)
            self._invocations.accept(name, event)
            return {"StatusCode": 202, "Payload": BytesIO(b"")}

        def register(done: Callable[[Outcome[InvokeResult]], None]) -> None:
            self._sandboxes.invoke(name, event, lambda result: done(Outcome(value=result)))

        result = self._hub.wait(register)
        answer = {
            "StatusCode": 200,
            "ExecutedVersion": "$LATEST",
            "Payload": BytesIO(orjson.dumps(result.body())),
        }
        if result.error is not None:
            answer["FunctionError"] = "Unhandled"
        return answer


def _bytes(payload: Any) -> bytes:
    if isinstance(payload, str):
        return payload.encode()
    return bytes(payload.read() if hasattr(payload, "read") else payload)
