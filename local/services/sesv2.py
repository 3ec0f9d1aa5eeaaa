"""SES version 2, as far as a message and its quota go: `SendEmail` (Simple, Raw) and `GetAccount`.

Requests are checked by the limits of the API reference
(https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html) and refused with SES's
own error codes. What is taken in goes to the mail box. `SendEmail` has no idempotency token: a
repeated call is a second message. Templates, attachments and contact lists are refused by name.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.utils import getaddresses, parseaddr
from typing import Protocol

from local.hook import AwsError
from local.mailbox import Draft, Mailbox

_DAY = 86_400.0
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TAG_NAME = re.compile(r"(ses:)?[A-Za-z0-9_-]{1,252}")
_HEADER_NAME = re.compile(r"[!-9;-@A-~]{1,126}")
_HEADER_VALUE = re.compile(r"[ -~]{1,995}")
_BARE = re.compile(r"[^@\s<>,;\x00-\x1f\x7f]{1,64}@[^@\s<>,;\x00-\x1f\x7f]{1,255}")
_LIMITS = {"recipients": 50, "headers": 15, "tags": 50, "bytes": 40 * 1024 * 1024}
# What SES writes itself, and what stands in fields of the request.
_RESERVED = frozenset(
    {
        "bcc", "cc", "content-transfer-encoding", "content-type", "date", "from", "message-id",
        "mime-version", "reply-to", "return-path", "sender", "subject", "to",
    }
)  # fmt: skip
_UNSUPPORTED = ("ListManagementOptions", "EndpointId", "TenantName")

Request = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Quota:
    """What an account out of the sandbox starts with; `per_second` allows one second's burst."""

    per_day: float = 50_000
    per_second: float = 14


class Counter(Protocol):
    """Counts what a run used."""

    def count(self, what: str, quantity: float = 1) -> None:
        """Add to a count."""
        ...


class Sesv2:
    """The service object; `identities` and `configuration_sets` of None accept any."""

    def __init__(
        self,
        mailbox: Mailbox,
        *,
        identities: Collection[str] | None = None,
        configuration_sets: Collection[str] | None = None,
        quota: Quota | None = None,
        meter: Counter | None = None,
    ) -> None:
        self.mailbox = mailbox
        self.identities = identities
        self.configuration_sets = configuration_sets
        self.quota = quota or Quota()
        self._meter = meter
        self._sent: deque[float] = deque()

    def send_email(self, request: Request) -> dict[str, object]:
        """Check a message, take it in and answer its id."""
        for name in _UNSUPPORTED:
            if name in request:
                raise AwsError("BadRequestException", f"{name} is not supported here.", 400)
        _check_overrides(_object(request.get("ConfigurationOverrides")))
        draft = self._draft(request)
        self._check_sender(draft.source)
        self._check_recipients((*draft.to, *draft.cc, *draft.bcc))
        self._check_set(draft.configuration_set)
        self._count(len(draft.to) + len(draft.cc) + len(draft.bcc))
        return {"MessageId": self.mailbox.accept(draft).message_id}

    def get_account(self, _request: Request) -> dict[str, object]:
        """Answer the quota and how much of it is used."""
        self._forget()
        return {
            "ProductionAccessEnabled": True,
            "SendingEnabled": True,
            "EnforcementStatus": "HEALTHY",
            "DedicatedIpAutoWarmupEnabled": False,
            "SendQuota": {
                "Max24HourSend": self.quota.per_day,
                "MaxSendRate": self.quota.per_second,
                "SentLast24Hours": float(len(self._sent)),
            },
            "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
        }

    def _draft(self, request: Request) -> Draft:
        content = _object(request.get("Content"))
        destination = _object(request.get("Destination"))
        draft = Draft(
            source=str(request.get("FromEmailAddress") or ""),
            to=_strings(destination.get("ToAddresses")),
            cc=_strings(destination.get("CcAddresses")),
            bcc=_strings(destination.get("BccAddresses")),
            reply_to=_strings(request.get("ReplyToAddresses")),
            tags=_tags(_objects(request.get("EmailTags"))),
            configuration_set=str(request.get("ConfigurationSetName") or "") or None,
        )
        if "Simple" in content:
            return _with_simple(draft, _object(content["Simple"]))
        if "Raw" in content:
            return _with_raw(draft, _object(content["Raw"]).get("Data"))
        raise _bad("Content must be Simple or Raw; templates are not supported here.")

    def _check_sender(self, source: str) -> None:
        address = parseaddr(source)[1]
        if not _BARE.fullmatch(address):
            raise _bad("Missing final '@domain'")
        verified = self.identities
        if verified is None:
            return
        names = {name.casefold() for name in verified}
        domain = address.casefold().rpartition("@")[2]
        labels = domain.split(".")
        parents = {".".join(labels[n:]) for n in range(len(labels))}
        if address.casefold() not in names and not parents & names:
            region = self.mailbox.region.upper()
            raise AwsError(
                "MessageRejected",
                "Email address is not verified. The following identities failed the check in "
                f"region {region}: {source}",
                400,
            )

    def _check_recipients(self, recipients: tuple[str, ...]) -> None:
        if not recipients:
            raise _bad("Provided list of addresses is empty")
        if len(recipients) > _LIMITS["recipients"]:
            raise _bad("Recipient count exceeds 50.")
        for recipient in recipients:
            address = parseaddr(recipient)[1]
            if any(ord(letter) < 32 or letter == "\x7f" for letter in recipient):
                raise _bad("Local address contains control or whitespace")
            if "@" not in address:
                raise _bad("Missing final '@domain'")
            if not _BARE.fullmatch(address) or len(recipient) > 320:
                raise _bad("Illegal address")
            if not address.partition("@")[0].isascii():
                raise _bad("Local address contains control or whitespace")

    def _check_set(self, name: str | None) -> None:
        known = self.configuration_sets
        if name is not None and known is not None and name not in known:
            raise AwsError("NotFoundException", f"Configuration set <{name}> does not exist.", 404)

    def _count(self, recipients: int) -> None:
        self._forget()
        now = self.mailbox.clock.now
        if len(self._sent) + recipients > self.quota.per_day:
            raise AwsError("TooManyRequestsException", "Daily message quota exceeded.", 429)
        allowed = max(1, int(self.quota.per_second))
        if len(self._sent) >= allowed and self._sent[-allowed] > now - 1:
            raise AwsError("TooManyRequestsException", "Maximum sending rate exceeded.", 429)
        self._sent.extend([now] * recipients)
        if self._meter is not None:
            self._meter.count("emails", recipients)

    def _forget(self) -> None:
        horizon = self.mailbox.clock.now - _DAY
        while self._sent and self._sent[0] <= horizon:
            self._sent.popleft()


