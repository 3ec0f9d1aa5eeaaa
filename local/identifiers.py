"""What CloudFormation answers for Ref and GetAtt, by resource type.

Physical names are deterministic: the name the template gives, else `<stack>-<logical id>`.
Source of the shapes: "Return values" on each resource's page of the CloudFormation reference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

ACCOUNT = "123456789012"
REGION = "us-east-1"
PARTITION = "aws"
URL_SUFFIX = "amazonaws.com"

NAME_PROPERTIES = {
    "AWS::ApiGatewayV2::DomainName": "DomainName",
    "AWS::CertificateManager::Certificate": "DomainName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::CompositeAlarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::EventBus": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Lambda::LayerVersion": "LayerName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SES::ConfigurationSet": "Name",
    "AWS::SES::EmailIdentity": "EmailIdentity",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::Scheduler::ScheduleGroup": "Name",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}

_ARNS = {
    "AWS::CertificateManager::Certificate": "acm:{region}:{account}:certificate/{short}",
    "AWS::CloudWatch::Alarm": "cloudwatch:{region}:{account}:alarm:{name}",
    "AWS::CloudWatch::CompositeAlarm": "cloudwatch:{region}:{account}:alarm:{name}",
    "AWS::DynamoDB::Table": "dynamodb:{region}:{account}:table/{name}",
    "AWS::Events::EventBus": "events:{region}:{account}:event-bus/{name}",
    "AWS::Events::Rule": "events:{region}:{account}:rule/{name}",
    "AWS::IAM::ManagedPolicy": "iam::{account}:policy/{name}",
    "AWS::IAM::Role": "iam::{account}:role/{name}",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{name}",
    "AWS::Lambda::LayerVersion": "lambda:{region}:{account}:layer:{name}:1",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:{name}:*",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::SNS::Topic": "sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{name}",
    "AWS::Scheduler::Schedule": "scheduler:{region}:{account}:schedule/default/{name}",
    "AWS::Scheduler::ScheduleGroup": "scheduler:{region}:{account}:schedule-group/{name}",
    "AWS::SecretsManager::Secret": "secretsmanager:{region}:{account}:secret:{name}-{secret}",
    "AWS::StepFunctions::StateMachine": "states:{region}:{account}:stateMachine:{name}",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """One resource as references see it."""

    logical_id: str
    type: str
    name: str
    stack: str

    @property
    def short(self) -> str:
        """Ten letters and digits that stand for the ids AWS draws."""
        seen = f"{self.stack}/{self.logical_id}".encode()
        return hashlib.sha256(seen).hexdigest()[:10]

    @property
    def arn(self) -> str:
        """The ARN; KeyError for types that have none here."""
        shape = _ARNS[self.type]
        filled = shape.format(
            region=REGION, account=ACCOUNT, name=self.name, short=self.short, secret=self.short[:6]
        )
        return f"arn:{PARTITION}:{filled}"

    @property
    def queue_url(self) -> str:
        """The URL by which SQS knows a queue."""
        return f"https://sqs.{REGION}.{URL_SUFFIX}/{ACCOUNT}/{self.name}"

    @property
    def api_endpoint(self) -> str:
        """The host that API Gateway gives an API when it has no domain of its own."""
        return f"https://{self.short}.execute-api.{REGION}.{URL_SUFFIX}"


_BY_ARN = {
    "AWS::CertificateManager::Certificate",
    "AWS::IAM::ManagedPolicy",
    "AWS::Lambda::LayerVersion",
    "AWS::SNS::Topic",
    "AWS::SecretsManager::Secret",
    "AWS::StepFunctions::StateMachine",
}
_BY_SHORT_ID = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::Lambda::EventSourceMapping",
}


def ref(identity: Identity) -> str:
    """Return what `Ref` gives."""
    if identity.type == "AWS::SQS::Queue":
        return identity.queue_url
    if identity.type in _BY_ARN:
        return identity.arn
    if identity.type in _BY_SHORT_ID:
        return identity.short
    return identity.name


def _stream_arn(identity: Identity) -> str:
    return f"{identity.arn}/stream/2026-01-01T00:00:00.000"


_Attribute = Callable[[Identity], str]
_ATTRIBUTES: dict[tuple[str, str], _Attribute] = {
    ("AWS::ApiGatewayV2::Api", "ApiEndpoint"): lambda of: of.api_endpoint,
    ("AWS::ApiGatewayV2::Api", "ApiId"): lambda of: of.short,
    ("AWS::ApiGatewayV2::DomainName", "RegionalDomainName"): lambda of: (
        f"d-{of.short}.execute-api.{REGION}.{URL_SUFFIX}"
    ),
    ("AWS::ApiGatewayV2::DomainName", "RegionalHostedZoneId"): lambda _of: "Z1UJRXOUMOOFQ8",
    ("AWS::DynamoDB::Table", "StreamArn"): _stream_arn,
    ("AWS::Events::EventBus", "Name"): lambda of: of.name,
    ("AWS::IAM::Role", "RoleId"): lambda of: f"AROA{of.short.upper()}",
    ("AWS::IAM::ManagedPolicy", "PolicyArn"): lambda of: of.arn,
    ("AWS::S3::Bucket", "DomainName"): lambda of: f"{of.name}.s3.{URL_SUFFIX}",
    ("AWS::S3::Bucket", "RegionalDomainName"): lambda of: f"{of.name}.s3.{REGION}.{URL_SUFFIX}",
    ("AWS::SNS::Topic", "TopicArn"): lambda of: of.arn,
    ("AWS::SNS::Topic", "TopicName"): lambda of: of.name,
    ("AWS::SQS::Queue", "QueueName"): lambda of: of.name,
    ("AWS::SQS::Queue", "QueueUrl"): lambda of: of.queue_url,
    ("AWS::SecretsManager::Secret", "Id"): lambda of: of.arn,
    ("AWS::StepFunctions::StateMachine", "Name"): lambda of: of.name,
    ("AWS::StepFunctions::StateMachine", "StateMachineRevisionId"): lambda of: of.short,
}
for _number in (1, 2, 3):
    _ATTRIBUTES["AWS::SES::EmailIdentity", f"DkimDNSTokenName{_number}"] = lambda of, n=_number: (  # type: ignore[misc]
        f"{of.short}{n}._domainkey.{of.name}"
    )
    _ATTRIBUTES["AWS::SES::EmailIdentity", f"DkimDNSTokenValue{_number}"] = lambda of, n=_number: (  # type: ignore[misc]
        f"{of.short}{n}.dkim.{URL_SUFFIX}"
    )


def attribute(identity: Identity, name: str) -> str | None:
    """Return what `Fn::GetAtt` gives, or None where this type has no such attribute here."""
    if name == "Arn" and identity.type in _ARNS:
        return identity.arn
    found = _ATTRIBUTES.get((identity.type, name))
    return found(identity) if found else None
