"""Confirming a sign-up (`/k/…`) and leaving a list (`/u/…`).

GET and HEAD show a page with a button and change nothing, since scanners follow links. POST acts:
from the page's button, or from the mail client's own (RFC 8058: a body with
`List-Unsubscribe=One-Click`, url-encoded or multipart, any user agent, no cookie, no redirect).
"""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.content.pages import fill
from relance.errors import InvalidInput, Retryable, TokenInvalid
from relance.http import HttpRequest, html_answer, later
from relance.links import Preferences
from relance.usecases.manage_subscription import (
    ConfirmOutcome,
    Leave,
    Way,
    confirm,
    language_of,
    promised_file,
    unsubscribe,
)

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Show the page of the link, or do what its button says."""
    request = HttpRequest.of(event)
    confirming = request.path.startswith("/k/")
    token = request.parameters.get("token", "")
    try:
        return _confirming(request, token) if confirming else _leaving(request, token)
    except TokenInvalid:
        return _page("link-invalid", *request.languages, status=404)
    except Retryable:
        logger.exception("a person was asked to come again")
        return later(_page("busy", *request.languages))


def _confirming(request: HttpRequest, token: str) -> dict[str, Any]:
    target = services.signer.read_confirm(token)
    spoken = (language_of(target.contact_id, services), *request.languages)
    if request.reads_only:
        return _page("confirm", *spoken)
    outcome = confirm(target, request.proof(), services)
    logger.info("confirmation", extra={"contact_id": target.contact_id, "outcome": outcome})
    if outcome is ConfirmOutcome.TOO_LATE:
        return _page("link-invalid", *spoken, status=410)
    return _page("confirmed", *spoken, marks={"FILE": promised_file(target, services)})


def _leaving(request: HttpRequest, token: str) -> dict[str, Any]:
    target = services.signer.read_unsubscribe(token)
    spoken = (language_of(target.contact_id, services), *request.languages)
    choosing = services.signer.preferences_token(Preferences(target.contact_id, target.send_id))
    marks = {"PREFERENCES": f"../p/{choosing}"}
    if request.reads_only:
        return _page("unsubscribe", *spoken, marks=marks)
    unsubscribe(Leave(target, _way(request)), services)
    logger.info("unsubscription", extra={"contact_id": target.contact_id})
    return _page("unsubscribed", *spoken, marks=marks)


def _way(request: HttpRequest) -> Way:
    """Who pressed the button; whatever the body is, the wish to leave stands."""
    try:
        one_click = request.fields().get("List-Unsubscribe") == "One-Click"
    except InvalidInput:
        one_click = False
    return Way.ONE_CLICK if one_click else Way.PAGE


def _page(
    name: str, *spoken: str | None, status: int = 200, marks: dict[str, str] | None = None
) -> dict[str, Any]:
    return html_answer(fill(services.content.page(name, *spoken), marks or {}), status=status)
