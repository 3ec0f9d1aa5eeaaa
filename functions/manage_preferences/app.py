"""The preference page (`/p/…`): what somebody gets, how often, in which language, what we follow.

GET and HEAD show what is chosen and change nothing, since scanners follow links. POST saves and
shows what was saved. Whoever was erased sees the same page as somebody with a link of nobody's.
"""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.choices import Standing
from relance.composition import compose
from relance.content.preference_page import (
    PREFERENCES,
    Note,
    is_ours,
    preference_page,
    read_choice,
    wants_to_leave,
)
from relance.errors import InvalidInput, Retryable, TokenInvalid
from relance.http import HttpRequest, html_answer, later
from relance.ids import milliseconds
from relance.links import Preferences
from relance.usecases.change_preferences import Page, change_preferences, standing_of

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Show the page of the link, or save what was chosen on it."""
    request = HttpRequest.of(event)
    try:
        target = services.signer.read_preferences(request.parameters.get("token", ""))
        fields = {} if request.reads_only else request.fields()
        return _saved(request, target, fields) if is_ours(fields) else _shown(request, target)
    except TokenInvalid:
        return _other(request, "link-invalid", 404)
    except InvalidInput:
        return _other(request, "unreadable", 400)
    except Retryable:
        logger.exception("a person was asked to come again")
        return later(_other(request, "busy", 503))


def _shown(request: HttpRequest, target: Preferences) -> dict[str, Any]:
    standing = standing_of(Page(target, request.languages, {}), services)
    return _page(request, standing, Note.NOTHING)


def _saved(request: HttpRequest, target: Preferences, fields: dict[str, str]) -> dict[str, Any]:
    company = services.content.company
    version = services.content.page_version(PREFERENCES, fields.get("shown_in"))
    proof = {**request.proof(), "page": PREFERENCES, "text_version": version}
    now = milliseconds(services.now())
    choice = None if wants_to_leave(fields) else read_choice(company, fields, now=now)
    saved = change_preferences(Page(target, request.languages, proof), choice, services)
    logger.info("preferences", extra={"contact_id": target.contact_id, "found": bool(saved)})
    note = Note.STALE if saved and saved.is_stale else Note.SAVED
    return _page(request, saved.standing if saved else None, note)


def _page(request: HttpRequest, standing: Standing | None, note: Note) -> dict[str, Any]:
    if standing is None:
        return _other(request, "link-invalid", 404)
    page = services.content.page(PREFERENCES, standing.language)
    now = milliseconds(services.now())
    company = services.content.company
    return html_answer(preference_page(page, company, standing, made_at=now, note=note))


def _other(request: HttpRequest, name: str, status: int) -> dict[str, Any]:
    return html_answer(services.content.page(name, *request.languages), status=status)
