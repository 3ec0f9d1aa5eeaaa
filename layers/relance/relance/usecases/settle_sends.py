"""The minute's sweep over sends: wakes what was deferred, gives up what nobody can settle.

It reads only what is due. What was deferred is handed to a queue and comes again after a while if
it still stands there: the ledger, not the queue, knows what has to be sent. What stayed unknown for
the settling time is first given up, then its journey is told, then it is taken out of the index:
wherever this is cut off, the next sweep goes on. A record that cannot be settled is put off, so
that it holds up no other.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

from relance.answering import resume_step
from relance.contacts import read_contact
from relance.errors import ConditionFailed, ContactNotFound, RelanceError
from relance.ledger import SHARDS, Send, SendState, deferred_shards, give_up, send_of, woken
from relance.moments import to_text
from relance.ports import Services
from relance.storage import UNSETTLED, Below, Present, Table, Update
from relance.usecases.record_email_event import sent_result
from relance.usecases.steps import view

PUT_OFF = timedelta(minutes=10)
"""How long a record waits that could not be settled, or that was woken and still stands there."""

AT_ONCE = 1000
"""How many of a partition are woken by one sweep at most; the next comes in a minute."""


@dataclass(slots=True)
class Outcome:
    """What became of a sweep: how many were given up or woken, the errors of those put off."""

    given_up: int = 0
    woken: int = 0
    put_off: dict[str, str] = field(default_factory=dict)


def settle_sends(services: Services) -> Outcome:
    """Wake and give up the sends that are due."""
    outcome = Outcome()
    for shard in range(SHARDS):
        due = services.store.query_index(
            UNSETTLED, f"unsettled-{shard}", up_to=to_text(services.now())
        )
        for item in due:
            _settle(str(item["send_id"]), outcome, services)
    for deferred in deferred_shards():
        outcome.woken += _wake(deferred, services)
    return outcome


def _wake(shard: str, services: Services) -> int:
    now = services.now()
    found = services.store.query_index(UNSETTLED, shard, up_to=to_text(now))
    due = [(str(each["send_id"]), str(each["unsettled_at"])) for each in islice(found, AT_ONCE)]
    if due:
        services.waker.wake([send_id for send_id, _ in due])
    for send_id, at in due:
        with suppress(ConditionFailed):  # it is on its way already
            services.store.write(woken(send_id, due=at, again=now + PUT_OFF))
    return len(due)


def _settle(send_id: str, outcome: Outcome, services: Services) -> None:
    try:
        outcome.given_up += _give_up(send_id, services)
    except Exception as error:  # noqa: BLE001 - one send that cannot be settled holds up no other
        outcome.put_off[send_id] = type(error).__name__
        with suppress(RelanceError):
            services.store.write(_put_off(send_id, until=to_text(services.now() + PUT_OFF)))


def _put_off(send_id: str, *, until: str) -> Update:
    """The write that leaves a record to the next sweep, if it is not settled."""
    return Update(
        Table.SENDS, (send_id,), set={"unsettled_at": until}, when=Below("unsettled_at", until)
    )


def _give_up(send_id: str, services: Services) -> int:
    item = services.store.get(Table.SENDS, (send_id,))
    if item is not None and not send_of(item).state.is_final:
        state = send_of(item).state
        with suppress(ConditionFailed):  # settled in between, or given up by another sweep
            services.store.write(give_up(send_id, state, now=services.now()))
        item = services.store.get(Table.SENDS, (send_id,))
    if item is None:
        return 0
    send = send_of(item)
    if not send.state.is_final:
        return 0  # the index was late: a new attempt has it, or it waits for its hour
    _tell_the_journey(send, services)
    with suppress(ConditionFailed):  # it was kept long enough, and is gone
        done = ("unsettled_shard", "unsettled_at")
        services.store.write(Update(Table.SENDS, (send_id,), remove=done, when=Present()))
    return 1 if send.state is SendState.GIVEN_UP else 0


def _tell_the_journey(send: Send, services: Services) -> None:
    try:
        contact = read_contact(services.store, send.step.contact_id)
    except ContactNotFound:
        return
    resume_step(services, send.step, sent_result(send, view(services, contact)))
