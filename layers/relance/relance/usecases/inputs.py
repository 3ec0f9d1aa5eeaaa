"""Checking what comes in: pydantic at the door, one sentence for whoever has to mend it."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from relance.errors import ContactNotFound, InvalidInput
from relance.ids import is_ulid
from relance.tryouts import Tryout, is_tryout, length
from relance.workflows import Step

ADDRESS = re.compile(r"[^\s@\"']@[^\s@\"']+\.[^\s@\"']")
"""What looks like an e-mail address, from the character before its @: found in linear time."""

MOST_TYPED = 2000
"""How many characters may be typed to start an execution."""

NO_ADDRESS = (
    "An e-mail address is not accepted here, since what is typed here can be read for 90 days."
)

FIND_FIRST = (
    f"{NO_ADDRESS} Look the person up with the finder and paste the contact id, for example "
    '{"contact": "01J9Z3V8Q4T2M6K7B5N1X0C3DE"}.'
)

_WORD = r"^[A-Za-z0-9_-]{1,80}$"

Word = Annotated[str, Field(pattern=_WORD)]
"""A name within the suite: letters, digits, `_` and `-`, at most 80."""


def _contact_id(typed: str) -> str:
    """The id of a contact in what somebody typed or pasted, in small letters or with spaces.

    Raises:
        ValueError: it is none; the words follow the name of a field.
    """
    found = typed.strip().upper()
    if not is_ulid(found):
        raise ValueError("is not a contact id (26 letters and digits)")
    return found


ContactId = Annotated[str, AfterValidator(_contact_id)]
"""The id of a contact as somebody typed it."""


def _length(typed: str) -> str:
    length(typed)
    return typed


OneDay = Annotated[str, Field(max_length=40), AfterValidator(_length)]
"""How long a day of a tryout takes, as it is written."""

Happens = Annotated[tuple[Word, ...], Field(max_length=20)]
"""What is taken to happen in a tryout."""


class Request(BaseModel):
    """A request from a state machine: nothing unknown, nothing echoed when it is wrong."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class StepRequest(Request):
    """What every step of a journey says about itself."""

    workflow: Word
    contact: Annotated[str, Field(pattern=r"^[0-9A-Z]{26}$")]
    entry: Word
    step: Word
    round: Annotated[int, Field(ge=1, le=1000)] = 1

    @property
    def key(self) -> Step:
        """The step."""
        return Step(self.workflow, self.contact, self.entry, self.step, self.round)


Model = TypeVar("Model", bound=BaseModel)


def parse(model: type[Model], raw: object) -> Model:
    """The request in `raw`.

    Raises:
        InvalidInput: names every field that is wrong, what was expected, and close names.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        known = list(model.model_fields)
        raise InvalidInput(
            " ".join(
                sentence_of(".".join(map(str, each["loc"])), each, known)
                for each in error.errors(include_input=False, include_url=False)
            )
        ) from None


def sentence_of(place: str, error: Mapping[str, Any], known: list[str]) -> str:
    """What pydantic found at a place, as a sentence; close names are looked for in `known`."""
    kind, message = error["type"], error["msg"]
    if kind == "extra_forbidden":
        return f'"{place}" is not known here{_did_you_mean(place, known)}.'
    if kind == "missing":
        return f'"{place}" is missing.'
    if kind == "value_error":  # the words of a validator of ours, about a field or the whole
        message = str(error["ctx"]["error"])
        return f'"{place}" {message}.' if place else f"{message[:1].upper()}{message[1:]}."
    plain = _PLAINLY.get(kind) or (_NAMED if _is_of_a_word(error) else None)
    if plain is not None:
        return f'"{place}" {plain.format(**error.get("ctx", {}))}.'
    return f'"{place}": {message[:1].lower()}{message[1:]}.'


_PLAINLY = {
    "string_type": 'must be a text in quotation marks, for example "welcome"',
    "int_type": "must be a whole number, for example 12",
    "int_parsing": "must be a whole number, for example 12",
    "int_from_float": "must be a whole number, for example 12",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "dict_type": 'must be in braces, with a name for each value: {{"name": "value"}}',
    "model_type": 'must be in braces, with a name for each value: {{"name": "value"}}',
    "model_attributes_type": 'must be in braces, with a name for each value: {{"name": "value"}}',
    "tuple_type": 'must be a list in brackets, for example ["confirmed"]',
    "list_type": 'must be a list in brackets, for example ["confirmed"]',
    "string_too_long": "is longer than {max_length} characters",
    "too_long": "has more than {max_length} entries",
}
"""Kinds of mistakes by pydantic's name, in words for whoever typed it.

