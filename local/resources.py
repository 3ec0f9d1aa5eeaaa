"""What this machine understands of each resource type: every property is either modelled or inert.

A property that appears in neither is refused by name, because ignoring it silently would be a
guess. `Inert` properties are accepted and have no effect here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_pascal

Inert = Any
"""A property that is accepted and does nothing on one machine."""


def _as_list(value: object) -> object:
    return value if isinstance(value, list) or value is None else [value]


Strings = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class Properties(BaseModel):
    """The properties of a resource, or a part of them; anything unknown is refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_pascal, populate_by_name=True
    )


# Lambda ------------------------------------------------------------------------------------------


class Environment(Properties):
    """A function's environment."""

    variables: dict[str, str] = {}


class Destination(Properties):
    """Where results or positions go, by ARN."""

    destination: str


class TargetArn(Properties):
    """A dead-letter queue of a function."""

    target_arn: str


class CodeLocation(Properties):
    """Where the code lies: `s3_key` is a local folder when the bucket is "local"."""

    s3_bucket: str = Field(alias="S3Bucket")
    s3_key: str = Field(alias="S3Key")


class Function(Properties):
    """AWS::Lambda::Function."""

    code: CodeLocation
    function_name: str | None = None
    handler: str
    runtime: str
    role: str
    environment: Environment = Environment()
    timeout: int = 3
    memory_size: int = 128
    layers: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ("x86_64",)
    dead_letter_config: TargetArn | None = None
    reserved_concurrent_executions: int | None = None
    description: Inert = None
    ephemeral_storage: Inert = None
    logging_config: Inert = None
    package_type: Literal["Zip"] = "Zip"
    recursive_loop: Inert = None
    runtime_management_config: Inert = None
    tags: Inert = None
    tracing_config: Inert = None


class SuccessFailure(Properties):
    """Destinations of asynchronous invocations and stream batches."""

    on_failure: Destination | None = None
    on_success: Destination | None = None


class EventDestination(Properties):
    """On-failure destination of an event source."""

    on_failure: Destination | None = None


class EventInvokeConfig(Properties):
    """AWS::Lambda::EventInvokeConfig: retries of asynchronous invocations."""

    function_name: str
    qualifier: str = "$LATEST"
    destination_config: SuccessFailure = SuccessFailure()
    maximum_event_age_in_seconds: int = 21_600
    maximum_retry_attempts: int = 2


class Filter(Properties):
    """One event pattern as JSON text."""

    pattern: str


class FilterCriteria(Properties):
    """Patterns of an event source; a record that fits one of them is delivered."""

    filters: tuple[Filter, ...] = ()


class ScalingConfig(Properties):
    """Concurrency of a queue's poller."""

    maximum_concurrency: int | None = None


class EventSourceMapping(Properties):
    """AWS::Lambda::EventSourceMapping for DynamoDB streams and SQS queues."""

    event_source_arn: str
    function_name: str
    batch_size: int | None = None
    maximum_batching_window_in_seconds: float = 0
    starting_position: Literal["TRIM_HORIZON", "LATEST"] = "LATEST"
    enabled: bool = True
    filter_criteria: FilterCriteria = FilterCriteria()
    function_response_types: tuple[Literal["ReportBatchItemFailures"], ...] = ()
    bisect_batch_on_function_error: bool = False
    maximum_retry_attempts: int = -1
    maximum_record_age_in_seconds: int = -1
    parallelization_factor: int = 1
    destination_config: EventDestination = EventDestination()
    scaling_config: ScalingConfig = ScalingConfig()
    metrics_config: Inert = None
    tags: Inert = None


class Alias(Properties):
    """AWS::Lambda::Alias: a name for the only version there is here."""

    function_name: str
    function_version: str
    name: str
    description: Inert = None


# Storage -----------------------------------------------------------------------------------------


class Table(Properties):
    """AWS::DynamoDB::Table."""

    table_name: str | None = None
    attribute_definitions: tuple[dict[str, str], ...]
    key_schema: tuple[dict[str, str], ...]
    billing_mode: Literal["PAY_PER_REQUEST"]
    global_secondary_indexes: tuple[dict[str, Any], ...] = ()
    local_secondary_indexes: tuple[dict[str, Any], ...] = ()
    stream_specification: dict[str, Any] | None = None
    time_to_live_specification: dict[str, Any] | None = None
    contributor_insights_specification: Inert = None
    deletion_protection_enabled: Inert = None
    on_demand_throughput: Inert = None
    point_in_time_recovery_specification: Inert = None
    sse_specification: Inert = Field(default=None, alias="SSESpecification")
    table_class: Inert = None
    tags: Inert = None


class Bucket(Properties):
    """AWS::S3::Bucket."""

    bucket_name: str | None = None
    versioning_configuration: dict[str, str] | None = None
    bucket_encryption: Inert = None
    lifecycle_configuration: Inert = None
    logging_configuration: Inert = None
    ownership_controls: Inert = None
    public_access_block_configuration: Inert = None
    tags: Inert = None


class RedrivePolicy(Properties):
    """When and where a queue sets messages aside."""

    dead_letter_target_arn: str = Field(alias="deadLetterTargetArn")
    max_receive_count: int = Field(alias="maxReceiveCount")


class Queue(Properties):
    """AWS::SQS::Queue, standard queues only."""

    queue_name: str | None = None
    visibility_timeout: int = 30
    message_retention_period: int = 345_600
    delay_seconds: int = 0
    receive_message_wait_time_seconds: int = 0
    maximum_message_size: int | None = None
    redrive_policy: RedrivePolicy | None = None
    kms_data_key_reuse_period_seconds: Inert = None
    kms_master_key_id: Inert = None
    redrive_allow_policy: Inert = None
    sqs_managed_sse_enabled: Inert = None
    tags: Inert = None


class GenerateSecretString(Properties):
    """How Secrets Manager draws a value."""

    generate_string_key: str | None = None
    secret_string_template: str | None = None
    password_length: int = 32
    exclude_characters: str = ""
    exclude_lowercase: bool = False
    exclude_numbers: bool = False
    exclude_punctuation: bool = False
    exclude_uppercase: bool = False
    include_space: bool = False
    require_each_included_type: Inert = None


class Secret(Properties):
    """AWS::SecretsManager::Secret."""

    name: str | None = None
    secret_string: str | None = None
    generate_secret_string: GenerateSecretString | None = None
    description: Inert = None
    kms_key_id: Inert = None
    tags: Inert = None


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

    input_paths_map: dict[str, str] = {}
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
    definition_substitutions: dict[str, str] = {}
    role_arn: str
    state_machine_type: Literal["STANDARD"] = "STANDARD"
    logging_configuration: Inert = None
    tags: Inert = None
    tracing_configuration: Inert = None


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
    route_settings: dict[str, RouteThrottling] = {}
    stage_variables: dict[str, str] = {}
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
    "AWS::SNS::Subscription": Subscription,
    "AWS::SNS::Topic": Topic,
    "AWS::SQS::Queue": Queue,
    "AWS::Scheduler::Schedule": Schedule,
    "AWS::SecretsManager::Secret": Secret,
    "AWS::StepFunctions::StateMachine": StateMachine,
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
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::Scheduler::ScheduleGroup",
    }
)
"""Types that are accepted and do nothing on one machine (their names and ARNs still resolve)."""

Subscription.model_rebuild()
