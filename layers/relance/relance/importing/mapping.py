"""Which column of a file says what of a person: what marketers write in `imports/<name>.yaml`.

The same may be typed into the console. Column names are those of the file; of NDJSON they are
paths, `User.UserAttributes.Plan`.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from relance.content.names import suggestion

Place = tuple[str, ...]
Text = Annotated[str, Field(min_length=1, max_length=500)]


class Part(BaseModel):
    """What every part of a mapping has in common: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Meaning(StrEnum):
    """What a column can say."""

    TRAIT = "trait"
    USER_ID = "user_id"
    IGNORE = "ignore"
    LIST = "list"
    CONSENT = "consent"
    DATE_OF = "date_of"
    SOURCE_OF = "source_of"
    TEXT_OF = "text_of"
    CRM = "crm"


class ColumnPart(Part):
    """A column that says more than a trait; one of these."""

    list: Text | None = None
    consent: Text | None = None
    date_of: Text | None = None
    source_of: Text | None = None
    text_of: Text | None = None
    crm: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")] | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> "ColumnPart":
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError(
                'a column says one thing. Write for example "{consent: newsletter}" or '
                '"{date_of: newsletter}".'
            )
        return self


class ProofPart(Part):
    """Where and when everybody in the file agreed, and to which words."""

    source: Text | None = None
    date: Text | None = None
    text: Text | None = None


class EverybodyPart(Part):
    """What holds for every row."""

    lists: list[Text] = []
    consents: dict[str, ProofPart] = {}


class ImportSource(Part):
    """imports/<name>.yaml."""

    title: Annotated[str, Field(max_length=200)] = ""
    like: Literal["pinpoint"] | None = None
    columns: Annotated[dict[Text, Text | ColumnPart], Field(max_length=200)] = {}
    everybody: EverybodyPart = EverybodyPart()


@dataclass(frozen=True, slots=True)
class Names:
    """What content declares and a mapping may name."""

    traits: Collection[str]
    lists: Collection[str]
    topics: Collection[str]


PINPOINT: Mapping[str, str] = {
    "Address": "email",
    "User.UserId": "user_id",
    "Demographic.Timezone": "time_zone",
    "Demographic.Locale": "language",
    "Location.Country": "country",
}
"""Columns of an endpoint of Amazon Pinpoint.
https://docs.aws.amazon.com/pinpoint/latest/userguide/audience-define-export.html"""

PINPOINT_ATTRIBUTES = ("User.UserAttributes.", "Attributes.")
"""Below these stands what the company itself noted."""


def meanings(source: ImportSource) -> Iterator[tuple[str, Meaning, str]]:
    """Each column with what it says, and of which trait, list, topic or CRM."""
    for column, written in source.columns.items():
        if isinstance(written, ColumnPart):
            ((kind, name),) = written.model_dump(exclude_none=True).items()
            yield column, Meaning(kind), name
        elif written in (Meaning.USER_ID, Meaning.IGNORE):
            yield column, Meaning(written), ""
        else:
            yield column, Meaning.TRAIT, written


def with_pinpoint(source: ImportSource, names: Names) -> ImportSource:
    """A mapping like Pinpoint's, with the columns that an endpoint always has."""
    if source.like is None:
        return source
    known = {
        column: trait
        for column, trait in PINPOINT.items()
        if trait == Meaning.USER_ID or trait in names.traits
    }
    return source.model_copy(update={"columns": {**known, **source.columns}})


def trait_of_attribute(column: str) -> str:
    """The trait that an attribute of Pinpoint is called: `Attributes.FirstName` is first_name."""
    prefix = next((each for each in PINPOINT_ATTRIBUTES if column.startswith(each)), None)
    if prefix is None:
        return ""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column.removeprefix(prefix))
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


def mistakes_in(source: ImportSource, names: Names) -> Iterator[tuple[Place, str]]:
    """What is wrong with a mapping: where, and what to write instead."""
    seen: dict[tuple[Meaning, str], str] = {}
    for column, kind, name in meanings(with_pinpoint(source, names)):
        place: Place = ("columns", column)
        yield from ((place, each) for each in _unknown(kind, name, names))
        before = seen.setdefault((kind, name), column)
        if before != column and kind is not Meaning.IGNORE:
            yield place, f'says the same as the column "{before}". Keep one.'
    for each in source.everybody.lists:
        yield from ((("everybody", "lists"), said) for said in _unknown(Meaning.LIST, each, names))
    for topic, proof in source.everybody.consents.items():
        place = ("everybody", "consents", topic)
        yield from ((place, said) for said in _unknown(Meaning.CONSENT, topic, names))
        if proof.date is not None and not _is_date(proof.date):
            yield (*place, "date"), f'"{proof.date}" is no date. Write for example 2026-01-31.'
    yield from _without_proof(source, seen)
    if not any(says_who(kind, name) for kind, name in seen):
        yield (
            ("columns",),
            'no column says who a row is about. Add a line like "E-mail: email".',
        )


def says_who(kind: Meaning, name: str) -> bool:
    """Whether a column says who a row is about."""
    return kind in (Meaning.USER_ID, Meaning.CRM) or (kind, name) == (Meaning.TRAIT, "email")


def _without_proof(
    source: ImportSource, seen: Mapping[tuple[Meaning, str], str]
) -> Iterator[tuple[Place, str]]:
    """The consents that nothing in the mapping could prove."""
    asked = {name for kind, name in seen if kind is Meaning.CONSENT}
    for topic in sorted(asked | source.everybody.consents.keys()):
        proof = source.everybody.consents.get(topic, ProofPart())
        there = {
            "source": proof.source or (Meaning.SOURCE_OF, topic) in seen,
            "date": proof.date or (Meaning.DATE_OF, topic) in seen,
            "text": proof.text or (Meaning.TEXT_OF, topic) in seen,
        }
        lacking = [name for name, found in there.items() if not found]
        if lacking:
            said = (
                f"the consent to {topic} needs its proof: {', '.join(lacking)} "
                f"{'is' if len(lacking) == 1 else 'are'} missing. Add a column like "
                f'"Signed on: {{{lacking[0]}_of: {topic}}}", or write it below '
                f'"everybody: consents: {topic}:".'
            )
            yield ("columns",), said


def _unknown(kind: Meaning, name: str, names: Names) -> Iterator[str]:
    known, file = {
        Meaning.TRAIT: (names.traits, "traits.yaml"),
        Meaning.LIST: (names.lists, "lists.yaml"),
        Meaning.CONSENT: (names.topics, "company.yaml"),
        Meaning.DATE_OF: (names.topics, "company.yaml"),
        Meaning.SOURCE_OF: (names.topics, "company.yaml"),
        Meaning.TEXT_OF: (names.topics, "company.yaml"),
    }.get(kind, ((name,), ""))
    if name not in known:
        what = {Meaning.TRAIT: "trait", Meaning.LIST: "list"}.get(kind, "topic")
        yield f'the {what} "{name}" is not declared in {file}. {suggestion(name, known)}'


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
