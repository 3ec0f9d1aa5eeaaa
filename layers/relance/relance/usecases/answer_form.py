"""Requests for forms, and their answers: pages, and JSON for programs and for `form.js`."""

from typing import Any
from urllib.parse import urlsplit

from relance.content.compiled import Company
from relance.content.forms import FormErrors
from relance.content.pages import file_link, fill
from relance.http import HttpRequest, html_answer, json_answer, see_other
from relance.usecases.show_form import Asked, Kind, Place

COOKIE = "relance"
"""The cookie in which `relance.js` keeps the visitor's id, for whoever agreed; or `off`."""


def comes_from_elsewhere(request: HttpRequest, company: Company) -> bool:
    """Whether a browser says that a page of somebody else's sends this.

    `null` says nothing: browsers send it from our own pages, since these tell nobody where they
    are (Referrer-Policy: no-referrer). https://fetch.spec.whatwg.org/#origin-header
    """
    origin = request.headers.get("origin", "null")
    if origin == "null":
        return False
    return urlsplit(origin).hostname != _own_host(request) and not company.owns(origin)


def is_visit(request: HttpRequest) -> bool:
    """Whether somebody looks at the page now: not HEAD, and not fetched ahead of time."""
    return request.method == "GET" and "prefetch" not in request.headers.get("sec-purpose", "")


def asked_of(request: HttpRequest, said: dict[str, str] | Any, *, was_sent: bool) -> Asked:
    """What a request asks for; `said` is its query or the fields that were sent."""
    parameters = request.parameters
    kind = Kind.LANDING if "page" in parameters else Kind.OWN
    part = {"part": "form"} if "part" in request.query else {}
    visitor = request.cookie(COOKIE)
    return Asked(
        kind=kind,
        name=parameters.get("page" if kind is Kind.LANDING else "form", ""),
        said={**said, **part},
        languages=request.languages,
        was_sent=was_sent,
        host=_own_host(request),
        referrer=request.headers.get("referer", ""),
        visitor="" if visitor == "off" else visitor,
    )


def shown_answer(
    request: HttpRequest, place: Place, page: str, *, refused: FormErrors | None = None
) -> dict[str, Any]:
    """The form as it is shown, or shown again with what is wrong."""
    status = 422 if refused else 200
    if place.is_part:
        return json_answer({"success": not refused, "html": page}, status=status)
    if refused and request.wants_json:
        note = {"error": refused.note} if refused.note else {}
        errors = dict(refused.errors)
        return json_answer({"success": False, "errors": errors, **note}, status=status)
    landing = place.landing
    return html_answer(
        page,
        status=status,
        leads_to=place.form.redirect,
        images=landing.images if landing else (),
        is_listed=landing is not None and landing.is_listed,
    )


def thanks_answer(
    request: HttpRequest, place: Place, file: tuple[str, str] | None
) -> dict[str, Any]:
    """What whoever has sent the form gets: the same for everybody.

    `file` holds the token and the title of a file that is given at once.
    """
    form = place.form
    if place.is_part:
        gift = file_link(f"https://{request.host}/d/{file[0]}" if file else None, *_title(file))
        html = fill(form.pages["thanks_part"], {"FILE": gift})
        return json_answer({"success": True, "html": html, "redirect": form.redirect})
    if request.wants_json:
        return json_answer({"success": True, "redirect": form.redirect})
    if form.redirect:
        return see_other(form.redirect)
    gift = file_link(f"../d/{file[0]}" if file else None, *_title(file))
    return html_answer(fill(form.pages["thanks"], {"FILE": gift}))


def _title(file: tuple[str, str] | None) -> tuple[str]:
    return (file[1] if file else "",)


def _own_host(request: HttpRequest) -> str:
    return request.headers.get("host", request.host).partition(":")[0]
