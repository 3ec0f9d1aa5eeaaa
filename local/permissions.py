"""What functions did, beside what their roles allow.

Nothing is enforced while running: a missing permission would then show as one of many errors. A
test compares afterwards, and names every call that AWS would have refused, because that is the
commonest way in which a first deployment fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from local.identifiers import ACCOUNT, REGION
from local.resources import (
    Api,
    ConfigurationSetEventDestination,
    EventSourceMapping,
    Rule,
    Schedule,
    Subscription,
)
from local.states.names import unqualified
from local.template import Stack, TemplateError, function_name

ANY = "*unknown*"
"""A resource that a call does not name (a task token's machine): any grant of the action does."""

_PREFIXES = {"stepfunctions": "states", "sesv2": "ses"}
_ACTIONS = {
    ("lambda", "Invoke"): "InvokeFunction",
    ("s3", "ListObjectsV2"): "ListBucket",
    ("sqs", "SendMessageBatch"): "SendMessage",
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


def needs(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the (action, resource) pairs that IAM asks for before a call."""
    if service == "dynamodb":
        yield from _dynamodb(operation, params)
        return
    prefix = _PREFIXES.get(service, service)
    action = f"{prefix}:{_ACTIONS.get((service, operation), operation)}"
    for resource in _RESOURCES.get(service, _unknown)(params):
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


def _unknown(_params: Mapping[str, Any]) -> list[str]:
    return [ANY]


def _states(params: Mapping[str, Any]) -> list[str]:
    machine = params.get("stateMachineArn")
    return [unqualified(machine)[0] if machine else params.get("executionArn") or ANY]


def _mail(params: Mapping[str, Any]) -> list[str]:
    resources = []
    if "FromEmailAddress" in params:
        sender = str(params["FromEmailAddress"]).rpartition("<")[2].rstrip(">")
        resources.append(_arn("ses", f"identity/{sender.rpartition('@')[2]}"))
    if "EmailIdentity" in params:
        resources.append(_arn("ses", f"identity/{params['EmailIdentity']}"))
    if "ConfigurationSetName" in params:
        resources.append(_arn("ses", f"configuration-set/{params['ConfigurationSetName']}"))
    return resources or [ANY]  # the account has no ARN


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


# What deliveries need ----------------------------------------------------------------------------


def unconnected(stack: Stack) -> list[str]:
    """Return a sentence for each delivery that AWS would refuse for lack of a permission.

    Looks at rules, subscriptions, SES destinations and HTTP routes (resource policies), and at
    roles: of rules, schedules, event sources, on-failure destinations and state machines.
    """
    open_to = resource_policies(stack)
    found = [
        f"{source}: {service} may not do {action} on {target}: the target's policy lacks it"
        for source, service, action, target in _service_deliveries(stack)
        if not any(
            one.allow and one.covers(action, target) and service in one.services
            for one in open_to.get(target, ())
        )
    ]
    return found + [
        f"{source}: the role {role.rpartition('/')[2]} does not allow {action} on {target}"
        for source, role, action, target in _role_deliveries(stack)
        if not allowed(role_statements(stack, role), action, target)
    ]


_SEND = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "lambda": "lambda:InvokeFunction"}


_POLLING = {
    "sqs": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    "dynamodb": (
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
    ),
}


def _kind(arn: str) -> str:
    return arn.split(":")[2]


_Need = tuple[str, str, str, str]
"""Who delivers, by which service or role, which action, on which ARN."""


def _service_deliveries(stack: Stack) -> Iterator[_Need]:
    yield from _rules_by_policy(stack)
    for resource, subscription in stack.of(Subscription):
        if subscription.protocol != "email":
            action = _SEND[subscription.protocol]
            yield resource.logical_id, "sns.amazonaws.com", action, subscription.endpoint
    for resource, destination in stack.of(ConfigurationSetEventDestination):
        topic = (destination.event_destination.sns_destination or {}).get("TopicARN")
        if topic is not None:
            yield resource.logical_id, "ses.amazonaws.com", "sns:Publish", topic
    for resource, api in stack.of(Api):
        for path, methods in ((api.body or {}).get("paths") or {}).items():
            for operation in methods.values():
                uri = operation["x-amazon-apigateway-integration"]["uri"]
                arn = _function({"FunctionName": function_name(uri)})[0]
                source = f"{resource.logical_id} {path}"
                yield source, "apigateway.amazonaws.com", "lambda:InvokeFunction", arn


def _rules_by_policy(stack: Stack) -> Iterator[_Need]:
    service = "events.amazonaws.com"
    for resource, rule in stack.of(Rule):
        for target in rule.targets:
            if _kind(target.arn) in _SEND and target.role_arn is None:
                yield resource.logical_id, service, _SEND[_kind(target.arn)], target.arn
            if target.dead_letter_config.arn is not None:
                dead = target.dead_letter_config.arn
                yield resource.logical_id, service, "sqs:SendMessage", dead


def _role_deliveries(stack: Stack) -> Iterator[_Need]:
    for resource, rule in stack.of(Rule):
        for target in rule.targets:
            if _kind(target.arn) == "states" and target.role_arn is not None:
                aim, _ = unqualified(target.arn)
                yield resource.logical_id, target.role_arn, "states:StartExecution", aim
    for resource, schedule in stack.of(Schedule):
        to = schedule.target
        action = _SEND.get(_kind(to.arn), "states:StartExecution")
        yield resource.logical_id, to.role_arn, action, to.arn
    for machine in stack.machines.values():
        for arn in _invoked(machine.definition):
            yield machine.logical_id, machine.role, "lambda:InvokeFunction", arn
    yield from _sources_by_role(stack)
    for function in stack.functions.values():
        config = function.asynchronous.destination_config
        for destination in (config.on_failure, config.on_success):
            if destination is not None and _kind(destination.destination) in _SEND:
                arn = destination.destination
                yield function.logical_id, function.role, _SEND[_kind(arn)], arn


def _sources_by_role(stack: Stack) -> Iterator[_Need]:
    functions = stack.functions
    for resource, mapping in stack.of(EventSourceMapping):
        role = functions[function_name(mapping.function_name)].role
        source = mapping.event_source_arn
        for action in _POLLING[_kind(source)]:
            # ListStreams knows no resource narrower than the account's streams.
            yield resource.logical_id, role, action, ANY if "List" in action else source
        on_failure = mapping.destination_config.on_failure
        if on_failure is not None:
            arn = on_failure.destination
            yield resource.logical_id, role, _SEND[_kind(arn)], arn


def _invoked(definition: object) -> Iterator[str]:
    """Yield the ARNs of the functions that a definition calls."""
    if isinstance(definition, Mapping):
        if str(definition.get("Resource", "")).startswith("arn:aws:states:::lambda:invoke"):
            yield _function(definition["Arguments"])[0]
        for value in definition.values():
            yield from _invoked(value)
    elif isinstance(definition, list):
        for value in definition:
            yield from _invoked(value)
