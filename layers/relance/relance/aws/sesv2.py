"""SES, which cannot tell a repeated call: the client must not repeat one by itself.

The client is made with `retries={"total_max_attempts": 1}`. A refusal that SES answered means that
nothing was sent; a call that broke off, timed out or failed within SES may have been carried out.
"""

from collections.abc import Mapping
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


_NOT_TRACKED = {"Tracking": {"OpenTrackingEnabled": "DISABLED", "ClickTrackingEnabled": "DISABLED"}}
"""SES puts in no pixel and no link of its own, whatever the account says: ours are there where the
contact allows it, and nowhere else.
https://docs.aws.amazon.com/ses/latest/dg/configuration-overrides.html
"""


class SesMailer:
    """Sends one message at a time through a configuration set.

    `sender` is the From header (`Name <address>`). A client that is older than SES's overrides
    sends without them.
    """

    def __init__(self, client: "SESV2Client", *, sender: str, configuration_set: str) -> None:
        self._client = client
        self._sender = sender
        self._configuration_set = configuration_set
        known = client.meta.service_model.operation_model("SendEmail").input_shape
        self._overrides: dict[str, Any] = (
            {"ConfigurationOverrides": _NOT_TRACKED}
            if known and "ConfigurationOverrides" in known.members
            else {}
        )

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


def _translated(error: Failure) -> Exception:
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
    return SendRefused(f"SES refused the message ({code}); see the SES console")
