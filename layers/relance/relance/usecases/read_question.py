"""What operations on contacts are asked, as typed into the console, checked and made plain.

`rescore_contacts`: `{}` (how many are concerned), `{"dry_run": true}`, `{"confirm": 1234}`.
`export_contacts`: `{"everybody": true}`, `{"segment": "hot"}`, `{"list": "newsletter"}`, each with
`"dry_run": true` or without.
`preview_segment`: `{"segment": "hot"}`, `{"condition": {…}}`, or both: the segment as it would be
with that condition. A condition may be text, YAML as in a file; it may stand there alone, or be
called `members`, as in a segment's file.
"""

from collections.abc import Collection, Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationError, WrapValidator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from relance.conditions.language import parse as parse_condition
from relance.conditions.places import Sentences
from relance.conditions.sources import LEAVES
from relance.conditions.vocabulary import ValueWord, Vocabulary
from relance.content.compiled import Content
from relance.content.known_events import known_behaviours, lasting_behaviours
from relance.content.names import closest, suggestion
from relance.content.rules import Rules
from relance.errors import InvalidInput
from relance.usecases.inputs import NO_ADDRESS, Request, parse_typed
from relance.usecases.questions import About, Operation, Question

RESCORE_EXAMPLE = 'Paste {} to see how many contacts are concerned, or {"dry_run": true}.'

MOST_BYTES = 20_000
"""How long a condition may be: it goes to every batch of contacts."""

_CONDITION = '{"condition": {"did": "page_viewed", "at_least": 3, "within": "30 days"}}'


EXPORT_EXAMPLE = (
    'Paste {"everybody": true}, {"segment": "…"} or {"list": "…"} to write contacts into files; '
    'with "dry_run": true beside it nothing is written and you see what it costs.'
)


def example_of(operation: Operation, rules: Rules) -> str:
    """What to paste to start an operation."""
    return EXPORT_EXAMPLE if operation is Operation.EXPORT_CONTACTS else preview_example(rules)


def preview_example(rules: Rules) -> str:
    """What to paste to see something, with a segment that there is."""
    segment = f'{{"segment": "{rules.segments[0].name}"}} or ' if rules.segments else ""
    return f"Paste for example {segment}{_CONDITION}."


def true_or_false(typed: object, read: ValidatorFunctionWrapHandler) -> object:
    """Say in words what must stand there."""
    try:
        return read(typed)
    except ValidationError:
        raise PydanticCustomError("true_or_false", "must be true or false") from None


def how_many(typed: object) -> object:
    """A number, also as text."""
    text = "" if isinstance(typed, bool) else str(typed).strip()
    if not text.isascii() or not text.isdigit() or len(text) > 12 or not int(text):
        raise PydanticCustomError(
            "how_many", "must be a number, of how many may be changed at most"
        )
    return int(text)


class Rescore(Request):
    """What `rescore_contacts` is started with."""

    dry_run: Annotated[bool, WrapValidator(true_or_false)] = False
    confirm: Annotated[int | None, BeforeValidator(how_many)] = None


_BEGINS = LEAVES.keys() | {"all", "any", "none"}
"""With what a condition begins."""


class Preview(Request):
    """What `preview_segment` is started with."""

    segment: Annotated[str, Field(max_length=80)] | None = None
    condition: object = None
    members: object = None
    title: object = None


def read_question(operation: Operation, raw: object, content: Content) -> Question | None:
    """The question; None if nothing is asked yet.

    Raises:
        InvalidInput: says what is wrong, with close names, and what to paste.
    """
    if operation is Operation.RESCORE_CONTACTS:
        return _rescore(raw)
    if operation is Operation.EXPORT_CONTACTS:
        return _export(raw, content)
    return _preview(raw, content)


class Export(Request):
    """What `export_contacts` is started with; one of these."""

    everybody: Annotated[bool, WrapValidator(true_or_false)] = False
    segment: Annotated[str, Field(max_length=80)] | None = None
    list: Annotated[str, Field(max_length=80)] | None = None
    dry_run: Annotated[bool, WrapValidator(true_or_false)] = False


def _export(raw: object, content: Content) -> Question | None:
    asked = parse_typed(
        Export, raw, example=EXPORT_EXAMPLE, no_address=f"{NO_ADDRESS} {EXPORT_EXAMPLE}"
    )
    if asked is None or asked in (Export(), Export(dry_run=True)):
        return None
    if asked.everybody + (asked.segment is not None) + (asked.list is not None) > 1:
        raise InvalidInput(f"Only one of these at a time. {EXPORT_EXAMPLE}")
    if asked.list is not None and not content.rules.has_list(asked.list):
        names = [each.name for each in content.rules.lists]
        raise InvalidInput(
            f'There is no list "{asked.list}". {suggestion(asked.list, names)} {EXPORT_EXAMPLE}'
        )
    segment = _segment(asked.segment, content.rules) if asked.segment is not None else None
    about = About.EXPORT_HOW_MANY if asked.dry_run else About.EXPORT
    return Question(about=about, segment=segment, list=asked.list)


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
    example = preview_example(content.rules)
    asked = parse_typed(
        Preview,
        _wrapped(raw),
        example=example,
        no_address=f"{NO_ADDRESS} {example}",
        most=MOST_BYTES,
    )
    if asked is None or asked == Preview():
        return None
    if asked.condition is not None and asked.members is not None:
        raise InvalidInput(f'"condition" and "members" mean the same. Keep one. {example}')
    written = asked.members if asked.condition is None else asked.condition
    segment = _segment(asked.segment, content.rules) if asked.segment is not None else None
    if written is None:
        if segment is None:
            raise InvalidInput(f'"title" alone says nothing. {example}')
        return Question(about=About.SEGMENT, segment=segment)
    return Question(
        about=About.CONDITION,
        segment=segment,
        condition=canonical(written, content, example),
    )


def _wrapped(raw: object) -> object:
    """The input; a condition that was pasted alone is put where it belongs."""
    if not isinstance(raw, Mapping):
        return raw
    names = {str(name).lower() for name in raw} - {"comment"}
    if names & Preview.model_fields.keys() or not names & _BEGINS:
        return raw
    return {"condition": {name: raw[name] for name in raw if str(name).lower() != "comment"}}


def _segment(typed: str, rules: Rules) -> str:
    """The name of a segment that there is; its file's name will do."""
    names = [each.name for each in rules.segments]
    name = typed.strip().rpartition("/")[2].lower().removesuffix(".yaml").replace(" ", "-")
    if name in names:
        return name
    meant = closest(name, names)
    example = f'Paste {{"segment": "{meant[0]}"}}.' if meant else preview_example(rules)
    raise InvalidInput(f'There is no segment "{typed}". {suggestion(name, names)} {example}')


def canonical(written: object, content: Content, example: str) -> dict[str, object]:
    """A condition as somebody typed it, in its canonical form.

    Raises:
        InvalidInput: says what is wrong, and ends with the `example`.
    """
    if isinstance(written, str):
        from relance.usecases.typed_yaml import read_typed_yaml  # noqa: PLC0415 - 30 ms

        written = read_typed_yaml(written, example)
    said = Sentences()
    canonical = parse_condition(
        written, vocabulary_of(content.rules, content.company.topics), said.place("condition")
    )
    if canonical is None or said.found:
        raise InvalidInput(" ".join([*said.found, example]))
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
