"""The mail box: every message that SES accepted, and what became of it.

Nothing leaves the machine. A message is kept in pieces as the caller gave it and assembled into
MIME only when somebody looks: the audience, `write`, the inbox page. `Mailbox.deliver` plays the
road behind SES: it publishes the events of `local.ses_events` to `on_event` (the World passes them
to SNS and EventBridge) and hands delivered mail to `on_delivered` (the audience).

Who decides what happens to a mail: the mailbox simulator's addresses as SES documents them
(https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html), then the account's
suppression list, then `receiver`, when one is set; else everything arrives.
"""

from __future__ import annotations

import binascii
import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import Header
from email.message import Message
from email.policy import compat32
from email.utils import format_datetime, formataddr, getaddresses, parseaddr
from pathlib import Path
from typing import Protocol

from relance.ports import Mail as Composed

from local import ses_events
from local.ses_events import DELIVERED, SIMULATOR, Fate, JsonObject

_WIRE = compat32.clone(linesep="\r\n", max_line_length=998)


class Clock(Protocol):
    """What the mail box needs of the hub."""

    @property
    def now(self) -> float:
        """Epoch seconds."""
        ...

    def after(self, delay: float, action: Callable[[], None]) -> object:
        """Run `action` in `delay` seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked request to send one message: `Content.Simple` in pieces, or `Content.Raw` whole."""

    source: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    subject: str = ""
    html: str | None = None
    text: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    raw: bytes | None = None
    tags: tuple[tuple[str, str], ...] = ()
    configuration_set: str | None = None


@dataclass(slots=True)
class Mail:
    """One accepted message; `number` counts from 1, `sent_at` is in epoch seconds."""

    number: int
    message_id: str
    sent_at: float
    draft: Draft
    message_id_domain: str = "email.amazonses.com"
    events: list[tuple[float, str, str]] = field(default_factory=list)
    _packed: bytes | None = None

    @property
    def recipients(self) -> tuple[str, ...]:
        """The bare addresses of everybody it went to."""
        given = (*self.draft.to, *self.draft.cc, *self.draft.bcc)
        return tuple(address for _, address in getaddresses(list(given)) if address)

    @property
    def sender(self) -> str:
        """The bare address it came from."""
        return parseaddr(self.draft.source)[1]

    @property
    def subject(self) -> str:
        """The subject as text."""
        if self.draft.raw is None:
            return self.draft.subject
        return decoded(message_from_bytes(self.draft.raw)["Subject"])

    def mime(self) -> bytes:
        """Return the message as SES puts it on the wire (CRLF, Message-ID and Date by SES)."""
        if self._packed is None:
            self._packed = zlib.compress(assemble(self), 1)
        return zlib.decompress(self._packed)

    def release(self) -> None:
        """Keep the packed wire form only: bodies of mail that has been dealt with."""
        self.mime()
        if self.draft.raw is None:
            kept = {name: getattr(self.draft, name) for name in Draft.__slots__}
            self.draft = Draft(**{**kept, "html": None, "text": None})

    def parts(self) -> tuple[Message, str | None, str | None]:
        """Read the wire form back: the message, its HTML part and its text part."""
        message = message_from_bytes(self.mime())
        found: dict[str, str] = {}
        for part in message.walk():
            kind = part.get_content_type()
            if kind in {"text/html", "text/plain"} and kind not in found:
                payload = part.get_payload(decode=True)
                charset = part.get_content_charset() or "utf-8"
                found[kind] = payload.decode(charset) if isinstance(payload, bytes) else ""
        return message, found.get("text/html"), found.get("text/plain")


