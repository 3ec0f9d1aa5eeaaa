"""What SES says of our messages: settles the ledger, ends mail to dead addresses.

SES reports each event twice, over SNS and SQS (durable) and over EventBridge (best effort), and in
any order; the second report finds the work done. An event is told apart by the SES message id, its
kind and its time. Addresses, subjects and headers of the report are not kept.

SES may also say that it refuses a message which it took before: a virus was found in it
(`Reject`), or a template could not be filled in (`Rendering Failure`).
"""

from collections.abc import Mapping
from contextlib import suppress as suppress_failure
from datetime import datetime

from relance.answering import resume_step
from relance.brakes import BOUNCED, COMPLAINED
from relance.contacts import own_register, read_contact, read_history
from relance.errors import ConditionFailed, ContactNotFound
from relance.events import Event, Name, put_once
from relance.feedback import SOFT_BOUNCES, SOFT_WITHIN, BounceClass, Kind, Report
from relance.ids import event_id, milliseconds
from relance.ledger import Send, SendState, send_of, settle
from relance.moments import from_text, to_text
from relance.ports import Services
from relance.reasons import Reason
from relance.register import SuppressionReason, suppress
from relance.storage import Item, Present, Table, Update, Value, Write
from relance.usecases.steps import transact_what_holds, view

_NEWS: Mapping[Kind, Name] = {
    Kind.DELIVERY: Name.EMAIL_DELIVERED,
    Kind.BOUNCE: Name.EMAIL_BOUNCED,
    Kind.COMPLAINT: Name.EMAIL_COMPLAINED,
}
"""The kinds that say more than that the message was sent."""

_STATES: Mapping[Kind, SendState] = {
    Kind.SEND: SendState.SENT,
    Kind.DELAY: SendState.SENT,
    Kind.DELIVERY: SendState.DELIVERED,
    Kind.BOUNCE: SendState.BOUNCED,
    Kind.COMPLAINT: SendState.COMPLAINED,
    Kind.REJECT: SendState.REFUSED,
    Kind.RENDERING_FAILURE: SendState.REFUSED,
}

_NOT_KNOWN = (SendState.CLAIMED, SendState.UNKNOWN, SendState.GIVEN_UP, SendState.DEFERRED)
"""The states in which SES may have the message all the same: one that was given up may have been
deferred again, by a person who had it tried again."""

_BEFORE: Mapping[SendState, tuple[SendState, ...]] = {
    SendState.SENT: _NOT_KNOWN,
    SendState.REFUSED: (*_NOT_KNOWN, SendState.SENT),
    SendState.DELIVERED: (*_NOT_KNOWN, SendState.SENT),
    SendState.BOUNCED: (*_NOT_KNOWN, SendState.SENT, SendState.DELIVERED),
    SendState.COMPLAINED: (
        *_NOT_KNOWN, SendState.SENT, SendState.DELIVERED, SendState.BOUNCED,
    ),
}  # fmt: skip
"""From which states a report moves a record on: news never goes backwards."""


def record_report(report: Report, services: Services) -> None:
    """Settle the ledger by a report and append its event; a repeated report changes nothing."""
    item = services.store.get(Table.SENDS, (report.send_id,))
    if item is None:
        return  # older than the ledger, or not of this stack
    if "check" in item:
        services.store.write(_heard(report))
        return
    send = send_of(item)
    if item.get("erased") is True:
        _move_on(send, report, services)
        return
    if report.refuses:
        send = _settle_as_refused(item, send, report, services)
    elif not send.state.went_out:
        send = _settle_as_sent(item, send, report, services)
    if send.doubted:
        _tell_the_journey(send, services)
    if report.kind in _NEWS and item.get(_noted(report)) != to_text(report.at):
        _record_news(send, report, services)


def _heard(report: Report) -> Update:
    """The write that notes that a report came about a mail that no person got (check_setup)."""
    return Update(
        Table.SENDS, (report.send_id,), set={"heard_at": to_text(report.at)}, when=Present()
    )


def _move_on(send: Send, report: Report, services: Services) -> None:
    """Count a report about a message to somebody who was erased meanwhile, and keep no more.

    Who complains after the erasure stays suppressed whatever happens.
    """
    state = _STATES[report.kind]
    if report.suppresses:
        for write in _remembering(report, report.suppresses, services):
            with suppress_failure(ConditionFailed):
                services.store.transact([write])
    with suppress_failure(ConditionFailed):  # reported before
        services.store.write(settle(send.send_id, state, expected=_BEFORE[state]))


def _noted(report: Report) -> str:
    """The attribute of the ledger that says when this was reported: spares the second report."""
    return f"{_STATES[report.kind].value}_at"


def _settle_as_sent(item: Item, send: Send, report: Report, services: Services) -> Send:
    """SES knows the message, so it was sent, whatever became of the one who sent it."""
    event = sent_event(send, report.ses_message_id, services.now())
    note: dict[str, Value] = {
        "ses_message_id": report.ses_message_id,
        "sent_at": to_text(services.now()),
    }
    move = settle(
        send.send_id, SendState.SENT, expected=_BEFORE[SendState.SENT], reason=None, note=note
    )
    with suppress_failure(ConditionFailed):  # somebody else settled it just now
        services.store.transact([move, put_once(event)])
    return send_of(services.store.get(Table.SENDS, (send.send_id,)) or item)


