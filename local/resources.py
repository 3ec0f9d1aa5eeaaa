"""What this machine understands of each resource type: every property is either modelled or inert.

A property that appears in neither is refused by name, because ignoring it silently would be a
guess. `Inert` properties are accepted and have no effect here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from local.resources_base import Inert, Properties, Strings
from local.resources_compute import (
    Alias,
    Bucket,
    CodeLocation,
    Destination,
    Environment,
    EventDestination,
    EventInvokeConfig,
    EventSourceMapping,
    Filter,
    FilterCriteria,
    Function,
    GenerateSecretString,
    Queue,
    RedrivePolicy,
    ScalingConfig,
    Secret,
    SuccessFailure,
    Table,
    TargetArn,
)

__all__ = [
    "INERT",
    "MODELS",
    "Alias",
    "Api",
    "Bucket",
    "CodeLocation",
    "ConfigurationSet",
    "ConfigurationSetEventDestination",
    "CorsConfiguration",
    "DeadLetter",
    "DeadLetterTarget",
    "DefinitionLocation",
    "Destination",
    "Environment",
    "EventBus",
    "EventDestination",
    "EventInvokeConfig",
    "EventSourceMapping",
    "Filter",
    "FilterCriteria",
    "FlexibleTimeWindow",
    "Function",
    "GenerateSecretString",
    "Inert",
    "InputTransformer",
    "Integration",
    "MailDestination",
    "Properties",
    "Queue",
    "RedrivePolicy",
    "RetryPolicy",
    "Route",
    "RouteThrottling",
    "Rule",
    "ScalingConfig",
    "Schedule",
    "ScheduleTarget",
    "Secret",
    "Stage",
    "StateMachine",
    "StateMachineAlias",
    "StateMachineVersion",
    "Subscription",
    "SuccessFailure",
    "Table",
    "Target",
    "TargetArn",
    "Topic",
]

# Events ------------------------------------------------------------------------------------------


class EventBus(Properties):
    """AWS::Events::EventBus."""

    name: str
    description: Inert = None
    kms_key_identifier: Inert = None
    log_config: Inert = None
    tags: Inert = None


class InputTransformer(Properties):
    """How a rule rewrites an event for a target."""

    input_paths_map: dict[str, str] = Field(default_factory=dict)
    input_template: str


class RetryPolicy(Properties):
    """How often and how long a delivery is tried again."""

    maximum_retry_attempts: int = 185
    maximum_event_age_in_seconds: int = 86_400


class DeadLetter(Properties):
    """Where a delivery goes that was given up."""

    arn: str | None = None


class Target(Properties):
    """A target of a rule."""

    id: str
    arn: str
    role_arn: str | None = None
    input: str | None = None
    input_path: str | None = None
    input_transformer: InputTransformer | None = None
    retry_policy: RetryPolicy = RetryPolicy()
    dead_letter_config: DeadLetter = DeadLetter()


class Rule(Properties):
    """AWS::Events::Rule, by pattern or by schedule."""

    name: str | None = None
    event_bus_name: str = "default"
    event_pattern: dict[str, Any] | None = None
    schedule_expression: str | None = None
    state: str = "ENABLED"
    targets: Annotated[tuple[Target, ...], Field(max_length=5)] = ()
    description: Inert = None
    role_arn: Inert = None


class FlexibleTimeWindow(Properties):
    """Schedules fire on time here: a flexible window would be a guess."""

    mode: Literal["OFF"]


class ScheduleTarget(Properties):
    """The target of a schedule."""

    arn: str
    role_arn: str
    input: str | None = None
    retry_policy: RetryPolicy = RetryPolicy()
    dead_letter_config: DeadLetter | None = None


class Schedule(Properties):
    """AWS::Scheduler::Schedule."""

    name: str | None = None
    group_name: str = "default"
    schedule_expression: str
    schedule_expression_timezone: str = "UTC"
    flexible_time_window: FlexibleTimeWindow
    state: str = "ENABLED"
    target: ScheduleTarget
    description: Inert = None


class Topic(Properties):
    """AWS::SNS::Topic, standard topics only."""

    topic_name: str | None = None
    subscription: tuple[dict[str, str], ...] = ()
    display_name: Inert = None
    kms_master_key_id: Inert = None
    tags: Inert = None


class Subscription(Properties):
    """AWS::SNS::Subscription."""

    topic_arn: str
    protocol: Literal["sqs", "lambda", "email"]
    endpoint: str
    raw_message_delivery: bool = False
    redrive_policy: DeadLetterTarget | None = None
    region: Inert = None


class DeadLetterTarget(Properties):
    """Redrive policy of a subscription."""

    dead_letter_target_arn: str = Field(alias="deadLetterTargetArn")


# States and HTTP ---------------------------------------------------------------------------------


class DefinitionLocation(Properties):
    """Where the definition lies: `key` is a local file when the bucket is "local"."""

    bucket: str
    key: str


class StateMachine(Properties):
    """AWS::StepFunctions::StateMachine, Standard only."""

    state_machine_name: str | None = None
    definition_s3_location: DefinitionLocation | None = Field(
        default=None, alias="DefinitionS3Location"
    )
    definition: dict[str, Any] | None = None
    definition_string: str | None = None
    definition_substitutions: dict[str, str] = Field(default_factory=dict)
    role_arn: str
    state_machine_type: Literal["STANDARD"] = "STANDARD"
    logging_configuration: Inert = None
    tags: Inert = None
    tracing_configuration: Inert = None


class StateMachineVersion(Properties):
    """AWS::StepFunctions::StateMachineVersion."""

    state_machine_arn: str
    state_machine_revision_id: Inert = None
    description: Inert = None


class AliasDeployment(Properties):
    """How an alias comes to a new version: all at once."""

    type: Literal["ALL_AT_ONCE"]
    state_machine_version_arn: str


class StateMachineAlias(Properties):
    """AWS::StepFunctions::StateMachineAlias, as SAM makes it."""

    name: str
    deployment_preference: AliasDeployment
    description: Inert = None


class CorsConfiguration(Properties):
    """CORS as API Gateway answers it itself."""

    allow_credentials: bool = False
    allow_headers: Strings = ()
    allow_methods: Strings = ()
    allow_origins: Strings = ()
    expose_headers: Strings = ()
    max_age: int | None = None


class Api(Properties):
    """AWS::ApiGatewayV2::Api, HTTP only; routes by `body` (OpenAPI) or by Route resources."""

    name: str | None = None
    protocol_type: Literal["HTTP"] = "HTTP"
    body: dict[str, Any] | None = None
    cors_configuration: CorsConfiguration | None = None
    disable_execute_api_endpoint: bool = False
    description: Inert = None
    fail_on_warnings: Inert = None
    tags: Inert = None
    version: Inert = None


class RouteThrottling(Properties):
    """Requests per second (token bucket) and burst."""

    throttling_burst_limit: int | None = None
    throttling_rate_limit: float | None = None
    detailed_metrics_enabled: Inert = None
    logging_level: Inert = None
    data_trace_enabled: Inert = None


class Stage(Properties):
    """AWS::ApiGatewayV2::Stage."""

    api_id: str
    stage_name: str
    auto_deploy: bool = False
    default_route_settings: RouteThrottling = RouteThrottling()
    route_settings: dict[str, RouteThrottling] = Field(default_factory=dict)
    stage_variables: dict[str, str] = Field(default_factory=dict)
    access_log_settings: Inert = None
    description: Inert = None
    deployment_id: Inert = None
    tags: Inert = None


class Integration(Properties):
    """AWS::ApiGatewayV2::Integration with a function."""

    api_id: str
    integration_type: Literal["AWS_PROXY"]
    integration_uri: str
    payload_format_version: Literal["2.0"]
    integration_method: Inert = None
    connection_type: Inert = None
    timeout_in_millis: int = 30_000
    description: Inert = None


class Route(Properties):
    """AWS::ApiGatewayV2::Route."""

    api_id: str
    route_key: str
    target: str
    authorization_type: Literal["NONE"] = "NONE"
    operation_name: Inert = None


# Mail --------------------------------------------------------------------------------------------


class ConfigurationSet(Properties):
    """AWS::SES::ConfigurationSet."""

    name: str | None = None
    tracking_options: dict[str, Any] | None = None
    delivery_options: Inert = None
    reputation_options: Inert = None
    sending_options: dict[str, bool] | None = None
    suppression_options: dict[str, Any] | None = None
    vdm_options: Inert = None
    archiving_options: Inert = None
    tags: Inert = None


class MailDestination(Properties):
    """Where SES tells what becomes of mail."""

    name: str | None = None
    enabled: bool = True
    matching_event_types: tuple[str, ...]
    sns_destination: dict[str, str] | None = None
    event_bridge_destination: dict[str, str] | None = None


class ConfigurationSetEventDestination(Properties):
    """AWS::SES::ConfigurationSetEventDestination."""

    configuration_set_name: str
    event_destination: MailDestination


class S3Action(Properties):
    """The bucket, and the topic."""

    bucket_name: str
    object_key_prefix: str = ""
    topic_arn: str


class ReceiptAction(Properties):
    """What SES does with a mail it receives: it is put into a bucket, and a topic is told."""

    s3_action: S3Action = Field(alias="S3Action")


class ReceiptRuleBody(Properties):
    """The rule itself."""

    enabled: bool = False
    recipients: tuple[str, ...] = ()
    actions: tuple[ReceiptAction, ...]
    scan_enabled: Inert = None
    tls_policy: Inert = None
    name: Inert = None


class ReceiptRule(Properties):
    """AWS::SES::ReceiptRule, in a rule set that is the active one."""

    rule_set_name: str
    rule: ReceiptRuleBody


MODELS: dict[str, type[Properties]] = {
    "AWS::ApiGatewayV2::Api": Api,
    "AWS::ApiGatewayV2::Integration": Integration,
    "AWS::ApiGatewayV2::Route": Route,
    "AWS::ApiGatewayV2::Stage": Stage,
    "AWS::DynamoDB::Table": Table,
    "AWS::Events::EventBus": EventBus,
    "AWS::Events::Rule": Rule,
    "AWS::Lambda::EventInvokeConfig": EventInvokeConfig,
    "AWS::Lambda::EventSourceMapping": EventSourceMapping,
    "AWS::Lambda::Function": Function,
    "AWS::S3::Bucket": Bucket,
    "AWS::SES::ConfigurationSet": ConfigurationSet,
    "AWS::SES::ConfigurationSetEventDestination": ConfigurationSetEventDestination,
    "AWS::SES::ReceiptRule": ReceiptRule,
    "AWS::SNS::Subscription": Subscription,
    "AWS::SNS::Topic": Topic,
    "AWS::SQS::Queue": Queue,
    "AWS::Scheduler::Schedule": Schedule,
    "AWS::SecretsManager::Secret": Secret,
    "AWS::StepFunctions::StateMachine": StateMachine,
    "AWS::StepFunctions::StateMachineAlias": StateMachineAlias,
    "AWS::StepFunctions::StateMachineVersion": StateMachineVersion,
}

INERT = frozenset(
    {
        "AWS::ApiGatewayV2::ApiMapping",
        "AWS::ApiGatewayV2::DomainName",
        "AWS::Budgets::Budget",
        "AWS::CertificateManager::Certificate",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::CompositeAlarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::Events::EventBusPolicy",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
        "AWS::Logs::MetricFilter",
        "AWS::Logs::QueryDefinition",
        "AWS::Logs::ResourcePolicy",
        "AWS::ResourceGroups::Group",
        "AWS::Route53::RecordSet",
        "AWS::Route53::RecordSetGroup",
        "AWS::S3::BucketPolicy",
        "AWS::SES::EmailIdentity",
        "AWS::SES::ReceiptRuleSet",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::Scheduler::ScheduleGroup",
    }
)
"""Types that are accepted and do nothing on one machine (their names and ARNs still resolve)."""

Subscription.model_rebuild()
