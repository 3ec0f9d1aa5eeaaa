"""What `import_contacts` is asked, as typed into the console, checked and made plain.

`{"file": "customers.csv", "mapping": "customers"}` looks at the file and writes nothing; with
`"confirm": 1234` it is imported, if it has no more rows than that. `mapping` names a file in
`imports/`, is `pinpoint`, or is written out as in such a file.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationError, WrapValidator

from relance.content.compiled import Content
from relance.content.names import closest, suggestion
from relance.errors import InvalidInput
from relance.importing.job import UPLOADS, names_of
from relance.importing.mapping import ImportSource, mistakes_in
from relance.usecases.inputs import NO_ADDRESS, Request, parse_typed
from relance.usecases.read_question import how_many, true_or_false

MOST_BYTES = 20_000
"""How long a mapping that is typed may be."""

PINPOINT = "pinpoint"


@dataclass(frozen=True, slots=True)
class ImportAsked:
    """A file (its key), its mapping, and to how many rows at most the marketer agreed; 0: none."""

    key: str
    source: ImportSource
    confirmed: int


class _Typed(Request):
    """What the execution is started with."""

    file: Annotated[str, Field(min_length=1, max_length=500)]
    mapping: object
    dry_run: Annotated[bool, WrapValidator(true_or_false)] = False
    confirm: Annotated[int | None, BeforeValidator(how_many)] = None


def import_example(content: Content) -> str:
    """What to paste, with a mapping that there is."""
    name = next(iter(content.imports), PINPOINT)
    return (
        f"Put the file into the folder {UPLOADS} of the operations bucket, then paste for example "
        f'{{"file": "customers.csv", "mapping": "{name}"}}.'
    )


def read_import(raw: object, content: Content) -> ImportAsked | None:
    """What is asked; None if nothing is asked yet.

    Raises:
        InvalidInput: says what is wrong, with close names, and what to paste.
    """
    example = import_example(content)
    asked = parse_typed(
        _Typed,
        raw,
        example=example,
        no_address=f"{NO_ADDRESS} Put it into the file. {example}",
        most=MOST_BYTES,
    )
    if asked is None:
        return None
    return ImportAsked(
        key=_key(asked.file, example),
        source=_source(asked.mapping, content, example),
        confirmed=0 if asked.dry_run else asked.confirm or 0,
    )


def _key(typed: str, example: str) -> str:
    """The key of a file, given by its name, its key or its address in S3."""
    name = typed.strip()
    if name.startswith("s3://"):
        name = name.removeprefix("s3://").partition("/")[2]
    name = name.removeprefix(UPLOADS).lstrip("/")
    if not name or ".." in name.split("/") or name.endswith("/"):
        raise InvalidInput(f'"file" names no file. {example}')
    return UPLOADS + name


def _source(typed: object, content: Content, example: str) -> ImportSource:
    if typed == PINPOINT:
        return ImportSource(like="pinpoint")
    if isinstance(typed, str):
        written = content.import_mapping(typed.strip().removesuffix(".yaml"))
        if written is None:
            names = (*content.imports, PINPOINT)
            meant = closest(typed, names)
            raise InvalidInput(
                f'There is no mapping "{typed[:80]}" in imports/. '
                f"{suggestion(typed, meant or names)} {example}"
            )
        return ImportSource.model_validate(written)
    try:
        source = ImportSource.model_validate(typed)
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(each) for each in ("mapping", *wrong["loc"]))
        raise InvalidInput(
            f"{place}: {wrong['msg'].removeprefix('Value error, ')} {example}"
        ) from None
    mistakes = [
        f"{'.'.join(place)}: {said}" for place, said in mistakes_in(source, names_of(content))
    ]
    if mistakes:
        raise InvalidInput(f"mapping: {' '.join(mistakes)} {example}")
    return source
