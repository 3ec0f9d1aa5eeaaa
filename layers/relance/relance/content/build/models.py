"""The files that marketers write, as pydantic models. Unknown keys are refused."""

import re
from datetime import timedelta
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from relance.conditions.words_of_time import DURATION_PATTERN
from relance.content.build.durations import (
    AT_MOST_PATTERN,
    LATE_PATTERN,
    duration,
    per_day,
    skip_after,
)
from relance.content.compiled import MessageClass
from relance.content.rules import KEPT, OpenTracking
from relance.content.sending_rules import Hours, Priority
from relance.content.stage_rules import Intent

T = TypeVar("T")

NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
SNAKE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")


def _snake(name: str) -> str:
    if not SNAKE.fullmatch(name) or len(name) > 60:
        raise ValueError(
            f'"{name}" is no name. Use small letters, digits and _, for example "first_name".'
        )
    return name


def _website(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError(
            f'"{address}" is no web address. Write for example "https://www.example.com".'
        )
    return address.rstrip("/")


def _host(name: str) -> str:
    if not re.fullmatch(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", name):
        raise ValueError(f'"{name}" is no host. Write for example "events.example.org".')
    return name


def _file_key(key: str) -> str:
    parts = key.split("/")
    if len(key) > 200 or not all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", it) for it in parts):
        raise ValueError(
            f'"{key}" is no name for a file. Write for example "guides/better-coffee.pdf".'
        )
    return key


def _language(code: str) -> str:
    if not re.fullmatch(r"[a-z]{2}(?:-[A-Z]{2})?", code):
        raise ValueError(f'"{code}" is no language. Write for example "en" or "pt-BR".')
    return code


def _option(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}", value):
        raise ValueError(
            f'"{value}" is no option. Use letters, digits, _ and -, for example "middle_manager"; '
            "what people read is written in the form."
        )
    return value


def _tag(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._~-]{0,99}", value):
        raise ValueError(
            f'"{value}" is no tag. Use letters, digits, ., _ and -, for example "newsletter".'
        )
    return value


def _address(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._%+-]{1,64}@(?:[a-z0-9-]+\.)+[a-z]{2,}", value):
        raise ValueError(
            f'"{value}" is no e-mail address with its domain in small letters. Write for example '
            '"hello@example.com".'
        )
    return value


def _one_line(value: str) -> str:
    if not re.fullmatch(r'[^\r\n<>"@]{1,64}', value):
        raise ValueError(
            "this must be at most 64 characters on one line, without quotation marks, <, > or @."
        )
    return value


def _postal_address(value: str) -> str:
    if not re.fullmatch(r"[^\r\n]{8,200}", value):
        raise ValueError(
            "this must be 8 to 200 characters on one line. Write for example "
            '"Example Ltd, 1 Main Street, Springfield".'
        )
    return value


def _colour(value: str) -> str:
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", value):
        raise ValueError(f'"{value}" is no colour. Write for example "#7a4a24", in quotes.')
    return value


def _colour_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(
            f'"{name}" is no name for a colour. Use small letters, digits and -, for example '
            '"accent".'
        )
    return name


SnakeName = Annotated[str, AfterValidator(_snake)]
Website = Annotated[str, AfterValidator(_website)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Language = Annotated[str, AfterValidator(_language)]
AtMost = Annotated[
    int,
    BeforeValidator(per_day),
    WithJsonSchema({"type": "string", "pattern": AT_MOST_PATTERN, "examples": ["3 per day"]}),
]
Duration = Annotated[
    timedelta,
    BeforeValidator(duration),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["30 days"]}),
]
SkipAfter = Annotated[
    timedelta,
    BeforeValidator(skip_after),
    WithJsonSchema({"type": "string", "pattern": LATE_PATTERN, "examples": ["skip after 1 day"]}),
]
Scalar = bool | int | float | str


def _one_or_many(value: object) -> object:
    return value if isinstance(value, list) else [value]


class _OrOne:
    """Tells editors that a single value may stand for a list of one."""

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        many = handler(core)
        return {"anyOf": [many["items"], many]}


OneOrMany = Annotated[list[T], BeforeValidator(_one_or_many), _OrOne()]
"""Several values, or one by itself."""


class Model(BaseModel):
    """What every part of a file has in common."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, populate_by_name=True
    )


class TrackingSource(Model):
    """`tracking:` in company.yaml."""

    opens: Annotated[OpenTracking, Field(strict=False)]
    clicks: bool
    web: bool = False


Channel = Literal["email", "sms", "push", "call"]
Tag = Annotated[str, AfterValidator(_tag)]
Host = Annotated[str, AfterValidator(_host)]
Address = Annotated[str, AfterValidator(_address)]


class UtmSource(Model):
    """`utm:` in company.yaml: what links to the company's own pages carry."""

    source: Tag
    medium: Tag = "email"
    hosts: list[Host] = []


class MessageUtmSource(Model):
    """`utm:` of a message; what it does not say is as in company.yaml."""

    source: Tag | None = None
    medium: Tag | None = None
    campaign: Tag | None = None
    content: Tag | None = None
    hosts: list[Host] = []


class BrandSource(Model):
    """brands/<name>.yaml: who sends instead; what it does not say is as in company.yaml."""

    name: Text
    sender_address: Address | None = None
    sender_name: Annotated[str, AfterValidator(_one_line)] | None = None
    reply_to: Address | None = None
    website: Website | None = None
    link_domain: Host | None = None
    postal_address: Annotated[str, AfterValidator(_postal_address)] | None = None
    layout: str | None = None
    colours: dict[
        Annotated[str, AfterValidator(_colour_name)], Annotated[str, AfterValidator(_colour)]
    ] = {}


class CompanySource(Model):
    """company.yaml."""

    name: Text
    sender_name: Text
    postal_address: Text
    website: Website
    languages: Annotated[list[Language], Field(min_length=1)]
    fall_back: dict[Language, OneOrMany[Language]] = {}
    channels: Annotated[list[Channel], Field(min_length=1)] = ["email"]
    tracking: TrackingSource
    topics: Annotated[dict[SnakeName, Text], Field(min_length=1)]
    allowed_redirects: list[Host] = []
    utm: UtmSource | None = None
    sale: Literal["considered", "instant", "both"] = "both"
    leads: Literal["equal", "weighted"] = "weighted"
    led_by: Literal["product", "relation"] = "relation"
    sells_to: Literal["business", "people", "both"] = "both"
    keep_behaviour: Duration = Field(default_factory=lambda: KEPT)


class TraitSource(Model):
    """One trait in traits.yaml."""

    type: Literal["text", "email", "number", "yes_no", "date", "country", "language", "time_zone"]
    personal: bool
    visible_to_workflows: bool
    options: list[Annotated[str, AfterValidator(_option)]] = []

    @model_validator(mode="after")
    def _a_personal_trait_stays_inside(self) -> "TraitSource":
        if self.personal and self.visible_to_workflows:
            raise ValueError(
                "a personal trait cannot be visible to workflows, whose history can be read for "
                'ninety days. Write "visible_to_workflows: no".'
            )
        return self


class ListSource(Model):
    """One list in lists.yaml."""

    title: Text
    description: str = ""


class EventSource(Model):
    """One event of the company's own in events.yaml."""

    title: Text


class FileSource(Model):
    """One file in files.yaml, by the name under which forms give it."""

    key: Annotated[str, AfterValidator(_file_key)]
    title: Text


class VariantSource(Model):
    """One variant of a message: what it does not say is as in the message."""

    persona: str | None = None
    language: Language | None = None
    subject: Text | None = None
    preheader: Text | None = None
    body: str | None = None

    @model_validator(mode="after")
    def _for_somebody(self) -> "VariantSource":
        if self.persona is None and self.language is None:
            raise ValueError('say for whom this variant is: write "persona:" or "language:".')
        return self


class MessageSource(Model):
    """messages/<name>/message.yaml."""

    subject: Text
    preheader: Text
    message_class: Annotated[MessageClass, Field(strict=False, alias="class")]
    intent: Annotated[Intent, Field(strict=False)]
    topic: str | None = None
    requires: list[str] = []
    at_most: AtMost | None = None
    language: Language | None = None
    hours: Annotated[Hours, Field(strict=False)] | None = None
    priority: Annotated[Priority, Field(strict=False)] | None = None
    if_late: SkipAfter | None = None
    brand: str | None = None
    layout: str | None = None
    utm: MessageUtmSource | None = None
    variants: list[VariantSource] = []
