"""The link to a file that a form gives (`/d/…`): leads to the file, for as long as the link works.

HEAD records nothing, nor does a program that says it is one. If the download cannot be recorded
now, the person still gets the file.
"""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.content.pages import fill
from relance.errors import Retryable, TokenInvalid
from relance.http import HttpRequest, html_answer, later, redirect
from relance.usecases.give_file import file_address, read_link, record_download

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lead to the file, and record that it was fetched."""
    request = HttpRequest.of(event)
    try:
        asked = read_link(request.parameters.get("token", ""), services)
        if not asked.works:
            marks = {"FORM": f"../f/{asked.form}"}
            return _page(request, "file-expired", 410, marks)
        address = file_address(asked, services)
    except TokenInvalid:
        return _page(request, "link-invalid", 404)
    except FileNotFoundError:
        logger.error("a file that a form gives is not in the bucket")  # noqa: TRY400 - known
        return later(_page(request, "busy", 503), seconds=3600)
    except Retryable:
        logger.exception("a person was asked to come again")
        return later(_page(request, "busy", 503))
    if request.method == "GET":
        try:
            record_download(asked, request.headers.get("user-agent", ""), services)
        except Retryable:
            logger.exception("a download was not recorded")
    return redirect(address)


def _page(
    request: HttpRequest, name: str, status: int, marks: dict[str, str] | None = None
) -> dict[str, Any]:
    page = fill(services.content.page(name, *request.languages), marks or {})
    return html_answer(page, status=status)
