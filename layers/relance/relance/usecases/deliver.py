"""From the decision about a message to its end: claim it, hand it to SES, note what became.

Whoever has a message to send comes here: a step of a journey (`send_email`), or the queue of those
that were deferred (`send_deferred`). There are five calls at most: one consistent read of the
contact, one transaction that claims the message in the ledger and takes room for it in the
contact's day, SES, one transaction (ledger, `email_sent`), the answer. The room is refused if
somebody unsubscribed since the read, and the claim with it: it is decided afresh. If more than a
quarter of a second passes between the claim and the call to SES, the contact is read once more: so
whoever was told "you are unsubscribed" before that gets nothing.

What happens when this is cut off:

| cut off | what the next attempt finds | what becomes of it |
|---|---|---|
| before the claim | nothing, or `deferred` | sends |
| by a lost answer to the claim | its own claim, with its room | sends |
| by an error between claim and SES | `released`, or `deferred` | sends |
| by death after the claim | `claimed` | an SES event or the sweep settles it: maybe sent |
| after the outcome was written | `sent`, `skipped`, `deferred` | answers the same, or waits |
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from relance.begun import said_by_event
from relance.contacts import Contact, read_contact, stage_at
from relance.content.sending_rules import LONGEST_WAIT, Priority
from relance.deciding import Decision, Defer, SendNow, Skip, Waiting, priority_of
from relance.errors import (
    ConditionFailed,
    RecipientRefused,
    SendOutcomeUnknown,
    SendRateExceeded,
    SendRefused,
    StoreBusy,
)
from relance.events import Event, Name, put_once
from relance.holds import read_hold
from relance.ids import event_id, milliseconds
from relance.ledger import SendState, defer, settle, wake
from relance.moments import to_text
from relance.ports import Mail, Services
from relance.reasons import Reason
from relance.register import RECORD as REGISTER
from relance.register import give_turn_back
from relance.room import Room, old_counts
from relance.sending import compose_mail, reason_not_to_send
from relance.storage import (
    AllOf,
    AnyOf,
    Check,
    Equals,
    Missing,
    Present,
    Put,
    Table,
    Update,
    Value,
    Write,
)
from relance.usecases.delivery import (
    Delivery,
    claim,
    claim_with_room,
    end_claim,
    give_back,
    giving_back,
)
from relance.usecases.record_email_event import sent_event
from relance.usecases.send_decision import decide_to_send
from relance.usecases.send_outcomes import answer_step, wait_for_the_outcome
from relance.workflows import MOVED, Step, Wait, WaitKind

DECIDE_TRIES = 6
"""How often it is decided afresh because the contact changed under the decision."""

STILL_TRUE = timedelta(milliseconds=250)
"""How long before SES is called the contact may have been looked at last."""

LOOKS = 4
"""How often it is looked again, and a slot waited for, where everything is slow."""


def deliver(delivery: Delivery, services: Services) -> SendState:
    """Send the message, or find out why not or not yet; where the message stands.

    Raises:
        ClaimedByAnother: it is not this attempt's to send; the ledger says what became of it.
        ContactNotFound: there is no contact to send it to.
        ContentInvalid: it cannot be made for this contact; the ledger says `refused`.
        SendRefused: SES will not take it; the ledger says `refused`.
        SendRateExceeded: SES asked to wait; the claim was given back, so that a retry sends.
        StoreBusy, ServiceUnavailable: before SES was called the claim was given back as well.
    """
    for _ in range(DECIDE_TRIES):
        with giving_back(delivery, services):
            contact = read_contact(services.store, delivery.step.contact_id)
            decision = _decide(delivery, contact, services)
            if isinstance(decision, SendNow):
                mail = _made(delivery, contact, decision, services)
        if isinstance(decision, SendNow):
            looked = services.now()
            if claim_with_room(delivery, contact, decision.room, services):
                return _send(delivery, contact, decision.room, mail, services, looked=looked)
            continue
        claim(delivery, services)
        delivery = replace(delivery, claim=None)
        with giving_back(delivery, services):
            if isinstance(decision, Skip):
                _skip(delivery, decision, services)
            elif _defer(delivery, contact, decision, services):
                _wake_if_it_goes_on(delivery, decision, services)
                return SendState.DEFERRED
        if isinstance(decision, Skip):
            return answer_step(delivery, contact, SendState.SKIPPED, decision.reason, services)
    give_back(delivery, None, services)
    raise StoreBusy(f"contact {delivery.step.contact_id} is changed by others all the time")


def _decide(delivery: Delivery, contact: Contact, services: Services) -> Decision:
    waiting = (
        Waiting(each.send_id or "", Priority(each.priority or Priority.NORMAL), each.deferred_until)
        for each in contact.waits
        if each.deferred_until is not None
    )
    return decide_to_send(
        delivery.message,
        contact,
        services,
        now=delivery.now,
        send_id=delivery.send_id,
        wanted_at=delivery.wanted_at,
        waiting=waiting,
        leaving=not delivery.alone and _is_leaving(contact, delivery.step),
        braked=services.limiter.braked(delivery.message.name) is not None,
        paused=_is_paused(delivery, services),
    )


def _is_paused(delivery: Delivery, services: Services) -> bool:
    """Whether people hold its journey up; the record is read only where the mark was seen."""
    workflow = delivery.step.workflow
    marked = not delivery.alone and services.limiter.paused(workflow)
    return marked and read_hold(services.store, workflow).is_on


def _is_leaving(contact: Contact, step: Step) -> bool:
    enrolment = contact.enrolment(step.workflow, step.entry)
    if enrolment is None:
        return True
    return enrolment.leaving is not None and not enrolment.is_being_moved


# -- Not now, or not at all --------------------------------------------------------------------


def _skip(delivery: Delivery, decision: Skip, services: Services) -> None:
    state, because = SendState.SKIPPED, decision.because
    end_claim(delivery, state, decision.reason, services, because=because)


def _defer(delivery: Delivery, contact: Contact, decision: Defer, services: Services) -> bool:
    """Leave the message and its wait to a later hour; False if it must be decided afresh.

    All is written at once, and only while the journey goes on: so an exit either finds the wait or
    is found here.
    """
    rules = services.content.sending
    theirs = next((each for each in contact.waits if each.step == delivery.step), None)
    wait = Wait(
        step=delivery.step,
        token=delivery.token or (theirs.token if theirs else ""),
        kind=WaitKind.SEND,
        since=delivery.wanted_at,
        until=delivery.wanted_at + LONGEST_WAIT + rules.settling_time,
        send_id=delivery.send_id,
        deferred_until=decision.until,
        priority=priority_of(delivery.message, rules).value,
    )
    later = defer(
        delivery.send_id,
        attempt=delivery.attempt,
        until=decision.until,
        reason=decision.reason,
        wake_at=decision.until,
    )
    writes: list[Write] = [later, Put(Table.CONTACTS, wait.to_item())]
    enrolment = contact.enrolment(delivery.step.workflow, delivery.step.entry)
    if enrolment and not delivery.alone:
        stays = AllOf(
            (
                Equals("entry", enrolment.entry),
                AnyOf((Missing("leaving"), Equals("leaving", MOVED))),
            )
        )
        writes.append(Check(Table.CONTACTS, enrolment.key, when=stays))
    event = put_once(_deferred_event(delivery, decision, services))
    try:
        services.store.transact([*writes, event])
    except ConditionFailed as refused:
        if 0 in refused.failed:
            raise StoreBusy("somebody else has settled this message") from None
        if refused.failed == (len(writes),):  # told before, by an attempt that was given back
            services.store.transact(writes)
            return True
        return False
    return True


def _wake_if_it_goes_on(delivery: Delivery, decision: Defer, services: Services) -> None:
    """Whoever resumed the journey while this was written may not have seen the message wait."""
    if decision.reason is not Reason.JOURNEY_PAUSED:
        return
    if not read_hold(services.store, delivery.step.workflow).is_on:
        with suppress(ConditionFailed):  # it was woken, or has ended
            services.store.write(wake(delivery.send_id, decision.reason, now=services.now()))


def _deferred_event(delivery: Delivery, decision: Defer, services: Services) -> Event:
    send, now = delivery.record(SendState.DEFERRED, decision.reason), services.now()
    return Event(
        contact_id=delivery.step.contact_id,
        event_id=event_id(
            milliseconds(delivery.now), "sending", f"{send.send_id}#{to_text(decision.until)}"
        ),
        name=Name.EMAIL_DEFERRED,
        occurred_at=delivery.now,
        received_at=now,
        source="sending",
        properties={
            **send.about(),
            "until": to_text(decision.until),
            "reason": decision.reason.value,
            "because": decision.because,
        },
    )


# -- Now ---------------------------------------------------------------------------------------


def _made(delivery: Delivery, contact: Contact, decision: SendNow, services: Services) -> Mail:
    services.link_tables.keep(delivery.message)
    return compose_mail(
        delivery.message,
        contact,
        send_id=delivery.send_id,
        rules=services.content.rules,
        company=services.content.company,
        sender=services.sender,
        signer=services.signer,
        workflow=delivery.step.workflow,
        language=decision.language,
        event=_event(delivery, contact, services),
    )


def _event(delivery: Delivery, contact: Contact, services: Services) -> Mapping[str, Value]:
    """What the event says that began the workflow, where the message tells of it."""
    if not delivery.message.tells_of_its_event:
        return {}
    ids = (delivery.step.contact_id, *contact.ids)
    return said_by_event(services.store, ids, delivery.step.entry)


def _send(
    delivery: Delivery,
    contact: Contact,
    room: Room,
    mail: Mail,
    services: Services,
    *,
    looked: datetime,
) -> SendState:
    """Hand the mail to SES, and note what became; `looked` is when nothing spoke against it."""
    whose = contact.contact_id
    with giving_back(delivery, services, room, whose):
        mailer = services.mailer  # made before, so that what fails there is no answer of SES
        reason = _reach(delivery, looked, mail, services)
        if reason:
            end_claim(delivery, SendState.SKIPPED, reason, services, room=(whose, room))
    if reason:
        return answer_step(delivery, contact, SendState.SKIPPED, reason, services)
    try:
        ses_message_id = mailer.send(mail)
    except SendRateExceeded as error:
        give_back(delivery, (whose, room), services)
        services.limiter.learn(error)
        raise
    except SendRefused:
        _refused(delivery, SendState.REFUSED, (whose, room), services)
        raise
    except RecipientRefused:
        _refused(delivery, SendState.SKIPPED, (whose, room), services)
        return answer_step(delivery, contact, SendState.SKIPPED, Reason.REFUSED_BY_SES, services)
    except SendOutcomeUnknown:
        return wait_for_the_outcome(delivery, services)
    send = delivery.record(SendState.SENT, None)
    note: dict[str, Value] = {"ses_message_id": ses_message_id, "sent_at": to_text(services.now())}
    if whose != delivery.step.contact_id:
        note["sent_as"] = whose
    done = settle(
        delivery.send_id,
        SendState.SENT,
        expected=(SendState.CLAIMED, SendState.UNKNOWN),
        note=note,
    )
    with suppress(ConditionFailed):  # an SES event was quicker, and wrote the same
        event = sent_event(send, ses_message_id, services.now())
        services.store.transact([done, put_once(event), *_forget_old_counts(delivery, contact)])
    return answer_step(delivery, contact, SendState.SENT, None, services)


def _reach(delivery: Delivery, looked: datetime, mail: Mail, services: Services) -> Reason | None:
    """Wait for the instant at which SES may be called; why it must not be any more, or None.

    Raises:
        StoreBusy: it takes so long to look again that what was seen is never fresh.
    """
    for _ in range(LOOKS):
        services.limiter.reach(delivery.slot, mail.to)
        now = services.now()
        if now - looked <= STILL_TRUE:
            return None
        looked = now
        contact = read_contact(services.store, delivery.step.contact_id)
        reason = reason_not_to_send(
            delivery.message,
            contact.register,
            services.sender,
            stage=stage_at(contact.profile, services.plan, now),
            leaving=not delivery.alone and _is_leaving(contact, delivery.step),
            now=now,
        )
        if reason:
            return reason
    raise StoreBusy("reading the contact takes too long to be sure that mail is still wanted")


def _refused(
    delivery: Delivery, state: SendState, taken: tuple[str, Room], services: Services
) -> None:
    """End the claim; what was refused for good must not hold up the next mail."""
    whose, room = taken
    with giving_back(delivery, services, room, whose):
        end_claim(delivery, state, Reason.REFUSED_BY_SES, services, room=taken)
        if room.turn:
            with suppress(ConditionFailed):
                services.store.write(give_turn_back(whose, delivery.send_id))


def _forget_old_counts(delivery: Delivery, contact: Contact) -> list[Update]:
    """The write that drops counts that no bound looks at any more, if there are any."""
    old = old_counts(contact.register, delivery.now)
    key = (contact.contact_id, REGISTER)
    return [Update(Table.CONTACTS, key, remove=old, when=Present())] if old else []
