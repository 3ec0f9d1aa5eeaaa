"""A link of a mail: to the page it leads to, which stands in the message and never in the address.

Who came is judged and recorded some seconds later. HEAD counts nothing. If the click cannot be
noted now, the person still gets to the page.
"""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.errors import Retryable, TokenInvalid
from relance.http import HttpRequest, html_answer, later, redirect
from relance.usecases.track import click_target, take_click

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Redirect, and note the click as far as the contact allows it."""
    request = HttpRequest.of(event)
    try:
        click = services.signer.read_click(request.parameters.get("token", ""))
        address = click_target(click, services)
    except TokenInvalid:
        return html_answer(services.content.page("link-invalid", *request.languages), status=404)
    except Retryable:
        logger.exception("a person was asked to come again")
        return later(html_answer(services.content.page("busy", *request.languages)))
    try:
        address = take_click(click, address, request, services)
    except Retryable:
        logger.exception("a click was not noted")
    return redirect(address)
