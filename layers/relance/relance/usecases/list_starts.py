"""The first step of starting a journey for many: which one, for whom, and what it would come to.

`{"journey": "win-back", "to": {"segment": "at-risk"}}` counts; with `"confirm": <the number
counted>` it lists them, ids only, in parts where they are many.
"""

from enum import StrEnum
from itertools import chain
from typing import Annotated

from pydantic import BeforeValidator, Field

from relance.ports import Services
from relance.rescoring import in_minutes
from relance.storage import Value
from relance.tallies import in_people
from relance.usecases.audience import Audience, Whom, audience_of, chunks
from relance.usecases.confirming import is_confirmed, wrong_number
from relance.usecases.controlling import journey_named
from relance.usecases.inputs import NO_ADDRESS, Request, parse_typed
from relance.usecases.questions import About, ListedContact, Question
from relance.usecases.read_question import MOST_BYTES, how_many
from relance.workflows import entry_of

STARTS_PER_SECOND = 100
"""What the machine allows itself: four batches of 25 in a second. Step Functions takes 150 to 300 a
second in the long run, from everybody in the account.
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

DOLLARS_PER_START = 0.0004
"""What a contact costs until it is let in and waits: some ten transitions, the functions, the
tables. Prices of us-east-1 as of 21 November 2026."""

DOLLARS_PER_TRANSITION = 0.000035
"""A transition ($0.000025) with its part of functions and tables, as rehearsals count them."""

DOLLARS_PER_MAIL = 0.00016
"""A mail with what SES reports of it."""


class Decision(StrEnum):
    """How the operation goes on."""

    NOTHING_TO_DO = "nothing_to_do"
    UNFINISHED = "unfinished"
    NOBODY = "nobody"
    CONFIRM = "confirm"
    START = "start"


class SoFar(Request):
    """Where the list goes on: the parts written, the last contact looked at, the counts."""

    parts: Annotated[int, Field(ge=0)] = 0
    after: str = ""
    listed: Annotated[int, Field(ge=0)] = 0
    there: Annotated[int, Field(ge=0)] = 0


class StartsRequest(Request):
    """What is asked (`input`, as typed), by which execution, and how many to look at at once."""

    execution: Annotated[str, Field(pattern=r"^[^/\s]{1,80}$")]
    arn: Annotated[str, Field(min_length=1)]
    input: object
    so_far: SoFar = SoFar()
    most: Annotated[int, Field(ge=1, le=1_000_000)]


class Typed(Request):
    """What was typed."""

    journey: Annotated[str, Field(max_length=80)]
    to: Whom
    confirm: Annotated[int | None, BeforeValidator(how_many)] = None


def list_starts(request: StartsRequest, services: Services) -> dict[str, Value]:
    """List those concerned and say how the operation goes on.

    Raises:
        InvalidInput: the execution was started with something wrong; says what to paste.
    """
    example = _example(services)
    typed = parse_typed(
        Typed,
        request.input,
        example=example,
        no_address=f"{NO_ADDRESS} {example}",
        most=MOST_BYTES,
    )
    if typed is None:
        return _told(Decision.NOTHING_TO_DO, f"Nothing was asked. {example}")
    journey = journey_named(typed.journey, services, example, request.input)
    whom, question = audience_of(typed.to, services.content, example, request.input)
    folder = f"start_journey_for_segment/{request.execution}"
    so_far, lines, finished = _look(question, request, services)
    if not finished:
        services.files.write_lines(f"{folder}/part-{so_far.parts}.jsonl", lines)
        return {"decision": Decision.UNFINISHED.value, "so_far": so_far.model_dump()}
    if not so_far.listed:
        return _told(Decision.NOBODY, f"Nobody is in the audience ({whom}).")
    if not is_confirmed(so_far.listed, typed.confirm or 0):
        return _told(Decision.CONFIRM, _ask(journey, whom, so_far.listed, typed.confirm, services))
    key = f"{folder}/contacts.jsonl"
    earlier = (
        services.files.read_lines(f"{folder}/part-{part}.jsonl") for part in range(1, so_far.parts)
    )
    services.files.write_lines(key, chain(chain.from_iterable(earlier), lines))
    about = Question(
        about=About.START, journey=journey, segment=question.segment, list=question.list
    )
    return {
        "decision": Decision.START.value,
        "journey": journey,
        "entry": entry_of("many", request.arn),
        "question": about.model_dump(mode="json", exclude_none=True),
        "read": so_far.there,
        "contacts": so_far.listed,
        "list": key,
        "results": f"{folder}/results",
    }


def _told(decision: Decision, summary: str) -> dict[str, Value]:
    return {"decision": decision.value, "summary": summary}


def _example(services: Services) -> str:
    journey = next(iter(services.journeys), "welcome")
    segments = services.content.rules.segments
    to = f'{{"segment": "{segments[0].name}"}}' if segments else '{"list": "newsletter"}'
    return f'Paste for example {{"journey": "{journey}", "to": {to}}}.'


def _look(
    question: Question, request: StartsRequest, services: Services
) -> tuple[SoFar, list[str], bool]:
    """Go on through the audience: where that leads, the lines found, whether all were seen."""
    before, audience = request.so_far, Audience(question, services)
    lines, after, seen, finished = list[str](), before.after, 0, True
    for some in chunks(audience.candidates(before.after)):
        if seen >= request.most:
            finished = False
            break
        seen, after = seen + len(some), some[-1]
        lines += [ListedContact(contact=each).model_dump_json() for each, _ in audience.among(some)]
    so_far = SoFar(
        parts=before.parts + 1,
        after=after,
        listed=before.listed + len(lines),
        there=before.there + seen,
    )
    return so_far, lines, finished


def _ask(journey: str, whom: str, listed: int, confirmed: int | None, services: Services) -> str:
    wrong = wrong_number(listed, confirmed or 0)
    more = f" {wrong}" if wrong else ""
    transitions, mails = services.journey_costs.get(journey, (0, 0))
    each = transitions * DOLLARS_PER_TRANSITION + mails * DOLLARS_PER_MAIL
    first, most = _price(listed * DOLLARS_PER_START), _price(listed * max(each, DOLLARS_PER_START))
    return (
        f"Counted: {in_people(listed)} ({whom}).{more} Nothing was started. Starting "
        f'"{journey}" for them takes up to {in_minutes(listed / STARTS_PER_SECOND)} and costs '
        f"{first} until each has been let in or not, by the journey's own rules, and at most "
        f"{most} until all have ended ({mails} {'mail' if mails == 1 else 'mails'} to each at "
        f'most). To start it, for as many at most, paste the same with "confirm": {listed}.'
    )


def _price(dollars: float) -> str:
    return "less than a cent" if dollars < 0.01 else f"about ${dollars:,.2f}"
