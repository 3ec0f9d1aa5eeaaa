"""What a condition looks like in YAML: one model per kind of leaf. Build time only.

The models know the shape of each leaf on its own; whether names exist and what goes together is
said in `translate_…`. Editors get them as JSON Schema (`relance.conditions.schema`).
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from relance.conditions import words, words_of_time

_TEXT = {"type": "string", "minLength": 1}
_NUMBER = {"type": "number"}
_SCALAR = {"type": ["string", "number", "boolean"]}
_DAY = {
    "type": "string",
    "pattern": r"^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|today|[1-9][0-9]* (?:day|week)s? ago"
    r"|in [1-9][0-9]* (?:day|week)s?)$",
    "examples": ["2026-11-21", "today", "7 days ago", "in 7 days"],
}
_EDGE = {
    "type": "string",
    "pattern": r"^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|today|in [1-9][0-9]* (?:day|week)s?"
    r"|[1-9][0-9]* (?:minute|hour|day|week)s? ago)$",
    "examples": ["2026-11-21", "30 days ago"],
}

Words = Annotated[str, BeforeValidator(words.words), WithJsonSchema(_TEXT)]
Names = Annotated[
    tuple[str, ...],
    BeforeValidator(words.names),
    WithJsonSchema({"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}),
]
Duration = Annotated[
    int,
    BeforeValidator(words_of_time.duration),
    WithJsonSchema(
        {"type": "string", "pattern": words_of_time.DURATION_PATTERN, "examples": ["30 days"]}
    ),
]
Property = Annotated[
    str,
    BeforeValidator(words.number_path),
    WithJsonSchema({**_TEXT, "examples": ["revenue", "products[].price"]}),
]
Number = Annotated[float, BeforeValidator(words.number), WithJsonSchema(_NUMBER)]
Count = Annotated[
    int, BeforeValidator(words.count), WithJsonSchema({"type": "integer", "minimum": 0})
]
Factor = Annotated[
    Fraction,
    BeforeValidator(words.times),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]
Share = Annotated[
    Fraction,
    BeforeValidator(words.share),
    WithJsonSchema({"type": "string", "pattern": words.SHARE_PATTERN, "examples": ["10%"]}),
]
Scalar = Annotated[object, BeforeValidator(words.scalar), WithJsonSchema(_SCALAR)]
Scalars = Annotated[list[Scalar], Field(min_length=1)]
Day = Annotated[words_of_time.Bound, BeforeValidator(words_of_time.day), WithJsonSchema(_DAY)]
Date = Annotated[
    str,
    BeforeValidator(words_of_time.calendar_day),
    WithJsonSchema({**_DAY, "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}),
]
Edges = Annotated[list[Annotated[object, WithJsonSchema(_EDGE)]], Field()]
Yes = Annotated[bool, BeforeValidator(words.yes), WithJsonSchema({"const": True})]
YesNo = Annotated[bool, BeforeValidator(words.yes_or_no)]


class Leaf(BaseModel):
    """A leaf, or a part of one. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def given(self) -> Mapping[str, object]:
        """What was written, by the keys of the file."""
        fields = type(self).model_fields
        return {
            field.alias or name: getattr(self, name)
            for name, field in fields.items()
            if name in self.model_fields_set
        }


class Limits(Leaf):
    """Bounds of an amount."""

    at_least: Number | None = None
    at_most: Number | None = None
    greater_than: Number | None = None
    less_than: Number | None = None
    between: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = None


class AmountSource(Limits):
    """`sum:` and `max:` of a property of the events."""

    of: Property


class AnniversarySource(Leaf):
    """`anniversary:`, in days of the contact's calendar."""

    within_next: Duration | None = None
    within_last: Duration | None = None
    on: Day | None = None


def _today(value: object) -> object:
    """`anniversary: today` is short for `on: today`."""
    return {"on": value} if isinstance(value, str) else value


Anniversary = Annotated[
    AnniversarySource,
    BeforeValidator(
        _today,
        json_schema_input_type=AnniversarySource | Annotated[str, WithJsonSchema(_DAY)],
    ),
]


class TestSource(Leaf):
    """What a value can be asked."""

    equals: Scalar = None
    not_: Scalar = Field(None, alias="not")
    in_: Scalars | None = Field(None, alias="in")
    not_in: Scalars | None = None
    contains: Scalar = None
    starts_with: Words | None = None
    ends_with: Words | None = None
    matches: Words | None = Field(None, description="a regular expression for the whole text")
    is_set: YesNo | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    greater_than: Number | None = None
    less_than: Number | None = None
    between: (
        Annotated[
            list[Annotated[object, WithJsonSchema({"anyOf": [_NUMBER, _DAY]})]],
            Field(min_length=2, max_length=2),
        ]
        | None
    ) = None


