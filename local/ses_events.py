"""What SES reports about a message, in its documented JSON.

Source: "Contents of event data that Amazon SES publishes to Amazon SNS"
(https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html).
The same object is the `detail` of the EventBridge event. A `Fate` is a list of steps: what is
reported, how many seconds after the message was taken in (up to twice as many), and whether SES
then suppresses the address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr

JsonObject = dict[str, object]

_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Step:
    """One report: `event`, `after` so many seconds, of a `kind` ("Permanent/General", "abuse")."""

    event: str
    after: float
    kind: str = ""
    status: str = ""
    diagnostic: str = ""
    suppresses: bool = False


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to one message at one recipient."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """What every event repeats about its message."""

    message_id: str
    sent_at: float
    source: str
    sender: str
    to: Sequence[str]
    destination: Sequence[str]
    subject: str
    headers: Sequence[tuple[str, str]]
    tags: Sequence[tuple[str, str]]
    configuration_set: str
    account_id: str
    region: str


def bounce(kind: str, status: str, diagnostic: str, *, after: float = 2.0) -> Fate:
    """Refuse a message; `kind` is SES's type and subtype, "Permanent/General" for example."""
    hard = kind in {"Permanent/General", "Permanent/NoEmail"}
    return Fate((Step("Bounce", after, kind, status, diagnostic, suppresses=hard),))


DELIVERED = Fate((Step("Delivery", 1.0),))
HARD_BOUNCE = bounce("Permanent/General", "5.1.1", "smtp; 550 5.1.1 user unknown")
NO_EMAIL = bounce("Permanent/NoEmail", "5.1.1", "smtp; 550 5.1.1 no such mailbox")
MAILBOX_FULL = bounce("Transient/MailboxFull", "5.2.2", "smtp; 552 5.2.2 mailbox full")
SOFT_BOUNCE = bounce("Transient/General", "4.4.7", "smtp; 451 4.4.7 try again later")
TOO_LARGE = bounce("Transient/MessageTooLarge", "5.3.4", "smtp; 552 5.3.4 message too big")
REFUSED = bounce("Transient/ContentRejected", "5.6.1", "smtp; 554 5.6.1 content rejected")
ATTACHMENT = bounce("Transient/AttachmentRejected", "5.7.9", "smtp; 552 5.7.9 attachment")
UNDETERMINED = bounce("Undetermined/Undetermined", "", "")
SUPPRESSED = bounce(
    "Permanent/OnAccountSuppressionList",
    "5.1.1",
    "Amazon SES did not send the message to this address because it is on the suppression list for"
    " your account.",
    after=0.5,
)
FULL_FOR_HOURS = Fate(
    (
        Step("DeliveryDelay", 900.0, "MailboxFull", "4.2.2", "smtp; 452 4.2.2 mailbox full"),
        Step("Bounce", 14 * _HOUR, "Transient/MailboxFull", "4.4.7", "smtp; 550 4.4.7 expired"),
    )
)
REPORTED_AS_SPAM = Fate(
    (Step("Delivery", 1.0), Step("Complaint", 5 * _HOUR, "abuse", suppresses=True))
)
RENDERING_FAILED = Fate((Step("Rendering Failure", 0.5, "Attribute 'name' is not present"),))
"""SES took the message and could not fill in its template: no delivery, no bounce."""

REJECTED = Fate((Step("Reject", 0.5, "Bad content"),))
"""SES took the message and found a virus in it."""

SIMULATOR = {
    "success": DELIVERED,
    "bounce": HARD_BOUNCE,
    "ooto": DELIVERED,
    "complaint": Fate((Step("Delivery", 1.0), Step("Complaint", 4.0, "abuse", suppresses=True))),
    "suppressionlist": bounce("Permanent/Suppressed", "5.1.1", "smtp; suppressed"),
}


