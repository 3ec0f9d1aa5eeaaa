"""SES version 2, as far as messages, their quota and their set-up go.

`SendEmail` (Simple, Raw), `SendBulkEmail`, `GetAccount`, `GetEmailIdentity`,
`GetConfigurationSet` and `GetConfigurationSetEventDestinations`. What the account may do stands in
`ses_account`, how an inline template is filled in in `bulk_mail`.

Requests are checked by the limits of the API reference
(https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html) and refused with SES's
own error codes. What is taken in goes to the mail box. `SendEmail` has no idempotency token: a
repeated call is a second message. Attachments, contact lists and stored templates are refused by
name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from email import message_from_bytes
from email.utils import getaddresses, parseaddr
from typing import Protocol

from local.hook import AwsError
from local.mailbox import Draft, Mailbox
from local.services import bulk_mail
from local.services.ses_account import Quota, Refusal, SesAccount

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


class Counter(Protocol):
    """Counts what a run used."""

    def count(self, what: str, quantity: float = 1) -> None:
        """Add to a count."""
        ...


class Sesv2:
    """The service object; `identities` and `configuration_sets` of None accept any.

    `destinations` are the event destinations of each configuration set, as SES tells them.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        *,
        identities: Collection[str] | None = None,
        configuration_sets: Collection[str] | None = None,
        destinations: Callable[[str], list[dict[str, object]]] | None = None,
        quota: Quota | None = None,
        meter: Counter | None = None,
    ) -> None:
        self.mailbox = mailbox
        self.account = SesAccount.with_identities(identities, region=mailbox.region, quota=quota)
        self.configuration_sets = configuration_sets
        self._destinations = destinations
        self._meter = meter

    def send_email(self, request: Request) -> dict[str, object]:
        """Check a message, take it in and answer its id."""
        for name in _UNSUPPORTED:
            if name in request:
                raise AwsError("BadRequestException", f"{name} is not supported here.", 400)
        _check_overrides(_object(request.get("ConfigurationOverrides")))
        draft = self._draft(request)
        self._check_set(draft.configuration_set)
        refusal = self._admit(draft)
        if refusal is not None:
            raise refusal.as_error()
        return {"MessageId": self.mailbox.accept(draft).message_id}

    def _admit(self, draft: Draft) -> Refusal | None:
        """Check the addresses and count the recipients, or say why the account may not send."""
        self._check_sender(draft.source)
        recipients = (*draft.to, *draft.cc, *draft.bcc)
        self._check_recipients(recipients)
        refusal = self.account.admit(
            draft.source, recipients, draft.configuration_set, now=self.mailbox.clock.now
        )
        if refusal is None and self._meter is not None:
            self._meter.count("emails", len(recipients))
        return refusal

    def send_bulk_email(self, request: Request) -> dict[str, object]:
        """Take in one message for each entry, and answer for each what became of it.

        What is wrong with the request as a whole is an error; what is wrong with one entry stands
        in its result, and the others go out.
        """
        for name in _UNSUPPORTED:
            if name in request:
                raise AwsError("BadRequestException", f"{name} is not supported here.", 400)
        entries = _objects(request.get("BulkEmailEntries"))
        if not 1 <= len(entries) <= _LIMITS["recipients"]:
            raise _bad("The number of destinations must be between 1 and 50.")
        letter = bulk_mail.letter_of(request)
        shared = Draft(
            source=str(request.get("FromEmailAddress") or ""),
            to=(),
            reply_to=_strings(request.get("ReplyToAddresses")),
            tags=_tags(_objects(request.get("DefaultEmailTags"))),
            configuration_set=str(request.get("ConfigurationSetName") or "") or None,
        )
        self._check_set(shared.configuration_set)
        return {"BulkEmailEntryResults": [self._entry(each, shared, letter) for each in entries]}

    def _entry(self, entry: Request, shared: Draft, letter: bulk_mail.Letter) -> dict[str, object]:
        """What became of one entry."""
        destination = _object(entry.get("Destination"))
        try:
            filled = letter.filled(entry)
            tags = dict(shared.tags) | dict(_tags(_objects(entry.get("ReplacementTags"))))
            draft = replace(
                shared,
                to=_strings(destination.get("ToAddresses")),
                cc=_strings(destination.get("CcAddresses")),
                bcc=_strings(destination.get("BccAddresses")),
                subject=filled.get("Subject") or "",
                html=filled.get("Html"),
                text=filled.get("Text"),
                headers=_headers(letter.headers_for(entry)),
                tags=tuple(tags.items()),
            )
            refusal = self._admit(draft)
        except AwsError as error:
            return {"Status": "INVALID_PARAMETER", "Error": error.message}
        if refusal is not None:
            return {"Status": refusal.entry, "Error": refusal.message}
        return {"Status": "SUCCESS", "MessageId": self.mailbox.accept(draft).message_id}

    def get_account(self, _request: Request) -> dict[str, object]:
        """Answer the quota and how much of it is used."""
        account = self.account
        used = account.sent_within_a_day(self.mailbox.clock.now)
        return {
            "ProductionAccessEnabled": account.production,
            "SendingEnabled": account.sending_enabled,
            "EnforcementStatus": account.enforcement,
            "DedicatedIpAutoWarmupEnabled": False,
            "SendQuota": {
                "Max24HourSend": account.quota.per_day,
                "MaxSendRate": account.quota.per_second,
                "SentLast24Hours": float(used),
            },
            "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
        }

    def get_email_identity(self, request: Request) -> dict[str, object]:
        """Answer whether an identity is verified, and the tokens of its DKIM records."""
        name = str(request["EmailIdentity"])
        found = self.account.identity(name)
        if found is None:
            raise AwsError("NotFoundException", f"Email identity {name} does not exist.", 404)
        is_address = "@" in name
        tokens = [hashlib.sha256(f"{name}{n}".encode()).hexdigest()[:32] for n in range(3)]
        return {
            "IdentityType": "EMAIL_ADDRESS" if is_address else "DOMAIN",
            "FeedbackForwardingStatus": False,
            "VerifiedForSendingStatus": found.verified,
            "VerificationStatus": "SUCCESS" if found.verified else "PENDING",
            "DkimAttributes": {
                "SigningEnabled": not is_address,
                "Status": "NOT_STARTED" if is_address else found.dkim,
                "SigningAttributesOrigin": "AWS_SES",
                **({} if is_address else {"Tokens": tokens}),
            },
            "MailFromAttributes": {
                "MailFromDomain": found.mail_from_domain or f"bounce.{name.rpartition('@')[2]}",
                "MailFromDomainStatus": found.mail_from,
                "BehaviorOnMxFailure": "USE_DEFAULT_VALUE",
            },
            "Policies": {},
            "Tags": [],
        }

    def get_configuration_set(self, request: Request) -> dict[str, object]:
        """Answer whether a configuration set sends."""
        name = str(request["ConfigurationSetName"])
        self._check_set(name)
        return {
            "ConfigurationSetName": name,
            "ReputationOptions": {"ReputationMetricsEnabled": True},
            "SendingOptions": {"SendingEnabled": name not in self.account.paused_sets},
            "SuppressionOptions": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
        }

    def get_configuration_set_event_destinations(self, request: Request) -> dict[str, object]:
        """Answer where the events of a configuration set go."""
        name = str(request["ConfigurationSetName"])
        self._check_set(name)
        return {"EventDestinations": [] if self._destinations is None else self._destinations(name)}

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
