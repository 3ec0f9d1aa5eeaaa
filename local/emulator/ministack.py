"""What the adapters of ministack's services have in common."""

import base64
import importlib
import logging
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any, Protocol, cast

import orjson
from botocore.parsers import create_parser

from local.hook import Answer, AwsError, Call, NotSupportedError

ACCOUNT = "123456789012"
REGION = "us-east-1"

_SETTINGS = {"MINISTACK_ACCOUNT_ID": ACCOUNT, "MINISTACK_REGION": REGION, "LOG_LEVEL": "ERROR"}
_QUIET = ("dynamodb", "s3", "sqs", "secretsmanager", "ministack", "concurrency")

Response = tuple[int, dict[str, str], bytes | str]


def load(name: str) -> ModuleType:
    """Import `ministack.services.<name>` without its threads, its logs and its server.

    The services ask `ministack.app` only whether requests are authorised; that module would import
    every other service, so a module that says no stands in for it.
    """
    full = f"ministack.services.{name}"
    if full in sys.modules:
        return sys.modules[full]
    if "ministack.app" not in sys.modules:
        app = ModuleType("ministack.app")
        app.__dict__["AUTH"] = False
        sys.modules["ministack.app"] = app
    before = {key: os.environ.get(key) for key in _SETTINGS}
    start = threading.Thread.start
    os.environ.update(_SETTINGS)
    cast("Any", threading.Thread).start = lambda _: None
    try:
        module = importlib.import_module(full)
    finally:
        cast("Any", threading.Thread).start = start
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value
    for logger in _QUIET:
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    return module


def scope(account: str, region: str) -> AbstractContextManager[None]:
    """Tell ministack in whose account and region a call is made."""
    module = importlib.import_module("ministack.core.responses")
    return cast("AbstractContextManager[None]", module.request_scope(account, region))


def finish(work: Awaitable[Response]) -> Response:
    """Run a coroutine that never suspends."""
    coroutine = cast("Coroutine[None, None, Response]", work)
    try:
        coroutine.send(None)
    except StopIteration as end:
        return cast("Response", end.value)
    coroutine.close()
    raise NotSupportedError("The embedded AWS does not wait inside of a service's answer.")


def dump(value: object) -> bytes:
    """Return JSON as the JSON protocols write it: blobs in base64, timestamps in seconds."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME)


def _plain(value: Any) -> object:
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if hasattr(value, "read"):
        return base64.b64encode(value.read()).decode()
    return value.timestamp()


def failure(status: int, body: bytes | str) -> AwsError:
    """Return the error that a JSON protocol answered."""
    parsed = orjson.loads(body)
    code = str(parsed.pop("__type", "InternalFailure")).rpartition("#")[2]
    message = str(parsed.pop("message", parsed.pop("Message", "")))
    return AwsError(code, message, status, parsed)


class Backend(Protocol):
    """The part of a ministack module that is called from here."""

    handle_request: Callable[..., Awaitable[Response]]
    reset: Callable[[], None]


class JsonService:
    """A service with a JSON protocol."""

    name = ""

    def __init__(self, account: str = ACCOUNT, region: str = REGION) -> None:
        self.account = account
        self.region = region
        self.backend = load(self.name)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        cast("Backend", self.backend).reset()

    def call(self, call: Call) -> Answer:
        """Answer a call."""
        prefix = call.model.service_model.metadata.get("targetPrefix", "")
        headers = {
            "x-amz-target": f"{prefix}.{call.operation}",
            "content-type": "application/x-amz-json-1.0",
            "host": f"{self.name}.{self.region}.amazonaws.com",
        }
        body = self.prepare(call)
        with scope(self.account, self.region):
            answer = finish(
                cast("Backend", self.backend).handle_request("POST", "/", headers, body, {})
            )
        status, _, text = answer
        if status >= 300:
            raise failure(status, text)
        return parse(call, status, {}, text)

    def prepare(self, call: Call) -> bytes:
        """Return the body of the request."""
        return dump(call.params)


def parse(call: Call, status: int, headers: Mapping[str, str], body: bytes | str) -> Answer:
    """Return what botocore makes of an HTTP answer."""
    protocol = call.model.service_model.resolved_protocol
    raw: object = body.encode() if isinstance(body, str) else body
    response: Any = {"status_code": status, "headers": headers, "body": raw, "context": {}}
    shape: Any = call.model.output_shape
    parsed: Answer = create_parser(protocol).parse(response, shape)
    parsed.pop("ResponseMetadata", None)
    return parsed