def timestamp(epoch: float) -> str:
    """Write an instant as SES does: UTC, milliseconds, Z."""
    text = datetime.fromtimestamp(round(epoch, 3), UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def payload(step: Step, recipient: str, sent_at: float, now: float) -> JsonObject:
    """Return the object that stands under the event's own key."""
    address = parseaddr(recipient)[1]
    return _PAYLOADS[step.event](step, address, sent_at, now)


def event(name: str, body: JsonObject, *, message: MessageFacts) -> JsonObject:
    """Return the whole record, as SNS carries it and EventBridge has it in `detail`."""
    key = _KEYS.get(name, name[0].lower() + name[1:])
    return {"eventType": name, "mail": _mail(message), key: body}


def _delivery(_: Step, address: str, sent_at: float, now: float) -> JsonObject:
    return {
        "timestamp": timestamp(now),
        "processingTimeMillis": int((now - sent_at) * 1000),
        "recipients": [address],
        "smtpResponse": "250 2.0.0 OK",
        "reportingMTA": "a8-52.smtp-out.amazonses.com",
    }


def _bounce(step: Step, address: str, sent_at: float, now: float) -> JsonObject:
    kind, _, subtype = step.kind.partition("/")
    recipient: JsonObject = {"emailAddress": address}
    if step.status:
        recipient |= {
            "action": "failed",
            "status": step.status,
            "diagnosticCode": step.diagnostic,
        }
    return {
        "feedbackId": _feedback_id(address, sent_at),
        "bounceType": kind,
        "bounceSubType": subtype,
        "bouncedRecipients": [recipient],
        "timestamp": timestamp(now),
        "reportingMTA": "dns; a8-52.smtp-out.amazonses.com",
    }


def _complaint(step: Step, address: str, sent_at: float, now: float) -> JsonObject:
    return {
        "feedbackId": _feedback_id(address, sent_at),
        "complaintSubType": None,
        "complainedRecipients": [{"emailAddress": address}],
        "timestamp": timestamp(now),
        "userAgent": "Amazon SES Mailbox Simulator",
        "complaintFeedbackType": step.kind,
        "arrivalDate": timestamp(now),
    }


def _delay(step: Step, address: str, sent_at: float, now: float) -> JsonObject:
    delayed = {"emailAddress": address, "status": step.status, "diagnosticCode": step.diagnostic}
    return {
        "timestamp": timestamp(now),
        "delayType": step.kind,
        "expirationTime": timestamp(sent_at + 14 * _HOUR),
        "delayedRecipients": [delayed],
    }


def _failure(step: Step, _: str, __: float, ___: float) -> JsonObject:
    return {"templateName": "inline", "errorMessage": step.kind}


def _rejection(step: Step, _: str, __: float, ___: float) -> JsonObject:
    return {"reason": step.kind}


_KEYS = {"Rendering Failure": "failure"}
"""Under which key an event tells more, where it is not its name."""

_PAYLOADS: dict[str, Callable[[Step, str, float, float], JsonObject]] = {
    "Delivery": _delivery,
    "Bounce": _bounce,
    "Complaint": _complaint,
    "DeliveryDelay": _delay,
    "Rendering Failure": _failure,
    "Reject": _rejection,
}


def _feedback_id(address: str, sent_at: float) -> str:
    digest = hashlib.sha256(f"{address}{sent_at:.3f}".encode()).hexdigest()
    return f"0100{int(sent_at * 1000):012x}-{digest[:8]}-{digest[8:12]}-000000"


def _mail(message: MessageFacts) -> JsonObject:
    tags: dict[str, list[str]] = {
        "ses:operation": ["SendEmail"],
        "ses:configuration-set": [message.configuration_set],
        "ses:source-ip": ["127.0.0.1"],
        "ses:from-domain": [message.sender.rpartition("@")[2]],
        "ses:caller-identity": ["relance"],
    }
    tags |= {name: [value] for name, value in message.tags}
    account = f"arn:aws:ses:{message.region}:{message.account_id}"
    return {
        "timestamp": timestamp(message.sent_at),
        "source": message.source,
        "sourceArn": f"{account}:identity/{message.sender}",
        "sendingAccountId": message.account_id,
        "messageId": message.message_id,
        "destination": list(message.destination),
        "headersTruncated": False,
        "headers": [{"name": name, "value": value} for name, value in message.headers],
        "commonHeaders": {
            "from": [message.source],
            "to": list(message.to),
            "messageId": message.message_id,
            "subject": message.subject,
        },
        "tags": tags,
    }
