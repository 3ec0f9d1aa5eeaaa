"""What SES reports of a message: read, sorted into classes, and freed of what is not kept.

Both forms are read: `eventType` (event destinations of a configuration set) and `notificationType`
(feedback notifications of an identity, which carry no tags: the message is then found by the token
in its List-Unsubscribe header). Kinds and fields that are not known are passed over; fields of the
known ones may be missing.
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html

| bounce | class | what follows |
|---|---|---|
| Permanent; any with status 5.4.4 (no such domain), 4.4.7 (expired) | hard | suppressed |
| Transient General and MailboxFull, Undetermined | soft | suppressed, if it goes on |
| Transient MessageTooLarge, ContentRejected, AttachmentRejected | ignored | nothing |

It goes on when `SOFT_BOUNCES` messages bounce within `SOFT_WITHIN` and none is delivered between.
What is ignored is about the message.

A complaint suppresses the address at once, unless it says that the mail was no spam (`not-spam`) or
reports a failed signature (`auth-failure`, RFC 6591): no person said either.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parseaddr
from enum import StrEnum

from relance.errors import InvalidInput
from relance.ids import send_id_of
from relance.moments import from_text
from relance.register import SuppressionReason
from relance.storage import Value

PERMANENT_STATUSES = ("5.4.4", "4.4.7")
"""Transient bounces that never get better: unknown domain, time to live over."""

SOFT_BOUNCES = 5
"""So many messages that bounced softly in a row end mail to an address."""

SOFT_WITHIN = timedelta(days=30)
"""Within so long."""

SIMULATOR = "@simulator.amazonses.com"
"""The mailbox simulator of SES: what happens there says nothing of anybody."""


UNSEEN = "clicks_unseen"
"""The tag of a mail in which no click can be seen; `email_delivered` says the same."""


class Kind(StrEnum):
    """The kinds of reports that say something about a message of ours."""

    SEND = "Send"
    DELIVERY = "Delivery"
    DELAY = "DeliveryDelay"
    BOUNCE = "Bounce"
    COMPLAINT = "Complaint"
    REJECT = "Reject"
    RENDERING_FAILURE = "Rendering Failure"


class BounceClass(StrEnum):
    """What a bounce says about the address."""

    HARD = "hard"
    SOFT = "soft"
    IGNORED = "ignored"


_PAYLOADS: Mapping[Kind, str] = {Kind.RENDERING_FAILURE: "failure", Kind.DELAY: "deliveryDelay"}
"""Under which key a kind tells its details, where it is not the kind in small letters."""

_ABOUT_THE_MESSAGE = frozenset({"MessageTooLarge", "ContentRejected", "AttachmentRejected"})
_NO_PERSON_SAID = frozenset({"not-spam", "auth-failure"})
_TOKEN = re.compile(r"/u/([A-Za-z0-9_-]{60,120})")


@dataclass(frozen=True, slots=True)
class Report:
    """One SES event about one of our messages.

    `addresses` are those that bounced or complained, in small letters: they are compared and never
    kept. `suppresses` says why they get nothing any more.
    """

    kind: Kind
    ses_message_id: str
    send_id: str
    at: datetime
    details: Mapping[str, Value]
    addresses: frozenset[str] = field(default=frozenset(), repr=False)
    bounce: BounceClass | None = None
    suppresses: SuppressionReason | None = None
    is_simulated: bool = False

    @property
    def refuses(self) -> bool:
        """Whether SES will not deliver what it took."""
        return self.kind in (Kind.REJECT, Kind.RENDERING_FAILURE)


def read_report(raw: Mapping[str, object]) -> Report | None:
    """The report in an SES event, None if it is of no interest or not about one of our sends.

    Raises:
        InvalidInput: this is no SES event, or one without a time that can be read.
    """
    said = str(raw.get("eventType") or raw.get("notificationType") or "")
    mail = raw.get("mail")
    if not isinstance(mail, Mapping):
        raise InvalidInput("this is not an SES event: it has no mail")
    if said not in [each.value for each in Kind]:
        return None
    kind = Kind(said)
    send_id = _send_id(mail)
    payload = raw.get(_PAYLOADS.get(kind, kind.lower()))
    payload = payload if isinstance(payload, Mapping) else {}
    if send_id is None or _says_nothing(kind, payload):
        return None
    bounce = _class_of(payload) if kind is Kind.BOUNCE else None
    return Report(
        kind=kind,
        ses_message_id=str(mail.get("messageId")),
        send_id=send_id,
        at=_time_in(payload, mail),
        details=_details(kind, mail, payload, bounce),
        addresses=_addresses(payload),
        bounce=bounce,
        suppresses=_reason(kind, bounce),
        is_simulated=_is_simulated(mail),
    )


def says_more(report: Report, others: Iterable[Report]) -> bool:
    """Whether a report is worth recording beside others: a delivery says that it was sent."""
    return report.kind not in (Kind.SEND, Kind.DELAY) or not any(
        other.kind not in (Kind.SEND, Kind.DELAY) and other.send_id == report.send_id
        for other in others
    )


def _send_id(mail: Mapping[str, object]) -> str | None:
    tags = mail.get("tags")
    ids = tags.get("send_id") if isinstance(tags, Mapping) else None
    if isinstance(ids, Sequence) and not isinstance(ids, str) and ids:
        return str(ids[0])
    headers = mail.get("headers")
    for each in headers if isinstance(headers, list) else ():
        named = each if isinstance(each, Mapping) else {}
        if str(named.get("name", "")).lower() == "list-unsubscribe":
            return _send_id_in(str(named.get("value", "")))
    return None


def _send_id_in(header: str) -> str | None:
    """The send in the token of a List-Unsubscribe header; SES alone writes to our queue."""
    found = _TOKEN.search(header)
    with suppress(binascii.Error, ValueError):
        raw = base64.urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4)) if found else b""
        return send_id_of(raw[17:33]) if len(raw) == 49 else None
    return None


def _time_in(*places: Mapping[str, object]) -> datetime:
    """The first time that can be read."""
    for place in places:
        with suppress(ValueError, OverflowError):
            return from_text(str(place.get("timestamp")))
    raise InvalidInput("this SES event has no time that can be read")


def _says_nothing(kind: Kind, payload: Mapping[str, object]) -> bool:
    return kind is Kind.COMPLAINT and payload.get("complaintFeedbackType") in _NO_PERSON_SAID


def _class_of(bounce: Mapping[str, object]) -> BounceClass:
    statuses = [str(each.get("status", "")).strip() for each in _recipients(bounce)]
    if bounce.get("bounceType") == "Permanent" or any(s in PERMANENT_STATUSES for s in statuses):
        return BounceClass.HARD
    if bounce.get("bounceSubType") in _ABOUT_THE_MESSAGE:
        return BounceClass.IGNORED
    return BounceClass.SOFT


def _reason(kind: Kind, bounce: BounceClass | None) -> SuppressionReason | None:
    if kind is Kind.COMPLAINT:
        return SuppressionReason.COMPLAINED
    return SuppressionReason.BOUNCED if bounce is BounceClass.HARD else None


def _details(
    kind: Kind,
    mail: Mapping[str, object],
    payload: Mapping[str, object],
    bounce: BounceClass | None,
) -> dict[str, Value]:
    """What is worth keeping of a report, without addresses."""
    if bounce:
        return {
            "permanent": bounce is BounceClass.HARD,
            "bounce_class": bounce.value,
            "bounce_type": str(payload.get("bounceType")),
            "bounce_subtype": str(payload.get("bounceSubType")),
        }
    if kind is Kind.COMPLAINT:
        return {"feedback": str(payload.get("complaintFeedbackType"))}
    tags = mail.get("tags")
    unseen = kind is Kind.DELIVERY and isinstance(tags, Mapping) and UNSEEN in tags
    return {UNSEEN: True} if unseen else {}


def _recipients(payload: Mapping[str, object]) -> list[Mapping[str, object]]:
    found = payload.get("bouncedRecipients") or payload.get("complainedRecipients")
    listed = found if isinstance(found, list) else []
    return [each for each in listed if isinstance(each, Mapping)]


def _addresses(payload: Mapping[str, object]) -> frozenset[str]:
    named = (parseaddr(str(each.get("emailAddress", "")))[1] for each in _recipients(payload))
    return frozenset(address.lower() for address in named if address)


def _is_simulated(mail: Mapping[str, object]) -> bool:
    listed = mail.get("destination")
    to = [str(each).lower() for each in listed] if isinstance(listed, list) else []
    return bool(to) and all(parseaddr(each)[1].endswith(SIMULATOR) for each in to)
