"""The collection API: `POST /v1/track` and `POST /v1/batch`, as the Segment libraries speak it.

Answers exactly `{"success": true}`; what a batch holds that cannot be taken is reported by index.
"""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.errors import InvalidInput, Retryable
from relance.http import HttpRequest, TooLarge, credentials, json_answer, later
from relance.usecases.collect_events import MAX_BATCH, MAX_EVENT, TooMany, collect, key_is_known

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Take the event or the batch."""
    request = HttpRequest.of(event)
    try:
        return _taken(request, is_batch=request.path.endswith("/batch"))
    except (TooLarge, TooMany) as error:
        return _refused(413, str(error))
    except InvalidInput as error:
        return _refused(400, str(error))
    except Retryable:
        logger.exception("a client was asked to come again")
        return later(_refused(503, "This could not be stored now: send it again in a moment."))


def _taken(request: HttpRequest, *, is_batch: bool) -> dict[str, Any]:
    body = request.json(limit=MAX_BATCH if is_batch else MAX_EVENT)
    if not isinstance(body, dict):
        return _refused(400, "The body must be a JSON object.")
    key = credentials(request.headers.get("authorization", "")) or body.get("writeKey")
    if not key_is_known(key, services):
        return _refused(401, "The write key is missing or not known.")
    return _batch(body) if is_batch else _single(body)


def _single(body: dict[str, Any]) -> dict[str, Any]:
    refused = collect([body], body.get("sentAt"), services)
    return _refused(400, refused[0].reason) if refused else json_answer({"success": True})


def _batch(body: dict[str, Any]) -> dict[str, Any]:
    items = body.get("batch")
    if not isinstance(items, list):
        return _refused(400, '"batch" must be a list of events.')
    refused = collect(items, body.get("sentAt"), services)
    if not refused:
        return json_answer({"success": True})
    logger.warning("items refused", extra={"refused": len(refused), "of": len(items)})
    errors = [{"index": each.index, "error": each.reason} for each in refused]
    some_taken = len(refused) < len(items)
    answer = {"success": some_taken, "errors": errors}
    return json_answer(answer, status=200 if some_taken else 400)


def _refused(status: int, reason: str) -> dict[str, Any]:
    return json_answer({"success": False, "error": reason}, status=status)
