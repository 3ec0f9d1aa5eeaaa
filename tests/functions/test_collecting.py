"""What the collection API takes, what it refuses by its index, and what it counts once."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from relance.events import RESERVED
from relance.storage import Table
from relance.usecases.collect_events import MAX_ITEMS

from tests.functions.conftest import CONTACT, NOW, SAMPLES, Bench

Send = Callable[[Mapping[str, Any]], dict[str, Any]]

ANA = {"traits": {"email": "ana@example.com"}}
ITEM = {"event": "Page Viewed", "messageId": "m1", "userId": "u1", "context": ANA}


@pytest.fixture
def send(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Send:
    """Send a body to /v1/track, or to /v1/batch if it is one; the answer's body."""

    def with_body(body: Mapping[str, Any]) -> dict[str, Any]:
        case = "batch" if "batch" in body else "track"
        path = SAMPLES / "collect_events" / f"{case}.json"
        request = {**json.loads(path.read_text(encoding="utf-8")), "body": json.dumps(body)}
        answer = bench.call("collect_events", request, monkeypatch)
        return {"status": answer["statusCode"], **json.loads(answer["body"])}

    return with_body


def viewed(bench: Bench) -> list[Mapping[str, Any]]:
    """The pages that Ana viewed."""
    events = bench.store.query(Table.EVENTS, CONTACT)
    return [event for event in events if event["name"] == "page_viewed"]


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_an_event_of_the_suite_is_refused_and_another_name_proposed(
    send: Send, bench: Bench, name: str
) -> None:
    answer = send({**ITEM, "event": name.replace("_", " ").title()})
    assert answer["status"] == 400
    assert name in answer["error"]
    assert RESERVED[name] in answer["error"]
    assert f"shop_{name}" in answer["error"]
    assert bench.history() == ["signed_up"]


def test_what_clients_report_is_taken(send: Send, bench: Bench) -> None:
    for name in ("Order Completed", "identified", "shop_unsubscribed"):
        assert send({**ITEM, "event": name}) == {"status": 200, "success": True}
        send({**ITEM, "event": name, "messageId": name})
    assert {"order_completed", "identified", "shop_unsubscribed"} <= set(bench.history())


@pytest.mark.parametrize("times", [{}, {"sentAt": "2026-01-05T08:59:59Z"}], ids=["none", "sentAt"])
def test_a_message_without_a_time_of_its_own_is_one_event_however_often_it_comes(
    send: Send, bench: Bench, monkeypatch: pytest.MonkeyPatch, times: dict[str, str]
) -> None:
    for day in (5, 6):
        later = NOW.replace(day=day)
        monkeypatch.setattr("relance.composition.AwsServices.now", lambda _, at=later: at)
        assert send({**ITEM, **times})["status"] == 200
    (event,) = viewed(bench)
    # Without the event's own time there is no clock to correct.
    assert event["occurred_at"] == event["received_at"] == "2026-01-05T09:00:00.000Z"


def test_the_clock_of_a_sender_is_corrected(send: Send, bench: Bench) -> None:
    ahead = {"timestamp": "2026-01-05T11:58:00Z", "sentAt": "2026-01-05T12:00:00Z"}
    send({**ITEM, **ahead})
    assert [event["occurred_at"] for event in viewed(bench)] == ["2026-01-05T08:58:00.000Z"]