class Mailbox:
    """The messages of one simulated SES account, in the order in which they were accepted."""

    def __init__(
        self,
        clock: Clock,
        *,
        region: str = "us-east-1",
        account_id: str = "123456789012",
        on_event: Callable[[str, JsonObject], None] | None = None,
    ) -> None:
        self.clock = clock
        self.region = region
        self.account_id = account_id
        self.on_event = on_event
        self.receiver: Callable[[Mail, str], Fate] | None = None
        self.on_delivered: list[Callable[[Mail, str], None]] = []
        self.mails: list[Mail] = []
        self.suppressed: set[str] = set()
        self._by_id: dict[str, Mail] = {}
        self._by_address: dict[str, list[Mail]] = {}

    def __len__(self) -> int:
        return len(self.mails)

    def find(self, message_id: str) -> Mail | None:
        """Return the mail with this SES message id."""
        return self._by_id.get(message_id)

    def to(self, address: str) -> list[Mail]:
        """Return what was sent to an address, oldest first."""
        return list(self._by_address.get(address.casefold(), ()))

    def accept(self, draft: Draft) -> Mail:
        """Take a checked message in and set its delivery going."""
        number = len(self.mails) + 1
        domain = "email" if self.region == "us-east-1" else self.region
        mail = Mail(
            number=number,
            message_id=_message_id(number, draft, self.clock.now),
            sent_at=self.clock.now,
            draft=draft,
            message_id_domain=f"{domain}.amazonses.com",
        )
        self.mails.append(mail)
        self._by_id[mail.message_id] = mail
        self.clock.after(0.2, lambda: self._publish(mail, "Send", {}))
        for recipient in mail.recipients:
            self._by_address.setdefault(recipient.casefold(), []).append(mail)
            fate = self._fate(mail, recipient)
            for step in fate.steps:
                self._plan(mail, recipient, step)
        return mail

    def write(self, folder: Path) -> int:
        """Write every message as `0001-<recipient>.eml`; return how many there are."""
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.eml"):
            old.unlink()
        for mail in self.mails:
            first = (mail.recipients or ("nobody",))[0]
            name = "".join(c if c.isalnum() or c in "@.+-_" else "_" for c in first)[:100]
            (folder / f"{mail.number:05d}-{name}.eml").write_bytes(mail.mime())
        return len(self.mails)

    def _fate(self, mail: Mail, recipient: str) -> Fate:
        simulated = SIMULATOR.get(recipient.casefold().split("@")[0].split("+")[0])
        if recipient.casefold().endswith("@simulator.amazonses.com") and simulated:
            return simulated
        if recipient.casefold() in self.suppressed:
            return ses_events.SUPPRESSED
        return self.receiver(mail, recipient) if self.receiver else DELIVERED

    def _plan(self, mail: Mail, recipient: str, step: ses_events.Step) -> None:
        # A jitter of its own for each message, so that no mail depends on another's chance.
        jitter = zlib.crc32(f"{mail.message_id}{step.event}".encode()) % 1000 / 1000

        def happen() -> None:
            body = ses_events.payload(step, recipient, mail.sent_at, self.clock.now)
            mail.events.append((self.clock.now, step.event, step.kind))
            simulator = recipient.casefold().endswith("@simulator.amazonses.com")
            if step.suppresses and not simulator:
                self.suppressed.add(recipient.casefold())
            self._publish(mail, step.event, body)
            if step.event == "Delivery":
                for listener in self.on_delivered:
                    listener(mail, recipient)

        self.clock.after(step.after * (1 + jitter), happen)

    def _publish(self, mail: Mail, event: str, body: JsonObject) -> None:
        if self.on_event is None or mail.draft.configuration_set is None:
            return
        detail = ses_events.event(
            event,
            body,
            message=ses_events.MessageFacts(
                message_id=mail.message_id,
                sent_at=mail.sent_at,
                source=mail.draft.source,
                sender=mail.sender,
                to=mail.draft.to,
                destination=mail.recipients,
                subject=mail.subject,
                headers=_event_headers(mail),
                tags=mail.draft.tags,
                configuration_set=mail.draft.configuration_set,
                account_id=self.account_id,
                region=self.region,
            ),
        )
        self.on_event(mail.draft.configuration_set, detail)


