"""SES, which cannot tell a repeated call: the client must not repeat one by itself.

The client is made with `retries={"total_max_attempts": 1}`. A refusal that SES answered means that
nothing was sent; a call that broke off, timed out or failed within SES may have been carried out.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ProxyConnectionError,
)

from relance.aws.passing import (
    FAILURES,
    STALE_SIGNATURE,
    Failure,
    calling,
    code_of,
    status_of,
)
from relance.errors import (
    RecipientRefused,
    RelanceError,
    SendOutcomeUnknown,
    SendRateExceeded,
    SendRefused,
    ServiceUnavailable,
)
from relance.pace import AccountState
from relance.ports import Mail
from relance.setup import Destination, Identity

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

_LATER = STALE_SIGNATURE | {
    "LimitExceededException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_PAUSED = "SendingPausedException"
_DAILY = "daily"
"""How SES tells the quota of 24 hours from the rate: "Daily message quota exceeded"."""

_NEVER_SENT = (
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ProxyConnectionError,
)
"""The call never left this machine."""

_OF_ALL = frozenset(
    {
        "ACCOUNT_SUSPENDED",
        "AccessDeniedException",
        "AccountSuspendedException",
        "CONFIGURATION_SET_NOT_FOUND",
        "CONFIGURATION_SET_SENDING_PAUSED",
        "MAIL_FROM_DOMAIN_NOT_VERIFIED",
        "MailFromDomainNotVerifiedException",
        "NotFoundException",
    }
)
"""Refusals that have nothing to do with the message: SES would refuse any other as well."""

_OF_ONE_ADDRESS = (
    "domain contains",
    "domain ends",
    "domain starts",
    "illegal address",
    "invalid domain name",
    "local address contains",
    "missing final '@domain'",
    "user name is missing",
)
"""How SES begins to say, as a BadRequestException or MessageRejected, that it takes no such
recipient. The sender's own address is checked by the template:
https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html
"""

MOST_ENTRIES = 50
"""Recipients of one bulk call at most."""

MOST_DATA = 262_144
"""Characters of data that one entry may bring; a larger mail goes out by itself."""

MOST_CHARACTERS = 4_000_000
"""Characters that one bulk call carries at most, so that it is taken within a second or two."""

LETTER = {"Subject": "{{subject}}", "Html": "{{html}}", "Text": "{{text}}"}
"""The template of every bulk call. SES puts in what was rendered here, and escapes nothing."""

_ENTRY_THROTTLED = "ACCOUNT_THROTTLED"
_ENTRY_LATER = frozenset(
    {_ENTRY_THROTTLED, "ACCOUNT_DAILY_QUOTA_EXCEEDED", "ACCOUNT_SENDING_PAUSED"}
)
_ENTRY_UNKNOWN = frozenset({"TRANSIENT_FAILURE"})

_NOT_TRACKED = {"Tracking": {"OpenTrackingEnabled": "DISABLED", "ClickTrackingEnabled": "DISABLED"}}
"""SES puts in no pixel and no link of its own, whatever the account says: ours are there where the
contact allows it, and nowhere else.
https://docs.aws.amazon.com/ses/latest/dg/configuration-overrides.html
"""


_Letterhead = tuple[str, str | None]
"""Whom the messages of a call come from, and whom they are answered to if not the sender."""

_Packed = tuple[int, Mail, str]
"""A message with its place among those handed over, and the data of its entry."""


class SesMailer:
    """Sends messages through a configuration set, one or many at a time.

    `sender` is the From header (`Name <address>`). A client that is older than SES's overrides
    sends without them.
    """

    def __init__(self, client: "SESV2Client", *, sender: str, configuration_set: str) -> None:
        self._client = client
        self._sender = sender
        self._configuration_set = configuration_set
        self._overrides = _overrides(client, "SendEmail")
        self._bulk_overrides = _overrides(client, "SendBulkEmail")

    def send(self, mail: Mail) -> str:
        """Hand the message to SES; its SES message id."""
        try:
            answer = self._client.send_email(
                FromEmailAddress=mail.sender or self._sender,
                Destination={"ToAddresses": [mail.to]},
                ReplyToAddresses=[mail.reply_to] if mail.reply_to else [],
                ConfigurationSetName=self._configuration_set,
                EmailTags=[{"Name": name, "Value": text} for name, text in mail.tags.items()],
                Content={
                    "Simple": {
                        "Subject": {"Data": mail.subject, "Charset": "UTF-8"},
                        "Body": {
                            "Html": {"Data": mail.html, "Charset": "UTF-8"},
                            "Text": {"Data": mail.text, "Charset": "UTF-8"},
                        },
                        "Headers": [
                            {"Name": name, "Value": text} for name, text in mail.headers.items()
                        ],
                    }
                },
                **self._overrides,
            )
        except FAILURES as error:
            raise _translated(error) from error
        return answer["MessageId"]

    def send_bulk(self, mails: Sequence[Mail]) -> Sequence[str | RelanceError]:
        """Hand many messages to SES; for each its SES message id, or why there is none."""
        outcomes: dict[int, str | RelanceError] = {}
        packed: dict[_Letterhead, list[_Packed]] = {}
        for at, mail in enumerate(mails):
            data = _data(mail)
            if len(data) > MOST_DATA:
                outcomes[at] = self._alone(mail)
            else:
                letterhead = (mail.sender or self._sender, mail.reply_to)
                packed.setdefault(letterhead, []).append((at, mail, data))
        for letterhead, some in _calls(packed):
            for (at, _, _), outcome in zip(some, self._together(letterhead, some), strict=True):
                outcomes[at] = outcome
        return [outcomes[at] for at in range(len(mails))]

    def _alone(self, mail: Mail) -> str | RelanceError:
        try:
            return self.send(mail)
        except RelanceError as error:
            return error

    def _together(
        self, letterhead: _Letterhead, some: Sequence[_Packed]
    ) -> Sequence[str | RelanceError]:
        """One call. If SES refuses it for one of its entries, the halves are tried apart."""
        sender, reply_to = letterhead
        arguments: dict[str, Any] = {
            "FromEmailAddress": sender,
            "ReplyToAddresses": [reply_to] if reply_to else [],
            "ConfigurationSetName": self._configuration_set,
            "DefaultContent": {"Template": {"TemplateContent": LETTER, "TemplateData": "{}"}},
            "BulkEmailEntries": [_entry(mail, data) for _, mail, data in some],
            **self._bulk_overrides,
        }
        try:
            answer = self._client.send_bulk_email(**arguments)
        except FAILURES as error:
            translated = _translated(error)
            if len(some) > 1 and _is_of_an_entry(error):
                middle = len(some) // 2
                halves = (some[:middle], some[middle:])
                return [each for half in halves for each in self._together(letterhead, half)]
            return [translated] * len(some)
        results: list[Mapping[str, str]] = [*answer["BulkEmailEntryResults"]]  # type: ignore[list-item]
        if len(results) != len(some):
            lost = SendOutcomeUnknown("SES did not answer for every message of a call")
            return [lost] * len(some)
        return [_outcome(each) for each in results]


def _data(mail: Mail) -> str:
    """The data of an entry."""
    parts = {"subject": mail.subject, "html": mail.html, "text": mail.text}
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def _calls(
    packed: Mapping[_Letterhead, Sequence[_Packed]],
) -> Iterator[tuple[_Letterhead, Sequence[_Packed]]]:
    """The messages of each call, and whom they all come from and are answered to."""
    for letterhead, together in packed.items():
        some: list[_Packed] = []
        size = 0
        for each in together:
            if some and (len(some) == MOST_ENTRIES or size + len(each[2]) > MOST_CHARACTERS):
                yield letterhead, some
                some, size = [], 0
            some.append(each)
            size += len(each[2])
        yield letterhead, some


def _overrides(client: "SESV2Client", operation: str) -> dict[str, Any]:
    """What keeps SES from tracking; a client that has no word for it sends without."""
    shape: Any = client.meta.service_model.operation_model(operation).input_shape
    if "ConfigurationOverrides" not in shape.members:
        return {}
    return {"ConfigurationOverrides": _NOT_TRACKED}


def _entry(mail: Mail, data: str) -> dict[str, Any]:
    return {
        "Destination": {"ToAddresses": [mail.to]},
        "ReplacementTags": [{"Name": name, "Value": text} for name, text in mail.tags.items()],
        "ReplacementHeaders": [
            {"Name": name, "Value": text} for name, text in mail.headers.items()
        ],
        "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": data}},
    }


def _outcome(result: Mapping[str, str]) -> str | RelanceError:
    """What the result of one entry says: HTTP 200 can hold failures."""
    status, message_id = result.get("Status", ""), result.get("MessageId")
    if status == "SUCCESS" and message_id:
        return message_id
    if status in _ENTRY_LATER:
        return SendRateExceeded(
            f"SES asked to try again later ({status}); nothing was sent",
            throttled=status == _ENTRY_THROTTLED,
            stopped=status != _ENTRY_THROTTLED,
        )
    if status in _ENTRY_UNKNOWN or status == "SUCCESS":
        return SendOutcomeUnknown(f"SES answered {status}; nobody knows what became of the message")
    if result.get("Error", "").lower().startswith(_OF_ONE_ADDRESS):
        return RecipientRefused("SES does not take the address of this contact")
    return _refused(status, result.get("Error", "").lower())


def _refused(code: str, said: str) -> SendRefused:
    error = SendRefused(f"SES refused the message ({code}); see the SES console")
    error.stops_all = code in _OF_ALL or "not verified" in said
    return error


def _is_of_an_entry(error: Failure) -> bool:
    """Whether a call was refused as it stands, which one of its entries may be the cause of."""
    if isinstance(error, ParamValidationError):
        return True
    return isinstance(error, ClientError) and code_of(error) == "BadRequestException"


class SesAccount:
    """What SES says of the account and of the sender's identity: a domain, or else an address."""

    def __init__(
        self, client: "SESV2Client", *, domain: str, address: str, configuration_set: str = ""
    ) -> None:
        self._client = client
        self._domain = domain
        self._address = address
        self._configuration_set = configuration_set

    @property
    def region(self) -> str:
        """The region that mail leaves from."""
        return self._client.meta.region_name

    def state(self) -> AccountState:
        """The quota, whether SES sends at all, and from this sender.

        Raises:
            ServiceUnavailable: SES could not answer now.
        """
        with calling("SES"):
            said = self._client.get_account()
        quota = said.get("SendQuota", {})
        per_day = quota.get("Max24HourSend", 0)
        return AccountState(
            per_second=quota.get("MaxSendRate", 0),
            per_day=None if per_day < 0 else int(per_day),
            sent=int(quota.get("SentLast24Hours", 0)),
            production=said.get("ProductionAccessEnabled", False),
            enabled=said.get("SendingEnabled", False),
            enforcement=said.get("EnforcementStatus", ""),
            verified=self._is_verified(),
        )

    def identity(self) -> Identity | None:
        """What SES knows of the sender: of its domain, or else of its address.

        Raises:
            ServiceUnavailable: SES could not answer now.
        """
        for name in (self._domain, self._address):
            with suppress(self._client.exceptions.NotFoundException), calling("SES"):
                said = self._client.get_email_identity(EmailIdentity=name)
                dkim = said.get("DkimAttributes", {})
                returns = cast("Mapping[str, str]", said.get("MailFromAttributes", {}))
                return Identity(
                    name=name,
                    verified=said.get("VerifiedForSendingStatus", False),
                    dkim=dkim.get("Status", "NOT_STARTED"),
                    tokens=tuple(dkim.get("Tokens", ())),
                    dkim_zone=dkim.get("SigningHostedZone", "dkim.amazonses.com"),
                    mail_from=returns.get("MailFromDomainStatus", "NOT_STARTED"),
                    mail_from_domain=returns.get("MailFromDomain"),
                )
        return None

    def set_sends(self) -> bool:
        """Whether sending is switched on in the configuration set.

        Raises:
            ServiceUnavailable: SES could not answer now.
        """
        with calling("SES"):
            said = self._client.get_configuration_set(ConfigurationSetName=self._configuration_set)
        return said.get("SendingOptions", {}).get("SendingEnabled", True)

    def destinations(self) -> tuple[Destination, ...]:
        """Where SES reports what becomes of mail.

        Raises:
            ServiceUnavailable: SES could not answer now.
        """
        with calling("SES"):
            said = self._client.get_configuration_set_event_destinations(
                ConfigurationSetName=self._configuration_set
            )
        return tuple(
            Destination(
                kind=kind,
                enabled=each.get("Enabled", False),
                events=tuple(each["MatchingEventTypes"]),
            )
            for each in said.get("EventDestinations", ())
            for kind, place in (("TOPIC", "SnsDestination"), ("BUS", "EventBridgeDestination"))
            if place in each
        )

    def _is_verified(self) -> bool | None:
        """Whether mail may come from the domain or the address; None if SES did not say."""
        try:
            for name in (self._domain, self._address):
                with suppress(self._client.exceptions.NotFoundException), calling("SES"):
                    if self._client.get_email_identity(EmailIdentity=name).get(
                        "VerifiedForSendingStatus"
                    ):
                        return True
        except ServiceUnavailable:
            return None
        return False


def _translated(error: Failure) -> RelanceError:
    if isinstance(error, ParamValidationError):
        return SendRefused("the message is not one that SES can be handed")
    if isinstance(error, _NEVER_SENT):
        return SendRateExceeded("SES could not be reached; nothing was sent")
    if not isinstance(error, ClientError):
        return SendOutcomeUnknown("the call to SES broke off")
    code, status = code_of(error), status_of(error)
    said = str(error.response.get("Error", {}).get("Message", "")).lower()
    if code == _PAUSED:
        return SendRateExceeded("SES has paused sending; nothing was sent", stopped=True)
    if code in _LATER or status == 429:
        return SendRateExceeded(
            f"SES asked to try again later ({code}); nothing was sent",
            throttled=code not in STALE_SIGNATURE and _DAILY not in said,
            stopped=_DAILY in said,
        )
    if status == 408 or not 400 <= status < 500:
        return SendOutcomeUnknown(f"SES answered {status}; nobody knows what became of the message")
    if code in ("BadRequestException", "MessageRejected") and said.startswith(_OF_ONE_ADDRESS):
        return RecipientRefused("SES does not take the address of this contact")
    return _refused(code, said)
