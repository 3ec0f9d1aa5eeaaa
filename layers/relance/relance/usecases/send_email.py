"""Sending one message from a journey: claimed before it is made, made at most once.

Room is asked for first (`relance.limiter`): a write for a mail that comes alone, none for one among
many. Then six calls at most: the claim, and what comes after it (`deliver`). Another attempt of the
same step finds the claim: it goes on with one that was given back, answers what became of one that
is settled, and waits with one that is deferred or whose outcome nobody knows. What is tried goes
to test addresses (`send_tryout`).
"""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from relance.content.compiled import Message, MessageClass
from relance.content.sending_rules import LONGEST_WAIT
from relance.deciding import priority_of
from relance.errors import ConditionFailed
from relance.ledger import Planned, Send, SendState
from relance.moments import from_text
from relance.ports import Services
from relance.storage import Put, Table
from relance.usecases.deliver import (
    Claimed,
    answer_final,
    current,
    deliver,
    giving_back,
    wait_for_the_outcome,
)
from relance.usecases.inputs import StepRequest, Word
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
    claimed = Claimed(
        step=request.key,
        message=message,
        attempt=planned.attempt,
        now=planned.now,
        wanted_at=planned.now,
        token=request.token,
        slot=slot,
    )
    try:
        with giving_back(claimed, services):  # an answer may be lost, and the claim be written
            services.store.write(planned.claim())
    except ConditionFailed:
        return _go_on_with(claimed, planned, services)
    return deliver(claimed, services)


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


def _go_on_with(claimed: Claimed, planned: Planned, services: Services) -> SendState:
    """Another attempt had the claim: go on with it, answer what became of it, or wait."""
    send = current(claimed.send_id, services)
    wanted_at = from_text(send.wanted_at or send.claimed_at)
    if send.is_claimed_by(claimed.attempt):
        return deliver(replace(claimed, wanted_at=wanted_at), services)
    if send.state is SendState.RELEASED:
        try:
            with giving_back(claimed, services):
                services.store.write(planned.claim_again(SendState.RELEASED))
        except ConditionFailed:
            return _go_on_with(claimed, planned, services)
        return deliver(replace(claimed, wanted_at=wanted_at), services)
    if send.state.is_final:
        return answer_final(claimed, send, services)
    if send.state is SendState.DEFERRED:
        return _wait_on(claimed, send, services)
    return wait_for_the_outcome(claimed, services)


def _wait_on(claimed: Claimed, send: Send, services: Services) -> SendState:
    """The message waits for its hour: whoever wakes it shall answer this attempt.

    The wait is stored before the ledger is read again, so that an end in between is not missed.
    """
    rules, wanted_at = services.content.sending, from_text(send.wanted_at or send.claimed_at)
    wait = Wait(
        step=claimed.step,
        token=claimed.token or "",
        kind=WaitKind.SEND,
        since=wanted_at,
        until=wanted_at + LONGEST_WAIT + rules.settling_time,
        send_id=claimed.send_id,
        deferred_until=from_text(send.until or send.claimed_at),
        priority=priority_of(claimed.message, rules).value,
    )
    services.store.write(Put(Table.CONTACTS, wait.to_item()))
    now = current(claimed.send_id, services)
    return answer_final(claimed, now, services) if now.state.is_final else now.state
