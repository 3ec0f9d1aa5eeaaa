"""The pictures of mails (`/i/<hash>.<kind>`), from this version's content or from an older one.

Whoever fetches one tells nobody who they are: the address is the same in every mail.
"""

import re
from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.errors import Retryable
from relance.http import HttpRequest, later, picture_for_ever, text_answer

KINDS = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif"}
NAME = re.compile(r"[0-9a-f]{24}\.(png|jpg|gif)")

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer with the picture, or 404."""
    name = NAME.fullmatch(HttpRequest.of(event).parameters.get("name", ""))
    if name is None:
        return _nothing("There is no such picture.\n", 404)
    try:
        body = services.content.image(name[0]) or services.content_files.image(name[0])
    except Retryable:
        logger.exception("a picture could not be read")
        return later(_nothing("Please try again.\n", 503))
    if body is None:
        return _nothing("There is no such picture.\n", 404)
    return picture_for_ever(body, kind=KINDS[name[1]])


def _nothing(said: str, status: int) -> dict[str, Any]:
    return {**text_answer(said, content_type="text/plain; charset=utf-8"), "statusCode": status}
