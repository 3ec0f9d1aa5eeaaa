"""The mail box is SES as far as a message can tell: its MIME, its limits, its events."""

import json
from collections.abc import Callable
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest

from local import ses_events
from local.hook import AwsError
from local.mailbox import Mail, Mailbox
from local.services.ses_account import Quota
from local.services.sesv2 import Sesv2
from local.ses_events import Fate

START = 1_767_600_000.0


class Timers:
    """A clock that runs everything due when told to."""

    def __init__(self) -> None:
        self.now = START
        self._due: list[tuple[float, int, Callable[[], None]]] = []

    def after(self, delay: float, action: Callable[[], None]) -> None:
        self._due.append((self.now + delay, len(self._due), action))

    def run(self) -> None:
        while self._due:
            self._due.sort(key=lambda due: due[:2])
            self.now, _, action = self._due.pop(0)
            action()


class Account:
    def __init__(self, **settings: object) -> None:
        self.timers = Timers()
        self.events: list[tuple[str, ses_events.JsonObject]] = []
        self.mailbox = Mailbox(self.timers, on_event=lambda s, d: self.events.append((s, d)))
        self.ses = Sesv2(self.mailbox, **settings)  # type: ignore[arg-type]

    def send(self, to: str = "ada@example.org", **changes: object) -> Mail:
        self.ses.send_email(request(to, **changes))
        return self.mailbox.mails[-1]

    def reported(self) -> list[str]:
        self.timers.run()
        return [str(detail["eventType"]) for _, detail in self.events]


def request(to: str = "ada@example.org", **changes: object) -> dict[str, object]:
    simple = {
        "Subject": {"Data": "Willkommen, Zoë — schön, dass Sie da sind"},
        "Body": {"Html": {"Data": "<p>Grüß Gott\n.</p>"}, "Text": {"Data": "Grüß Gott\n."}},
        "Headers": [{"Name": "List-Unsubscribe", "Value": "<https://l.example.com/u/1>"}],
    }
    return {
        "FromEmailAddress": "Relance Büro <news@example.com>",
        "Destination": {"ToAddresses": [to]},
        "Content": {"Simple": simple},
        "EmailTags": [{"Name": "send_id", "Value": "abc123"}],
        "ConfigurationSetName": "mail",
        **changes,
    }


def simple(**changes: object) -> dict[str, object]:
    content = request()["Content"]
    assert isinstance(content, dict)
    return {"Simple": {**content["Simple"], **changes}}


def test_a_simple_message_becomes_the_mime_that_ses_makes_of_it() -> None:
    mail = Account().send()
    message = message_from_bytes(mail.mime(), policy=SMTP)
    assert message["From"] == "Relance Büro <news@example.com>"
    assert message["To"] == "ada@example.org"
    assert message["Subject"] == "Willkommen, Zoë — schön, dass Sie da sind"
    assert message["List-Unsubscribe"] == "<https://l.example.com/u/1>"
    assert message["Message-ID"] == f"<{mail.message_id}@email.amazonses.com>"
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()  # type: ignore[attr-defined]
    assert text.get_content().replace("\r\n", "\n") == "Grüß Gott\n."
    assert html.get_content().replace("\r\n", "\n") == "<p>Grüß Gott\n.</p>"
    assert b"\n" not in mail.mime().replace(b"\r\n", b"")
    assert mail.mime().isascii()


def test_tags_and_configuration_set_stand_beside_the_message_not_in_it() -> None:
    mail = Account().send()
    assert mail.draft.tags == (("send_id", "abc123"),)
    assert mail.draft.configuration_set == "mail"
    assert b"abc123" not in mail.mime()


def test_a_message_of_one_part_is_not_multipart() -> None:
    mail = Account().send(Content=simple(Body={"Text": {"Data": "Only text"}}))
    message, html, text = mail.parts()
    assert (message.get_content_type(), html, text) == ("text/plain", None, "Only text")


def test_a_raw_message_goes_to_whom_its_headers_name_and_loses_its_bcc() -> None:
    raw = b"From: a@example.com\r\nTo: b@example.org\r\nBcc: c@example.org\r\nSubject: Hi\r\n\r\nX"
    account = Account()
    mail = account.send(
        Content={"Raw": {"Data": raw}}, Destination={}, FromEmailAddress="a@example.com"
    )
    assert mail.recipients == ("b@example.org", "c@example.org")
    assert mail.subject == "Hi"
    assert b"c@example.org" not in mail.mime()
    assert b"amazonses.com" in mail.mime()


