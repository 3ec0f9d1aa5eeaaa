"""The page on which sales decides about a lead (`/a/…`).

GET and HEAD show where the lead stands and change nothing, since scanners follow links. POST from
one of its two buttons decides, once, until the deadline.
"""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.content.pages import fill
from relance.errors import ContactNotFound, InvalidInput, Retryable, TokenInvalid
from relance.http import HttpRequest, html_answer, later
from relance.usecases.decide_lead import Outcome, Wish, decide_lead, look_at_lead

logger = Logger()
services = compose()

_STATUSES = {Outcome.TOO_LATE: 410}


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Show where the lead stands, or decide."""
    request = HttpRequest.of(event)
    try:
        answer = services.signer.read_answer(request.parameters.get("token", ""))
        wish = None if request.reads_only else _wish(request)
        if wish is None:
            outcome = look_at_lead(answer, services)
        else:
            outcome = decide_lead(answer, wish, services)
            logger.info("lead", extra={"contact_id": answer.contact_id, "outcome": outcome})
        return _page(request, outcome.value, _STATUSES.get(outcome, 200))
    except (TokenInvalid, ContactNotFound):
        return _page(request, "link-invalid", 404)
    except Retryable:
        logger.exception("a person was asked to come again")
        return later(_page(request, "busy", 503))


def _wish(request: HttpRequest) -> Wish | None:
    """Which button was pressed; None if it was neither."""
    try:
        return Wish(request.fields().get("answer", ""))
    except (InvalidInput, ValueError):
        return None


def _page(request: HttpRequest, name: str, status: int) -> dict[str, Any]:
    page = fill(services.content.page(name, *request.languages), {})
    return html_answer(page, status=status)
