"""The sign-up form: GET shows it, POST takes it.

Whoever signs up sees the same page, whether we know the address or not. A program that asks for
JSON is answered in JSON.
"""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.content.forms import SHOWN_IN, Form, FormErrors, form_page
from relance.errors import InvalidInput, Retryable
from relance.http import HttpRequest, TooLarge, html_answer, json_answer, later, see_other
from relance.usecases.sign_up import new_nonce
from relance.usecases.take_form import Sent, TooMany, take_form

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Show the form, or take what was filled in."""
    request = HttpRequest.of(event)
    form = services.content.form(request.parameters.get("form", ""), *request.languages)
    if form is None:
        return _refused(request, 404, "no-form", "There is no such form. Check the address.")
    if request.reads_only:
        return _page(form)
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
    taken = take_form(Sent(form, fields, request.proof()), services)
    if isinstance(taken, FormErrors):
        if request.wants_json:
            note = {"error": taken.note} if taken.note else {}
            return json_answer({"success": False, "errors": dict(taken.errors), **note}, status=422)
        return _page(form, refused=taken, status=422)
    if isinstance(taken, TooMany):
        said = f"Too many from this network. Try again in {taken.retry_after} seconds."
        answer = _refused(request, 429, "too-many", said)
        return later(answer, status=429, seconds=taken.retry_after)
    who = taken.event.contact_id if taken.event else None
    logger.info("signed up", extra={"contact_id": who, "form": form.name})
    if request.wants_json:
        return json_answer({"success": True, "redirect": form.redirect})
    return see_other(form.redirect) if form.redirect else html_answer(form.pages["thanks"])


def _page(form: Form, *, refused: FormErrors | None = None, status: int = 200) -> dict[str, Any]:
    nonce = (refused.nonce if refused else "") or new_nonce(services)
    page = form_page(form, nonce=nonce, refused=refused)
    return html_answer(page, status=status, leads_to=form.redirect)


def _refused(request: HttpRequest, status: int, page: str, sentence: str) -> dict[str, Any]:
    if request.wants_json:
        return json_answer({"success": False, "error": sentence}, status=status)
    return html_answer(services.content.page(page, *request.languages), status=status)