class TraitSource(TestSource):
    """Something that the profile says about the person."""

    trait: Words
    before: Day | None = None
    after: Day | None = None
    on: Day | None = None
    within_next: Duration | None = None
    within_last: Duration | None = None
    anniversary: Anniversary | None = None


class CompanySource(TestSource):
    """Something about the company that the contact belongs to."""

    company: Words


class MomentSource(Leaf):
    """`first:` and `last:`: when it was done."""

    within: Duration | None = None
    longer_ago_than: Duration | None = None
    before: Day | None = None
    after: Day | None = None
    on: Day | None = None
    between: Edges | None = None


class WindowSource(Leaf):
    """Which part of the past counts."""

    within: Duration | None = None
    between: Edges | None = Field(None, description="two dates, or two times ago")
    since: Date | None = None
    ever: Yes | None = None


class DidSource(WindowSource):
    """The contact did something, so often or so much."""

    did: Words
    at_least: Count | None = None
    at_most: Count | None = None
    exactly: Count | None = None
    first: MomentSource | None = None
    last: MomentSource | None = None
    sum_: AmountSource | None = Field(None, alias="sum")
    max_: AmountSource | None = Field(None, alias="max")
    at_least_times_usual: Factor | None = None
    at_most_times_usual: Factor | None = None


class DidNotSource(WindowSource):
    """The contact did not do something."""

    did_not: Words


class StateSource(Leaf):
    """`has_been:`: one of these."""

    stage: Words | None = None
    segment: Words | None = None
    list_: Words | None = Field(None, alias="list")
    persona: Words | None = None
    qualified: Words | None = None


class HasBeenSource(Leaf):
    """The contact has been in a stage, segment … for so long, or without doing something."""

    has_been: StateSource
    for_: Duration | None = Field(None, alias="for")
    for_less_than: Duration | None = None
    without: Words | None = Field(None, description="a behaviour that was not done since")


class ScoreSource(Limits):
    """A score, all of it or its part about one offer."""

    score: Words
    offer: Words | None = None


class InterestSource(Limits):
    """An interest, inferred from what is read."""

    interest: Words


class PotentialSource(Limits):
    """What a contact may be worth, in money."""

    potential: Words


class GradeSource(Leaf):
    """The grade of a fit score, A to D."""

    grade: Words
    equals: Words | None = None
    in_: Names | None = Field(None, alias="in")
    at_least: Words | None = Field(None, description="this grade or a better one")
    at_most: Words | None = Field(None, description="this grade or a worse one")


class StageSource(Leaf):
    """In one of these stages."""

    stage: Names


class PersonaSource(Leaf):
    """One of these personas."""

    persona: Names


class SegmentSource(Leaf):
    """In at least one of these segments."""

    in_segment: Names


class ListSource(Leaf):
    """On at least one of these lists."""

    in_list: Names


class QualifiedSource(Leaf):
    """Qualified in at least one of these ways."""

    qualified: Names


class ConsentSource(Leaf):
    """The consent to a topic: granted unless said otherwise."""

    consent: Words
    is_: Words | None = Field(None, alias="is")


class RandomSource(Leaf):
    """A share of the contacts, always the same ones for the same name."""

    random: Share
    named: Words


class OverdueSource(Leaf):
    """So many times the contact's usual gap has passed since the last time."""

    overdue_by: Factor
    for_: Words = Field(alias="for")


class EveryoneSource(Leaf):
    """Every contact."""

    everyone: Yes


LEAVES: Mapping[str, type[Leaf]] = {
    "trait": TraitSource,
    "did": DidSource,
    "did_not": DidNotSource,
    "has_been": HasBeenSource,
    "score": ScoreSource,
    "interest": InterestSource,
    "potential": PotentialSource,
    "grade": GradeSource,
    "stage": StageSource,
    "persona": PersonaSource,
    "in_segment": SegmentSource,
    "in_list": ListSource,
    "qualified": QualifiedSource,
    "consent": ConsentSource,
    "company": CompanySource,
    "random": RandomSource,
    "overdue_by": OverdueSource,
    "everyone": EveryoneSource,
}
"""Every leaf by the key that makes it one."""

PARTS: Mapping[str, type[Leaf]] = {
    "has_been": StateSource,
    "anniversary": AnniversarySource,
    "first": MomentSource,
    "last": MomentSource,
    "sum": AmountSource,
    "max": AmountSource,
}
"""The models of what stands below a key of a leaf."""