def _check_overrides(overrides: Request) -> None:
    """SES's own tracking can be switched off here; on it would have to put in its own links."""
    for category, values in overrides.items():
        if category != "Tracking":
            raise _bad(f"ConfigurationOverrides.{category} is not supported here.")
        for name, status in _object(values).items():
            if status != "DISABLED":
                raise _bad(f"{name} {status} is not supported here.")


def _with_simple(draft: Draft, simple: Request) -> Draft:
    if "Attachments" in simple:
        raise _bad("Attachments are not supported here.")
    body = _object(simple.get("Body"))
    html, text = (_object(body.get(kind)).get("Data") for kind in ("Html", "Text"))
    if html is None and text is None:
        raise _bad("Message body is missing.")
    size = len(str(html or "").encode()) + len(str(text or "").encode())
    if size > _LIMITS["bytes"]:
        raise _bad("Message length is more than 41943040 bytes long.")
    return replace(
        draft,
        subject=str(_object(simple.get("Subject")).get("Data") or ""),
        html=None if html is None else str(html),
        text=None if text is None else str(text),
        headers=_headers(_objects(simple.get("Headers"))),
    )


def _with_raw(draft: Draft, data: object) -> Draft:
    raw = data if isinstance(data, bytes) else b""
    if not raw:
        raise _bad("Raw message data is empty.")
    if len(raw) > _LIMITS["bytes"]:
        raise _bad("Message length is more than 41943040 bytes long.")
    message = message_from_bytes(raw)
    source = draft.source or str(message["From"] or "")
    if draft.to or draft.cc or draft.bcc:
        return replace(draft, raw=raw, source=source)
    found = {
        name: tuple(a for _, a in getaddresses([str(v) for v in message.get_all(name, [])]) if a)
        for name in ("To", "Cc", "Bcc")
    }
    return replace(draft, raw=raw, source=source, to=found["To"], cc=found["Cc"], bcc=found["Bcc"])


def _headers(given: list[Request]) -> tuple[tuple[str, str], ...]:
    if len(given) > _LIMITS["headers"]:
        raise _bad("Message contains more than 15 headers.")
    pairs = tuple((str(h.get("Name") or ""), str(h.get("Value") or "")) for h in given)
    seen: set[str] = set()
    for name, value in pairs:
        if not _HEADER_NAME.fullmatch(name):
            raise _bad(f"Invalid header name: {name[:126]!r}.")
        if not _HEADER_VALUE.fullmatch(value):
            raise _bad(f"Invalid value of header {name}: 1 to 995 printable ASCII characters.")
        if name.casefold() in _RESERVED:
            raise _bad(f"Header {name} cannot be set in Headers.")
        if name.casefold() in seen:
            raise _bad(f"Header {name} is given twice.")
        seen.add(name.casefold())
    return pairs


def _tags(given: list[Request]) -> tuple[tuple[str, str], ...]:
    if len(given) > _LIMITS["tags"]:
        raise _bad("Message contains more than 50 tags.")
    pairs = tuple((str(t.get("Name") or ""), str(t.get("Value") or "")) for t in given)
    for name, value in pairs:
        if not _TAG_NAME.fullmatch(name):
            raise _bad(f"Invalid tag name <{name[:256]}>: only alphanumeric ASCII, '_' and '-'.")
        if not _TAG.fullmatch(value):
            raise _bad(f"Invalid tag value <{value[:256]}>: only alphanumeric ASCII, '_' and '-'.")
    if len({name for name, _ in pairs}) != len(pairs):
        raise _bad("Duplicate tag name.")
    return pairs


def _bad(message: str) -> AwsError:
    return AwsError("BadRequestException", message, 400)


def _object(value: object) -> Request:
    return value if isinstance(value, Mapping) else {}


def _objects(value: object) -> list[Request]:
    found = value if isinstance(value, Iterable) and not isinstance(value, str) else ()
    return [item for item in found if isinstance(item, Mapping)]


def _strings(value: object) -> tuple[str, ...]:
    return tuple(str(v) for v in value) if isinstance(value, list | tuple) else ()
