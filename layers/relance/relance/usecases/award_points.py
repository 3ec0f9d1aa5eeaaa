"""Giving points from a journey: an event like any other, which the scores then count."""

from typing import Annotated

from pydantic import Field

from relance.content.names import closest, either
from relance.errors import InvalidInput
from relance.events import Name
from relance.ports import Services
from relance.storage import Value
from relance.usecases.inputs import StepRequest, Word
from relance.usecases.steps import append_and_view


class AwardRequest(StepRequest):
    """How many points, for which score, and what for."""

    score: Word
    points: Annotated[float, Field(ge=-1000, le=1000)]
    reason: Word


def award_points(request: AwardRequest, services: Services) -> dict[str, Value]:
    """Append `points_awarded` once, and answer with the contact as it is with them.

    Raises:
        ContactNotFound: no such contact.
        InvalidInput: the content declares no such score; names the closest.
    """
    scores = tuple(score.name for score in services.content.rules.scores)
    if request.score not in scores:
        alike = closest(request.score, scores)
        hint = f" Did you mean {either(alike)}?" if alike else ""
        raise InvalidInput(f'There is no score "{request.score}" in the folder scores.{hint}')
    about: dict[str, Value] = {
        "score": request.score,
        "points": request.points,
        "reason": request.reason,
    }
    return append_and_view(services, request.key, Name.POINTS_AWARDED, about)
