"""`GET /slots?visitor=…&slots=hero,offer&rl=…`: what the slots of a web page show to a visitor.

Answers `{"slots": {"hero": "<h1>…"}}`; a slot that is not in it keeps what stands in the page.
Only the visitor's own browser may keep the answer, for a minute.
"""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.errors import Retryable
from relance.http import HttpRequest, for_any_site, json_answer
from relance.usecases.fill_slots import fill_slots
from relance.usecases.looking import Looking

KEPT = {"cache-control": "private, max-age=60"}

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Say what is shown; when that cannot be said now, the page stays as it is."""
    query = HttpRequest.of(event).query
    looking = Looking(visitor=query.get("visitor", ""), landing=query.get("rl", ""))
    try:
        slots = fill_slots(query.get("slots", "").split(","), looking, services)
    except Retryable:
        logger.exception("slots were left as they are")
        return for_any_site(json_answer({"slots": {}}))
    return for_any_site(json_answer({"slots": dict(slots)}), KEPT)
