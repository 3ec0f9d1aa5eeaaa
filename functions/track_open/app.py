"""The pixel of a mail: always a picture, whatever is noted.

Who asked is judged and recorded some seconds later. HEAD counts nothing. Scanners and people get
the same answer, for good tokens and bad ones.
"""

import base64
from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.errors import Retryable, TokenInvalid
from relance.http import HttpRequest, picture
from relance.usecases.track import take_open

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent GIF of one pixel."""

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer with the picture, and note the open as far as the contact allows it."""
    request = HttpRequest.of(event)
    try:
        send_id = services.signer.read_open(request.parameters.get("token", ""))
        take_open(send_id, request, services)
    except TokenInvalid:
        logger.info("pixel with a bad token")
    except Retryable:
        logger.exception("an open was not noted")
    return picture(GIF)