https://docs.pydantic.dev/latest/errors/validation_errors/
"""

_NAMED = "is a name of letters, digits, _ and -, at most 80"


def _is_of_a_word(error: Mapping[str, Any]) -> bool:
    return bool(error["type"] == "string_pattern_mismatch" and error["ctx"]["pattern"] == _WORD)


def _did_you_mean(name: str, known: list[str]) -> str:
    alike = get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    return f'; did you mean "{alike[0]}"' if alike else ""


class Start(Request):
    """What starts a journey for one contact: typed in the console or sent by a rule.

    `started_by` is the journey that started this one, if one did. With `one_day`, how long a day
    takes, it is a tryout: `began` is the event that is taken to have begun it, `happens` what is
    taken to happen.
    """

    contact: ContactId
    entry: Word | None = None
    started_by: Word | None = None
    one_day: OneDay | None = None
    began: Annotated[str, Field(pattern=r"^[0-9A-Z]{26}$")] = ""
    happens: Happens = ()

    @model_validator(mode="after")
    def _is_tried_or_not(self) -> Self:
        if self.one_day is None and (self.began or self.happens):
            raise ValueError('"began" and "happens" need "one_day": only what is tried takes them')
        if self.entry and is_tryout(self.entry) != (self.one_day is not None):
            raise ValueError('"entry" begins with "tryout-" where "one_day" stands, and only there')
        return self

    @property
    def tryout(self) -> Tryout | None:
        """How it is tried; None if it is meant."""
        return Tryout(length(self.one_day), self.began, self.happens) if self.one_day else None


def parse_start(raw: object) -> Start | None:
    """What an execution was started with; None if it says nothing yet.

    `{}` and the text that the console fills in mean: somebody wants to see what happens.

    Raises:
        InvalidInput: with what to paste instead; an address in it is refused without echo, and
            so is what is too long to be typed.
    """
    return parse_typed(Start, raw, example=EXAMPLE, no_address=FIND_FIRST)


def parse_typed(
    model: type[Model],
    raw: object,
    *,
    example: str,
    no_address: str,
    most: int = MOST_TYPED,
) -> Model | None:
    """What an execution was started with; None if it says nothing yet.

    Raises:
        InvalidInput: with what to paste instead, the `example`; an address in it is refused
            without echo, by the sentence `no_address`.
    """
    if not isinstance(raw, Mapping):
        raise InvalidInput(f"The input must be a JSON object. {example}")
    said = {name: value for name, value in raw.items() if name.lower() != "comment"}
    if not said:
        return None
    typed = [f"{name} {value}" for name, value in raw.items()]
    if sum(map(len, typed)) > most:
        raise InvalidInput(f"The input is longer than {most:,} characters. {example}")
    if any(map(ADDRESS.search, typed)):
        raise InvalidInput(no_address)
    try:
        return parse(model, said)
    except InvalidInput as error:
        raise InvalidInput(f"{error} {_renamed(model, said) or example}") from None


def to_paste(raw: object, **mended: object) -> str:
    """What to paste: what was typed, with these values in their places; None takes one away."""
    typed = {**raw, **mended} if isinstance(raw, Mapping) else mended
    kept = {
        name: value
        for name, value in typed.items()
        if value is not None and name.lower() != "comment"
    }
    return f"Paste for example {json.dumps(kept, ensure_ascii=False)}."


def _renamed(model: type[Model], said: Mapping[str, object]) -> str:
    """What to paste if only names of fields are misspelt; "" where more is wrong."""
    known = list(model.model_fields)
    alike = {name: get_close_matches(name.lower(), known, n=1, cutoff=0.5) for name in said}
    right = {(alike[name] or [name])[0]: value for name, value in said.items()}
    if set(right) == set(said) or len(right) < len(said):
        return ""
    try:
        parse(model, right)
    except InvalidInput:
        return ""
    return to_paste(right)


@contextmanager
def telling_who_is_missing(example: str) -> Iterator[None]:
    """Whoever typed the id of nobody is told so, and how to find somebody, with the `example`."""
    try:
        yield
    except ContactNotFound as error:
        told = str(error)
        raise InvalidInput(
            f"{told[:1].upper()}{told[1:]}. Look the person up with the finder. {example}"
        ) from None


SOMEBODY = "01J9Z3V8Q4T2M6K7B5N1X0C3DE"
"""An id of nobody, to show what one looks like."""

EXAMPLE = f'Paste for example {{"contact": "{SOMEBODY}"}}.'
