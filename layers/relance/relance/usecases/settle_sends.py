"""Giving up what nobody can settle: sends whose outcome stayed unknown for the settling time.

The sweep reads only what is due. A record is first given up, then its journey is told, then it is
taken out of the index: wherever this is cut off, the next sweep goes on.
"""

from contextlib import suppress

from relance.answering import resume_step
from relance.contacts import read_contact
from relance.errors import ConditionFailed, ContactNotFound
from relance.ledger import SHARDS, Reason, Send, SendState, send_of
from relance.moments import to_text
from relance.ports import Services
from relance.storage import UNSETTLED, AnyOf, Equals, Table, Update
from relance.usecases.record_email_event import sent_result
from relance.usecases.steps import view


def settle_sends(services: Services) -> int:
    """Give up the sends that are due; how many there were."""
    settled = 0
    for shard in range(SHARDS):
        due = services.store.query_index(
            UNSETTLED, f"unsettled-{shard}", up_to=to_text(services.now())
        )
        for item in due:
            settled += _give_up(str(item["send_id"]), services)
    return settled


def _give_up(send_id: str, services: Services) -> int:
    with suppress(ConditionFailed):  # settled in between, or given up by a sweep that was cut off
        services.store.write(
            Update(
                Table.SENDS,
                (send_id,),
                set={
                    "state": SendState.GIVEN_UP.value,
                    "reason": Reason.OUTCOME_UNKNOWN.value,
                },
                when=AnyOf(
                    (
                        Equals("state", SendState.CLAIMED),
                        Equals("state", SendState.UNKNOWN),
                        Equals("state", SendState.RELEASED),
                    )
                ),
            )
        )
    item = services.store.get(Table.SENDS, (send_id,))
    if item is None:
        return 0
    send = send_of(item)
    _tell_the_journey(send, services)
    services.store.write(
        Update(Table.SENDS, (send_id,), remove=("unsettled_shard", "unsettled_at"))
    )
    return 1 if send.state is SendState.GIVEN_UP else 0


def _tell_the_journey(send: Send, services: Services) -> None:
    try:
        contact = read_contact(services.store, send.step.contact_id)
    except ContactNotFound:
        return
    resume_step(services, send.step, sent_result(send, view(services, contact)))
