"""Deciding afresh about messages that were deferred: their time has come, or a person asked.

The queue says only which; all that counts stands in the ledger and with the contact. A message that
is told of twice is claimed once. What can pass by itself (SES's rate, busy tables) leaves the
message deferred, and the sweep wakes it again; so the queue need not repeat it.
"""

from contextlib import suppress
from dataclasses import dataclass, field

from relance.answering import fail, resume_step
from relance.contacts import read_contact
from relance.content.compiled import Message, MessageClass
from relance.errors import (
    ConditionFailed,
    ContactNotFound,
    Permanent,
    Retryable,
    SendRateExceeded,
    SendRefused,
)
from relance.ledger import Planned, Send, SendState, send_of, skip_deferred
from relance.limiter import Slot
from relance.moments import from_text, to_text
from relance.ports import Services
from relance.reasons import Reason
from relance.storage import Table
from relance.usecases.deliver import deliver
from relance.usecases.delivery import ClaimedByAnother, Delivery, current
from relance.usecases.record_email_event import sent_result
from relance.usecases.steps import view


@dataclass(slots=True)
class Outcome:
    """What became of a batch: where each message stands, and the errors by message of the queue.

    `later` could not be done just now and is woken again; `again` has to come again.
    """

    states: dict[str, SendState] = field(default_factory=dict)
    later: dict[str, str] = field(default_factory=dict)
    again: dict[str, str] = field(default_factory=dict)


def send_all_deferred(due: dict[str, str], services: Services) -> Outcome:
    """Decide about each of these messages: send ids by the ids of the queue. None stops another."""
    outcome = Outcome()
    for message_id, send_id in due.items():
        try:
            state = send_deferred(send_id, services)
        except Retryable as error:
            outcome.later[message_id] = type(error).__name__
        except Exception as error:  # noqa: BLE001 - one that fails must not stop the rest
            outcome.again[message_id] = type(error).__name__
        else:
            if state:
                outcome.states[send_id] = state
    return outcome


def send_deferred(send_id: str, services: Services) -> SendState | None:
    """Send the message if it may go by now, and answer whoever waits; None if there is no record.

    Raises:
        Permanent: it can never be sent; the ledger says `refused`, and the journey was told.
        Retryable: not just now; it stays deferred.
    """
    item = services.store.get(Table.SENDS, (send_id,))
    if item is None:
        return None
    send = send_of(item)
    if send.state.is_final:
        _tell(send, services)  # whoever settled it may have been cut off
        return send.state
    now = services.now()
    if send.state is not SendState.DEFERRED or (send.until or "") > to_text(now):
        return send.state
    try:
        return _claim_and_deliver(send, services)
    except ContactNotFound:
        with suppress(ConditionFailed):
            services.store.write(skip_deferred(send_id, Reason.ERASED))
        return SendState.SKIPPED
    except Permanent as error:
        with suppress(ConditionFailed):  # the ledger says so already
            services.store.write(skip_deferred(send_id, Reason.CONTENT_INVALID))
        _fail(send, error, services)
        raise


def _claim_and_deliver(send: Send, services: Services) -> SendState:
    message = services.messages.message(send.message)
    slot = _room_for(message, services)
    planned = Planned(
        step=send.step,
        message=message.name,
        message_version=message.version,
        topic=message.topic,
        now=services.now(),
        keep=services.ledger_kept,
        attempt=services.random_bytes(8).hex(),
        settling=services.content.sending.settling_time,
    )
    delivery = Delivery(
        step=send.step,
        message=message,
        attempt=planned.attempt,
        claim=planned.claim_again(SendState.DEFERRED),
        now=planned.now,
        wanted_at=from_text(send.wanted_at or send.claimed_at),
        token=None,
        slot=slot,
        alone=send.alone,
    )
    try:
        return deliver(delivery, services)
    except ClaimedByAnother:
        return current(send.send_id, services).state


def _room_for(message: Message, services: Services) -> Slot:
    """Room for the message; what keeps all mail from leaving may be mended before it is too late.

    Raises:
        SendRateExceeded: there is none now.
    """
    try:
        return services.limiter.wait_for_one(
            marketing=message.message_class is MessageClass.MARKETING
        )
    except SendRefused as error:
        raise SendRateExceeded(str(error)) from None


def _tell(send: Send, services: Services) -> None:
    if send.alone:
        return
    with suppress(ContactNotFound):
        contact = read_contact(services.store, send.step.contact_id)
        if any(each.step == send.step for each in contact.waits):
            resume_step(services, send.step, sent_result(send, view(services, contact)))


def _fail(send: Send, error: Permanent, services: Services) -> None:
    """End the journey as a step does that fails: a defect is not an answer."""
    contact = read_contact(services.store, send.step.contact_id)
    for wait in contact.waits:
        if wait.step == send.step:
            fail(services, wait, error)
