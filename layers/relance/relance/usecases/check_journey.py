"""Checking a journey as it was drawn, before anybody deploys it; nothing is changed.

`{"check": "win_back_2"}` reads `drafts/win_back_2.asl.json` from the bucket of content, where
whoever draws puts what Workflow Studio exports, and says every mistake: the state, what is wrong,
what to write instead.
"""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from relance.content.names import suggestion
from relance.errors import InvalidInput
from relance.ports import Services
from relance.states_language import DefinitionInvalid, check, parse
from relance.storage import Value
from relance.usecases.inputs import NO_ADDRESS, Request, parse_typed
from relance.usecases.journey_rules import Known, check_steps
from relance.usecases.verdicts import compiled

EXAMPLE = (
    'Paste for example {"check": "win_back_2"}, once the file stands in the bucket as '
    "drafts/win_back_2.asl.json (the link DraftsLink)."
)
MOST_BYTES = 1024 * 1024
"""How large a definition may be in Step Functions.
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

MOST_STATES = 500
"""States of a journey; those that are shipped have some thirty."""

MOST_SENTENCES = 100
"""How many mistakes an execution ends with; whoever mends these sees the next."""

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_ENDING = ".asl.json"


class Decision(StrEnum):
    """What was found."""

    NOTHING_TO_DO = "nothing_to_do"
    SOUND = "sound"
    MISTAKES = "mistakes"


class Typed(Request):
    """What was typed: the name of the drawing, or where it stands in the bucket."""

    check: Annotated[str, Field(max_length=300)]


def check_journey(raw: object, services: Services) -> dict[str, Value]:
    """Say every mistake of the definition.

    Raises:
        InvalidInput: what was typed is wrong, or there is no such file; says what to paste.
        ServiceUnavailable, StoreBusy: try again.
    """
    typed = parse_typed(Typed, raw, example=EXAMPLE, no_address=f"{NO_ADDRESS} {EXAMPLE}")
    if typed is None:
        return _told(Decision.NOTHING_TO_DO, f"Nothing was asked. {EXAMPLE}")
    name = _name(typed.check, services)
    body = services.content_files.drawing(name, most=MOST_BYTES)
    if body is None:
        near = suggestion(name, services.content_files.drawings())
        raise InvalidInput(f"There is no file drafts/{name}{_ENDING}. {near} {EXAMPLE}")
    mistakes = mistakes_in(body, f"{name}{_ENDING}", known_of(services))
    if not mistakes:
        said = f"{name} keeps every rule of the house. It can be deployed, and then be tried."
        return _told(Decision.SOUND, said)
    count = "one mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    return {
        **_told(Decision.MISTAKES, f"{name} has {count}. The first: {mistakes[0]}"),
        "mistakes": mistakes[:MOST_SENTENCES],
    }


def _told(decision: Decision, summary: str) -> dict[str, Value]:
    return {"decision": decision.value, "summary": summary, "mistakes": []}


def _name(typed: str, services: Services) -> str:
    """The name of a drawing, typed alone, as a key or as an address of S3."""
    key = typed.strip()
    if key.startswith("s3://"):
        bucket, _, key = key.removeprefix("s3://").partition("/")
        if bucket != services.content_files.bucket:
            raise InvalidInput(f"Only the bucket of content is read, not {bucket}. {EXAMPLE}")
    name = key.removeprefix("drafts/").removesuffix(_ENDING).removesuffix(".json")
    if not _NAME.fullmatch(name) or len(name) > 80:
        raise InvalidInput(
            f'"check" names a file below drafts/, in small letters, digits and _. {EXAMPLE}'
        )
    return name


def known_of(services: Services) -> Known:
    """The names that a journey may use."""
    return Known(
        rules=services.content.rules,
        topics=services.content.company.topics,
        messages=services.messages.names,
        journeys=services.journeys,
        condition=lambda written: _compiled(written, services),
    )


def _compiled(written: object, services: Services) -> object:
    if not isinstance(written, str | dict):
        raise InvalidInput("a condition is the name of a segment, or an object.")
    return compiled(written, services, where="condition")


def mistakes_in(body: bytes, file: str, known: Known) -> list[str]:
    """Every mistake of a definition, a sentence for each; of shape first, and then alone."""
    if len(body) > MOST_BYTES:
        return [f"{file} has more than 1 MB, which Step Functions refuses. Split the journey."]
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [f"{file}: byte {error.start} is no UTF-8. Export the file again as JSON."]
    if text.count('"Type"') > MOST_STATES:
        return [f"{file} has more than {MOST_STATES} states, which nobody reads aloud. Split it."]
    if not text.lstrip().startswith("{"):
        return [f"{file}: this is no JSON. In Workflow Studio choose Export, then JSON, not YAML."]
    try:
        machine = parse(text, file=file)
    except DefinitionInvalid as error:
        return list(error.problems)
    except RecursionError:
        return [f"{file}: objects stand in one another too deeply to be read."]
    name = file.removesuffix(_ENDING).replace("-", "_")
    found = [*check(machine), *check_steps(machine, known, name=name)]
    return list(dict.fromkeys(f"{file}: {each}" for each in found))