def test_a_released_mail_keeps_its_wire_form() -> None:
    mail = Account().send()
    before = mail.mime()
    mail.release()
    assert mail.draft.html is None
    assert mail.mime() == before


BAD: dict[str, tuple[dict[str, object], str]] = {
    "no recipient": ({"Destination": {}}, "BadRequestException"),
    "51 recipients": (
        {"Destination": {"ToAddresses": [f"p{n}@example.org" for n in range(51)]}},
        "BadRequestException",
    ),
    "not an address": ({"Destination": {"ToAddresses": ["nobody"]}}, "BadRequestException"),
    "local part not ASCII": (
        {"Destination": {"ToAddresses": ["zoë@example.org"]}},
        "BadRequestException",
    ),
    "two addresses in one": (
        {"Destination": {"ToAddresses": ["a@example.org\nb"]}},
        "BadRequestException",
    ),
    "16 headers": (
        {"Content": simple(Headers=[{"Name": f"X-{n}", "Value": "v"} for n in range(16)])},
        "BadRequestException",
    ),
    "header name with a colon": (
        {"Content": simple(Headers=[{"Name": "X:Y", "Value": "v"}])},
        "BadRequestException",
    ),
    "header value not ASCII": (
        {"Content": simple(Headers=[{"Name": "X-Y", "Value": "é"}])},
        "BadRequestException",
    ),
    "header value with a line break": (
        {"Content": simple(Headers=[{"Name": "X-Y", "Value": "a\r\nBcc: x@example.org"}])},
        "BadRequestException",
    ),
    "header value of 996": (
        {"Content": simple(Headers=[{"Name": "X-Y", "Value": "a" * 996}])},
        "BadRequestException",
    ),
    "header of SES's own": (
        {"Content": simple(Headers=[{"Name": "Message-ID", "Value": "<1@example.com>"}])},
        "BadRequestException",
    ),
    "tag with a space": (
        {"EmailTags": [{"Name": "send", "Value": "a b"}]},
        "BadRequestException",
    ),
    "tag of 257": ({"EmailTags": [{"Name": "send", "Value": "a" * 257}]}, "BadRequestException"),
    "tag name with a dot": ({"EmailTags": [{"Name": "a.b", "Value": "1"}]}, "BadRequestException"),
    "unknown configuration set": ({"ConfigurationSetName": "other"}, "NotFoundException"),
    "sender not verified": ({"FromEmailAddress": "x@elsewhere.net"}, "MessageRejected"),
    "template": ({"Content": {"Template": {"TemplateName": "t"}}}, "BadRequestException"),
}


@pytest.mark.parametrize(("changes", "code"), BAD.values(), ids=BAD.keys())
def test_what_ses_refuses_is_refused_with_its_code(changes: dict[str, object], code: str) -> None:
    account = Account(identities={"example.com"}, configuration_sets={"mail"})
    with pytest.raises(AwsError) as refused:
        account.send(**changes)
    assert refused.value.code == code
    assert len(account.mailbox) == 0


def test_15_headers_and_a_tag_of_256_are_taken() -> None:
    headers = [{"Name": f"X-{n}", "Value": "v" * 995} for n in range(15)]
    mail = Account().send(
        Content=simple(Headers=headers), EmailTags=[{"Name": "n", "Value": "v" * 256}]
    )
    message, _, _ = mail.parts()
    assert message["X-14"].strip() == "v" * 995


def test_a_subdomain_of_a_verified_domain_may_send() -> None:
    account = Account(identities={"example.com"})
    assert account.send(FromEmailAddress="news@mail.example.com").sender == "news@mail.example.com"


def test_more_than_the_rate_is_refused_and_lost_and_passes_a_second_later() -> None:
    account = Account(quota=Quota(per_second=2))
    account.send()
    account.send()
    with pytest.raises(AwsError, match="Maximum sending rate") as refused:
        account.send()
    assert (refused.value.code, refused.value.status) == ("TooManyRequestsException", 429)
    account.timers.now += 1.0
    account.send()
    assert len(account.mailbox) == 3


def test_the_account_tells_its_quota_and_forgets_after_a_day() -> None:
    account = Account(quota=Quota(per_day=2, per_second=10))
    account.send()
    account.send()
    sent = account.ses.get_account({})["SendQuota"]
    assert sent == {"Max24HourSend": 2, "MaxSendRate": 10, "SentLast24Hours": 2.0}
    with pytest.raises(AwsError, match="Daily message quota"):
        account.send()
    account.timers.now += 86_400
    account.send()


