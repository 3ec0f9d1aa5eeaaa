"""hooks/<name>.yaml as pydantic models. Unknown keys are refused."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from relance.content.build.models import Duration, Model, OneOrMany, Scalar, SnakeName, Text
from relance.content.hooks import Encoding, Shape, Unit

Path = Annotated[str, Field(min_length=1, max_length=1000)]
"""A JMESPath expression; `payload:` or `header:` may stand before it."""


class SignatureSource(Model):
    """`signature:`, for a provider that is not known here."""

    header: Text
    signed: Text = "{body}"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    timestamp: Text | None = None
    timestamp_in: Annotated[Unit, Field(strict=False)] = Unit.SECONDS
    tolerance: Duration | None = None
    id: Text | None = None
    secret_in: Annotated[Encoding, Field(strict=False)] = Encoding.TEXT


class TakenSource(Model):
    """A value: a path, or a path with what is made of what stands there, or a constant."""

    path: Path | None = Field(None, alias="from")
    value: Scalar | None = None
    shape: Annotated[Shape | None, Field(strict=False, alias="as")] = None
    currency: Path | None = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> "TakenSource":
        if (self.path is None) == (self.value is None):
            raise ValueError('write either "from:" with a path, or "value:".')
        if (self.shape is Shape.MONEY) != (self.currency is not None):
            raise ValueError(
                '"as: money" counts in the smallest unit of a currency, and "currency:" says where '
                'it stands: {from: amount, as: money, currency: currency}. For "29.90" write '
                '"as: number".'
            )
        return self


def _path(value: object) -> object:
    """A path alone is short for `from:`."""
    return {"from": value} if isinstance(value, str) else value


Taken = Annotated[TakenSource, BeforeValidator(_path, json_schema_input_type=TakenSource | Path)]


class PersonSource(Model):
    """`who:`, paths to whom an event is about."""

    user_id: Path | None = None
    email: Path | None = None
    phone: Path | None = None
    ids: dict[str, Path] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _somebody(self) -> "PersonSource":
        if not (self.user_id or self.email or self.phone or self.ids):
            raise ValueError('say where it says who it was: write for example "email: email".')
        return self


class HookEventSource(Model):
    """One entry of `events:`."""

    event: str
    who: PersonSource
    when: dict[Path, OneOrMany[Scalar]] = Field(default_factory=dict)
    for_each: Path | None = None
    id: OneOrMany[Path] = Field(default_factory=list)
    time: Path | None = None
    time_in: Annotated[Unit, Field(strict=False)] = Unit.ISO
    only_known: bool = False
    properties: dict[SnakeName, Taken] = Field(default_factory=dict)
    traits: dict[str, Taken] = Field(default_factory=dict)


class HookSource(Model):
    """hooks/<name>.yaml."""

    title: Text
    provider: str | None = None
    signature: SignatureSource | None = None
    events: Annotated[list[HookEventSource], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_of_the_two(self) -> "HookSource":
        if (self.provider is None) == (self.signature is None):
            raise ValueError(
                'say how its calls are signed: write "provider: shopify", or "signature:" for one '
                "that is not known here."
            )
        return self
