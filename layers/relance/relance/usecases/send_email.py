"""Sending one message from a journey: claimed before it is made, made at most once.

Six calls at most, one more for somebody who wants few mails: the claim (ledger and counters in one
transaction), one consistent read of the contact after it, SES, one transaction (ledger and
`email_sent`), the answer. The read comes after the claim, so whoever was told "you are
unsubscribed" before the claim gets nothing.

What happens when this is cut off:

| cut off | what the next attempt finds | what becomes of it |
|---|---|---|
| before the claim | nothing | sends |
| by an error between claim and SES | `released` | sends |
| by death after the claim | `claimed` | `unknown`: an SES event or the sweep settles it |
| after the outcome was written | `sent`, `skipped` | answers the same |
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import Field

from relance.answering import answer
from relance.contacts import Contact, read_contact, stage_at
from relance.content.compiled import Message, MessageClass
from relance.errors import (
    ConditionFailed,
    ContactNotFound,
    RecipientRefused,
    Retryable,
    SendOutcomeUnknown,
    SendRateExceeded,
    SendRefused,
)
from relance.events import put_once
from relance.ledger import (
    SETTLING_TIME,
    Planned,
    Reason,
    Send,
    SendState,
    doubt,
    release,
    send_of,
    settle,
)
from relance.moments import to_text
from relance.ports import Mail, Services
from relance.register import RECORD as REGISTER
from relance.register import counter, first_free, give_turn_back, take_turn
from relance.sending import compose_mail, reason_not_to_send
from relance.storage import AllOf, AnyOf, Below, Missing, Present, Put, Table, Update, Value
from relance.usecases.inputs import StepRequest, Word
from relance.usecases.record_email_event import sent_event, sent_result
from relance.usecases.steps import transact_what_holds, view
from relance.workflows import Wait, WaitKind

COUNTS_KEPT = timedelta(days=9)
"""How long the counts of a calendar day are kept: a week, wherever the contact lives."""

RELEASE_TRIES = 3
"""How often a claim is given back when the store is busy; what stays claimed is given up."""


class SendRequest(StepRequest):
    """What a step that sends asks."""

    token: Annotated[str, Field(min_length=1)]
    message: Word


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One invocation for one send, on a calendar day. The last of `counters` is the message's own.

    They stand in the register `counted_on`: that of the person, whoever was joined to it.
    """

    request: SendRequest
    message: Message
    planned: Planned
    counters: tuple[str, ...]
    counted_on: str
    day: date

    @property
    def send_id(self) -> str:
        """The id of the record in the ledger."""
        return self.planned.send_id

    @property
    def now(self) -> datetime:
        """When the attempt began."""
        return self.planned.now

    def counted(self, by: int) -> Update:
        """The write that counts the message, below its bound, or takes the count back."""
        bound = self.message.at_most_per_day
        claims = by > 0 and self.message.message_class is MessageClass.MARKETING
        holds = (
            AnyOf((Missing(self.counters[-1]), Below(self.counters[-1], bound)))
            if bound is not None and by > 0
            else Present()
        )
        return Update(
            Table.CONTACTS,
            (self.counted_on, REGISTER),
            set={"marketing_day": self.day.isoformat()} if claims else {},
            add=dict.fromkeys(self.counters, by),
            when=AllOf((Present(), Missing("joined_to"), holds)) if by > 0 else holds,
        )


def send_email(request: SendRequest, services: Services) -> SendState:
    """Send the message, or find out why not, and answer the step; where the message stands.

    Raises:
        MessageUnknown, ContactNotFound, ContentInvalid: the step cannot work as it is.
        SendRefused: SES will not take it; the ledger says `refused`.
        SendRateExceeded: SES asked to wait; the claim was given back, so that a retry sends.
        StoreBusy, ServiceUnavailable: before SES was called the claim was given back as well.
    """
    return _claim_and_send(_attempt(request, services), services)


def _claim_and_send(attempt: _Attempt, services: Services) -> SendState:
    try:
        with _giving_back(attempt, services):  # an answer may be lost, and the claim be written
            services.store.transact([attempt.planned.claim(), attempt.counted(1)])
    except ConditionFailed as refused:
        if 0 in refused.failed:
            return _go_on_with(attempt, services)
        return _find_or_skip(attempt, services)
    with _giving_back(attempt, services):
        contact = read_contact(services.store, attempt.request.contact)
        prepared = _prepare(attempt, contact, services)
        if isinstance(prepared, Reason):
            _settle(attempt, SendState.SKIPPED, prepared, services)
    if isinstance(prepared, Reason):
        return _answer(attempt, contact, SendState.SKIPPED, prepared, services)
    return _send(attempt, contact, prepared, services)


