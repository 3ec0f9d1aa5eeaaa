"""What operations on contacts are asked, as typed into the console, checked and made plain.

`rescore_contacts`: `{}` (how many are concerned), `{"dry_run": true}`, `{"confirm": 1234}`.
`preview_segment`: `{"segment": "hot-leads"}`, `{"condition": {…}}`, or both: the segment as it
would be with that condition.
"""

from collections.abc import Collection
from typing import Annotated

from pydantic import Field

from relance.conditions.language import parse as parse_condition
from relance.conditions.places import Sentences
from relance.conditions.vocabulary import ValueWord, Vocabulary
from relance.content.compiled import Content
from relance.content.known_events import known_behaviours, lasting_behaviours
from relance.content.names import suggestion
from relance.content.rules import Rules
from relance.errors import InvalidInput
from relance.usecases.inputs import NO_ADDRESS, Request, parse_typed
from relance.usecases.questions import About, Operation, Question

RESCORE_EXAMPLE = 'Paste {} to see how many contacts are concerned, or {"dry_run": true}.'

PREVIEW_EXAMPLE = (
    'Paste for example {"segment": "hot-leads"} or {"condition": {"did": "page_viewed", '
    '"at_least": 3, "within": "30 days"}}.'
)

MOST_BYTES = 20_000
"""How long a condition may be: it goes to every batch of contacts."""


class Rescore(Request):
    """What `rescore_contacts` is started with."""

    dry_run: Annotated[bool, Field(strict=True)] = False
    confirm: Annotated[int, Field(ge=1, strict=True)] | None = None


class Preview(Request):
    """What `preview_segment` is started with."""

    segment: Annotated[str, Field(max_length=80)] | None = None
    condition: object = None


def read_question(operation: Operation, raw: object, content: Content) -> Question | None:
    """The question; None if nothing is asked yet.

    Raises:
        InvalidInput: says what is wrong, with close names, and what to paste.
    """
    if operation is Operation.RESCORE_CONTACTS:
        return _rescore(raw)
    return _preview(raw, content)


def _rescore(raw: object) -> Question:
    asked = parse_typed(
        Rescore, raw, example=RESCORE_EXAMPLE, no_address=f"{NO_ADDRESS} {RESCORE_EXAMPLE}"
    )
    if asked is None:
        return Question(about=About.HOW_MANY)
    if asked.confirm is None:
        return Question(about=About.DRY_RUN if asked.dry_run else About.HOW_MANY)
    if asked.dry_run:
        raise InvalidInput(f'"dry_run" and "confirm" stand together. Paste one of them. {_OR}')
    return Question(about=About.TELL, confirmed=asked.confirm)


_OR = 'A dry run changes nothing; "confirm" is how many contacts may be scored anew.'


def _preview(raw: object, content: Content) -> Question | None:
    asked = parse_typed(
        Preview, raw, example=PREVIEW_EXAMPLE, no_address=f"{NO_ADDRESS} {PREVIEW_EXAMPLE}"
    )
    if asked is None or (asked.segment is None and asked.condition is None):
        return None
    names = [each.name for each in content.rules.segments]
    if asked.segment is not None and asked.segment not in names:
        raise InvalidInput(
            f'There is no segment "{asked.segment}". {suggestion(asked.segment, names)}'
        )
    if asked.condition is None:
        return Question(about=About.SEGMENT, segment=asked.segment)
    return Question(
        about=About.CONDITION,
        segment=asked.segment,
        condition=_canonical(asked.condition, content),
    )


def _canonical(written: object, content: Content) -> dict[str, object]:
    if len(repr(written).encode()) > MOST_BYTES:
        raise InvalidInput(
            f'"condition" is longer than {MOST_BYTES} characters. Make a segment of a part of it '
            'and write "in_segment".'
        )
    said = Sentences()
    canonical = parse_condition(
        written, vocabulary_of(content.rules, content.company.topics), said.place("condition")
    )
    if canonical is None or said.found:
        raise InvalidInput(" ".join([*said.found, PREVIEW_EXAMPLE]))
    return canonical


def vocabulary_of(rules: Rules, topics: Collection[str]) -> Vocabulary:
    """The names that a condition typed into the console may use: those that a file may."""
    behaviours = {each.name: each.events for each in rules.behaviours}
    return Vocabulary(
        traits={each.name: ValueWord(each.type, each.options) for each in rules.traits},
        behaviours=known_behaviours(behaviours, rules.events),
        scores=[each.name for each in rules.scores],
        per_offer=[each.name for each in rules.scores if each.per],
        grades=[each.name for each in rules.fits],
        potentials=[each.name for each in rules.potentials],
        stages=[each.name for each in rules.stages],
        personas=[each.name for each in rules.personas],
        segments=[each.name for each in rules.segments],
        qualifications=[str(each.name) for each in rules.qualifications],
        lists=[each.name for each in rules.lists],
        topics=topics,
        interests=[each.name for each in rules.interests],
        kept=round(rules.kept.total_seconds() * 1000),
        lasting=lasting_behaviours(behaviours),
    )
