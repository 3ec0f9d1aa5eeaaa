"""House rules for Task states: time-outs, retries, catches, callbacks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relance.states_language import model
from relance.states_language.expressions import expressions_in
from relance.states_language.finding import Finding, Rule

DYING_FUNCTION = ("Lambda.Unknown", "Sandbox.Timedout", "Runtime.ExitError")
"""How Step Functions reports a function that died; it may work when tried again."""
NEVER_CAUGHT = frozenset({"States.DataLimitExceeded", "States.Runtime"})
"""Errors that end an execution whatever is caught:
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""
_WILD = frozenset({"States.ALL", "States.TaskFailed"})
_INVOKE = re.compile(r"arn:[^:]+:states:::(aws-sdk:)?lambda:invoke(\.|$)|arn:[^:]+:lambda:")


def check_task(name: str, state: model.Task) -> Iterator[Finding]:
    """Yield every broken rule of one Task state."""
    if state.timeout_seconds is None:
        yield Finding(
            Rule.TIMEOUT, name, "TimeoutSeconds is missing. Without it the state waits for a year."
        )
    elif isinstance(state.timeout_seconds, str) and "$max(" not in state.timeout_seconds:
        message = (
            "TimeoutSeconds may come out at 0 or less, which fails. "
            'Write "{% $max([1, $ceil(...)]) %}" around it.'
        )
        yield Finding(Rule.TIMEOUT, name, message)
    yield from _retry(name, state)
    yield from _catch(name, state)
    if state.waits_for_token:
        yield from _callback(name, state)


def _retry(name: str, state: model.Task) -> Iterator[Finding]:
    named = {error for retrier in state.retry for error in retrier.error_equals}
    needed = DYING_FUNCTION if _INVOKE.match(state.resource) else ()
    missing = [error for error in needed if error not in named]
    if missing:
        yield Finding(Rule.RETRY, name, f"Retry does not name {', '.join(missing)}.")
    elif not state.retry:
        yield Finding(Rule.RETRY, name, "Retry is missing. Name the errors that can pass.")
    for index, retrier in enumerate(state.retry):
        if wild := _WILD.intersection(retrier.error_equals):
            message = f"Retry[{index}] repeats {min(wild)}. Name the errors that can pass instead."
            yield Finding(Rule.RETRY, name, message)
        if retrier.jitter_strategy != "FULL" and retrier.max_attempts:
            message = f'Retry[{index}] needs "JitterStrategy": "FULL", or all come back at once.'
            yield Finding(Rule.RETRY, name, message)
        if retrier.max_delay_seconds is None and retrier.max_attempts:
            message = f"Retry[{index}] needs MaxDelaySeconds, the longest pause in between."
            yield Finding(Rule.RETRY, name, message)
    for error in sorted(NEVER_CAUGHT & named):
        yield Finding(Rule.RETRY, name, f"Retry names {error}, which is never retried.")


def _catch(name: str, state: model.Task) -> Iterator[Finding]:
    everything = [each for each in state.catch if "States.ALL" in each.error_equals]
    if not everything:
        message = "Catch does not name States.ALL. Send every error left to a state that tells it."
        yield Finding(Rule.CATCH, name, message)
    for catcher in everything:
        if not any(
            "$states.errorOutput" in expression
            for _, expression in expressions_in(dict(catcher.assign), "Assign")
        ):
            message = (
                "the Catch of States.ALL does not assign the error. "
                'Write for example "Assign": {"failure": "{% $states.errorOutput %}"}.'
            )
            yield Finding(Rule.CATCH, name, message)
    for catcher in state.catch:
        for error in sorted(NEVER_CAUGHT.intersection(catcher.error_equals)):
            yield Finding(Rule.CATCH, name, f"Catch names {error}, which is never caught.")


def _callback(name: str, state: model.Task) -> Iterator[Finding]:
    if not any("States.Timeout" in catcher.error_equals for catcher in state.catch):
        message = "it waits for an answer: Catch must name States.Timeout, for when none comes."
        yield Finding(Rule.CALLBACK, name, message)
    if not any(
        "$states.context.Task.Token" in expression
        for _, expression in expressions_in(state.arguments, "Arguments")
    ):
        message = (
            "it waits for an answer, but nobody gets its token. "
            'Pass "{% $states.context.Task.Token %}" in Arguments.'
        )
        yield Finding(Rule.CALLBACK, name, message)
    for retrier in state.retry:
        if "States.Timeout" in retrier.error_equals:
            message = "Retry names States.Timeout, which would begin the pause anew. Catch it."
            yield Finding(Rule.CALLBACK, name, message)
