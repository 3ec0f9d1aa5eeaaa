"""What SES reports, message by message, and the sweep over what it never reported."""

import json
from typing import Any

import pytest
from relance.errors import ConditionFailed, InvalidInput, StoreBusy
from relance.ledger import release
from relance.storage import Item, Put, Table, Update

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
