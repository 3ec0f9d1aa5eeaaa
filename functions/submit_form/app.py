"""The sign-up form: GET shows it, POST takes it.

Whoever signs up sees the same page, whether we know the address or not. A program that asks for
JSON is answered in JSON.
"""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.content.forms import (
    MAX_LENGTH,
    SHOWN_IN,
    VISITOR,
    Form,
    FormErrors,
    form_page,
    validate,
)
from relance.errors import InvalidInput, Retryable
from relance.http import HttpRequest, TooLarge, html_answer, json_answer, later
from relance.usecases.sign_up import SignUp, new_nonce, sign_up

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Show the form, or take what was filled in."""
    request = HttpRequest.of(event)
    form = services.content.form(request.parameters.get("form", ""), *request.languages)
    if form is None:
        return _refused(request, 404, "no-form", "There is no such form. Check the address.")
    if request.reads_only:
        return html_answer(form_page(form, nonce=new_nonce(services)))
    try:
        return _taken(request, form)
    except TooLarge as error:
        return _refused(request, 413, "too-large", f"That is too much. {error}")
    except InvalidInput as error:
        return _refused(request, 400, "unreadable", f"That could not be read. {error}")
    except Retryable:
        logger.exception("a person was asked to come again")
        return later(_refused(request, 503, "busy", "That did not work just now. Try again."))


def _taken(request: HttpRequest, form: Form) -> dict[str, Any]:
    fields = request.fields()
    form = services.content.form(form.name, fields.get(SHOWN_IN), *request.languages) or form
    verdict = validate(form, fields)
    if isinstance(verdict, FormErrors):
        if request.wants_json:
            return json_answer({"success": False, "errors": dict(verdict.errors)}, status=422)
        return html_answer(form_page(form, nonce=new_nonce(services), refused=verdict), status=422)
    visitor = fields.get(VISITOR, "")[:MAX_LENGTH]
    signed_up = sign_up(SignUp(form, verdict, request.proof(), visitor), services)
    logger.info("signed up", extra={"contact_id": signed_up.contact_id, "form": form.name})
    return (
        json_answer({"success": True}) if request.wants_json else html_answer(form.pages["thanks"])
    )


def _refused(request: HttpRequest, status: int, page: str, sentence: str) -> dict[str, Any]:
    if request.wants_json:
        return json_answer({"success": False, "error": sentence}, status=status)
    return html_answer(services.content.page(page, *request.languages), status=status)
