"""Sending one message from a journey: claimed before it is handed to SES, handed over at most once.

Room is asked for first (`relance.limiter`): a write for a mail that comes alone, none for one among
many. Then come five calls at most (`deliver`). Another attempt of the same step finds the claim: it
goes on with one that was given back, answers what became of one that is settled, and waits with one
that is deferred or whose outcome nobody knows. What is tried goes to test
addresses (`send_tryout`).
"""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from relance.content.compiled import Message, MessageClass
from relance.content.sending_rules import LONGEST_WAIT
from relance.deciding import priority_of
from relance.ledger import Planned, Send, SendState
from relance.moments import from_text
from relance.ports import Services
from relance.storage import Put, Table
from relance.usecases.deliver import deliver
from relance.usecases.delivery import ClaimedByAnother, Delivery, current
from relance.usecases.inputs import StepRequest, Word
from relance.usecases.send_outcomes import answer_final, wait_for_the_outcome
from relance.usecases.send_tryout import send_tryout
from relance.workflows import Wait, WaitKind


class SendRequest(StepRequest):
    """What a step that sends asks."""

    token: Annotated[str, Field(min_length=1)]
    message: Word


def send_email(request: SendRequest, services: Services) -> SendState:
    """Send the message, or find out why not, and answer the step; where the message stands.

    Raises:
        MessageUnknown, ContactNotFound, ContentInvalid: the step cannot work as it is.
        SendRefused: SES will not take it; the ledger says `refused`.
        SendRateExceeded: there is no room now, or SES asked to wait; nothing stays claimed, so that
            a retry sends.
        StoreBusy, ServiceUnavailable: before SES was called the claim was given back as well.
    """
    message = services.messages.message(request.message)
    if request.key.is_tryout:
        return send_tryout(request.key, request.token, message, services)
    slot = services.limiter.wait_for_one(marketing=message.message_class is MessageClass.MARKETING)
    planned = planned_for(request, message, services)
    delivery = Delivery(
        step=request.key,
        message=message,
        attempt=planned.attempt,
        claim=planned.claim(),
        now=planned.now,
        wanted_at=planned.now,
        token=request.token,
        slot=slot,
    )
    while True:
        try:
            return deliver(delivery, services)
        except ClaimedByAnother:
            send = current(delivery.send_id, services)
            if send.state is not SendState.RELEASED:
                return _join(delivery, send, services)
            delivery = replace(
                delivery,
                claim=planned.claim_again(SendState.RELEASED),
                wanted_at=from_text(send.wanted_at or send.claimed_at),
            )


def planned_for(request: SendRequest, message: Message, services: Services) -> Planned:
    """The message as it is about to be claimed by this attempt."""
    return Planned(
        step=request.key,
        message=message.name,
        message_version=message.version,
        topic=message.topic,
        now=services.now(),
        keep=services.ledger_kept,
        attempt=services.random_bytes(8).hex(),
        settling=services.content.sending.settling_time,
    )


def _join(delivery: Delivery, send: Send, services: Services) -> SendState:
    """Another attempt has the claim: answer what became of the message, or wait for it."""
    if send.state.is_final:
        return answer_final(delivery, send, services)
    if send.state is SendState.DEFERRED:
        return _wait_on(delivery, send, services)
    return wait_for_the_outcome(delivery, services)


def _wait_on(delivery: Delivery, send: Send, services: Services) -> SendState:
    """The message waits for its hour: whoever wakes it shall answer this attempt.

    The wait is stored before the ledger is read again, so that an end in between is not missed.
    """
    rules, wanted_at = services.content.sending, from_text(send.wanted_at or send.claimed_at)
    wait = Wait(
        step=delivery.step,
        token=delivery.token or "",
        kind=WaitKind.SEND,
        since=wanted_at,
        until=wanted_at + LONGEST_WAIT + rules.settling_time,
        send_id=delivery.send_id,
        deferred_until=from_text(send.until or send.claimed_at),
        priority=priority_of(delivery.message, rules).value,
    )
    services.store.write(Put(Table.CONTACTS, wait.to_item()))
    now = current(delivery.send_id, services)
    return answer_final(delivery, now, services) if now.state.is_final else now.state
