"""A mail as a page (`/v/…`): as it was sent, without anything by which one acts for its reader.

Nothing is recorded, whoever looks and however often.
"""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.content.pages import fill
from relance.errors import ContactNotFound, ContentInvalid, Retryable, TokenInvalid
from relance.http import HttpRequest, html_answer, later
from relance.usecases.show_mail import show_mail

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer with the mail, or say that the link leads nowhere any more."""
    request = HttpRequest.of(event)
    try:
        send_id = services.signer.read_view(request.parameters.get("token", ""))
        return html_answer(show_mail(send_id, services), images=("https:", "'self'"))
    except (TokenInvalid, ContactNotFound):
        return _page(request, "link-invalid", 404)
    except ContentInvalid:
        logger.info("a mail can no longer be shown")
        return _page(request, "link-invalid", 404)
    except Retryable:
        logger.exception("a person was asked to come again")
        return later(_page(request, "busy", 503))


def _page(request: HttpRequest, name: str, status: int) -> dict[str, Any]:
    page = fill(services.content.page(name, *request.languages), {})
    return html_answer(page, status=status)
