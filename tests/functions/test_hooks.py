"""What a hook takes, what it refuses, and whose history it stands in."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from relance.storage import Put, Table, Update

from tests.functions.conftest import CONTACT, NOW, SAMPLES, Bench

Call = Callable[[str, str], Any]
Send = Callable[..., dict[str, Any]]


def sample(case: str) -> dict[str, Any]:
    """A request as API Gateway hands it over."""
    found: dict[str, Any] = json.loads(
        (SAMPLES / "take_hook" / f"{case}.json").read_text(encoding="utf-8")
    )
    return found


def taken(call: Call, case: str) -> dict[str, Any]:
    """The answer's body."""
    answer: dict[str, Any] = json.loads(call("take_hook", case)["body"])
    return answer


def booked(payload: object, *, secret: str = "sample-booking-secret") -> dict[str, Any]:
    """A report of the booking system, signed now."""
    body = json.dumps(payload).encode()
    stamp = str(int(NOW.timestamp()))
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    request = sample("booking_booked")
    request["headers"]["x-booking-timestamp"] = stamp
    request["headers"]["x-booking-signature"] = f"sha256={digest}"
    return {**request, "body": body.decode()}


def contact_of(bench: Bench, identity: str) -> str:
    """Whose identity it is."""
    return str(bench.get(Table.IDENTITIES, identity)["contact_id"])


def orders(bench: Bench, contact: str = CONTACT) -> list[Mapping[str, Any]]:
    """The orders in a history."""
    events = bench.store.query(Table.EVENTS, contact)
    return [each for each in events if each["name"] == "order_completed"]


def test_an_order_of_somebody_known_stands_in_their_history_once(call: Call, bench: Bench) -> None:
    for case in ("shop_order", "shop_order_in_base_64", "shop_order"):
        assert taken(call, case) == {"success": True, "taken": 1}
    (order,) = orders(bench)
    assert order["source"] == "hook"
    assert order["properties"]["total"] == 59.76
    assert order["properties"]["currency"] == "EUR"
    assert order["context"]["hook"] == {"name": "shop"}
    assert order["occurred_at"] == "2026-01-05T08:59:30.000Z"
    assert contact_of(bench, "crm:shopify:207119551") == CONTACT


