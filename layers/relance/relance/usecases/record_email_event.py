"""What SES says of our messages: settles the ledger, ends mail to dead addresses.

SES reports each event twice, over SNS and SQS (durable) and over EventBridge (best effort), and in
any order; the second report finds the work done. An event is told apart by the SES message id, its
kind and its time. Addresses, subjects and headers of the report are not kept.

SES may also say that it refuses a message which it took before: a virus was found in it
(`Reject`), or a template could not be filled in (`Rendering Failure`).
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress as suppress_failure
from dataclasses import dataclass
from datetime import datetime

from relance.answering import resume_step
from relance.brakes import BOUNCED, COMPLAINED
from relance.contacts import read_contact
from relance.errors import ConditionFailed, ContactNotFound, InvalidInput
from relance.events import Event, Name, put_once
from relance.ids import event_id, milliseconds
from relance.ledger import Send, SendState, send_of, settle
from relance.moments import from_text, to_text
from relance.ports import Services
from relance.reasons import Reason
from relance.register import SuppressionReason, suppress
from relance.storage import Item, Present, Table, Update, Value, Write
from relance.usecases.steps import transact_what_holds, view

PERMANENT_STATUSES = ("5.4.4", "4.4.7")
"""Transient bounces that never get better: unknown domain, time to live over."""


@dataclass(frozen=True, slots=True)
class Report:
    """One SES event about one of our messages."""

    kind: str
    ses_message_id: str
    send_id: str
    at: datetime
    details: Mapping[str, Value]
    permanent: bool = False

    @property
    def refuses(self) -> bool:
        """Whether SES will not deliver what it took."""
        return _STATES[self.kind] is SendState.REFUSED


_NAMES: Mapping[str, Name] = {
    "Send": Name.EMAIL_SENT,
    "Delivery": Name.EMAIL_DELIVERED,
    "Bounce": Name.EMAIL_BOUNCED,
    "Complaint": Name.EMAIL_COMPLAINED,
}
"""The kinds that say something; SES's own opens and clicks are switched off for our messages."""

_NEWS = frozenset(_NAMES) - {"Send"}
"""The kinds that say more than that the message was sent."""

_STATES: Mapping[str, SendState] = {
    "Send": SendState.SENT,
    "Delivery": SendState.DELIVERED,
    "Bounce": SendState.BOUNCED,
    "Complaint": SendState.COMPLAINED,
    "Reject": SendState.REFUSED,
    "Rendering Failure": SendState.REFUSED,
}

_PAYLOADS: Mapping[str, str] = {"Rendering Failure": "failure"}
"""Under which key a kind tells its details, where it is not the kind in small letters."""

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


def read_report(raw: Mapping[str, object]) -> Report | None:
    """The report in an SES event, None if it is of no interest or not about one of our sends.

    Both forms are accepted: `eventType` (event destinations), `notificationType` (feedback).

    Raises:
        InvalidInput: this is no SES event, or one without a time that can be read.
    """
    kind = str(raw.get("eventType") or raw.get("notificationType") or "")
    mail = raw.get("mail")
    if not isinstance(mail, Mapping):
        raise InvalidInput("this is not an SES event: it has no mail")
    if kind not in _STATES:
        return None
    tags = mail.get("tags")
    send_ids = tags.get("send_id") if isinstance(tags, Mapping) else None
    if not isinstance(send_ids, list) or not send_ids:
        return None
    payload = raw.get(_PAYLOADS.get(kind, kind.lower()))
    payload = payload if isinstance(payload, Mapping) else {}
    return Report(
        kind=kind,
        ses_message_id=str(mail.get("messageId")),
        send_id=str(send_ids[0]),
        at=_time_in(payload, mail),
        details=_details(kind, payload),
        permanent=kind == "Bounce" and _is_permanent(payload),
    )


def _time_in(*places: Mapping[str, object]) -> datetime:
    """The first time that can be read."""
    for place in places:
        with suppress_failure(ValueError, OverflowError):
            return from_text(str(place.get("timestamp")))
    raise InvalidInput("this SES event has no time that can be read")


def _is_permanent(bounce: Mapping[str, object]) -> bool:
    if bounce.get("bounceType") == "Permanent":
        return True
    recipients = bounce.get("bouncedRecipients")
    return isinstance(recipients, list) and any(
        isinstance(each, Mapping) and each.get("status") in PERMANENT_STATUSES
        for each in recipients
    )


def _details(kind: str, payload: Mapping[str, object]) -> dict[str, Value]:
    """What is worth keeping of a report, without addresses."""
    if kind == "Bounce":
        return {
            "permanent": _is_permanent(payload),
            "bounce_type": str(payload.get("bounceType")),
            "bounce_subtype": str(payload.get("bounceSubType")),
        }
    if kind == "Complaint":
        return {"feedback": str(payload.get("complaintFeedbackType"))}
    return {}


def says_more(report: Report, others: Iterable[Report]) -> bool:
    """Whether a report is worth recording beside others: a delivery says that it was sent."""
    return report.kind != "Send" or not any(
        other.kind != "Send" and other.send_id == report.send_id for other in others
    )


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
    """Count a report about a message to somebody who was erased meanwhile, and keep no more."""
    state = _STATES[report.kind]
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
    """What the step that sends answers: the decision, its reason and sentence, the contact view."""
    decision = "sent" if send.state.went_out else send.state.value
    reason = send.reason if decision != "sent" else None
    return {
        "decision": decision,
        "reason": reason.value if reason else "none",
        "because": reason.sentence if reason else "",
        "send_id": send.send_id,
        "at": send.claimed_at,
        "view": dict(seen),
    }


def _record_news(send: Send, report: Report, services: Services) -> None:
    """Move the record on, append the event and suppress the address: all at once, once."""
    now = services.now()
    event = _event(
        send,
        _NAMES[report.kind],
        f"{report.kind}#{to_text(report.at)}",
        at=report.at,
        received=now,
        properties=report.details,
    )
    state = _STATES[report.kind]
    noted = {_noted(report): to_text(report.at)}
    writes: list[Write] = [
        put_once(event),
        settle(send.send_id, state, expected=_BEFORE[state], note=noted),
    ]
    if report.permanent or report.kind == "Complaint":
        complained = report.kind == "Complaint"
        reason = SuppressionReason.COMPLAINED if complained else SuppressionReason.BOUNCED
        whose = {send.step.contact_id, send.sent_as or send.step.contact_id}
        writes += [suppress(each, reason, at=now) for each in sorted(whose)]
    transact_what_holds(services.store, writes)
    _tell_the_brake(send, report, services)


def _tell_the_brake(send: Send, report: Report, services: Services) -> None:
    """Count what became of the mail for the brake of its message."""
    if report.kind == "Delivery":
        services.brakes.delivered(send.message)
    elif report.kind == "Complaint":
        services.brakes.went_wrong(send.message, send.send_id, COMPLAINED)
    elif report.permanent:
        services.brakes.went_wrong(send.message, send.send_id, BOUNCED)


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
