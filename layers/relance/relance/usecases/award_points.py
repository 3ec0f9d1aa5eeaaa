"""Giving points from a journey: an event like any other, which the scores then count."""

from typing import Annotated

from pydantic import Field

from relance.events import Name
from relance.ports import Services
from relance.storage import Value
from relance.usecases.inputs import StepRequest, Word
from relance.usecases.steps import append_and_view


class AwardRequest(StepRequest):
    """How many points, and what for."""

    points: Annotated[float, Field(ge=-1000, le=1000)]
    reason: Word


def award_points(request: AwardRequest, services: Services) -> dict[str, Value]:
    """Append `points_awarded` once, and answer with the contact as it is with them.

    Raises:
        ContactNotFound: no such contact.
    """
    about: dict[str, Value] = {"points": request.points, "reason": request.reason}
    return append_and_view(services, request.key, Name.POINTS_AWARDED, about)
