"""The request that SES gets."""

from types import SimpleNamespace
from typing import Any

import pytest
from relance.aws.sesv2 import SesMailer
from relance.ports import Mail

MAIL = Mail(to="ana@example.com", subject="Hello", html="<p>Hello</p>", text="Hello")


class Client:
    """SES as a client of this age knows it."""

    def __init__(self, *known: str) -> None:
        shape = SimpleNamespace(members=dict.fromkeys(known))
        model = SimpleNamespace(operation_model=lambda _: SimpleNamespace(input_shape=shape))
        self.meta = SimpleNamespace(service_model=model)
        self.asked: dict[str, Any] = {}

    def send_email(self, **request: Any) -> dict[str, str]:
        self.asked = request
        return {"MessageId": "1"}


def asked(client: Client, mail: Mail = MAIL) -> dict[str, Any]:
    mailer = SesMailer(client, sender="Us <us@example.com>", configuration_set="c")  # type: ignore[arg-type]
    assert mailer.send(mail) == "1"
    return client.asked


def test_ses_adds_no_tracking_of_its_own_whatever_the_account_says() -> None:
    request = asked(Client("ConfigurationOverrides"))
    assert request["ConfigurationOverrides"] == {
        "Tracking": {"OpenTrackingEnabled": "DISABLED", "ClickTrackingEnabled": "DISABLED"}
    }


def test_a_client_that_is_too_old_to_say_so_sends_all_the_same() -> None:
    assert "ConfigurationOverrides" not in asked(Client())


@pytest.mark.parametrize(
    ("mail", "sender", "reply_to"),
    [
        (MAIL, "Us <us@example.com>", []),
        (
            Mail("a@example.com", "s", "h", "t", sender="B <b@b.example>", reply_to="c@b.example"),
            "B <b@b.example>",
            ["c@b.example"],
        ),
    ],
    ids=["the stack's own", "a brand's"],
)
def test_who_it_comes_from_and_who_gets_the_answers(
    mail: Mail, sender: str, reply_to: list[str]
) -> None:
    request = asked(Client(), mail)
    assert (request["FromEmailAddress"], request["ReplyToAddresses"]) == (sender, reply_to)
