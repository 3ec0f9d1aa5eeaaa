"""Hooks: where other companies' systems report what people did there, signed with a secret.

`POST /hooks/{name}` takes what a shop, a payment provider or a social network reports; `GET`
answers those that ask first whether the address is ours. What was taken, waits in the queue or is
wanted by no rule is answered with 200: a provider would switch off an address that refuses.
"""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.content.hooks import Hook
from relance.errors import InvalidInput, Retryable
from relance.hooks.signatures import Unsigned
from relance.http import HttpRequest, TooLarge, json_answer, later, text_answer
from relance.measuring import figures
from relance.usecases.take_hook import (
    HookUnknown,
    NoChallenge,
    answer_challenge,
    hook_of,
    take_hook,
)

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Take what a provider reports, or answer its challenge."""
    request = HttpRequest.of(event)
    try:
        hook = hook_of(request.parameters.get("name", ""), services)
        return _challenged(hook, request) if request.reads_only else _taken(hook, request)
    except HookUnknown as error:
        return _refused(404, str(error))
    except NoChallenge as error:
        answer = _refused(405, str(error))
        return {**answer, "headers": {**answer["headers"], "allow": "POST"}}
    except TooLarge as error:
        return _refused(413, str(error))
    except InvalidInput as error:
        return _refused(400, str(error))
    except Retryable:
        logger.exception("a provider was asked to come again")
        return later(_refused(503, "This could not be stored now: send it again in a moment."))


def _challenged(hook: Hook, request: HttpRequest) -> dict[str, Any]:
    try:
        said = answer_challenge(hook, request, services)
    except Unsigned as error:
        return _refused(403, str(error))
    return text_answer(said.body, content_type=said.content_type)


def _taken(hook: Hook, request: HttpRequest) -> dict[str, Any]:
    try:
        done = take_hook(hook, request, services)
    except Unsigned as error:
        secrets = len(services.hook_secrets.of(hook.name))
        logger.warning(
            "hook refused", extra={"secrets": secrets, **_figures(hook, {"unsigned": 1})}
        )
        return _refused(401, str(error))
    logger.info("hook", extra=_figures(hook, done.counts()))
    told = {"errors": list(done.errors)} if done.errors else {}
    return json_answer({"success": True, **done.counts(), **told})


def _figures(hook: Hook, counts: dict[str, int]) -> dict[str, object]:
    return figures(services.now(), {"hook": hook.name}, counts)


def _refused(status: int, reason: str) -> dict[str, Any]:
    return json_answer({"success": False, "error": reason}, status=status)
