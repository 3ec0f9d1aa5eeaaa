"""What the ways of controlling a journey share: what was asked, how far it came, what is answered.

What takes long is done in parts: each answers how far it came, and the next goes on there. Every
part may be repeated, and two colleagues may do the same.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Self, TypeAlias

from pydantic import Field

from relance.content.names import closest, suggestion
from relance.errors import InvalidInput
from relance.holds import again
from relance.ports import Services
from relance.storage import Value
from relance.usecases.inputs import Request, to_paste
from relance.workflows import Enrolment

Answer: TypeAlias = dict[str, Value]


class Decision(StrEnum):
    """How the operation goes on."""

    NOTHING_TO_DO = "nothing_to_do"
    DONE = "done"
    NOT_POSSIBLE = "not_possible"
    CONFIRM = "confirm"
    UNFINISHED = "unfinished"


class Moving(Request):
    """An entry that is moved, and the execution that it leaves."""

    contact: str
    entry: str
    execution: str

    @classmethod
    def of(cls, enrolment: Enrolment) -> Self:
        """The entry as it stands now."""
        return cls(
            contact=enrolment.contact_id, entry=enrolment.entry, execution=enrolment.execution
        )

    @property
    def next_execution(self) -> str:
        """The name of the execution that takes it over: the same however often it is asked."""
        return again(self.contact, self.entry, f"moved from {self.execution}")


class SoFar(Request):
    """How far it came: how many parts, whose turn is next, how many were counted and served."""

    parts: Annotated[int, Field(ge=0)] = 0
    after: str = ""
    inside: Annotated[int, Field(ge=0)] = 0
    is_counted: bool = False
    served: Annotated[int, Field(ge=0)] = 0
    woken: Annotated[int, Field(ge=0)] = 0
    moving: tuple[Moving, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A journey that something is to be done with, and how far it came.

    `journey` is the name it is started by; `contact` is who is to be moved, `confirmed` to how many
    people somebody agreed.
    """

    journey: str
    contact: str
    confirmed: int
    so_far: SoFar

    @property
    def workflow(self) -> str:
        """What the journey's steps call it: the name of its file."""
        return self.journey.replace("-", "_")


def told(decision: Decision, summary: str) -> Answer:
    """It is over, with what came of it."""
    return {"decision": decision.value, "summary": summary}


def go_on(so_far: SoFar, *, soon: bool = False) -> Answer:
    """The next part is wanted; `soon` is after some seconds in which others come to an end."""
    next_part = so_far.model_copy(update={"parts": so_far.parts + 1})
    return {
        "decision": Decision.UNFINISHED.value,
        "soon": soon,
        "so_far": next_part.model_dump(mode="json"),
    }


def journey_named(typed: str, services: Services, example: str, raw: object = None) -> str:
    """The name of a journey as it is started, from what a person typed.

    Raises:
        InvalidInput: there is none, with the closest names; what to paste is the whole that was
            typed (`raw`) with the closest name, or the `example`.
    """
    name = typed.strip().rpartition("/")[2].lower().removesuffix(".asl.json")
    name = name.replace("_", "-").replace(" ", "-").removeprefix("journey-")
    if name in services.journeys:
        return name
    said = suggestion(name, services.journeys)
    alike = closest(name, services.journeys)
    paste = to_paste(raw, journey=alike[0]) if alike else example
    raise InvalidInput(f'There is no journey "{typed}". {said} {paste}')
