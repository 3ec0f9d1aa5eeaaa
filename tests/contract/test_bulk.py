"""Many messages with one call: each has its own outcome, and a bad one takes no other with it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from relance.aws.sesv2 import MOST_CHARACTERS, MOST_DATA, MOST_ENTRIES, SesMailer
from relance.errors import (
    RecipientRefused,
    RelanceError,
    SendOutcomeUnknown,
    SendRateExceeded,
    SendRefused,
)
from relance.ports import Mail

from local.hook import AwsError, Hook
from local.hub import Hub
from local.mailbox import Mailbox
from local.services.ses_account import Quota
from local.services.sesv2 import Sesv2

ONCE = Config(retries={"total_max_attempts": 1})


class Ses:
    """An account, and what was called."""

    def __init__(self, hook: Hook) -> None:
        self.mailbox = Mailbox(Hub(datetime(2026, 1, 5, 9, tzinfo=UTC)))
        self.service = Sesv2(
            self.mailbox, identities={"example.com"}, quota=Quota(per_day=1000, per_second=500)
        )
        self.calls: list[dict[str, Any]] = []
        self.answers: list[Any] = []
        hook.register("sesv2", self)

    def send_bulk_email(self, params: dict[str, Any]) -> dict[str, object]:
        self.calls.append(params)
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return dict(answer)
        return self.service.send_bulk_email(params)

    def send_email(self, params: dict[str, Any]) -> dict[str, object]:
        return self.service.send_email(params)

    def get_account(self, params: dict[str, Any]) -> dict[str, object]:
        return self.service.get_account(params)


@pytest.fixture
def ses() -> Iterator[Ses]:
    with Hook() as hook:
        yield Ses(hook)


def mailer(sender: str = "Café <hello@example.com>") -> SesMailer:
    client = boto3.client("sesv2", region_name="us-east-1")
    return SesMailer(client, sender=sender, configuration_set="c")


def mail(number: int, **changes: Any) -> Mail:
    told: dict[str, Any] = {
        "to": f"p{number}@example.org",
        "subject": f"Grüße, {number} & {{{{text}}}}",
        "html": f'<p title="{number}">&amp; "quoted" \\ <b>é</b> {{{{subject}}}}</p>',
        "text": f"Line one\nline two of {number}\n",
        "headers": {"List-Unsubscribe": f"<https://links.example.com/u/{number}>"},
        "tags": {"send_id": f"S{number}", "message": "news"},
    }
    return Mail(**{**told, **changes})


def kinds(outcomes: Any) -> list[str]:
    return ["sent" if isinstance(each, str) else type(each).__name__ for each in outcomes]


def test_every_recipient_gets_exactly_what_was_rendered_for_it(ses: Ses) -> None:
    mails = [mail(number) for number in range(MOST_ENTRIES)]
    outcomes = mailer().send_bulk(mails)
    assert len(ses.calls) == 1
    for number, (sent, asked) in enumerate(zip(ses.mailbox.mails, mails, strict=True)):
        assert sent.message_id == outcomes[number]
        assert (sent.draft.to, sent.subject) == ((asked.to,), asked.subject)
        assert (sent.draft.html, sent.draft.text) == (asked.html, asked.text)
        assert dict(sent.draft.headers) == asked.headers
        assert dict(sent.draft.tags) == asked.tags
        assert sent.draft.configuration_set == "c"


def test_ses_puts_nothing_of_its_own_into_a_mail(ses: Ses) -> None:
    mailer().send_bulk([mail(1)])
    assert ses.calls[0]["ConfigurationOverrides"] == {
        "Tracking": {"OpenTrackingEnabled": "DISABLED", "ClickTrackingEnabled": "DISABLED"}
    }


def test_brands_go_with_calls_of_their_own_and_each_outcome_is_told_in_its_place(ses: Ses) -> None:
    """A call has one sender and one address for answers."""
    brand = {"sender": "Tea <tea@example.com>", "reply_to": "tea-answers@example.com"}
    mails = [mail(number, **(brand if number % 2 else {})) for number in range(6)]
    outcomes = mailer().send_bulk(mails)
    told = [(call["FromEmailAddress"], call.get("ReplyToAddresses")) for call in ses.calls]
    assert told == [
        ("Café <hello@example.com>", []),
        ("Tea <tea@example.com>", ["tea-answers@example.com"]),
    ]
    by_id = {each.message_id: each for each in ses.mailbox.mails}
    for asked, outcome in zip(mails, outcomes, strict=True):
        sent = by_id[str(outcome)]
        assert sent.draft.to == (asked.to,)
        assert sent.draft.source == (asked.sender or "Café <hello@example.com>")


def test_more_than_fifty_go_with_several_calls_in_their_order(ses: Ses) -> None:
    outcomes = mailer().send_bulk([mail(number) for number in range(120)])
    assert [len(call["BulkEmailEntries"]) for call in ses.calls] == [50, 50, 20]
    assert outcomes == [each.message_id for each in ses.mailbox.mails]


def test_large_mails_are_spread_over_calls_and_the_largest_goes_by_itself(ses: Ses) -> None:
    large = "x" * (MOST_DATA - 200)
    mails = [mail(number, html=large) for number in range(20)] + [mail(20, html=large + "y" * 300)]
    assert kinds(mailer().send_bulk(mails)) == ["sent"] * 21
    for call in ses.calls:
        assert len(json.dumps(call["BulkEmailEntries"])) < MOST_CHARACTERS + 100_000
    assert sum(len(call["BulkEmailEntries"]) for call in ses.calls) == 20


def test_one_bad_address_is_told_and_the_others_go_out(ses: Ses) -> None:
    outcomes = mailer().send_bulk([mail(1), mail(2, to="no address"), mail(3)])
    assert kinds(outcomes) == ["sent", "RecipientRefused", "sent"]
    assert len(ses.mailbox) == 2


def test_one_entry_that_makes_ses_refuse_the_whole_call_is_found(ses: Ses) -> None:
    service = ses.service

    def strict(params: dict[str, Any]) -> dict[str, object]:
        ses.calls.append(params)
        for entry in params["BulkEmailEntries"]:
            if entry["Destination"]["ToAddresses"] == ["poison@example.org"]:
                raise AwsError("BadRequestException", "Illegal address", 400)
        return service.send_bulk_email(params)

    ses.send_bulk_email = strict  # type: ignore[method-assign]
    mails = [mail(number) for number in range(50)]
    mails[37] = mail(37, to="poison@example.org")
    outcomes = mailer().send_bulk(mails)
    assert kinds(outcomes).count("sent") == 49
    assert isinstance(outcomes[37], RecipientRefused)
    assert len(ses.mailbox) == 49
    assert len(ses.calls) <= 13


REJECTED = {"Status": "MESSAGE_REJECTED", "Error": "Email address is not verified."}


@pytest.mark.parametrize(
    ("result", "ours"),
    [
        ({"Status": "ACCOUNT_THROTTLED", "Error": "Maximum sending rate"}, SendRateExceeded),
        ({"Status": "ACCOUNT_DAILY_QUOTA_EXCEEDED", "Error": "Daily"}, SendRateExceeded),
        ({"Status": "TRANSIENT_FAILURE", "Error": "?"}, SendOutcomeUnknown),
        ({"Status": "SUCCESS"}, SendOutcomeUnknown),
        ({"Status": "INVALID_PARAMETER", "Error": "Illegal address"}, RecipientRefused),
        ({"Status": "INVALID_PARAMETER", "Error": "Duplicate tag name."}, SendRefused),
        (REJECTED, SendRefused),
        ({"Status": "ACCOUNT_SUSPENDED", "Error": "?"}, SendRefused),
        ({"Status": "ACCOUNT_SENDING_PAUSED", "Error": "?"}, SendRateExceeded),
        ({"Status": "FAILED", "Error": "?"}, SendRefused),
    ],
    ids=lambda value: value["Status"] if isinstance(value, dict) else "",
)
def test_what_the_result_of_an_entry_means(
    ses: Ses, result: dict[str, str], ours: type[RelanceError]
) -> None:
    fine = {"Status": "SUCCESS", "MessageId": "m1"}
    ses.answers.append({"BulkEmailEntryResults": [fine, result]})
    first, second = mailer().send_bulk([mail(1), mail(2)])
    assert first == "m1"
    assert type(second) is ours


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (AwsError("TooManyRequestsException", "Maximum", 429), SendRateExceeded),
        (AwsError("SendingPausedException", "?", 400), SendRateExceeded),
        (AwsError("InternalServiceErrorException", "?", 500), SendOutcomeUnknown),
    ],
    ids=lambda value: getattr(value, "code", ""),
)
def test_a_call_that_fails_fails_for_each_and_is_not_repeated(
    ses: Ses, error: AwsError, ours: type[RelanceError]
) -> None:
    ses.answers.append(error)
    client = boto3.client("sesv2", region_name="us-east-1", config=ONCE)
    bulk = SesMailer(client, sender="hello@example.com", configuration_set="c")
    assert [type(each) for each in bulk.send_bulk([mail(1), mail(2)])] == [ours, ours]
    assert len(ses.calls) == 1


def test_an_answer_that_lacks_results_leaves_all_unknown(ses: Ses) -> None:
    ses.answers.append({"BulkEmailEntryResults": [{"Status": "SUCCESS", "MessageId": "m"}]})
    assert kinds(mailer().send_bulk([mail(1), mail(2)])) == ["SendOutcomeUnknown"] * 2


def test_a_sender_that_is_not_verified_is_refused_entry_by_entry(ses: Ses) -> None:
    outcomes = mailer("hello@elsewhere.test").send_bulk([mail(1), mail(2)])
    assert kinds(outcomes) == ["SendRefused"] * 2
    assert all(isinstance(each, SendRefused) and each.stops_all for each in outcomes)
    assert len(ses.mailbox) == 0


def test_every_recipient_counts_against_the_quota(ses: Ses) -> None:
    ses.service.account.quota = Quota(per_day=1000, per_second=3)
    outcomes = mailer().send_bulk([mail(number) for number in range(5)])
    assert kinds(outcomes) == ["sent"] * 3 + ["SendRateExceeded"] * 2
    first, last = outcomes[0], outcomes[-1]
    assert isinstance(first, str)
    assert isinstance(last, SendRateExceeded)
    assert last.throttled


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"DefaultContent": {"Template": {"TemplateName": "stored"}}}, "Stored templates"),
        (
            {"DefaultContent": {"Template": {"TemplateContent": {"Html": "{{#if a}}x{{/if}}"}}}},
            "plain variables",
        ),
        ({"BulkEmailEntries": []}, "between 1 and 50"),
    ],
    ids=["stored", "logic", "nobody"],
)
def test_the_embedded_ses_refuses_what_it_does_not_know(
    ses: Ses, change: dict[str, Any], said: str
) -> None:
    client = boto3.client("sesv2", region_name="us-east-1")
    request: dict[str, Any] = {
        "FromEmailAddress": "hello@example.com",
        "DefaultContent": {"Template": {"TemplateContent": {"Html": "x"}}},
        "BulkEmailEntries": [{"Destination": {"ToAddresses": ["a@example.org"]}}],
        **change,
    }
    with pytest.raises(client.exceptions.BadRequestException, match=said):
        client.send_bulk_email(**request)