def on_the_wire(mail: Composed, *, source: str, at: datetime) -> bytes:
    """A message that nobody has sent yet, as SES would write it."""
    draft = Draft(
        source=mail.sender or source,
        to=(mail.to,),
        subject=mail.subject,
        html=mail.html,
        text=mail.text,
        headers=tuple(mail.headers.items()),
        reply_to=(mail.reply_to,) if mail.reply_to else (),
    )
    return assemble(Mail(1, "0102019b8d2f0a1c-sample", at.timestamp(), draft))


def assemble(mail: Mail) -> bytes:
    """Build the MIME message that SES makes of a request (RFC 5322, RFC 2045)."""
    draft = mail.draft
    stamp = {
        "Message-ID": f"<{mail.message_id}@{mail.message_id_domain}>",
        "Date": format_datetime(datetime.fromtimestamp(int(mail.sent_at), UTC)),
    }
    if draft.raw is not None:
        return _stamped(draft.raw, stamp)
    message = Message(_WIRE)
    named = {"From": [draft.source], "To": draft.to, "Cc": draft.cc, "Reply-To": draft.reply_to}
    for name, addresses in named.items():
        if addresses:
            message[name] = ", ".join(encoded_address(a) for a in addresses)
    message["Subject"] = encoded(draft.subject)
    for name, value in (*draft.headers, *stamp.items()):
        message[name] = value
    message["MIME-Version"] = "1.0"
    bodies = [("plain", draft.text), ("html", draft.html)]
    parts = [_part(kind, body) for kind, body in bodies if body is not None]
    if len(parts) == 1:
        for name, value in parts[0].items():
            message[name] = value
        message.set_payload(parts[0].get_payload())
    else:
        boundary = f"----=_Part_{mail.number}_{zlib.crc32(mail.message_id.encode())}"
        message["Content-Type"] = f'multipart/alternative; boundary="{boundary}"'
        message.set_payload([*parts])
    return message.as_bytes(policy=_WIRE)


def encoded(text: str) -> str:
    """Write a header's text as ASCII, by RFC 2047 where it must be."""
    return text if text.isascii() else Header(text, "utf-8", maxlinelen=900).encode()


def encoded_address(address: str) -> str:
    """Write an address with its display name as ASCII."""
    name, bare = parseaddr(address)
    return formataddr((name, bare)) if name else bare or address


def decoded(value: object) -> str:
    """Read a header's text back, encoded words included."""
    from email.header import decode_header, make_header  # noqa: PLC0415 (the page and the CLI only)

    return str(make_header(decode_header(str(value or ""))))


def _part(kind: str, body: str) -> Message:
    part = Message(_WIRE)
    part["Content-Type"] = f"text/{kind}; charset=UTF-8"
    part["Content-Transfer-Encoding"] = "quoted-printable"
    unix = body.replace("\r\n", "\n").encode()
    part.set_payload(binascii.b2a_qp(unix).decode("ascii"))
    return part


def _stamped(raw: bytes, stamp: Mapping[str, str]) -> bytes:
    # SES replaces Message-ID, adds a Date when there is none, and takes Bcc out of a raw message.
    message = message_from_bytes(raw, policy=_WIRE)
    del message["Bcc"]
    del message["Message-ID"]
    message["Message-ID"] = stamp["Message-ID"]
    if "Date" not in message:
        message["Date"] = stamp["Date"]
    return message.as_bytes(policy=_WIRE)


def _message_id(number: int, draft: Draft, now: float) -> str:
    # SES's ids: 16 hexadecimal digits with the milliseconds, a UUID, and six zeros.
    seed = f"{number}|{draft.source}|{draft.to}|{draft.subject}|{now:.3f}".encode()
    digest = hashlib.sha256(seed).hexdigest()
    uuid = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
    return f"0100{int(now * 1000):012x}-{uuid}-000000"


def _event_headers(mail: Mail) -> Sequence[tuple[str, str]]:
    if mail.draft.raw is not None:
        return [(n, str(v)) for n, v in message_from_bytes(mail.draft.raw).items()]
    draft = mail.draft
    return [
        ("From", draft.source),
        ("To", ", ".join(draft.to)),
        ("Subject", draft.subject),
        *draft.headers,
        ("MIME-Version", "1.0"),
    ]
