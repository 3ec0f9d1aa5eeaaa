"""Forms: GET shows one, on its own page (`/f/…`) or a landing page (`/l/…`); POST takes it.

Whoever signs up sees the same page, known or not. Programs and `form.js` are answered in JSON.
"""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.content.forms import FormErrors
from relance.errors import InvalidInput, Retryable
from relance.http import HttpRequest, TooLarge, html_answer, json_answer, later
from relance.usecases.answer_form import (
    asked_of,
    comes_from_elsewhere,
    is_visit,
    shown_answer,
    thanks_answer,
)
from relance.usecases.give_file import given_at_once
from relance.usecases.show_form import find_place, note_visit, shown
from relance.usecases.take_form import Sent, TooMany, take_form

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Show the form, or take what was filled in."""
    request = HttpRequest.of(event)
    if comes_from_elsewhere(request, services.content.company):
        return _refused(request, 403, "no-form", "This form belongs on the company's own pages.")
    try:
        return _shown(request) if request.reads_only else _taken(request)
    except TooLarge as error:
        return _refused(request, 413, "too-large", f"That is too much. {error}")
    except InvalidInput as error:
        return _refused(request, 400, "unreadable", f"That could not be read. {error}")
    except Retryable:
        logger.exception("a person was asked to come again")
        return later(_refused(request, 503, "busy", "That did not work just now. Try again."))


def _shown(request: HttpRequest) -> dict[str, Any]:
    place = find_place(asked_of(request, request.query, was_sent=False), services)
    if place is None:
        return _no_form(request)
    if is_visit(request):
        try:
            note_visit(place, request.headers.get("user-agent", ""), services)
        except Retryable:
            logger.warning("a visit was not counted")
    return shown_answer(request, place, shown(place, services))


def _taken(request: HttpRequest) -> dict[str, Any]:
    fields = request.fields()
    place = find_place(asked_of(request, fields, was_sent=True), services)
    if place is None:
        return _no_form(request)
    taken = take_form(Sent(place, fields, request.proof()), services)
    if isinstance(taken, FormErrors):
        return shown_answer(request, place, shown(place, services, taken), refused=taken)
    if isinstance(taken, TooMany):
        page = shown(place, services, taken.shown)
        answer = shown_answer(request, place, page, refused=taken.shown)
        return later(answer, status=429, seconds=taken.retry_after)
    if taken.event:
        logger.info("signed up", extra={"contact_id": taken.event.contact_id})
    return thanks_answer(request, place, given_at_once(place.form, taken.event, services))


def _no_form(request: HttpRequest) -> dict[str, Any]:
    return _refused(request, 404, "no-form", "There is no such form. Check the address.")


def _refused(request: HttpRequest, status: int, page: str, sentence: str) -> dict[str, Any]:
    if request.wants_json:
        return json_answer({"success": False, "error": sentence}, status=status)
    return html_answer(services.content.page(page, *request.languages), status=status)
