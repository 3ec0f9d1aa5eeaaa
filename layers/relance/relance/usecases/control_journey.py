"""Holding a journey up, letting it go on, ending it for those inside, moving somebody within it.

`{"journey": "welcome", "do": "pause"}`: within a minute no message of it leaves any more, and
whoever comes waits to be let in; deadlines run on. `resume` lets those in who waited and has what
was held back decided afresh. `end` counts who is inside, and with `"confirm"` they leave as by an
exit. `move` ends the execution of one contact, and another takes its entry over, on the journey's
present version.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from relance.content.names import closest, suggestion
from relance.errors import ConditionFailed, InvalidInput
from relance.holds import held_entries, pause, read_hold
from relance.moments import to_text
from relance.ports import Services
from relance.tallies import in_people
from relance.usecases.controlling import Answer, Asked, Decision, SoFar, journey_named, told
from relance.usecases.end_journey import end_journey
from relance.usecases.inputs import (
    FIND_FIRST,
    SOMEBODY,
    ContactId,
    Request,
    parse_typed,
    to_paste,
)
from relance.usecases.move_entry import move_entry
from relance.usecases.read_question import how_many
from relance.usecases.resume_journey import resume_journey


class Act(StrEnum):
    """What can be done with a journey."""

    PAUSE = "pause"
    RESUME = "resume"
    END = "end"
    MOVE = "move"


class JourneyRequest(Request):
    """What is asked (`input`, as typed), and how far it came."""

    input: object
    so_far: SoFar = SoFar()


class Typed(Request):
    """What was typed."""

    journey: Annotated[str, Field(max_length=80)]
    do: Annotated[str, Field(max_length=40)]
    contact: ContactId | None = None
    confirm: Annotated[int | None, BeforeValidator(how_many)] = None


def control_journey(request: JourneyRequest, services: Services) -> Answer:
    """Do what was asked, or the next part of it.

    Raises:
        InvalidInput: something in it is wrong; says what to paste.
        StoreBusy, ServiceUnavailable: try again; nothing is done twice.
    """
    example = _example(services)
    typed = parse_typed(Typed, request.input, example=example, no_address=f"{FIND_FIRST} {example}")
    if typed is None:
        return told(Decision.NOTHING_TO_DO, f"Nothing was asked. {example}")
    journey = journey_named(typed.journey, services, example, request.input)
    known = [each.value for each in Act]
    word = typed.do.strip().lower()
    if word not in known:
        alike = closest(word, known)
        paste = to_paste(request.input, do=alike[0]) if alike else example
        raise InvalidInput(
            f'"{typed.do}" cannot be done with a journey. {suggestion(word, known)} {paste}'
        )
    if (typed.contact is None) is (word == Act.MOVE):
        whom = SOMEBODY if word == Act.MOVE else None
        paste = to_paste(request.input, journey=journey, contact=whom)
        raise InvalidInput(f'"contact" is named to move somebody, and only then. {paste}')
    asked = Asked(journey, typed.contact or "", typed.confirm or 0, request.so_far)
    return _ACTS[Act(word)](asked, services)


def _example(services: Services) -> str:
    journey = next(iter(services.journeys), "welcome")
    return (
        f'Paste for example {{"journey": "{journey}", "do": "pause"}}; "do" is pause, resume, end '
        f'or move. For campaigns: {{"campaign": "spring-2026", "do": "pause"}}.'
    )


def _pause(asked: Asked, services: Services) -> Answer:
    journey, workflow = asked.journey, asked.workflow
    on = f'To go on paste {{"journey": "{journey}", "do": "resume"}}.'
    try:
        services.store.transact(pause(workflow, now=services.now()))
    except ConditionFailed:
        hold = read_hold(services.store, workflow)
        waiting = len(held_entries(services.store, workflow))
        since = f" since {to_text(hold.paused_at)}" if hold.paused_at else ""
        return told(
            Decision.NOT_POSSIBLE,
            f'"{journey}" is paused already{since}; {in_people(waiting)} '
            f"{'waits' if waiting == 1 else 'wait'} to be let in. {on}",
        )
    return told(
        Decision.DONE,
        f'"{journey}" is paused. Within a minute no message of it leaves any more; whoever comes '
        f"waits to be let in. Waits and deadlines run on. {on}",
    )


_ACTS: Mapping[Act, Callable[[Asked, Services], Answer]] = {
    Act.PAUSE: _pause,
    Act.RESUME: resume_journey,
    Act.END: end_journey,
    Act.MOVE: move_entry,
}
