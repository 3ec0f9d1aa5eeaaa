"""What became of a message: answered to the step that asked, or waited for while nobody knows."""

from contextlib import suppress
from dataclasses import replace

from relance.answering import answer, resume, resume_step
from relance.contacts import Contact, read_contact
from relance.content.sending_rules import LONGEST_WAIT
from relance.errors import ConditionFailed, ContentInvalid, SendRefused
from relance.ledger import Send, SendState, doubt
from relance.ports import Services
from relance.reasons import Reason
from relance.storage import Put, Table, Value
from relance.usecases.delivery import Delivery, current
from relance.usecases.record_email_event import sent_result
from relance.usecases.steps import view
from relance.workflows import Departure, Step, Wait, WaitKind


def wait_for_the_outcome(delivery: Delivery, services: Services) -> SendState:
    """Nobody repeats the call: leave the token for whoever learns the outcome.

    The wait is stored before the ledger is read again, so that an outcome that comes in between
    is not missed. Of a deferred message the wait is there already.
    """
    settling = services.content.sending.settling_time
    if delivery.token is not None:
        wait = Wait(
            step=delivery.step,
            token=delivery.token,
            kind=WaitKind.SEND,
            since=delivery.now,
            until=delivery.now + LONGEST_WAIT + settling,
            send_id=delivery.send_id,
        )
        services.store.write(Put(Table.CONTACTS, wait.to_item()))
    with suppress(ConditionFailed):
        services.store.write(doubt(delivery.send_id, now=delivery.now, settling=settling))
    send = current(delivery.send_id, services)
    if send.state.is_final:
        return answer_final(delivery, send, services)
    return send.state


def answer_final(delivery: Delivery, send: Send, services: Services) -> SendState:
    """Answer with what became of a message.

    Raises:
        SendRefused, ContentInvalid: it was refused before.
    """
    if send.reason is Reason.CONTENT_INVALID:
        raise ContentInvalid(send.reason.sentence)
    if send.state is SendState.REFUSED:
        raise SendRefused("SES refused this message before; mend what it said and start anew")
    contact = read_contact(services.store, delivery.step.contact_id)
    at = send.claimed_at
    return answer_step(delivery, contact, send.state, send.reason, services, at=at)


def answer_step(
    delivery: Delivery,
    contact: Contact,
    state: SendState,
    reason: Reason | None,
    services: Services,
    *,
    at: str = "",
) -> SendState:
    """Answer whoever waits for the message with where it stands."""
    send = delivery.record(state, reason)
    told = replace(send, claimed_at=at) if at else send
    result = sent_result(told, view(services, contact))
    if reason is Reason.LEFT:
        result |= departure(delivery.step, contact)
    if delivery.token is not None:
        answer(services, delivery.step, delivery.token, result)
        return state
    theirs = [each for each in contact.waits if each.step == delivery.step]
    heard = [resume(services, each, result) for each in theirs]
    if not any(heard) and not delivery.alone:
        resume_step(services, delivery.step, result)  # another attempt of the step waits by now
    return state


def departure(step: Step, contact: Contact) -> dict[str, Value]:
    """The goal for which the journey ends, where the message was skipped because of one."""
    enrolment = contact.enrolment(step.workflow, step.entry)
    reason = enrolment.leaving if enrolment else None
    if not enrolment or not reason or enrolment.departure(reason) is not Departure.GOAL:
        return {}
    return {"decision": Departure.GOAL.value, "reason": reason}
