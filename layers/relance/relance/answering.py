"""Answering the pauses of journeys: the one place that uses task tokens.

A pause can be answered by an event, by an exit, by the outcome of a send; whoever comes second
finds that nobody waits any more, which is no mistake. The record of the wait is removed after the
answer, so that a crash in between only answers once more.
"""

from collections.abc import Mapping

from relance.errors import ConditionFailed
from relance.ports import Services
from relance.storage import Delete, Equals, Table, Value
from relance.workflows import Step, Wait, wait_of, wait_record


def resume(services: Services, wait: Wait, result: Mapping[str, Value]) -> bool:
    """Answer the wait with a result and remove it; whether anybody was still waiting.

    Without a token nobody is: a message that belongs to no journey was deferred.
    """
    waiting = wait.is_of_a_journey and services.executions.succeed(wait.token, result)
    forget(services, wait)
    return waiting


def resume_step(services: Services, step: Step, result: Mapping[str, Value]) -> bool:
    """Answer the pause of a step, if it has one."""
    item = services.store.get(Table.CONTACTS, (step.contact_id, wait_record(step)))
    return bool(item) and resume(services, wait_of(item or {}), result)


def answer(services: Services, step: Step, token: str, result: Mapping[str, Value]) -> None:
    """Answer the invocation at hand, or the later attempt that waits in its place."""
    if not services.executions.succeed(token, result):
        resume_step(services, step, result)


def fail(services: Services, wait: Wait, error: Exception) -> bool:
    """Tell the wait that its step failed and remove it; whether anybody was still waiting."""
    waiting = wait.is_of_a_journey and services.executions.fail(
        wait.token, error=type(error).__name__, cause=str(error)
    )
    forget(services, wait)
    return waiting


def forget(services: Services, wait: Wait) -> None:
    """Remove the record of a wait, unless a later attempt of the step has taken its place."""
    try:
        services.store.write(Delete(Table.CONTACTS, wait.key, when=Equals("token", wait.token)))
    except ConditionFailed:
        return
