"""What Task states ask for, done by the same services that answer boto3.

`lambda:invoke` runs a function; every other optimised or SDK integration becomes a call of a
service of this machine. What no service here answers is refused by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import orjson
from botocore import xform_name
from botocore.exceptions import ClientError

from local.hook import AwsError
from local.hub import Hub, Outcome
from local.latency import latency
from local.meter import Meter
from local.sandbox import InvokeResult, Sandboxes
from local.states.ports import TaskOutcome
from local.template import TemplateError

Done = Callable[[TaskOutcome], None]

_SERVICES = {
    "dynamodb": "dynamodb",
    "events": "events",
    "lambda": "lambda",
    "s3": "s3",
    "scheduler": "scheduler",
    "secretsmanager": "secretsmanager",
    "sesv2": "sesv2",
    "sfn": "stepfunctions",
    "sns": "sns",
    "sqs": "sqs",
    "states": "stepfunctions",
}
_ERROR_PREFIXES = {
    "dynamodb": "DynamoDB",
    "events": "EventBridge",
    "s3": "S3",
    "scheduler": "Scheduler",
    "secretsmanager": "SecretsManager",
    "sesv2": "SesV2",
    "stepfunctions": "StepFunctions",
    "sns": "SNS",
    "sqs": "SQS",
    "lambda": "Lambda",
}
_SDK_PREFIXES = {"stepfunctions": "Sfn", "dynamodb": "DynamoDb", "sns": "Sns", "sqs": "Sqs"}
_RESOURCE = re.compile(r"arn:aws:states:::(aws-sdk:)?([a-z0-9]+):([A-Za-z0-9]+)(\.[A-Za-z:0-9]+)?")
_FUNCTION = re.compile(r"arn:aws:lambda:[^:]*:[^:]*:function:")


class Tasks:
    """The TaskPort of the interpreter."""

    def __init__(self, hub: Hub, sandboxes: Sandboxes, meter: Meter) -> None:
        self._hub, self._sandboxes, self._meter = hub, sandboxes, meter
        self._clients: dict[str, Any] = {}

    def start(self, resource: str, arguments: object, done: Done) -> None:
        """Begin a task; TemplateError names a resource that is not supported here."""
        if _FUNCTION.match(resource):
            self._function(resource, arguments, lambda outcome: done(_payload_only(outcome)))
            return
        found = _RESOURCE.fullmatch(resource)
        if found is None or found.group(2) not in _SERVICES or found.group(4):
            raise TemplateError(f'the integration "{resource}" is not supported here')
        sdk, service, action = bool(found.group(1)), _SERVICES[found.group(2)], found.group(3)
        given = arguments if isinstance(arguments, Mapping) else {}
        if service == "lambda" and not sdk and action == "invoke":
            event = given.get("Payload", {})
            if given.get("InvocationType", "RequestResponse") == "RequestResponse":
                self._function(str(given["FunctionName"]), event, done)
                return
            given = {**given, "Payload": orjson.dumps(event)}
        self._call(service, action, dict(given), done, sdk=sdk)

    def _function(self, name: str, event: object, done: Done) -> None:
        def ended(result: InvokeResult) -> None:
            if result.error is not None:
                body = result.error.as_payload()
                done(TaskOutcome.failed(str(body.get("errorType", "")), json.dumps(body)))
                return
            done(
                TaskOutcome.ok(
                    {"ExecutedVersion": "$LATEST", "Payload": result.payload, "StatusCode": 200}
                )
            )

        try:
            self._sandboxes.invoke(name, event, ended)
        except AwsError as refusal:
            failed = TaskOutcome.failed(f"Lambda.{refusal.code}", refusal.message)
            self._hub.after(0, lambda: done(failed))

    def _call(
        self, service: str, action: str, arguments: dict[str, Any], done: Done, *, sdk: bool
    ) -> None:
        client = self._client(service)
        operation = xform_name(action)
        method = getattr(client, operation, None)
        if method is None:
            raise TemplateError(f'"{service}" has no operation "{action}"')
        params = _as_boto(client, action, arguments)
        if service == "s3":
            self._meter.count_s3(action[:1].upper() + action[1:])

        def work() -> dict[str, Any]:
            self._hub.sleep(latency(service, action[:1].upper() + action[1:]))
            answer: dict[str, Any] = method(**params)
            return answer

        def ended(outcome: Outcome[dict[str, Any]]) -> None:
            error = outcome.error
            if isinstance(error, ClientError):
                code = str(error.response.get("Error", {}).get("Code", ""))
                done(TaskOutcome.failed(_error_name(service, code, sdk=sdk), str(error)))
            elif error is not None:
                raise error
            else:
                answer = dict(outcome.unwrap())
                answer.pop("ResponseMetadata", None)
                done(TaskOutcome.ok(_as_states(answer)))

        self._hub.spawn(work, ended)

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(service, region_name="us-east-1")  # type: ignore[call-overload]
        return self._clients[service]


def _payload_only(outcome: TaskOutcome) -> TaskOutcome:
    if outcome.error is not None or not isinstance(outcome.result, Mapping):
        return outcome
    return TaskOutcome.ok(outcome.result["Payload"])


def _error_name(service: str, code: str, *, sdk: bool) -> str:
    prefix = (_SDK_PREFIXES if sdk else {}).get(service, _ERROR_PREFIXES[service])
    name = code if code.endswith("Exception") or not sdk else f"{code}Exception"
    return f"{prefix}.{name}"


def _as_boto(client: Any, action: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return arguments as boto3 names and types them: JSON text where Step Functions has JSON."""
    model = client.meta.service_model.operation_model(action[:1].upper() + action[1:])
    members = model.input_shape.members if model.input_shape else {}
    by_name = {name.lower(): name for name in members}
    converted: dict[str, Any] = {}
    for name, value in arguments.items():
        wanted = by_name.get(name.lower(), name)
        converted[wanted] = _text_where_text(members.get(wanted), value)
    return converted


def _text_where_text(shape: Any, value: Any) -> Any:
    kind = getattr(shape, "type_name", None)
    if kind == "string" and not isinstance(value, str):
        return json.dumps(value)
    if kind == "structure" and isinstance(value, dict):
        return {name: _text_where_text(shape.members.get(name), v) for name, v in value.items()}
    if kind == "list" and isinstance(value, list):
        return [_text_where_text(shape.member, item) for item in value]
    return value


def _as_states(answer: Any) -> Any:
    """Return an answer as Step Functions shows it: member names capitalised, dates as text."""
    if isinstance(answer, dict):
        return {name[:1].upper() + name[1:]: _plain(value) for name, value in answer.items()}
    return _plain(answer)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if hasattr(value, "isoformat"):
        return value.isoformat().replace("+00:00", "Z")
    if hasattr(value, "read"):
        return value.read().decode()
    return value