def test_delivery_is_reported_after_send_in_the_documented_shape() -> None:
    account = Account()
    mail = account.send()
    assert account.reported() == ["Send", "Delivery"]
    configuration_set, detail = account.events[1]
    assert configuration_set == "mail"
    delivery, about = detail["delivery"], detail["mail"]
    assert isinstance(delivery, dict)
    assert isinstance(about, dict)
    assert delivery["recipients"] == ["ada@example.org"]
    assert about["messageId"] == mail.message_id
    assert about["tags"]["send_id"] == ["abc123"]
    assert about["tags"]["ses:configuration-set"] == ["mail"]
    assert about["commonHeaders"]["subject"].startswith("Willkommen")
    assert json.loads(json.dumps(detail)) == detail


FATES: dict[str, tuple[Fate, list[str], str]] = {
    "hard": (ses_events.HARD_BOUNCE, ["Send", "Bounce"], "Permanent/General"),
    "no e-mail": (ses_events.NO_EMAIL, ["Send", "Bounce"], "Permanent/NoEmail"),
    "mailbox full": (ses_events.MAILBOX_FULL, ["Send", "Bounce"], "Transient/MailboxFull"),
    "soft": (ses_events.SOFT_BOUNCE, ["Send", "Bounce"], "Transient/General"),
    "too large": (ses_events.TOO_LARGE, ["Send", "Bounce"], "Transient/MessageTooLarge"),
    "content": (ses_events.REFUSED, ["Send", "Bounce"], "Transient/ContentRejected"),
    "attachment": (ses_events.ATTACHMENT, ["Send", "Bounce"], "Transient/AttachmentRejected"),
    "undetermined": (ses_events.UNDETERMINED, ["Send", "Bounce"], "Undetermined/Undetermined"),
    "full for hours": (
        ses_events.FULL_FOR_HOURS,
        ["Send", "DeliveryDelay", "Bounce"],
        "Transient/MailboxFull",
    ),
}


@pytest.mark.parametrize(("fate", "names", "kind"), FATES.values(), ids=FATES.keys())
def test_every_bounce_is_told_by_type_and_subtype(fate: Fate, names: list[str], kind: str) -> None:
    account = Account()
    account.mailbox.receiver = lambda _mail, _to: fate
    account.send()
    assert account.reported() == names
    bounce = account.events[-1][1]["bounce"]
    assert isinstance(bounce, dict)
    assert f"{bounce['bounceType']}/{bounce['bounceSubType']}" == kind
    assert bounce["bouncedRecipients"][0]["emailAddress"] == "ada@example.org"


def test_a_hard_bounced_address_is_suppressed_by_the_account_from_then_on() -> None:
    account = Account()
    account.mailbox.receiver = lambda _mail, _to: ses_events.HARD_BOUNCE
    account.send()
    account.timers.run()
    account.mailbox.receiver = None
    account.send("ADA@example.org")
    account.timers.run()
    bounce = account.events[-1][1]["bounce"]
    assert isinstance(bounce, dict)
    assert bounce["bounceSubType"] == "OnAccountSuppressionList"


SIMULATED = {
    "success@simulator.amazonses.com": ["Send", "Delivery"],
    "bounce@simulator.amazonses.com": ["Send", "Bounce"],
    "Bounce+label@simulator.amazonses.com": ["Send", "Bounce"],
    "complaint@simulator.amazonses.com": ["Send", "Delivery", "Complaint"],
    "suppressionlist@simulator.amazonses.com": ["Send", "Bounce"],
    "ooto@simulator.amazonses.com": ["Send", "Delivery"],
}


@pytest.mark.parametrize(("address", "names"), SIMULATED.items(), ids=SIMULATED.keys())
def test_the_mailbox_simulator_behaves_and_is_never_suppressed(
    address: str, names: list[str]
) -> None:
    account = Account()
    account.send(address)
    assert account.reported() == names
    assert not account.mailbox.suppressed


def test_without_a_configuration_set_nothing_is_reported() -> None:
    account = Account()
    account.send(ConfigurationSetName=None)
    assert account.reported() == []


def test_mails_are_written_as_eml_files_that_a_mail_program_can_read(tmp_path: Path) -> None:
    account = Account()
    mails = [account.send(), account.send("b/../c@example.org")]
    assert account.mailbox.write(tmp_path) == 2
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["00001-ada@example.org.eml", "00002-b_.._c@example.org.eml"]
    assert (tmp_path / names[0]).read_bytes() == mails[0].mime()
