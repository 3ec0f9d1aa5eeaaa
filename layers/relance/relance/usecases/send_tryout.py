"""Sending a message of a tryout: to the test addresses and to nobody else, at once and marked.

No consent, cap, pause or hour holds it up, for it goes to people of the company; what would have
held it up is said. It stands in no ledger: the enrolment keeps which steps have sent, so that a
repeated step sends once, or not at all where it was cut off.
"""

from relance.answering import answer
from relance.begun import said_by_event
from relance.contacts import Contact, read_contact
from relance.content.compiled import Message
from relance.deciding import Defer, Skip
from relance.errors import (
    ConditionFailed,
    RecipientRefused,
    Retryable,
    SendOutcomeUnknown,
)
from relance.ledger import Send, SendState, send_id_of
from relance.moments import to_text
from relance.ports import Mail, Services
from relance.reasons import Reason
from relance.storage import AllOf, Equals, Missing, Table, Update
from relance.tryouts import DECLARE
from relance.usecases.mail_for_nobody import mail_for_nobody, tests_of
from relance.usecases.record_email_event import sent_result
from relance.usecases.send_decision import decide_to_send
from relance.usecases.send_outcomes import departure
from relance.usecases.steps import view
from relance.workflows import Enrolment, Step


def send_tryout(step: Step, token: str, message: Message, services: Services) -> SendState:
    """Send the tests, once, and answer the step that asks as if the contact had got the message.

    Raises:
        ContactNotFound, ContentInvalid: the step cannot work as it is.
        SendRefused: SES will not take it.
        SendRateExceeded, ServiceUnavailable, StoreBusy: nothing was sent; a retry sends.
    """
    contact = read_contact(services.store, step.contact_id)
    enrolment = contact.enrolment(step.workflow, step.entry)
    if enrolment is None or enrolment.leaving is not None:
        result = sent_result(
            _record(step, message, Reason.LEFT, services), view(services, contact)
        ) | departure(step, contact)
        answer(services, step, token, result)
        return SendState.SKIPPED
    told = _sent(enrolment, step, message, contact, services)
    result = sent_result(_record(step, message, None, services), view(services, contact))
    really = _really(step, message, contact, services)
    answer(services, step, token, {**result, "tryout": f"A tryout: {told} {really}".strip()})
    return SendState.SENT


def _record(step: Step, message: Message, reason: Reason | None, services: Services) -> Send:
    """The record that the ledger would have."""
    return Send(
        send_id=send_id_of(step),
        step=step,
        message=message.name,
        message_version=message.version,
        topic=message.topic,
        state=SendState.SKIPPED if reason else SendState.SENT,
        reason=reason,
        claimed_at=to_text(services.now()),
    )


def _sent(
    enrolment: Enrolment, step: Step, message: Message, contact: Contact, services: Services
) -> str:
    """Send the tests unless an earlier attempt did; what became of them."""
    addresses = services.sender.test_addresses
    if not addresses:
        return f"no test was sent, since no test address is declared. {DECLARE}"
    tests = tests_of(_mail(enrolment, message, contact, services), message, addresses)
    place = f"sent#{step.step}#{step.round}"
    ours = Equals("entry", enrolment.entry)
    claim = Update(
        Table.CONTACTS,
        enrolment.key,
        set={place: to_text(services.now())},
        when=AllOf((ours, Missing(place))),
    )
    try:
        services.store.write(claim)
    except ConditionFailed:
        return "an earlier attempt of this step sent it."
    refused = []
    for at, test in enumerate(tests):
        try:
            refused += _try(test, services)
        except Retryable as error:
            if at == 0:
                undone = Update(Table.CONTACTS, enrolment.key, remove=(place,), when=ours)
                services.store.write(undone)
                raise
            refused.append(f"{error}.")
    sent = f"sent to {len(tests) - len(refused)} of {len(tests)} test addresses."
    return f"{sent} {refused[0]}" if refused else sent


def _mail(enrolment: Enrolment, message: Message, contact: Contact, services: Services) -> Mail:
    services.link_tables.keep(message)
    ids = (enrolment.contact_id, *contact.ids)
    event = (
        said_by_event(services.store, ids, enrolment.began) if message.tells_of_its_event else {}
    )
    return mail_for_nobody(message, contact, services, workflow=enrolment.workflow, event=event)


def _try(test: Mail, services: Services) -> list[str]:
    """Send one test; why it did not go, or may not have, in a sentence that names nobody."""
    try:
        services.mailer.send(test)
    except RecipientRefused:
        return [Reason.REFUSED_BY_SES.sentence]
    except SendOutcomeUnknown:
        return [Reason.OUTCOME_UNKNOWN.sentence]
    return []


def _really(step: Step, message: Message, contact: Contact, services: Services) -> str:
    """What would have kept the message from the contact just now, if anything."""
    decision = decide_to_send(
        message, contact, services, now=services.now(), send_id=send_id_of(step)
    )
    match decision:
        case Skip():
            return f"Really it would not go: {decision.because}"
        case Defer():
            return f"Really it would wait until {to_text(decision.until)}: {decision.because}"
        case _:
            return ""
