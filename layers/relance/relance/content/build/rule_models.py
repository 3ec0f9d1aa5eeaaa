"""The files with rules about people, as pydantic models. Unknown keys are refused.

A condition is any value here: `relance.conditions.language` reads it, with the names that the
content declares at hand.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from relance.conditions import words
from relance.content.build.models import NAME, AtMost, Duration, Model, OneOrMany, SnakeName, Text
from relance.content.people_rules import Concern
from relance.content.priors import HOURS
from relance.content.stage_rules import Channel, Family, Intent


def _journey(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(
            f'"{name}" is no name of a journey. Write "all", or names like "abandoned-cart".'
        )
    return name


def _positive(number: float) -> float:
    if number <= 0:
        raise ValueError("this must be more than 0.")
    return number


def _not_negative(number: float) -> float:
    if number < 0:
        raise ValueError("this must not be less than 0.")
    return number


def _share(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise ValueError(f"{words.quoted(value)} is no share. Write 3% as 0.03.")
    return value


def _falling(grades: dict[str, float]) -> dict[str, float]:
    bounds = [grades[letter] for letter in ("A", "B", "C") if letter in grades]
    if len(bounds) < 3 or sorted(set(bounds), reverse=True) != bounds:
        raise ValueError(
            'write for A, B and C from how many points on, falling: "grades: {A: 60, B: 40, '
            'C: 20}"; whoever has fewer gets D.'
        )
    return grades


IN_FILE = "x-schema"
"""Names another schema; `relance.content.schemas` makes a reference of it."""

Condition = Annotated[object, WithJsonSchema({IN_FILE: "condition"})]
"""Read by `relance.conditions.language`."""

ALL = "all"
"""Stands for every journey."""

JourneyName = Annotated[str, AfterValidator(_journey)]
Path = Annotated[str, AfterValidator(words.path)]
Positive = Annotated[float, AfterValidator(_positive)]
NotNegative = Annotated[float, AfterValidator(_not_negative)]
Share = Annotated[
    float,
    BeforeValidator(_share),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1}),
]
Names = Annotated[OneOrMany[str], Field(min_length=1)]
Filters = Annotated[
    dict[Path, object],
    WithJsonSchema({"type": "object", "additionalProperties": {IN_FILE: "value-test"}}),
]
"""`where:` by path to a property; the tests are read by `relance.conditions.language`."""


class BehaviourSource(Model):
    """One behaviour in behaviours/<any name>.yaml."""

    title: Text
    event: Names
    where: Filters = Field(default_factory=dict)


class SegmentSource(Model):
    """segments/<name>.yaml."""

    title: Text
    members: Condition


class PointsSource(Model):
    """One line of points in scores/<name>.yaml or interests.yaml."""

    event: str | None = None
    did: str | None = None
    points: float | None = None
    points_from: Path | None = None
    at_most: AtMost | None = None
    where: Filters = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_act_and_one_way_to_say_how_many(self) -> "PointsSource":
        if (self.event is None) == (self.did is None):
            raise ValueError(
                'write either "event:" with the name of an event or "did:" with the name of a '
                "behaviour."
            )
        if (self.points is None) == (self.points_from is None):
            raise ValueError(
                'write either "points: 5" or "points_from:" with the name of a property.'
            )
        return self


class PerSource(Model):
    """`per:` of a score."""

    property: Path
    newest: Annotated[int, Field(ge=1, le=50)] = 10


class ScoreSource(Model):
    """scores/<name>.yaml."""

    title: Text = ""
    half_life: Duration
    per: PerSource | None = None
    points: Annotated[list[PointsSource], Field(min_length=1)]


class FitRuleSource(Model):
    """One line of a fit score."""

    when: Condition
    points: float
    title: str = ""


class FitSource(Model):
    """fits/<name>.yaml."""

    title: Text
    points: Annotated[list[FitRuleSource], Field(min_length=1)]
    grades: Annotated[dict[Literal["A", "B", "C"], float], AfterValidator(_falling)]


class WorthSource(Model):
    """One line of a potential."""

    trait: str | None = None
    times: Positive = 1.0
    when: Condition | None = None
    amount: NotNegative | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "WorthSource":
        if (self.trait is None) == (self.amount is None):
            raise ValueError(
                'write either "trait:" with a trait that holds the amount, or "amount:" with a '
                'number and, if it is not for everybody, "when:".'
            )
        return self


class PotentialSource(Model):
    """potentials/<name>.yaml."""

    title: Text
    first_known: Annotated[list[WorthSource], Field(min_length=1)]


class QualificationSource(Model):
    """qualifications/marketing.yaml and sales.yaml."""

    title: Text
    when: Condition
    reason: Text = "{because}"


class TopicSource(Model):
    """One topic in interests.yaml."""

    title: Text
    points: Annotated[list[PointsSource], Field(min_length=1)]

    @model_validator(mode="after")
    def _interest_only_grows(self) -> "TopicSource":
        if any(each.points is None or each.points <= 0 for each in self.points):
            raise ValueError('interest only grows by what people read: write "points: 1" or more.')
        return self


class InterestsSource(Model):
    """interests.yaml."""

    half_life: Duration
    topics: Annotated[dict[SnakeName, TopicSource], Field(min_length=1)]


class InferredSource(Model):
    """`reads:` of a persona."""

    topics: Annotated[dict[str, Positive], Field(min_length=1)]
    at_least: Positive


class PersonaSource(Model):
    """One persona in personas.yaml."""

    title: Text
    concern: Annotated[Concern, Field(strict=False)]
    asks: Text
    declared: list[Condition] = Field(default_factory=list)
    reads: InferredSource | None = None

    @model_validator(mode="after")
    def _something_tells(self) -> "PersonaSource":
        if not self.declared and self.reads is None:
            raise ValueError(
                'say what tells this persona: write "declared:" with conditions, or "reads:" with '
                "topics."
            )
        return self


class StageSource(Model):
    """One stage in stages.yaml."""

    title: Text
    family: Annotated[Family, Field(strict=False)]
    when: Condition | None = None
    instead_of: OneOrMany[str] = Field(default_factory=list)
    journeys: OneOrMany[JourneyName] = Field(default_factory=lambda: [ALL])
    channels: list[Annotated[Channel, Field(strict=False)]] = Field(
        default_factory=lambda: list(Channel)
    )
    intents: list[Annotated[Intent, Field(strict=False)]] = Field(
        default_factory=lambda: list(Intent)
    )


class PurchaseRoleSource(Model):
    """One role in companies.yaml."""

    title: Text
    values: Names
    weight: Positive = 1.0
    needed: bool = True


class CompaniesSource(Model):
    """companies.yaml."""

    score: str
    role_in: str
    roles: Annotated[dict[SnakeName, PurchaseRoleSource], Field(min_length=1)]
    other_weight: NotNegative = 1.0
    deals: str | None = None
    not_companies: list[str] = Field(default_factory=list)


class GapSource(Model):
    """The usual time between two acts."""

    usual: Duration
    counts_like: Annotated[int, Field(ge=1, le=100)]


class ResponsesSource(Model):
    """How people respond on each channel."""

    counts_like: Annotated[int, Field(ge=1, le=1000)]
    share: dict[Annotated[Channel, Field(strict=False)], Share]


class HoursSource(Model):
    """When people respond: 24 numbers, midnight first; only their proportion matters."""

    counts_like: Annotated[int, Field(ge=1, le=1000)]
    weights: list[NotNegative]

    @model_validator(mode="after")
    def _a_whole_day(self) -> "HoursSource":
        if len(self.weights) != HOURS or not sum(self.weights):
            raise ValueError(
                f"a day has {HOURS} hours, and {len(self.weights)} numbers stand here. Write one "
                "for each hour, midnight first, and not only zeros."
            )
        return self


class HabitsSource(Model):
    """habits.yaml."""

    between: dict[str, GapSource] = Field(default_factory=dict)
    channels: ResponsesSource
    hours: HoursSource