REFUSED = [
    pytest.param({"properties": {"a": 1e-200}}, "properties.a", id="too small"),
    pytest.param({"properties": {"a": [{"b": -5e-324}]}}, "properties.a.b", id="too small, nested"),
    pytest.param({"properties": {"a": 1e126}}, "properties.a", id="too large"),
    pytest.param({"properties": {"a": 10**40}}, "properties.a", id="too many digits"),
    pytest.param({"properties": {"a": [{"": 1}]}}, "properties.a", id="no name"),
    pytest.param({"context": {"a": 1e15}}, "context.a", id="too large in the context"),
    pytest.param({"properties": {"a" * 9000: 1e-200}}, "properties.aaa", id="a long name"),
    pytest.param({"properties": {"a": "x" * 33_000}}, "32 KB", id="33 KB"),
    pytest.param({"ignored": "é" * 17_000}, "32 KB", id="33 KB that nobody reads"),
    pytest.param(
        {"timestamp": "0001-01-01T00:00:00Z", "sentAt": "9999-12-31T00:00:00Z"},
        "sentAt",
        id="sent too late",
    ),
    pytest.param(
        {"timestamp": "9999-12-31T00:00:00Z", "sentAt": "0001-01-01T00:00:00Z"},
        "sentAt",
        id="sent too early",
    ),
    pytest.param({"timestamp": 20260105}, "timestamp", id="a number for a time"),
    pytest.param({"timestamp": "0001-01-01T00:00:00+14:00"}, "timestamp", id="before time began"),
    pytest.param({"context": {"traits": {"email": "jörg@example.com"}}}, "email", id="SMTPUTF8"),
    pytest.param({"context": {"traits": {"email": ["ana@example.com"]}}}, "email", id="a list"),
]


@pytest.mark.parametrize(("change", "named"), REFUSED)
def test_an_item_that_cannot_be_kept_is_refused_by_its_index_and_the_rest_taken(
    send: Send, bench: Bench, change: dict[str, Any], named: str
) -> None:
    answer = send({"batch": [ITEM, {**ITEM, "messageId": "m2", "userId": "u2", **change}]})
    assert (answer["status"], answer["success"]) == (200, True)
    (error,) = answer["errors"]
    assert error["index"] == 1
    assert named in error["error"]
    assert len(error["error"]) < 300
    assert len(viewed(bench)) == 1
    # Nobody is made of what was refused.
    assert bench.store.get(Table.IDENTITIES, ("user:u2",)) is None


@pytest.mark.parametrize("number", [0, 0.0, -0.0, 1e-130, -1e-129, 1e-9, 0.1, 999999999999999])
def test_a_number_that_can_be_kept_is_kept(send: Send, bench: Bench, number: float) -> None:
    assert send({**ITEM, "properties": {"n": number}})["status"] == 200
    assert viewed(bench)[0]["properties"]["n"] == number


def test_a_batch_that_would_not_be_done_in_time_is_refused_whole(send: Send, bench: Bench) -> None:
    items = [{**ITEM, "messageId": f"m{number}"} for number in range(MAX_ITEMS + 1)]
    answer = send({"batch": items})
    assert answer["status"] == 413
    assert f"at most {MAX_ITEMS} events" in answer["error"]
    assert viewed(bench) == []
    assert send({"batch": items[1:]}) == {"status": 200, "success": True}
    assert len(viewed(bench)) == MAX_ITEMS


def test_a_domain_in_another_script_is_kept_as_mail_is_sent_to_it(send: Send, bench: Bench) -> None:
    send({**ITEM, "context": {"traits": {"email": "Eva@bücher.de"}}})
    contact = bench.get(Table.IDENTITIES, "email:eva@xn--bcher-kva.de")["contact_id"]
    assert bench.get(Table.CONTACTS, str(contact), "now#register")["address"] == (
        "Eva@xn--bcher-kva.de"
    )


@pytest.mark.parametrize("key", ["klíč", "", 7, {"a": 1}, None, ["sample-write-key"]])
def test_a_write_key_of_any_kind_is_known_or_not(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, key: object
) -> None:
    path = SAMPLES / "collect_events" / "track.json"
    request = json.loads(path.read_text(encoding="utf-8"))
    del request["headers"]["authorization"]
    for given, status in ((key, 401), ("sample-write-key", 200)):
        body = json.dumps({**ITEM, "writeKey": given})
        answer = bench.call("collect_events", {**request, "body": body}, monkeypatch)
        assert answer["statusCode"] == status
