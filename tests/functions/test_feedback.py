"""What SES reports, message by message, and the sweep over what it never reported."""

import json
from typing import Any

import pytest
from relance.errors import ConditionFailed, InvalidInput, StoreBusy
from relance.ledger import release
from relance.links import LinkSigner, Unsubscribe
from relance.register import SuppressionReason
from relance.storage import Item, Put, Table, Update
from relance.suppression import Suppressions

from tests.functions.conftest import CONTACT, NOW, SEND, Bench

VALIDATED = "Successfully validated SNS topic for Amazon SES event publishing."


def report(kind: str, key: str, **payload: object) -> dict[str, Any]:
    mail = {"messageId": "m1", "timestamp": "2026-01-05T08:00:00Z", "tags": {"send_id": [SEND]}}
    return {"eventType": kind, "mail": mail, key: payload}


def from_queue(*bodies: object) -> dict[str, Any]:
    texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
    return {
        "Records": [{"messageId": str(number), "body": text} for number, text in enumerate(texts)]
    }


BOUNCE = report("Bounce", "bounce", bounceType="Permanent", timestamp="2026-01-05T08:30:00Z")
NO_EVENTS = [
    pytest.param(VALIDATED, id="the sentence of SES"),
    pytest.param("[" * 100_000, id="nested too deep"),
    pytest.param("[1]", id="a list"),
    pytest.param({"Type": "Notification"}, id="an empty envelope"),
    pytest.param({"Type": "Notification", "Message": VALIDATED}, id="the sentence in an envelope"),
    pytest.param({"eventType": "Bounce", "mail": "m"}, id="no mail"),
    pytest.param({**BOUNCE, "mail": {"tags": {"send_id": [SEND]}}, "bounce": {}}, id="no time"),
]


@pytest.mark.parametrize("body", NO_EVENTS)
def test_what_is_no_ses_event_is_passed_over_and_the_rest_recorded(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, body: object
) -> None:
    event = from_queue(body, BOUNCE, body)
    answer = bench.call("record_email_event", event, monkeypatch)
    assert answer == {"batchItemFailures": []}
    assert bench.get(Table.SENDS, SEND)["state"] == "bounced"


def test_a_time_that_cannot_be_read_is_taken_from_the_mail(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {**BOUNCE, "bounce": {"bounceType": "Permanent", "timestamp": "soon"}}
    bench.call("record_email_event", from_queue(body), monkeypatch)
    assert bench.get(Table.SENDS, SEND)["bounced_at"] == "2026-01-05T08:00:00.000Z"


@pytest.mark.parametrize("error", [StoreBusy("later"), KeyError("state")])
def test_a_report_that_fails_comes_again_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    stranger = {**BOUNCE, "mail": {**BOUNCE["mail"], "tags": {"send_id": ["BROKEN"]}}}
    get = bench.store.get

    def breaks(store: object, table: Table, key: tuple[str, ...]) -> object:
        if key == ("BROKEN",):
            raise error
        return get(table, key)

    monkeypatch.setattr("relance.aws.dynamodb.DynamoStore.get", breaks)
    answer = bench.call("record_email_event", from_queue(stranger, BOUNCE), monkeypatch)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert bench.get(Table.SENDS, SEND)["state"] == "bounced"


def test_an_event_of_eventbridge_that_is_none_ends_where_a_person_sees_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidInput):
        bench.call("record_email_event", {"detail": {"eventType": "Bounce"}}, monkeypatch)


@pytest.mark.parametrize(("kind", "key"), [("Reject", "reject"), ("Rendering Failure", "failure")])
def test_a_message_that_ses_refuses_afterwards_is_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, kind: str, key: str
) -> None:
    event = from_queue(report("Send", "send"), report(kind, key, reason="Bad content"))
    for _ in range(2):
        assert bench.call("record_email_event", event, monkeypatch) == {"batchItemFailures": []}
    send = bench.get(Table.SENDS, SEND)
    assert (send["state"], send["reason"]) == ("refused", "refused_by_ses")
    assert "unsettled_at" not in send