def _attempt(request: SendRequest, services: Services) -> _Attempt:
    message = services.messages.message(request.message)
    now = services.now()
    day = now.astimezone(services.sender.time_zone).date()
    planned = Planned(
        step=request.key,
        message=message.name,
        message_version=message.version,
        topic=message.topic,
        now=now,
        keep=services.ledger_kept,
        attempt=services.random_bytes(8).hex(),
    )
    counted = ("email", f"email/{message.name}")
    return _Attempt(
        request=request,
        message=message,
        planned=planned,
        counters=tuple(counter(what, day.isoformat()) for what in counted),
        counted_on=request.contact,
        day=day,
    )


def _is_leaving(contact: Contact, request: SendRequest) -> bool:
    enrolment = contact.enrolment(request.workflow, request.entry)
    return enrolment is None or enrolment.leaving is not None


@contextmanager
def _giving_back(attempt: _Attempt, services: Services) -> Iterator[None]:
    """Whatever goes wrong in here while SES has no message gives the claim back for a retry."""
    try:
        yield
    except ConditionFailed:
        raise  # an answer of the store: nothing was written
    except Exception:
        _give_back(attempt, services)
        raise


def _give_back(attempt: _Attempt, services: Services) -> None:
    """Give the claim back, if it is this attempt's, and take its count back."""
    mine = release(attempt.send_id, attempt=attempt.planned.attempt, now=services.now())
    for _ in range(RELEASE_TRIES):
        with suppress(Retryable):
            transact_what_holds(services.store, [mine, attempt.counted(-1)])
            break


def _prepare(attempt: _Attempt, contact: Contact, services: Services) -> Mail | Reason:
    """The mail for this contact, or why it must not get one."""
    reason = reason_not_to_send(
        attempt.message,
        contact.register,
        services.sender,
        stage=stage_at(contact.profile, services.plan, attempt.now),
        leaving=_is_leaving(contact, attempt.request),
        now=attempt.now,
    )
    if reason:
        return reason
    if _waits_for_its_turn(attempt, contact) and not _takes_its_turn(attempt, contact, services):
        return Reason.TOO_FREQUENT
    services.link_tables.keep(attempt.message)
    return compose_mail(
        attempt.message,
        contact,
        send_id=attempt.send_id,
        rules=services.content.rules,
        company=services.content.company,
        sender=services.sender,
        signer=services.signer,
        workflow=attempt.request.workflow,
    )


def _waits_for_its_turn(attempt: _Attempt, contact: Contact) -> bool:
    """Whether the contact wants less mail of this kind than comes."""
    is_marketing = attempt.message.message_class is MessageClass.MARKETING
    return is_marketing and contact.register.frequency.days > 0


def _takes_its_turn(attempt: _Attempt, contact: Contact, services: Services) -> bool:
    frequency, last = contact.register.frequency, contact.register.turn
    if last and last.send_id != attempt.send_id and last.day >= first_free(attempt.day, frequency):
        return False  # maybe noted under another id of the person
    turn = take_turn(
        contact.contact_id,
        attempt.send_id,
        day=attempt.day,
        frequency=frequency,
    )
    try:
        services.store.write(turn)
    except ConditionFailed:
        return False
    return True


def _leave_the_turn(attempt: _Attempt, contact: Contact, services: Services) -> None:
    """What was refused for good must not hold up the next mail."""
    if _waits_for_its_turn(attempt, contact):
        with suppress(ConditionFailed):
            services.store.write(give_turn_back(contact.contact_id, attempt.send_id))


def _send(attempt: _Attempt, contact: Contact, mail: Mail, services: Services) -> SendState:
    with _giving_back(attempt, services):
        mailer = services.mailer
    try:
        ses_message_id = mailer.send(mail)
    except SendRateExceeded:
        _give_back(attempt, services)
        raise
    except SendRefused:
        with _giving_back(attempt, services):
            _settle(attempt, SendState.REFUSED, Reason.REFUSED_BY_SES, services)
            _leave_the_turn(attempt, contact, services)
        raise
    except RecipientRefused:
        with _giving_back(attempt, services):
            _settle(attempt, SendState.SKIPPED, Reason.REFUSED_BY_SES, services)
            _leave_the_turn(attempt, contact, services)
        return _answer(attempt, contact, SendState.SKIPPED, Reason.REFUSED_BY_SES, services)
    except SendOutcomeUnknown:
        return _wait_for_the_outcome(attempt, services)
    send = _record(attempt, SendState.SENT, None)
    note: dict[str, Value] = {"ses_message_id": ses_message_id, "sent_at": to_text(services.now())}
    if contact.contact_id != attempt.request.contact:
        note["sent_as"] = contact.contact_id
    done = settle(
        attempt.send_id,
        SendState.SENT,
        expected=(SendState.CLAIMED, SendState.UNKNOWN),
        note=note,
    )
    with suppress(ConditionFailed):  # an SES event was quicker, and wrote the same
        event = sent_event(send, ses_message_id, services.now())
        services.store.transact([done, put_once(event), *_forget_old_counts(attempt, contact)])
    return _answer(attempt, contact, SendState.SENT, None, services)


