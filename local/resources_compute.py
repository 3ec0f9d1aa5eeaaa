"""Functions, and what keeps data: the properties that are understood."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from local.resources_base import Inert, Properties

# Lambda ------------------------------------------------------------------------------------------


class Environment(Properties):
    """A function's environment."""

    variables: dict[str, str] = Field(default_factory=dict)


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
