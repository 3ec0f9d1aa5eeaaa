"""One attempt to deliver a message: its claim in the ledger, with its room, and giving them back.

Of a claim whose answer is lost the ledger knows which attempt has it. Until SES was called,
whatever goes wrong gives it back, so that a retry sends (`relance.usecases.deliver` has the table).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from relance.contacts import Contact
from relance.content.compiled import Message
from relance.errors import ConditionFailed, ContactNotFound, ContentInvalid, Retryable
from relance.ledger import Send, SendState, defer, release, send_id_of, send_of, settle
from relance.limiter import Slot
from relance.moments import to_text
from relance.ports import Services
from relance.reasons import Reason
from relance.room import Room
from relance.storage import Check, Put, Table, Update, Write
from relance.usecases.steps import transact_what_holds
from relance.workflows import Step

RELEASE_TRIES = 3
"""How often a claim is given back when the store is busy; what stays claimed is given up."""

SOON = timedelta(minutes=1)
"""When a message that is due and could not be sent just now is tried again."""


class ClaimedByAnother(Exception):
    """Another attempt has claimed the message, or had; nothing was written."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver a message.

    `claim` is the write that claims the message in the ledger; None once it is claimed. `token` is
    that of the step which asks; None if the message was deferred: whoever waits for it has left a
    wait. `wanted_at` is when it was first meant to go, `slot` when SES has room for it.
    """

    step: Step
    message: Message
    attempt: str
    claim: Put | Update | None
    now: datetime
    wanted_at: datetime
    token: str | None
    slot: Slot
    alone: bool = False

    @property
    def send_id(self) -> str:
        """The id of the record in the ledger."""
        return send_id_of(self.step)

    def record(self, state: SendState, reason: Reason | None) -> Send:
        """The record as it is when it has come to this state."""
        return Send(
            send_id=self.send_id,
            step=self.step,
            message=self.message.name,
            message_version=self.message.version,
            topic=self.message.topic,
            state=state,
            reason=reason,
            claimed_at=to_text(self.now),
        )


def claim(delivery: Delivery, services: Services) -> None:
    """Claim the message, unless this attempt has it already.

    Raises:
        ClaimedByAnother: nothing was written.
    """
    if delivery.claim is None:
        return
    with giving_back(delivery, services):  # an answer may be lost, and the claim be written
        try:
            services.store.write(delivery.claim)
        except ConditionFailed:
            _own(delivery, services)


def claim_with_room(delivery: Delivery, contact: Contact, room: Room, services: Services) -> bool:
    """Claim the message and take its room, both or neither; False if the contact has changed.

    Raises:
        ClaimedByAnother: nothing was written.
    """
    first = [] if delivery.claim is None else [delivery.claim]
    # Without the claim beside it nobody could tell whether the room was taken: then it stays.
    returned = room if first else None
    with giving_back(delivery, services, returned, contact.contact_id):
        try:
            services.store.transact([*first, room.take(contact.register)])
        except ConditionFailed as refused:
            if not first or 0 not in refused.failed:
                return False
            _own(delivery, services)
    return True


def _own(delivery: Delivery, services: Services) -> None:
    """The claim was refused: see whether it is since this very attempt has it already."""
    if not current(delivery.send_id, services).is_claimed_by(delivery.attempt):
        raise ClaimedByAnother


@contextmanager
def giving_back(
    delivery: Delivery, services: Services, room: Room | None = None, whose: str = ""
) -> Iterator[None]:
    """Whatever goes wrong in here while SES has no message gives the claim back for a retry."""
    try:
        yield
    except (ConditionFailed, ClaimedByAnother):
        raise  # an answer of the store: nothing was written
    except ContentInvalid:
        with suppress(Retryable):
            claim(delivery, services)
            end_claim(delivery, SendState.REFUSED, Reason.CONTENT_INVALID, services)
        raise
    except Exception:
        give_back(delivery, (whose, room) if room else None, services)
        raise


def give_back(delivery: Delivery, taken: tuple[str, Room] | None, services: Services) -> None:
    """Give the claim back, if it is this attempt's, and the room that it took."""
    now = services.now()
    mine = (
        release(
            delivery.send_id,
            attempt=delivery.attempt,
            now=now,
            settling=services.content.sending.settling_time,
        )
        if delivery.token is not None
        else defer(
            delivery.send_id, attempt=delivery.attempt, until=now, reason=None, wake_at=now + SOON
        )
    )
    for _ in range(RELEASE_TRIES):
        with suppress(Retryable):
            _write([mine, *_returned(taken)], services)
            break


def end_claim(
    delivery: Delivery,
    state: SendState,
    reason: Reason,
    services: Services,
    *,
    because: str = "",
    room: tuple[str, Room] | None = None,
) -> None:
    """End a claim of this attempt without a message, and give the room back that it took."""
    end = settle(
        delivery.send_id,
        state,
        expected=(SendState.CLAIMED, SendState.UNKNOWN),
        reason=reason,
        note={"because": because} if because else None,
        attempt=delivery.attempt,
    )
    _write([end, *_returned(room)], services)


def _returned(taken: tuple[str, Room] | None) -> list[Write]:
    """The write that gives the room back in the register of whom it was taken, if any was."""
    return [taken[1].give_back(taken[0])] if taken and taken[1].counts else []


def _write(writes: list[Write], services: Services) -> None:
    """Carry out the first write if its condition holds, and the others with it."""
    if len(writes) > 1:
        transact_what_holds(services.store, writes)
        return
    (write,) = writes
    assert not isinstance(write, Check)  # noqa: S101 - a check is never alone
    with suppress(ConditionFailed):
        services.store.write(write)


def current(send_id: str, services: Services) -> Send:
    """The record as it is now.

    Raises:
        ContactNotFound: it is gone.
    """
    item = services.store.get(Table.SENDS, (send_id,))
    if item is None:
        raise ContactNotFound("the record of this message is gone: it was kept long enough")
    return send_of(item)