def test_a_send_that_cannot_be_settled_holds_up_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its journey cannot be told, since the profile is broken; it is put off, not given a miss."""
    stored = {**bench.get(Table.SENDS, SEND), "unsettled_at": "2026-01-05T07:00:00.000Z"}
    names = [f"{letter}{SEND[1:]}" for letter in "AEIMQU2467"]
    broken: Item = {"contact_id": CONTACT, "record": "now#profile", "version": 1, "body": "{"}
    bench.store.write(Put(Table.CONTACTS, broken))
    bench.store.write(Put(Table.SENDS, stored))
    for name in names:
        bench.store.write(Put(Table.SENDS, {**stored, "send_id": name, "contact_id": "0" * 26}))
    answer = bench.call("settle_sends", {}, monkeypatch)
    assert answer == {"given_up": len(names), "woken": 0, "put_off": 1}
    assert all("unsettled_at" not in bench.get(Table.SENDS, name) for name in names)
    assert bench.get(Table.SENDS, SEND)["unsettled_at"] == "2026-01-05T09:10:00.000Z"
    assert bench.call("settle_sends", {}, monkeypatch) == {"given_up": 0, "woken": 0, "put_off": 0}


def test_the_sweep_leaves_a_send_alone_that_a_new_attempt_has_taken(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index may be late: what counts is what stands in the record."""
    item = bench.get(Table.SENDS, SEND)

    def late(store: object, index: object, partition: str, **_: object) -> list[object]:
        return [item] if partition == item["unsettled_shard"] else []

    monkeypatch.setattr("relance.aws.dynamodb.DynamoStore.query_index", late)
    assert bench.call("settle_sends", {}, monkeypatch) == {"given_up": 0, "woken": 0, "put_off": 0}
    assert bench.get(Table.SENDS, SEND)["state"] == "claimed"


def test_only_who_claimed_a_message_gives_the_claim_back(bench: Bench) -> None:

    bench.store.write(Update(Table.SENDS, (SEND,), set={"attempt": "mine"}))
    with pytest.raises(ConditionFailed):
        bench.store.write(release(SEND, attempt="yours", now=NOW))
    bench.store.write(release(SEND, attempt="mine", now=NOW))
    send = bench.get(Table.SENDS, SEND)
    assert (send["state"], send["unsettled_at"]) == ("released", "2026-01-05T10:00:00.000Z")


# -- every kind, both forms, both ways -------------------------------------------------------------

WHEN = "2026-01-05T08:30:00.000Z"
BOUNCED = [{"emailAddress": "Ana <ANA@example.com>", "status": "5.1.1"}]


def bounce(kind: str, subtype: str, status: str = "") -> dict[str, Any]:
    recipients = [{"emailAddress": "ana@example.com", "status": status}]
    return {"bounceType": kind, "bounceSubType": subtype, "bouncedRecipients": recipients}


def complaint(feedback: str | None) -> dict[str, Any]:
    recipients = [{"emailAddress": "ana@example.com"}]
    return {"complaintFeedbackType": feedback, "complainedRecipients": recipients}


# kind, key of the payload, payload, state of the send, event, reason of the suppression
KINDS = {
    "sent": ("Send", "send", {}, "sent", "email_sent", None),
    "delivered": ("Delivery", "delivery", {}, "delivered", "email_delivered", None),
    "delayed": ("DeliveryDelay", "deliveryDelay", {"delayType": "x"}, "sent", "email_sent", None),
    "hard": (
        "Bounce", "bounce", bounce("Permanent", "General", "5.1.1"), "bounced", "email_bounced",
        "bounced",
    ),
    "on a list": (
        "Bounce", "bounce", bounce("Permanent", "OnAccountSuppressionList"), "bounced",
        "email_bounced", "bounced",
    ),
    "no such domain": (
        "Bounce", "bounce", bounce("Transient", "General", "5.4.4"), "bounced", "email_bounced",
        "bounced",
    ),
    "expired": (
        "Bounce", "bounce", bounce("Transient", "MailboxFull", "4.4.7"), "bounced",
        "email_bounced", "bounced",
    ),
    "soft": (
        "Bounce", "bounce", bounce("Transient", "MailboxFull", "5.2.2"), "bounced",
        "email_bounced", None,
    ),
    "undetermined": (
        "Bounce", "bounce", bounce("Undetermined", "Undetermined"), "bounced", "email_bounced",
        None,
    ),
    "too large": (
        "Bounce", "bounce", bounce("Transient", "MessageTooLarge"), "bounced", "email_bounced",
        None,
    ),
    "complaint": (
        "Complaint", "complaint", complaint("abuse"), "complained", "email_complained",
        "complained",
    ),
    "complaint without a type": (
        "Complaint", "complaint", complaint(None), "complained", "email_complained", "complained",
    ),
    "no spam": ("Complaint", "complaint", complaint("not-spam"), "claimed", None, None),
    "bad signature": ("Complaint", "complaint", complaint("auth-failure"), "claimed", None, None),
    "refused": ("Reject", "reject", {"reason": "Bad content"}, "refused", None, None),
    "not rendered": (
        "Rendering Failure", "failure", {"errorMessage": "x"}, "refused", None, None,
    ),
    "opened": ("Open", "open", {"ipAddress": "192.0.2.1"}, "claimed", None, None),
    "clicked": ("Click", "click", {"link": "https://example.com"}, "claimed", None, None),
    "subscription": ("Subscription", "subscription", {"contactList": "x"}, "claimed", None, None),
    "of tomorrow": ("Teleportation", "teleportation", {}, "claimed", None, None),
}  # fmt: skip


