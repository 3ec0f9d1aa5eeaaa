"""Letting a paused journey go on: those who waited come in, what was held back is decided afresh.

They come in in their order and by the journey's rules of this moment, each by an execution that is
started for it once.
"""

from collections.abc import Mapping
from itertools import islice

from relance.errors import ConditionFailed
from relance.holds import held_entries, read_hold, resume
from relance.ledger import SendState, deferred_shards, send_of, wake
from relance.moments import to_text
from relance.ports import Services
from relance.reasons import Reason
from relance.storage import UNSETTLED, Table, Update, Value
from relance.tallies import in_people
from relance.usecases.controlling import Answer, Asked, Decision, SoFar, go_on, told

LET_IN_AT_ONCE = 1_000
"""How many who waited are let in by one part: one after the other, some thirty in a second."""

READ_AT_ONCE = 100
"""How many messages are read with one call."""


def resume_journey(asked: Asked, services: Services) -> Answer:
    """Say that it goes on, then look who waits: those who came in between look for themselves.

    The index of what was held back is a moment late, so it is looked at twice.
    """
    journey, workflow, so_far = asked.journey, asked.workflow, asked.so_far
    if not so_far.parts:
        try:
            services.store.transact(resume(workflow))
        except ConditionFailed:
            if not held_entries(services.store, workflow):
                return told(Decision.NOT_POSSIBLE, f'"{journey}" is not paused.')
    elif read_hold(services.store, workflow).is_on:
        return told(
            Decision.DONE,
            f'Somebody has paused "{journey}" again. {_resumed(so_far)}',
        )
    waiting = held_entries(services.store, workflow)
    for held in waiting[:LET_IN_AT_ONCE]:
        services.executions.start_journey(journey, name=held.execution, data=held.start)
        services.store.write(held.removal())
    served = so_far.served + len(waiting[:LET_IN_AT_ONCE])
    woken = so_far.woken + _wake(workflow, services)
    so_far = so_far.model_copy(update={"served": served, "woken": woken})
    if so_far.parts and len(waiting) <= LET_IN_AT_ONCE:
        return told(Decision.DONE, f'"{journey}" goes on. {_resumed(so_far)}')
    return go_on(so_far, soon=True)


def _resumed(so_far: SoFar) -> str:
    parts = [f"{in_people(so_far.served)} who had waited came to be let in, by its rules."]
    if so_far.woken:
        messages = "1 message" if so_far.woken == 1 else f"{so_far.woken:,} messages"
        parts.append(f"{messages} held back will be decided afresh within minutes.")
    return " ".join(parts)


def _wake(workflow: str, services: Services) -> int:
    """Have every message decided afresh that was held back with the journey; how many."""
    woken = 0
    for shard in deferred_shards():
        found = services.store.query_index(UNSETTLED, shard)
        while some := [(str(each["send_id"]),) for each in islice(found, READ_AT_ONCE)]:
            for (send_id,), item in services.store.get_many(Table.SENDS, some).items():
                send = send_of(item)
                theirs = send.step.workflow == workflow and send.state is SendState.DEFERRED
                if theirs and send.reason is Reason.JOURNEY_PAUSED and not _is_due(item, services):
                    woken += _written(wake(send_id, send.reason, now=services.now()), services)
    return woken


def _is_due(item: Mapping[str, Value], services: Services) -> bool:
    return str(item.get("until", "")) <= to_text(services.now())


def _written(write: Update, services: Services) -> bool:
    try:
        services.store.write(write)
    except ConditionFailed:
        return False
    return True
