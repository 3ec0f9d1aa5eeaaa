"""Which errors a Retry or a Catch means, and how long to wait before trying again.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from relance.states_language.model import Retrier

from local.states.errors import DATA_LIMIT, HEARTBEAT_TIMEOUT, RUNTIME, TIMEOUT

TERMINAL = frozenset({DATA_LIMIT, RUNTIME})
"""Neither retried nor caught, not even by States.ALL."""
_TIMEOUTS = frozenset({TIMEOUT, HEARTBEAT_TIMEOUT})


def means(names: frozenset[str], error: str | None) -> bool:
    """Tell whether an ErrorEquals with these names is meant by an error.

    States.TaskFailed stands for everything but a time-out; States.Timeout for a missed heartbeat
    as well.
    """
    if error in TERMINAL:
        return False
    if error in names or "States.ALL" in names:
        return True
    if error in _TIMEOUTS:
        return TIMEOUT in names
    return "States.TaskFailed" in names


def matcher(error_equals: list[str]) -> Callable[[str | None], bool]:
    """Return a test for one ErrorEquals."""
    names = frozenset(error_equals)
    return lambda error: means(names, error)


def delay(retrier: Retrier, done: int, random: Random) -> float:
    """Return the seconds to wait before the next attempt, `done` retries having been made."""
    seconds = retrier.interval_seconds * retrier.backoff_rate**done
    if retrier.max_delay_seconds is not None:
        seconds = min(seconds, retrier.max_delay_seconds)
    return random.uniform(0, seconds) if retrier.jitter_strategy == "FULL" else seconds
