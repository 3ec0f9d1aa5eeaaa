"""SES, which cannot tell a repeated call: the client must not repeat one by itself.

The client is made with `retries={"total_max_attempts": 1}`. An error that SES answered means that
nothing was sent; a call that broke off may have been carried out.
"""

from typing import TYPE_CHECKING

from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from relance.errors import SendOutcomeUnknown, SendRateExceeded, SendRefused
from relance.ports import Mail

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

_LATER = frozenset({"TooManyRequestsException", "ThrottlingException", "LimitExceededException"})
_REFUSED = frozenset(
    {
        "AccountSuspendedException",
        "BadRequestException",
        "MailFromDomainNotVerifiedException",
        "MessageRejected",
        "NotFoundException",
        "SendingPausedException",
        "AccessDeniedException",
    }
)


class SesMailer:
    """Sends one message at a time through a configuration set.

    `sender` is the From header (`Name <address>`).
    """

    def __init__(self, client: "SESV2Client", *, sender: str, configuration_set: str) -> None:
        self._client = client
        self._sender = sender
        self._configuration_set = configuration_set

    def send(self, mail: Mail) -> str:
        """Hand the message to SES; its SES message id."""
        try:
            answer = self._client.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [mail.to]},
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
            )
        except (ConnectTimeoutError, EndpointConnectionError) as error:
            raise SendRateExceeded("SES could not be reached; nothing was sent") from error
        except (ReadTimeoutError, ConnectionClosedError) as error:
            raise SendOutcomeUnknown("the call to SES broke off") from error
        except ClientError as error:
            raise _translated(error) from error
        return answer["MessageId"]


def _translated(error: ClientError) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _LATER or status == 429:
        return SendRateExceeded("SES throttled the call; nothing was sent")
    if code in _REFUSED or 400 <= status < 500:
        return SendRefused(f"SES refused the message ({code}); see the SES console")
    return SendOutcomeUnknown(f"SES answered {status}; nobody knows what became of the message")
