"""The pictures of mails (`/i/<hash>.<kind>`), from this version's content or from an older one.

Whoever fetches one tells nobody who they are: the address is the same in every mail.
"""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.content.pictures import media_type
from relance.errors import Retryable
from relance.http import HttpRequest, later, picture_for_ever, text_answer

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer with the picture, or 404."""
    name = HttpRequest.of(event).parameters.get("name", "")
    kind = media_type(name)
    if kind is None:
        return _nothing("There is no such picture.\n", 404)
    try:
        body = services.content.image(name) or services.content_files.image(name)
    except Retryable:
        logger.exception("a picture could not be read")
        return later(_nothing("Please try again.\n", 503))
    if body is None:
        return _nothing("There is no such picture.\n", 404)
    return picture_for_ever(body, kind=kind)


def _nothing(said: str, status: int) -> dict[str, Any]:
    return {**text_answer(said, content_type="text/plain; charset=utf-8"), "statusCode": status}