def test_a_report_replayed_under_another_id_of_delivery_is_the_same_event(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = sample("shop_order")
    for delivery in ("b54557e4", "forged"):
        request["headers"]["x-shopify-webhook-id"] = delivery
        assert bench.call("take_hook", request, monkeypatch)["statusCode"] == 200
    assert len(orders(bench)) == 1


def test_somebody_of_whom_an_id_is_all_that_is_known_is_a_contact_without_an_address(
    call: Call, bench: Bench
) -> None:
    answer = taken(call, "booking_with_a_bad_entry")
    assert answer["taken"] == 1
    made = contact_of(bench, "crm:booking:K-1")
    assert bench.history(made) == ["meeting_held"]
    assert bench.get(Table.CONTACTS, made, "now#register") == {
        "contact_id": made,
        "record": "now#register",
        "known_by": "crm",
    }


def test_a_new_buyer_is_known_by_address_and_id_and_may_not_be_written_to(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = {"id": "K-9", "email": "new@example.com"}
    booking = {"id": "B-9", "customer": customer}
    request = booked({"type": "booking.created", "booking": booking})
    assert bench.call("take_hook", request, monkeypatch)["statusCode"] == 200
    made = contact_of(bench, "email:new@example.com")
    assert contact_of(bench, "crm:booking:K-9") == made
    register = bench.get(Table.CONTACTS, made, "now#register")
    assert register["address"] == "new@example.com"
    assert not [name for name in register if name.startswith("consent")]


def test_a_refund_finds_the_person_by_the_order(call: Call, bench: Bench) -> None:
    assert taken(call, "shop_refund") == {"success": True, "unknown": 1}
    assert bench.history() == ["signed_up"]
    taken(call, "shop_order")
    assert taken(call, "shop_refund") == {"success": True, "taken": 1}
    assert sorted(bench.history()) == ["order_completed", "order_refunded", "signed_up"]


def test_a_like_counts_for_who_is_known_and_makes_nobody(call: Call, bench: Bench) -> None:
    # One like names somebody, one was taken back, one names nobody.
    assert taken(call, "facebook_likes") == {"success": True, "unnamed": 1, "unknown": 1}
    assert bench.store.get(Table.IDENTITIES, ("crm:facebook:24871200123456789",)) is None
    bench.store.write(
        Put(
            Table.IDENTITIES,
            {"identity": "crm:facebook:24871200123456789", "contact_id": CONTACT},
        )
    )
    assert taken(call, "facebook_likes") == {"success": True, "taken": 1, "unnamed": 1}
    assert sorted(bench.history()) == ["post_liked", "signed_up"]


def test_a_server_says_whose_social_id_it_is(
    call: Call, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = SAMPLES / "collect_events" / "batch.json"
    request = json.loads(path.read_text(encoding="utf-8"))
    ids = [
        {"type": "facebook", "id": "24871200123456789", "collection": "users"},
        {"type": "ios.idfa", "id": "shared-device"},
        {"type": "ga_client_id", "id": "shared-browser"},
    ]
    item = {
        "type": "identify", "messageId": "i-1", "userId": "cust-7",
        "traits": {"email": "ana@example.com"}, "context": {"externalIds": ids},
    }  # fmt: skip
    body = json.dumps({"batch": [item]})
    bench.call("collect_events", {**request, "body": body}, monkeypatch)
    assert contact_of(bench, "crm:facebook:24871200123456789") == CONTACT
    assert bench.store.get(Table.IDENTITIES, ("crm:ios.idfa:shared-device",)) is None
    assert bench.store.get(Table.IDENTITIES, ("crm:ga_client_id:shared-browser",)) is None
    assert taken(call, "facebook_comment") == {"success": True, "taken": 1}
    assert "post_commented" in bench.history()


def test_a_browser_says_nothing_by_the_ids_of_other_systems(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = SAMPLES / "collect_events" / "browser_track.json"
    request = json.loads(path.read_text(encoding="utf-8"))
    item = json.loads(request["body"])
    item.setdefault("context", {})["externalIds"] = [{"type": "facebook", "id": "7"}]
    bench.call("collect_events", {**request, "body": json.dumps(item)}, monkeypatch)
    assert bench.store.get(Table.IDENTITIES, ("crm:facebook:7",)) is None


def test_only_a_hook_may_leave_it_open_whether_somebody_is_made(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = SAMPLES / "collect_events" / "track.json"
    request = json.loads(path.read_text(encoding="utf-8"))
    item = {"event": "Page Viewed", "messageId": "o", "userId": "new", "onlyKnown": True}
    bench.call("collect_events", {**request, "body": json.dumps(item)}, monkeypatch)
    assert bench.history(contact_of(bench, "user:new")) == ["page_viewed"]


def test_a_telephone_number_leads_to_somebody_only_where_nothing_else_does(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def visit(number: int, customer: Mapping[str, str]) -> None:
        booking = {"id": f"B-{number}", "customer": customer}
        request = booked({"type": "booking.checked_in", "booking": booking})
        assert bench.call("take_hook", request, monkeypatch)["statusCode"] == 200

    visit(1, {"phone": "+41 44 668 18 00"})
    visit(2, {"phone": "0041 (44) 668-18-00"})
    visit(3, {"phone": "+41 44 668 18 00", "id": "K-5"})  # somebody else with the same telephone
    visit(4, {"phone": "044 668 18 00"})  # it could be any country's
    by_phone = contact_of(bench, "phone:+41446681800")
    assert bench.history(by_phone) == ["store_visited", "store_visited"]
    assert contact_of(bench, "crm:booking:K-5") != by_phone


def test_who_was_erased_leaves_no_trace(call: Call, bench: Bench) -> None:
    bench.store.write(
        Update(
            Table.CONTACTS,
            (CONTACT, "now#register"),
            set={"erased_at": "2026-01-05T08:00:00.000Z"},
        )
    )
    assert taken(call, "shop_order")["success"] is True
    assert orders(bench) == []


def test_one_malformed_entry_is_told_and_the_rest_taken(call: Call) -> None:
    answer = taken(call, "booking_with_a_bad_entry")
    assert (answer["success"], answer["taken"], answer["unnamed"]) == (True, 1, 1)
    when, identity = answer["errors"]
    assert when == 'rule 3, meeting_held: "ended_at" is no time in the form of ISO 8601'
    assert "its id is missing" in identity


def test_what_no_rule_wants_is_answered_and_counted(
    call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    assert taken(call, "shop_ignored") == {"success": True, "ignored": 1}
    line = vars(caplog.records[-1])
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive == {
        "Namespace": "Relance",
        "Dimensions": [["service", "hook"]],
        "Metrics": [{"Name": "ignored", "Unit": "Count"}],
    }
    assert (line["hook"], line["ignored"]) == ("shop", 1)


def test_no_line_in_the_log_names_anybody(call: Call, caplog: pytest.LogCaptureFixture) -> None:
    for case in ("shop_order", "payments_checkout", "facebook_comment", "booking_with_a_bad_entry"):
        taken(call, case)
    written = " ".join(str(vars(each)) for each in caplog.records)
    assert "'hook': 'shop'" in written
    for personal in ("ana@example.com", "Ana", "+33", "24871200123456789", "K-2"):
        assert personal not in written


UNSIGNED = {
    "shop_unsigned": 'The header "X-Shopify-Hmac-Sha256" is missing',
    "shop_changed_on_its_way": "does not fit",
    "shop_signature_not_ascii": "44 characters of base 64",
    "payments_without_time": "64 hexadecimal digits",
    "payments_old": "300 seconds",
    "booking_from_the_future": "300 seconds",
}


@pytest.mark.parametrize(("case", "said"), UNSIGNED.items(), ids=UNSIGNED)
def test_who_does_not_sign_is_told_what_was_missing(
    call: Call, bench: Bench, case: str, said: str
) -> None:
    answer = call("take_hook", case)
    assert answer["statusCode"] == 401
    assert said in json.loads(answer["body"])["error"]
    assert "sample" not in answer["body"]
    assert bench.history() == ["signed_up"]


def test_a_hook_without_a_secret_answers_like_one_with_another(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = []
    for secrets in ({"booking": ""}, {"booking": "another"}):
        monkeypatch.setattr(
            "relance.composition.AwsServices._secret", lambda *_, given=secrets: dict(given)
        )
        answers.append(bench.call("take_hook", sample("booking_booked"), monkeypatch))
    assert answers[0] == answers[1]
    assert answers[0]["statusCode"] == 401


def test_a_body_beyond_500_kilobytes_is_refused_before_anything_is_computed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = {**sample("booking_booked"), "body": "x" * (500 * 1024 + 1)}
    assert bench.call("take_hook", request, monkeypatch)["statusCode"] == 413


def test_a_long_list_is_stored_little_by_little(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []
    monkeypatch.setattr(
        "relance.aws.services.SqsBacklog.keep", lambda _, bodies: kept.extend(bodies)
    )
    bookings = [
        {"id": f"B-{n}", "attended": True, "customer": {"id": f"K-{n % 3}"}} for n in range(260)
    ]
    request = booked({"type": "day.closed", "bookings": bookings})
    answer = json.loads(bench.call("take_hook", request, monkeypatch)["body"])
    assert answer == {"success": True, "taken": 260, "waiting": 210}
    records = [{"messageId": str(n), "body": each} for n, each in enumerate(kept)]
    drained = bench.call("drain_backlog", {"Records": records}, monkeypatch)
    assert drained == {"batchItemFailures": []}
    stored = [len(bench.history(contact_of(bench, f"crm:booking:K-{n}"))) for n in range(3)]
    assert sum(stored) == 260


def test_meta_and_linkedin_are_told_that_the_address_is_ours(call: Call) -> None:
    meta = call("take_hook", "facebook_challenge")
    assert meta["body"] == "1158201444"
    assert meta["headers"]["content-type"].startswith("text/plain")
    assert meta["headers"]["x-content-type-options"] == "nosniff"
    code = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
    wanted = hmac.new(b"sample-client-secret", code.encode(), hashlib.sha256).hexdigest()
    assert json.loads(call("take_hook", "linkedin_challenge")["body"]) == {
        "challengeCode": code,
        "challengeResponse": wanted,
    }


def test_nobody_gets_a_notification_signed_by_asking_for_a_challenge(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code in ("hmacsha256={}", "{}", "890e4665-4dfe-4ab1-b689-ed553bceeed0\n", "<b>", "", "é"):
        request = sample("linkedin_challenge")
        request["queryStringParameters"] = {"challengeCode": code}
        answer = bench.call("take_hook", request, monkeypatch)
        assert answer["statusCode"] == 403
        assert "challengeResponse" not in answer["body"]


def test_a_secret_that_is_replaced_takes_effect_within_five_minutes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from relance.composition import AwsServices  # noqa: PLC0415

    services = AwsServices()
    given = {"booking": "one"}
    monkeypatch.setattr(services, "_secret", lambda _: dict(given))
    assert services.hook_secrets.of("booking") == ["one"]
    given["booking.2026"] = "two"
    assert services.hook_secrets.of("booking") == ["one"]
    monkeypatch.setattr(services, "now", lambda: NOW + timedelta(minutes=5))
    assert services.hook_secrets.of("booking") == ["one", "two"]


def test_the_bytes_that_came_are_what_is_verified(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = '{"type": "é", "b": "\\u00e9",   "n": 1.0}'.encode()
    request = sample("shop_order")
    digest = hmac.new(b"sample-shop-secret", body, hashlib.sha256).digest()
    request["headers"]["x-shopify-hmac-sha256"] = base64.b64encode(digest).decode()
    plain = {**request, "body": body.decode()}
    packed = {**request, "body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    for each in (plain, packed):
        assert bench.call("take_hook", each, monkeypatch)["statusCode"] == 200