def _settle_as_refused(item: Item, send: Send, report: Report, services: Services) -> Send:
    """SES took the message and then would not deliver it."""
    state = SendState.REFUSED
    note: dict[str, Value] = {
        "ses_message_id": report.ses_message_id,
        _noted(report): to_text(report.at),
    }
    move = settle(
        send.send_id, state, expected=_BEFORE[state], reason=Reason.REFUSED_BY_SES, note=note
    )
    with suppress_failure(ConditionFailed):  # reported before
        services.store.write(move)
    return send_of(services.store.get(Table.SENDS, (send.send_id,)) or item)


def sent_event(send: Send, ses_message_id: str, now: datetime) -> Event:
    """The event `email_sent`: the same whoever finds out that the message was sent."""
    return _event(
        send,
        Name.EMAIL_SENT,
        "sent",
        at=from_text(send.claimed_at),
        received=now,
        properties={"ses_message_id": ses_message_id},
    )


def _tell_the_journey(send: Send, services: Services) -> None:
    try:
        contact = read_contact(services.store, send.step.contact_id)
    except ContactNotFound:
        return
    resume_step(services, send.step, sent_result(send, view(services, contact)))


def sent_result(send: Send, seen: Mapping[str, Value]) -> dict[str, Value]:
    """What the step that sends answers: the decision, its reason and sentence, the contact view.

    `passing` says that a journey may go on although this message was not sent.
    """
    decision = "sent" if send.state.went_out else send.state.value
    reason = send.reason if decision != "sent" else None
    return {
        "decision": decision,
        "reason": reason.value if reason else "none",
        "because": reason.sentence if reason else "",
        "passing": reason is not None and reason.is_passing,
        "send_id": send.send_id,
        "at": send.claimed_at,
        "view": dict(seen),
    }


def _record_news(send: Send, report: Report, services: Services) -> None:
    """Move the record on, append the event and suppress the address: all at once, once."""
    now = services.now()
    event = _event(
        send,
        _NEWS[report.kind],
        f"{report.kind}#{to_text(report.at)}",
        at=report.at,
        received=now,
        properties=report.details,
    )
    state = _STATES[report.kind]
    noted: dict[str, Value] = {_noted(report): to_text(report.at)}
    if report.is_simulated:
        noted["simulated"] = True  # no figure counts it
    writes: list[Write] = [
        put_once(event),
        settle(send.send_id, state, expected=_BEFORE[state], note=noted),
        *_ending_mail(send, report, services),
    ]
    transact_what_holds(services.store, writes)
    _tell_the_brake(send, report, services)


def _tell_the_brake(send: Send, report: Report, services: Services) -> None:
    """Count what became of the mail for the brake of its message; a simulated one says nothing."""
    if report.is_simulated:
        return
    if report.kind is Kind.DELIVERY:
        services.brakes.delivered(send.message)
    elif report.kind is Kind.COMPLAINT:
        services.brakes.went_wrong(send.message, send.send_id, COMPLAINED)
    elif report.bounce is BounceClass.HARD:
        services.brakes.went_wrong(send.message, send.send_id, BOUNCED)


def _ending_mail(send: Send, report: Report, services: Services) -> list[Write]:
    """The writes that end mail to the addresses of a report, and to whoever has them now.

    Somebody whose address has changed since goes on getting mail at the new one.
    """
    reason = report.suppresses
    if report.bounce is BounceClass.SOFT and _goes_on(send, report, services):
        reason = SuppressionReason.UNREACHABLE
    if reason is None:
        return []
    writes: list[Write] = []
    for contact_id in sorted({send.step.contact_id, send.sent_as or send.step.contact_id}):
        with suppress_failure(ContactNotFound):
            own = own_register(services.store, contact_id)
            if not report.addresses or (own.address or "").lower() in report.addresses:
                writes.append(suppress(contact_id, reason, at=services.now()))
    return writes + _remembering(report, reason, services)


def _remembering(report: Report, reason: SuppressionReason, services: Services) -> list[Write]:
    """The writes that remember the addresses, whoever gains them."""
    listed = [] if report.is_simulated else sorted(report.addresses)[:10]
    return [services.suppressions.add(each, reason, at=services.now()) for each in listed]


def _goes_on(send: Send, report: Report, services: Services) -> bool:
    """Whether this soft bounce is one too many: other messages bounced, and none came through."""
    since = services.now() - SOFT_WITHIN
    contact = send.step.contact_id
    bounced = {send.send_id: report.at}
    delivered: dict[str, datetime] = {}
    for event in read_history(services.store, contact, since=since):
        about = str(event.properties.get("send_id"))
        if event.name == Name.EMAIL_DELIVERED:
            delivered[about] = event.occurred_at
        elif event.name == Name.EMAIL_BOUNCED and (
            event.properties.get("bounce_class") == BounceClass.SOFT and event.occurred_at >= since
        ):
            bounced[about] = event.occurred_at
    came_through = [at for about, at in delivered.items() if about not in bounced]
    last = max(came_through, default=since)
    return len([at for at in bounced.values() if at > last]) >= SOFT_BOUNCES


def _event(
    send: Send,
    name: Name,
    about: str,
    *,
    at: datetime,
    received: datetime,
    properties: Mapping[str, Value],
) -> Event:
    return Event(
        contact_id=send.step.contact_id,
        event_id=event_id(milliseconds(at), "ses", f"{send.send_id}#{about}"),
        name=name,
        occurred_at=min(at, received),
        received_at=received,
        source="ses",
        properties={**send.about(), **properties},
    )