def _forget_old_counts(attempt: _Attempt, contact: Contact) -> list[Update]:
    """The write that drops counts that no bound looks at any more, if there are any."""
    first_kept = (attempt.now - COUNTS_KEPT).date().isoformat()
    old = [name for name in contact.register.counters if name.rpartition("#")[2] < first_kept]
    return [Update(Table.CONTACTS, (contact.contact_id, REGISTER), remove=old)] if old else []


def _settle(attempt: _Attempt, state: SendState, reason: Reason, services: Services) -> None:
    """End a claim of this attempt without a message, and take its count back."""
    end = settle(
        attempt.send_id,
        state,
        expected=(SendState.CLAIMED, SendState.UNKNOWN),
        reason=reason,
        attempt=attempt.planned.attempt,
    )
    transact_what_holds(services.store, [end, attempt.counted(-1)])


def _find_or_skip(attempt: _Attempt, services: Services) -> SendState:
    """Count for the person that the contact was joined to; or the bound of the day is reached.

    Raises:
        ContactNotFound: there is no contact to count for.
    """
    contact = read_contact(services.store, attempt.request.contact)
    if contact.contact_id != attempt.counted_on:
        return _claim_and_send(replace(attempt, counted_on=contact.contact_id), services)
    with suppress(ConditionFailed):
        services.store.write(attempt.planned.skip(Reason.CAPPED))
    return _answer(attempt, contact, SendState.SKIPPED, Reason.CAPPED, services)


def _go_on_with(attempt: _Attempt, services: Services) -> SendState:
    """Another attempt had the claim: answer what became of it, or wait until it is known."""
    send = _current(attempt, services)
    if send.state.is_final:
        return _answer_final(attempt, send, services)
    return _wait_for_the_outcome(attempt, services)


def _wait_for_the_outcome(attempt: _Attempt, services: Services) -> SendState:
    """Nobody repeats the call: leave the token for whoever learns the outcome.

    The wait is stored before the ledger is read again, so that an outcome that comes in between
    is not missed.
    """
    wait = Wait(
        step=attempt.request.key,
        token=attempt.request.token,
        kind=WaitKind.SEND,
        since=attempt.now,
        until=attempt.now + SETTLING_TIME,
        send_id=attempt.send_id,
    )
    services.store.write(Put(Table.CONTACTS, wait.to_item()))
    with suppress(ConditionFailed):
        services.store.write(doubt(attempt.send_id, now=attempt.now))
    send = _current(attempt, services)
    if send.state.is_final:
        return _answer_final(attempt, send, services)
    return send.state


def _current(attempt: _Attempt, services: Services) -> Send:
    item = services.store.get(Table.SENDS, (attempt.send_id,))
    if item is None:
        raise ContactNotFound("the record of this message is gone: it was kept long enough")
    return send_of(item)


def _answer_final(attempt: _Attempt, send: Send, services: Services) -> SendState:
    if send.state is SendState.REFUSED:
        raise SendRefused("SES refused this message before; mend what it said and start anew")
    contact = read_contact(services.store, attempt.request.contact)
    return _answer(attempt, contact, send.state, send.reason, services)


def _record(attempt: _Attempt, state: SendState, reason: Reason | None) -> Send:
    return Send(
        send_id=attempt.send_id,
        step=attempt.request.key,
        message=attempt.message.name,
        message_version=attempt.message.version,
        topic=attempt.message.topic,
        state=state,
        reason=reason,
        claimed_at=to_text(attempt.now),
    )


def _answer(
    attempt: _Attempt,
    contact: Contact,
    state: SendState,
    reason: Reason | None,
    services: Services,
) -> SendState:
    result = sent_result(_record(attempt, state, reason), view(services, contact))
    answer(services, attempt.request.key, attempt.request.token, result)
    return state
