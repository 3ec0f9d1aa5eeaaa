"""What all resource shapes share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
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
