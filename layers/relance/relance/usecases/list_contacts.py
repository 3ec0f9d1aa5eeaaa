"""The first step of an operation on contacts: what is asked, and of whom, as a list in S3.

A list is a file with one contact a line, `{"contact": …}`, ids only. A large one is
made in parts: the answer `unfinished` says where the next call goes on, and the last call joins
them. A call that is repeated writes the same part again.
"""

from enum import StrEnum
from itertools import chain
from typing import Annotated

from pydantic import Field

from relance import exporting
from relance.ports import Services
from relance.rescoring import duration, everybody, in_words, price
from relance.storage import Value
from relance.usecases.inputs import Request
from relance.usecases.questions import About, Operation, Question
from relance.usecases.read_question import example_of, read_question


class Decision(StrEnum):
    """How the operation goes on."""

    NOTHING_TO_DO = "nothing_to_do"
    UNFINISHED = "unfinished"
    UP_TO_DATE = "up_to_date"
    CONFIRM = "confirm"
    TELL = "tell"
    JUDGE = "judge"
    EXPORT = "export"


class SoFar(Request):
    """Where the list goes on: the parts written, the last contact looked at, the counts."""

    parts: Annotated[int, Field(ge=0)] = 0
    after: Annotated[str, Field(pattern=r"^([0-9A-Z]{26})?$")] = ""
    listed: Annotated[int, Field(ge=0)] = 0
    there: Annotated[int, Field(ge=0)] = 0


class ListRequest(Request):
    """What is asked (`input`, as typed), and how many contacts to look at in one call (`most`)."""

    operation: Operation
    execution: Annotated[str, Field(pattern=r"^[^/\s]{1,80}$")]
    input: object
    so_far: SoFar = SoFar()
    most: Annotated[int, Field(ge=1, le=1_000_000)]


def list_contacts(request: ListRequest, services: Services) -> dict[str, Value]:
    """List those concerned and say how the operation goes on.

    Raises:
        InvalidInput: the execution was started with something wrong; says what to paste.
    """
    question = read_question(request.operation, request.input, services.content)
    if question is None:
        example = example_of(request.operation, services.content.rules)
        return {
            "decision": Decision.NOTHING_TO_DO.value,
            "summary": f"Nothing was asked. {example}",
        }
    folder = f"{request.operation}/{request.execution}"
    so_far, lines, finished = _look(question, request, services)
    if not finished:
        services.files.write_lines(f"{folder}/part-{so_far.parts}.jsonl", lines)
        return {"decision": Decision.UNFINISHED.value, "so_far": so_far.model_dump()}
    key = f"{folder}/contacts.jsonl"
    earlier = (
        services.files.read_lines(f"{folder}/part-{part}.jsonl") for part in range(1, so_far.parts)
    )
    services.files.write_lines(key, chain(chain.from_iterable(earlier), lines))
    return {
        **_how_to_go_on(question, so_far, services.content.rules.version),
        "question": question.model_dump(mode="json", exclude_none=True),
        "read": so_far.there,
        "contacts": so_far.listed,
        "list": key,
        "results": f"{folder}/results",
    }


def _look(
    question: Question, request: ListRequest, services: Services
) -> tuple[SoFar, list[str], bool]:
    """Go on through the contacts: where that leads, the lines found, whether all were seen."""
    rules, before = services.content.rules.version, request.so_far
    lines: list[str] = []
    after, seen, finished = before.after, 0, True
    for contact in everybody(services.store, after=before.after):
        if seen == request.most:
            finished = False
            break
        seen, after = seen + 1, contact.contact_id
        if question.concerns_everybody or contact.is_behind(rules):
            lines.append(contact.to_line())
    so_far = SoFar(
        parts=before.parts + 1,
        after=after,
        listed=before.listed + len(lines),
        there=before.there + seen,
    )
    return so_far, lines, finished


def _how_to_go_on(question: Question, so_far: SoFar, rules: str) -> dict[str, Value]:
    listed, there = so_far.listed, so_far.there
    if not listed:
        return {
            "decision": Decision.UP_TO_DATE.value,
            "summary": f"All contacts ({there:,}) are scored with today's rules ({rules})."
            if there
            else "There are no contacts yet.",
        }
    if question.about is About.EXPORT:
        return {"decision": Decision.EXPORT.value}
    if question.about is About.EXPORT_HOW_MANY:
        return {"decision": Decision.CONFIRM.value, "summary": _ask_to_export(question, listed)}
    if question.about is About.TELL and listed <= question.confirmed:
        return {"decision": Decision.TELL.value}
    if question.about in (About.TELL, About.HOW_MANY):
        return {"decision": Decision.CONFIRM.value, "summary": _ask(question, listed, there)}
    return {"decision": Decision.JUDGE.value}


def _ask_to_export(question: Question, listed: int) -> str:
    whose = question.segment or question.list
    who = f", of whom those of {whose} would be written" if whose else " would be written"
    return (
        f"Nothing was written. {in_words(listed)}{who}: it costs {exporting.price(listed)} and "
        f'takes up to {exporting.duration(listed)}. To write them leave "dry_run" out.'
    )


def _ask(question: Question, listed: int, there: int) -> str:
    confirmed = f", more than the {question.confirmed:,} confirmed" if question.confirmed else ""
    return (
        f"Nothing was changed. Scored with former rules: {listed:,} of {in_words(there)}"
        f'{confirmed}. To score them anew paste {{"confirm": {listed}}}: it costs '
        f"{price(listed)} and takes up to {duration(listed)}. To see first who would enter, leave "
        'or qualify, paste {"dry_run": true}.'
    )
