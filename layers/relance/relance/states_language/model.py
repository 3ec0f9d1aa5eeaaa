"""Every state type and field of the Amazon States Language in JSONata mode, as frozen values.

Attributes are the fields' names in snake case (`TimeoutSeconds` is `timeout_seconds`). Where the
language accepts a value or an expression, the attribute holds either: an expression is a string
that begins with `{%` and ends with `%}` (see `expressions.py`). Whether an optional field was
written at all, `"Output": null` for instance, is told by `wrote(state, "output")`.

What a field must look like on its own is checked here; what fields and states must be to each
other is checked in `structure.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, Field, JsonValue
from pydantic.alias_generators import to_pascal

from relance.states_language.maps import ItemBatcher, ItemReader, ResultWriter
from relance.states_language.values import (
    MOST_DELAY_SECONDS,
    MOST_SECONDS,
    Arguments,
    Condition,
    Count,
    Items,
    Payload,
    Percentage,
    Seconds,
    Strict,
    Timestamp,
    WaitSeconds,
)


class Retrier(Strict):
    """When to try again, and after how many seconds."""

    error_equals: list[str] = Field(min_length=1)
    interval_seconds: int = Field(default=1, ge=1, le=MOST_SECONDS)
    max_attempts: int = Field(default=3, ge=0, le=MOST_SECONDS)
    backoff_rate: float = Field(default=2.0, ge=1.0)
    max_delay_seconds: int | None = Field(default=None, gt=0, lt=MOST_DELAY_SECONDS)
    jitter_strategy: Literal["FULL", "NONE"] = "NONE"
    comment: str | None = None


class Catcher(Strict):
    """Where to go when an error is left over after the retries."""

    error_equals: list[str] = Field(min_length=1)
    next: str
    assign: dict[str, JsonValue] = Field(default_factory=dict)
    output: Payload = None
    comment: str | None = None


class ChoiceRule(Strict):
    """One branch of a Choice state."""

    condition: Condition
    next: str
    assign: dict[str, JsonValue] = Field(default_factory=dict)
    output: Payload = None
    comment: str | None = None


class _Common(Strict):
    comment: str | None = None
    query_language: Literal["JSONata"] | None = None


class _Continuing(_Common):
    """States that go on: exactly one of `next` and `end` (checked in `structure.py`)."""

    next: str | None = None
    end: Literal[True] | None = None
    assign: dict[str, JsonValue] = Field(default_factory=dict)
    output: Payload = None


class _Failing(_Continuing):
    """States whose errors can be retried and caught."""

    retry: list[Retrier] = Field(default_factory=list)
    catch: list[Catcher] = Field(default_factory=list)


class Credentials(Strict):
    """The role that a Task takes on."""

    role_arn: str


class Task(_Failing):
    """Calls a function or a service."""

    type: Literal["Task"]
    resource: str = Field(min_length=1)
    arguments: Arguments = None
    timeout_seconds: Seconds | None = None
    heartbeat_seconds: Seconds | None = None
    credentials: Credentials | None = None

    @property
    def waits_for_token(self) -> bool:
        """Whether the state pauses until somebody answers its task token."""
        return self.resource.endswith(".waitForTaskToken")


class Choice(_Common):
    """Goes where the first condition that holds points."""

    type: Literal["Choice"]
    choices: list[ChoiceRule] = Field(min_length=1)
    default: str | None = None
    assign: dict[str, JsonValue] = Field(default_factory=dict)
    output: Payload = None


class Wait(_Continuing):
    """Pauses for some seconds or until a time."""

    type: Literal["Wait"]
    seconds: WaitSeconds | None = None
    timestamp: Timestamp | None = None


class Pass(_Continuing):
    """Assigns variables, shapes the output, and goes on."""

    type: Literal["Pass"]


class Succeed(_Common):
    """Ends the execution, or the branch, well."""

    type: Literal["Succeed"]
    output: Payload = None


class Fail(_Common):
    """Ends the execution, or the branch, with an error."""

    type: Literal["Fail"]
    error: str | None = None
    cause: str | None = None


class Branch(Strict):
    """A machine within a machine: a branch of a Parallel state."""

    comment: str | None = None
    query_language: Literal["JSONata"] | None = None
    start_at: str
    states: dict[str, State] = Field(min_length=1)


class Parallel(_Failing):
    """Runs its branches side by side; its result is the array of their outputs."""

    type: Literal["Parallel"]
    branches: list[Branch] = Field(min_length=1)
    arguments: Payload = None


class ProcessorConfig(Strict):
    """How a Map runs its items: within the execution, or each in an execution of its own."""

    mode: Literal["INLINE", "DISTRIBUTED"] = "INLINE"
    execution_type: Literal["STANDARD", "EXPRESS"] | None = None


class ItemProcessor(Branch):
    """What a Map does with each item."""

    processor_config: ProcessorConfig = Field(default_factory=ProcessorConfig)


class Map(_Failing):
    """Does the same for every item of an array."""

    type: Literal["Map"]
    item_processor: ItemProcessor
    items: Items = None
    item_selector: Payload = None
    max_concurrency: Count = 0
    tolerated_failure_count: Count | None = None
    tolerated_failure_percentage: Percentage | None = None
    item_reader: ItemReader | None = None
    item_batcher: ItemBatcher | None = None
    result_writer: ResultWriter | None = None
    label: str | None = None

    @property
    def is_distributed(self) -> bool:
        """Whether each item, or batch of them, gets an execution of its own."""
        return self.item_processor.processor_config.mode == "DISTRIBUTED"


State: TypeAlias = Annotated[
    Task | Choice | Wait | Pass | Parallel | Map | Succeed | Fail, Field(discriminator="type")
]
TYPES: dict[str, type[BaseModel]] = {
    model.__name__: model for model in (Task, Choice, Wait, Pass, Parallel, Map, Succeed, Fail)
}


class StateMachine(Strict):
    """A whole definition."""

    comment: str | None = None
    query_language: Literal["JSONata"]
    version: Literal["1.0"] | None = None
    timeout_seconds: int | None = Field(default=None, ge=1, le=MOST_SECONDS)
    start_at: str
    states: dict[str, State] = Field(min_length=1)


Branch.model_rebuild()
ItemProcessor.model_rebuild()
Parallel.model_rebuild()
Map.model_rebuild()
StateMachine.model_rebuild()


def wrote(part: BaseModel, attribute: str) -> bool:
    """Tell whether a field stands in the definition (`null` counts, a default does not)."""
    return attribute in part.model_fields_set


def fields_of(model: type[BaseModel]) -> list[str]:
    """Return the names of a model's fields as they are written in a definition."""
    return [field.alias or to_pascal(name) for name, field in model.model_fields.items()]
