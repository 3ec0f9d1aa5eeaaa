"""What functions did, beside what their roles allow.

Nothing is enforced while running: a missing permission would then show as one of many errors. A
test compares afterwards, and names every call that AWS would have refused, because that is the
commonest way in which a first deployment fails.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from local.hook import Call
from local.identifiers import ACCOUNT, REGION
from local.meter import Meter
from local.sandbox import Function
from local.template import Stack, TemplateError

ANY = "*unknown*"
"""A resource that a call does not name (a task token's machine): any grant of the action does."""

_PREFIXES = {"stepfunctions": "states", "sesv2": "ses"}
_ACTIONS = {
    ("lambda", "Invoke"): "InvokeFunction",
    ("s3", "ListObjectsV2"): "ListBucket",
    ("s3", "HeadObject"): "GetObject",
}
_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """A function needed to be allowed `action` on `resource` (an ARN, or ANY)."""

    function: str
    action: str
    resource: str


class Recorder:
    """Stands before the meter and remembers what every function did."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self.uses: set[Use] = set()

    def count_invocation(
        self, function: Function, *, billed_ms: int, cold: bool, own_seconds: float
    ) -> None:
        """Pass on that an invocation ended."""
        self._meter.count_invocation(
            function, billed_ms=billed_ms, cold=cold, own_seconds=own_seconds
        )

    def count_call(self, function: str, call: Call) -> None:
        """Remember a call, and pass it on."""
        for action, resource in needs(call.service, call.operation, call.params):
            self.uses.add(Use(function, action, resource))
        self._meter.count_call(function, call)

    def count_capacity(self, table: str, reads: float, writes: float) -> None:
        """Pass on what a call of DynamoDB consumed."""
        self._meter.count_capacity(table, reads, writes)

    def count_log(self, function: str, size: int) -> None:
        """Pass on that a handler printed something."""
        self._meter.count_log(function, size)


def needs(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the (action, resource) pairs that IAM asks for before a call."""
    if service == "dynamodb":
        yield from _dynamodb(operation, params)
        return
    prefix = _PREFIXES.get(service, service)
    action = f"{prefix}:{_ACTIONS.get((service, operation), operation)}"
    for resource in _RESOURCES.get(service, lambda _: [ANY])(params):
        yield action, resource


def _dynamodb(operation: str, params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if operation in {"TransactWriteItems", "TransactGetItems"}:
        for item in params["TransactItems"]:
            for kind, member in item.items():
                yield f"dynamodb:{_TRANSACTION[kind]}", _table(member["TableName"])
    elif operation in {"BatchGetItem", "BatchWriteItem"}:
        for name in params["RequestItems"]:
            yield f"dynamodb:{operation}", _table(name)
    else:
        table = _table(params.get("TableName", "*"))
        index = params.get("IndexName")
        yield f"dynamodb:{operation}", f"{table}/index/{index}" if index else table


def _arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


def _table(name: str) -> str:
    return name if name.startswith("arn:") else _arn("dynamodb", f"table/{name}")


def _bus(name: str) -> str:
    return name if name.startswith("arn:") else _arn("events", f"event-bus/{name}")


def _states(params: Mapping[str, Any]) -> list[str]:
    return [params.get("stateMachineArn") or params.get("executionArn") or ANY]


def _mail(params: Mapping[str, Any]) -> list[str]:
    sender = str(params.get("FromEmailAddress", "")).rpartition("<")[2].rstrip(">")
    resources = [_arn("ses", f"identity/{sender.rpartition('@')[2]}")]
    if "ConfigurationSetName" in params:
        resources.append(_arn("ses", f"configuration-set/{params['ConfigurationSetName']}"))
    return resources


def _function(params: Mapping[str, Any]) -> list[str]:
    name = str(params["FunctionName"])
    return [name if name.startswith("arn:") else _arn("lambda", f"function:{name}")]


_RESOURCES: Mapping[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "events": lambda params: sorted(
        {_bus(entry.get("EventBusName", "default")) for entry in params.get("Entries", [])}
    ),
    "lambda": _function,
    "s3": lambda params: [
        f"arn:aws:s3:::{params['Bucket']}" + (f"/{params['Key']}" if "Key" in params else "")
    ],
    "scheduler": lambda params: [
        _arn("scheduler", f"schedule/{params.get('GroupName', 'default')}/{params.get('Name')}")
    ],
    "secretsmanager": lambda params: [params["SecretId"]],
    "sesv2": _mail,
    "sns": lambda params: [params.get("TopicArn", ANY)],
    "sqs": lambda params: [_arn("sqs", str(params["QueueUrl"]).rpartition("/")[2])],
    "stepfunctions": _states,
}


# What roles allow --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a policy; conditions are not evaluated."""

    allow: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    services: tuple[str, ...] = ()

    def covers(self, action: str, resource: str) -> bool:
        """Return whether the statement speaks of this."""
        return any(fnmatchcase(action.lower(), known.lower()) for known in self.actions) and (
            resource == ANY or any(fnmatchcase(resource, known) for known in self.resources)
        )


_MANAGED: Mapping[str, tuple[Statement, ...]] = {
    "AWSLambdaBasicExecutionRole": (Statement(True, ("logs:*",), ("*",)),),  # noqa: FBT003
    "AWSLambdaSQSQueueExecutionRole": (
        Statement(
            True,  # noqa: FBT003
            ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "logs:*"),
            ("*",),
        ),
    ),
    "AWSLambdaDynamoDBExecutionRole": (
        Statement(
            True,  # noqa: FBT003
            (
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
                "dynamodb:ListStreams",
                "logs:*",
            ),
            ("*",),
        ),
    ),
    "AWSXRayDaemonWriteAccess": (Statement(True, ("xray:*",), ("*",)),),  # noqa: FBT003
    "AWSXrayWriteOnlyAccess": (Statement(True, ("xray:*",), ("*",)),),  # noqa: FBT003
}


def statements(document: Mapping[str, Any]) -> Iterator[Statement]:
    """Yield the statements of a policy document."""
    for one in _list(document.get("Statement")):
        if "NotAction" in one or "NotResource" in one:
            raise TemplateError("NotAction and NotResource are not understood here")
        principal = one.get("Principal")
        services = _list(principal.get("Service")) if isinstance(principal, Mapping) else []
        yield Statement(
            one["Effect"] == "Allow",
            tuple(_list(one["Action"])),
            tuple(_list(one.get("Resource", "*"))),
            tuple(services),
        )


def role_statements(stack: Stack, role_arn: str) -> tuple[Statement, ...]:
    """Return everything a role of the stack is allowed and denied."""
    role = stack.by_arn(role_arn)
    found: list[Statement] = []
    for policy in role.properties.get("Policies", []):
        found += statements(policy["PolicyDocument"])
    for arn in role.properties.get("ManagedPolicyArns", []):
        name = str(arn).rpartition("/")[2]
        if name in _MANAGED:
            found += _MANAGED[name]
        else:
            found += statements(stack.by_arn(arn).properties["PolicyDocument"])
    for resource in stack.inert:
        if resource.type == "AWS::IAM::Policy" and role.name in resource.properties.get(
            "Roles", []
        ):
            found += statements(resource.properties["PolicyDocument"])
    return tuple(found)


def allowed(granted: tuple[Statement, ...], action: str, resource: str) -> bool:
    """Return whether the statements allow an action: one allows it and none denies it."""
    spoken = [one.allow for one in granted if one.covers(action, resource)]
    return any(spoken) and all(spoken)


def missing(stack: Stack, uses: set[Use]) -> list[str]:
    """Return a sentence for each use that the function's role does not allow."""
    functions = stack.functions
    granted = {name: role_statements(stack, function.role) for name, function in functions.items()}
    return [
        f"{use.function} used {use.action} on {use.resource}, which its role does not allow"
        for use in sorted(uses)
        if use.function in granted and not allowed(granted[use.function], use.action, use.resource)
    ]


def resource_policies(stack: Stack) -> Mapping[str, tuple[Statement, ...]]:
    """Return what resource policies allow AWS's services, by ARN of queue, topic or function."""
    found: dict[str, list[Statement]] = {}
    for resource in stack.inert:
        properties = resource.properties
        if resource.type == "AWS::SQS::QueuePolicy":
            for url in properties["Queues"]:
                arn = _arn("sqs", str(url).rpartition("/")[2])
                found.setdefault(arn, []).extend(statements(properties["PolicyDocument"]))
        elif resource.type == "AWS::SNS::TopicPolicy":
            for arn in properties["Topics"]:
                found.setdefault(arn, []).extend(statements(properties["PolicyDocument"]))
        elif resource.type == "AWS::Lambda::Permission":
            arn = _function({"FunctionName": properties["FunctionName"]})[0]
            one = Statement(
                True,  # noqa: FBT003
                (properties["Action"],),
                (arn,),
                (properties["Principal"],),
            )
            found.setdefault(arn, []).append(one)
    return {arn: tuple(granted) for arn, granted in found.items()}


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def describe_uses(uses: set[Use]) -> str:
    """Return the uses as JSON lines, for a person who writes a policy."""
    return "\n".join(json.dumps([use.function, use.action, use.resource]) for use in sorted(uses))