def forms(kind: str, key: str, payload: dict[str, Any]) -> list[dict[str, Any]]:
    """The event as an event destination tells it, and as an identity's notification does."""
    mail = {"messageId": "m1", "timestamp": WHEN, "destination": ["ana@example.com"]}
    signer = LinkSigner(secrets={"1": "sample-secret-" * 5}, current="1")
    token = signer.unsubscribe_token(Unsubscribe(CONTACT, SEND))
    header = {"name": "List-Unsubscribe", "value": f"<https://links.example.com/u/{token}>"}
    told = {key: {**payload, "timestamp": WHEN}}
    return [
        {"eventType": kind, "mail": {**mail, "tags": {"send_id": [SEND]}}, **told},
        {"notificationType": kind, "mail": {**mail, "headers": [header]}, **told},
    ]


@pytest.mark.parametrize("legacy_first", [False, True], ids=["events", "notifications"])
@pytest.mark.parametrize("case", KINDS)
def test_every_kind_of_report_is_understood_in_both_forms_by_both_ways_and_counts_once(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    case: str,
    legacy_first: bool,
) -> None:
    kind, key, payload, state, event, reason = KINDS[case]
    told = forms(kind, key, payload)
    first, second = reversed(told) if legacy_first else told
    bench.call("record_email_event", {"detail": first}, monkeypatch)
    seen = (bench.get(Table.SENDS, SEND), bench.history())
    envelope = {"Type": "Notification", "Message": json.dumps(second)}
    assert bench.call("record_email_event", from_queue(second, envelope), monkeypatch) == {
        "batchItemFailures": []
    }
    assert seen == (bench.get(Table.SENDS, SEND), bench.history())
    assert seen[0]["state"] == state
    assert set(bench.history()) - {"signed_up", "email_sent"} == {event} - {None, "email_sent"}
    register = bench.get(Table.CONTACTS, CONTACT, "now#register")
    suppressed: Any = register.get("suppressed") or {}
    assert suppressed.get("reason") == reason
    stored = [*bench.store.query(Table.EVENTS, CONTACT), seen[0]]
    assert "ana@example.com" not in json.dumps(stored, default=str)


def test_somebody_with_another_address_by_now_goes_on_getting_mail(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    anew = Update(Table.CONTACTS, (CONTACT, "now#register"), set={"address": "ana@new.example"})
    bench.store.write(anew)
    body = forms("Bounce", "bounce", bounce("Permanent", "General"))[0]
    bench.call("record_email_event", from_queue(body), monkeypatch)
    assert "suppressed" not in bench.get(Table.CONTACTS, CONTACT, "now#register")
    suppressions = Suppressions(
        bench.store, secrets={"1": "sample-address-secret-" * 3}, current="1"
    )
    entry = suppressions.entry("ana@example.com")
    assert entry is not None
    assert entry.reason is SuppressionReason.BOUNCED
    assert suppressions.entry("ana@new.example") is None


@pytest.mark.parametrize(
    ("bounces", "delivered_after", "is_suppressed"),
    [(4, None, False), (5, None, True), (5, 3, False), (7, 1, True)],
)
def test_soft_bounces_in_a_row_end_mail_to_an_address(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    bounces: int,
    delivered_after: int | None,
    is_suppressed: bool,
) -> None:
    stored = bench.get(Table.SENDS, SEND)
    names = [f"{letter}{SEND[1:]}" for letter in "ABCDEFGHIJ"]
    for number, name in enumerate(names[:bounces]):
        bench.store.write(Put(Table.SENDS, {**stored, "send_id": name}))
        body = forms("Bounce", "bounce", bounce("Transient", "MailboxFull", "5.2.2"))[0]
        told = [body]
        if number == delivered_after:
            other = names[-1]
            bench.store.write(Put(Table.SENDS, {**stored, "send_id": other}))
            told.append(forms("Delivery", "delivery", {})[0])
            told[1]["mail"]["tags"] = {"send_id": [other]}
            told[1]["delivery"]["timestamp"] = f"2026-01-05T08:30:{number:02}.500Z"
        body["mail"]["tags"] = {"send_id": [name]}
        body["bounce"]["timestamp"] = f"2026-01-05T08:30:{number:02}.000Z"
        bench.call("record_email_event", from_queue(*told), monkeypatch)
    register = bench.get(Table.CONTACTS, CONTACT, "now#register")
    suppressed: Any = register.get("suppressed") or {}
    assert (suppressed.get("reason") == "unreachable") is is_suppressed


def test_what_happens_at_the_simulator_is_marked_and_remembered_of_nobody(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = forms("Complaint", "complaint", complaint("abuse"))[0]
    body["mail"]["destination"] = ["complaint@simulator.amazonses.com"]
    body["complaint"]["complainedRecipients"] = [
        {"emailAddress": "complaint@simulator.amazonses.com"}
    ]
    bench.call("record_email_event", from_queue(body), monkeypatch)
    assert bench.get(Table.SENDS, SEND)["simulated"] is True
    suppressions = Suppressions(
        bench.store, secrets={"1": "sample-address-secret-" * 3}, current="1"
    )
    assert suppressions.entry("complaint@simulator.amazonses.com") is None
