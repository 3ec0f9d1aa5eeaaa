"""The collection API, as the Segment and RudderStack libraries speak it, and CloudEvents.

`POST /v1/{track, page, …, batch}` for servers, `/v1/{t, p, …, b}` for browsers, `/v1/events` for
CloudEvents, `GET /v1/projects/{key}/settings` for a browser library that starts. What is taken is
answered with exactly `{"success": true}`; what cannot be taken of a batch is listed by its index.
"""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.collecting.delivery import Delivery
from relance.collecting.keys import Scope
from relance.collecting.requests import WORDS, asked_of, limit_of, write_key_in
from relance.collecting.settings import browser_settings
from relance.composition import compose
from relance.errors import InvalidInput, Retryable
from relance.http import HttpRequest, TooLarge, credentials, json_answer, later
from relance.usecases.collect_events import TooMany, collect

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Take the event or the batch, or say where to send them."""
    request = HttpRequest.of(event)
    try:
        return _settings(request) if request.reads_only else _taken(request)
    except (TooLarge, TooMany) as error:
        return _refused(413, str(error))
    except InvalidInput as error:
        return _refused(400, str(error))
    except Retryable:
        logger.exception("a client was asked to come again")
        answer = _refused(429, "This could not be stored now: send it again in a moment.")
        return later(answer, status=429)


def _settings(request: HttpRequest) -> dict[str, Any]:
    given = request.parameters.get("key", "")
    key = services.write_keys.find(given)
    if key is None or key.scope is not Scope.BROWSER:
        return _refused(404, "There is no such browser key.")
    return json_answer(browser_settings(given, request.host))


def _taken(request: HttpRequest) -> dict[str, Any]:
    word = request.parameters.get("word", "")
    if word not in WORDS:
        return _refused(404, f"Events go to /v1/ and one of: {', '.join(WORDS)}.")
    body = request.json(limit=limit_of(word))
    given = credentials(request.headers.get("authorization", "")) or write_key_in(body)
    key = services.write_keys.find(given)
    if key is None:
        return _refused(401, "The write key is missing or not known.")
    asked = asked_of(word, body)
    delivery = Delivery(services.now(), key.scope, asked.form, asked.sent_at)
    done = collect(asked.items, delivery, services)
    counts = {"of": len(asked.items), "refused": len(done.refused), "waiting": done.waiting}
    logger.info("collected", extra={"key": key.name, "scope": key.scope.value, **counts})
    if not done.refused:
        return json_answer({"success": True})
    if asked.is_one:
        return _refused(400, done.refused[0].reason)
    errors = [{"index": each.index, "error": each.reason} for each in done.refused]
    some_taken = len(errors) < len(asked.items)
    return json_answer({"success": some_taken, "errors": errors}, status=200 if some_taken else 400)


def _refused(status: int, reason: str) -> dict[str, Any]:
    return json_answer({"success": False, "error": reason}, status=status)
