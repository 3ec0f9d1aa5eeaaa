"""A batch of mails that came: replies are recorded and forwarded, wishes to leave are followed.

A reply is forwarded before it is recorded: if this is cut off in between, a person at the company
gets it twice, and nobody's reply is lost. Neither text nor address is kept: the mail lies in its
bucket for some days, the event says which message was answered.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from html import escape

from relance.contacts import read_register
from relance.errors import ContactNotFound, InvalidInput, SendRefused, TokenInvalid
from relance.events import Event, Name
from relance.identities import email_identity, find
from relance.ids import event_id, milliseconds
from relance.ledger import Send, send_of
from relance.links import Unsubscribe
from relance.machines import Actor
from relance.moments import from_text
from relance.ports import Mail, Services
from relance.replies import Coming, Received, read_mail
from relance.storage import SENDS_OF, Table
from relance.usecases.manage_subscription import Leave, Way, unsubscribe
from relance.usecases.steps import append

LARGEST = 30 << 20
"""Bytes of a mail that are read; SES takes no larger."""

LOOKED_AT = 100
"""Messages to somebody among which the one is looked for that a mail answers."""


@dataclass(slots=True)
class Outcome:
    """What became of a batch; messages are named by the ids of the queue."""

    came: dict[str, int] = field(default_factory=dict)
    again: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Notice:
    """What SES says of a mail it received: where it lies, from whom to whom, and if it is clean."""

    key: str
    at: datetime
    sender: str
    recipients: tuple[str, ...]
    is_clean: bool


def record_replies(bodies: Mapping[str, str], services: Services) -> Outcome:
    """Take the mails of which these messages of the queue tell.

    One that fails does not hold up the others: it comes again, and after some times it is kept
    with the dead letters.
    """
    outcome = Outcome()
    for message_id, body in bodies.items():
        try:
            coming = _take(_read(body), services)
        except (InvalidInput, FileNotFoundError) as error:
            outcome.unreadable[message_id] = type(error).__name__
        except Exception as error:  # noqa: BLE001 - one that fails must not stop the rest
            outcome.again[message_id] = type(error).__name__
        else:
            outcome.came[coming] = outcome.came.get(coming, 0) + 1
    return outcome


def _read(body: str) -> _Notice:
    """What SES says.

    Raises:
        InvalidInput: SES did not write it.
    """
    try:
        said = json.loads(body)
        receipt = said["receipt"]
        verdicts = [receipt.get(name, {}).get("status") for name in ("virusVerdict", "spamVerdict")]
        return _Notice(
            key=str(receipt["action"]["objectKey"]),
            at=from_text(str(said["mail"]["timestamp"])),
            sender=str(said["mail"].get("source") or ""),
            recipients=tuple(map(str, receipt["recipients"])),
            is_clean="FAIL" not in verdicts,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidInput("this is no notice of a mail that SES received") from None


def _take(notice: _Notice, services: Services) -> Coming:
    if not notice.is_clean:
        return Coming.STRAY
    about = services.mails.about(notice.key)
    if about.size > LARGEST:
        return Coming.STRAY
    mail = read_mail(
        b"".join(services.mails.read_blocks(notice.key, about)),
        recipients=notice.recipients,
        envelope_sender=notice.sender,
        signer=services.signer,
    )
    if mail.coming is Coming.LEAVING:
        _leave(mail, services)
    elif mail.coming in (Coming.REPLY, Coming.AUTOMATIC):
        return _record(mail, notice, services)
    return mail.coming


def _leave(mail: Received, services: Services) -> None:
    send = _send(mail.send_id, services)
    if send is not None:
        target = Unsubscribe(send.step.contact_id, send.send_id)
        with suppress(TokenInvalid):
            unsubscribe(Leave(target, Way.MAIL), services)


def _record(mail: Received, notice: _Notice, services: Services) -> Coming:
    send = _send(mail.send_id, services) if mail.send_id else _answered(mail, services)
    if send is None or _is_erased(send, services):
        return Coming.STRAY
    event = _event(mail, notice, send, services)
    if mail.coming is Coming.REPLY and not services.store.get(
        Table.EVENTS, (event.contact_id, event.event_id)
    ):
        _forward(mail, notice, send, services)
    append(services, event)
    return mail.coming


def _send(send_id: str | None, services: Services) -> Send | None:
    item = services.store.get(Table.SENDS, (send_id,)) if send_id else None
    return send_of(item) if item and item.get("erased") is not True else None


def _answered(mail: Received, services: Services) -> Send | None:
    """The message that a mail answers by its id alone, among those to whoever writes."""
    contact = find(services.store, email_identity(mail.sender.lower())) if mail.sender else None
    if contact is None or not mail.ses_ids:
        return None
    keys = [(str(each["send_id"]),) for each in services.store.query_index(SENDS_OF, contact)]
    for item in services.store.get_many(Table.SENDS, keys[-LOOKED_AT:]).values():
        if str(item.get("ses_message_id")).lower() in {each.lower() for each in mail.ses_ids}:
            return send_of(item)
    return None


def _is_erased(send: Send, services: Services) -> bool:
    try:
        return bool(read_register(services.store, send.step.contact_id).erased_at)
    except ContactNotFound:
        return True


def _forward(mail: Received, notice: _Notice, send: Send, services: Services) -> None:
    """Hand a reply to a person, who answers to whoever wrote it."""
    forwarding = services.forwarding
    if not forwarding.to or mail.sender.lower() in (forwarding.to.lower(), forwarding.own.lower()):
        return
    text = (
        f'A reply to the message "{send.message}" of contact {send.step.contact_id}.\n'
        f"The whole mail, attachments included, lies for 14 days at\n"
        f"{services.mails.link(notice.key)}\n\n{mail.text}"
    )
    forwarded = Mail(
        to=forwarding.to,
        subject=f"Fwd: {mail.subject or 'no subject'}",
        html=f"<pre>{escape(text)}</pre>",
        text=text,
        headers={"Auto-Submitted": "auto-forwarded"},
        tags={"kind": "forwarded-reply"},
        reply_to=mail.sender,
    )
    with suppress(SendRefused):  # it lies in its bucket; the log says so
        forwarding.mailer.send(forwarded)


def _event(mail: Received, notice: _Notice, send: Send, services: Services) -> Event:
    """The event of a reply: the same when its sender's server delivers the mail again."""
    now, sent = services.now(), from_text(send.claimed_at)
    actor = Actor.HUMAN if mail.coming is Coming.REPLY else Actor.MACHINE
    which = hashlib.sha256((mail.message_id or notice.key).encode(errors="replace")).hexdigest()
    return Event(
        contact_id=send.step.contact_id,
        event_id=event_id(milliseconds(sent), "reply", f"{send.send_id}#{which}"),
        name=Name.EMAIL_REPLIED,
        occurred_at=min(notice.at, now),
        received_at=now,
        source="reply",
        properties={**send.about(), "actor": actor.value},
    )
