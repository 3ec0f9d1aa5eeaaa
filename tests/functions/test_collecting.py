"""What the collection API takes, what it refuses by its index, and what it counts once."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from relance.collecting.delivery import MAX_ITEMS
from relance.events import RESERVED
from relance.links import Landing, LinkSigner
from relance.storage import Table, Update, Value

from tests.functions.conftest import CONTACT, NOW, SAMPLES, SEND, Bench

Send = Callable[[Mapping[str, Any]], dict[str, Any]]

ANA = {"traits": {"email": "ana@example.com"}}
ITEM = {"event": "Page Viewed", "messageId": "m1", "userId": "u1", "context": ANA}


BROWSER = {"writeKey": "sample-browser-key"}


@pytest.fixture
def send(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Send:
    """Send a body to /v1/track, or to /v1/batch if it is one; the answer's body.

    A key in the body is used instead of the server's.
    """

    def with_body(body: Mapping[str, Any]) -> dict[str, Any]:
        case = "batch" if "batch" in body else "track"
        path = SAMPLES / "collect_events" / f"{case}.json"
        request = {**json.loads(path.read_text(encoding="utf-8")), "body": json.dumps(body)}
        if "writeKey" in body:
            del request["headers"]["authorization"]
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


def items(*given: Mapping[str, Any], key: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A batch of these, each with an id of its own."""
    return {
        "batch": [{"messageId": f"i{at}", **each} for at, each in enumerate(given)],
        **(key or {}),
    }


def contact_of(bench: Bench, identity: str) -> str:
    """Whose identity it is."""
    return str(bench.get(Table.IDENTITIES, identity)["contact_id"])


def test_a_visitor_is_a_contact_without_an_address(send: Send, bench: Bench) -> None:
    for number in (1, 2):
        send({**ITEM, **BROWSER, "messageId": f"v{number}", "anonymousId": "v-1", "userId": None})
    visitor = contact_of(bench, "visitor:v-1")
    assert visitor != CONTACT
    assert bench.history(visitor) == ["page_viewed", "page_viewed"]
    assert bench.get(Table.CONTACTS, visitor, "now#register") == {
        "contact_id": visitor,
        "record": "now#register",
    }


def test_what_a_browser_says_about_who_somebody_is_stays_a_claim(send: Send, bench: Bench) -> None:
    traits = {"email": "ana@example.com", "firstName": "Eve", "role": "owner"}
    answer = send(
        items(
            {"type": "identify", "anonymousId": "v-1", "userId": "u9", "traits": traits},
            {"event": "Product Viewed", "anonymousId": "v-1", "userId": "u9", "context": ANA},
            key=BROWSER,
        )
    )
    assert answer == {"status": 200, "success": True}
    found = {
        str(each["name"]): each
        for each in bench.store.query(Table.EVENTS, contact_of(bench, "visitor:v-1"))
    }
    claims = {
        "user_id": "u9",
        "traits": {"email": "ana@example.com", "first_name": "Eve", "role": "owner"},
    }
    assert found["identity_claimed"]["properties"] == {"claims": claims}
    assert found["product_viewed"]["context"] == {"claims": {"user_id": "u9", **ANA}}
    assert {each["source"] for each in found.values()} == {"browser"}
    assert bench.history() == ["signed_up"]
    assert bench.store.get(Table.IDENTITIES, ("user:u9",)) is None


def test_a_browser_is_told_the_same_whether_its_claim_is_true(send: Send) -> None:
    claims = [{"email": "ana@example.com"}, {"email": "nobody@example.com"}, {"email": "no"}, {}]
    answers = [
        send(items({"type": "identify", "anonymousId": "v", "traits": each}, key=BROWSER))
        for each in claims
    ]
    assert answers == [{"status": 200, "success": True}] * len(claims)


def test_a_browser_may_not_say_identified_in_other_words(send: Send) -> None:
    answer = send({**ITEM, **BROWSER, "anonymousId": "v", "event": "Identified"})
    assert answer["status"] == 400
    assert "identify" in answer["error"]


def test_a_server_says_who_somebody_is_and_what_they_are_like(send: Send, bench: Bench) -> None:
    traits = {"email": "ana@example.com", "firstName": "Ana", "role": "owner"}
    send(items({"type": "identify", "userId": 7, "traits": traits}))
    assert contact_of(bench, "user:7") == CONTACT
    (event,) = [e for e in bench.store.query(Table.EVENTS, CONTACT) if e["name"] == "identified"]
    assert event["properties"] == {
        "traits": {"email": "ana@example.com", "first_name": "Ana", "role": "owner"}
    }


def test_pages_and_screens_keep_their_name_their_address_and_the_campaign(
    send: Send, bench: Bench
) -> None:
    campaign = {"source": "news", "medium": "email", "name": "spring", "term": "a", "content": "b"}
    page = {"path": "/prices", "title": "Prices"}
    send(
        items(
            {"type": "page", "userId": "u1", "name": "Prices", "category": "Sales",
             "properties": page, "context": {**ANA, "campaign": campaign, "ip": "192.0.2.1"}},
            {"type": "screen", "userId": "u1", "name": "Basket"},
        )
    )  # fmt: skip
    found = {str(each["name"]): each for each in bench.store.query(Table.EVENTS, CONTACT)}
    assert found["page_viewed"]["properties"] == {**page, "name": "Prices", "category": "Sales"}
    assert found["page_viewed"]["context"] == {**ANA, "campaign": campaign}
    assert found["screen_viewed"]["properties"] == {"name": "Basket"}


def test_no_ip_address_is_kept(send: Send, bench: Bench) -> None:
    send({**ITEM, "context": {**ANA, "ip": "192.0.2.77"}, "ip": "192.0.2.77"})
    assert "192.0.2" not in json.dumps(viewed(bench))


def test_two_keys_are_valid_at_once_and_each_has_its_name(send: Send) -> None:
    for key in ("sample-write-key", "sample-former-key"):
        assert send({**ITEM, "writeKey": key})["status"] == 200
    assert send({**ITEM, "writeKey": "sample"})["status"] == 401


def test_of_somebody_who_was_erased_nothing_is_kept(send: Send, bench: Bench) -> None:
    change = Update(Table.CONTACTS, (CONTACT, "now#register"), set={"erased_at": "2026-01-05"})
    bench.store.write(change)
    assert send(items(ITEM, {**ITEM, "messageId": "m2"})) == {"status": 200, "success": True}
    assert bench.history() == ["signed_up"]


def test_of_a_visitor_who_is_not_to_be_followed_a_browser_reports_in_vain(
    send: Send, bench: Bench
) -> None:
    seen = {"event": "Page Viewed", "anonymousId": "v"}
    send(items({**seen, "messageId": "before"}, key=BROWSER))
    visitor = contact_of(bench, "visitor:v")
    tracking: Value = {"opens": "none", "clicks": False, "web": False, "at": "2026-01-05"}
    bench.store.write(Update(Table.CONTACTS, (visitor, "now#register"), set={"tracking": tracking}))
    send(items({**seen, "messageId": "browser"}, key=BROWSER))
    assert bench.history(visitor) == ["page_viewed"]
    # What the company's own systems record about an order is no following.
    send(items({**seen, "messageId": "server", "event": "Order Completed"}))
    assert sorted(bench.history(visitor)) == ["order_completed", "page_viewed"]


def test_who_is_not_to_be_followed_is_not_by_any_browser_that_was_joined(
    send: Send, bench: Bench
) -> None:
    seen = {"event": "Page Viewed"}
    for visitor in ("v", "w"):
        send(items({**seen, "anonymousId": visitor, "messageId": visitor}, key=BROWSER))
        identify(send, "u7", anonymousId=visitor)
    person, joined = contact_of(bench, "user:u7"), contact_of(bench, "visitor:w")
    assert bench.get(Table.CONTACTS, joined, "now#register")["joined_to"] == person
    tracking: Value = {"opens": "none", "clicks": False, "web": False, "at": "2026-01-05"}
    bench.store.write(Update(Table.CONTACTS, (person, "now#register"), set={"tracking": tracking}))
    before = bench.history(joined)
    send(items({**seen, "anonymousId": "w", "messageId": "late"}, key=BROWSER))
    assert bench.history(joined) == before


def test_a_browser_cannot_take_the_place_of_a_server_s_event(send: Send, bench: Bench) -> None:
    same = {**ITEM, "anonymousId": "v", "userId": None, "context": {}}
    send({**same, **BROWSER})
    send(same)
    assert len(bench.history(contact_of(bench, "visitor:v"))) == 2


def test_an_address_that_comes_after_the_user_id_is_still_theirs(send: Send, bench: Bench) -> None:
    send(items({"event": "Page Viewed", "userId": "u5"}))
    send(
        items(
            {
                "type": "identify",
                "messageId": "i",
                "userId": "u5",
                "traits": {"email": "eva@example.com"},
            }
        )
    )
    eva = contact_of(bench, "user:u5")
    assert contact_of(bench, "email:eva@example.com") == eva
    assert bench.get(Table.CONTACTS, eva, "now#register")["address"] == "eva@example.com"
    assert sorted(bench.history(eva)) == ["identified", "page_viewed"]


def identify(send: Send, user: str, **said: object) -> None:
    """Say with a server key who somebody is."""
    answer = send(items({"type": "identify", "messageId": f"{user}{said}", "userId": user, **said}))
    assert answer == {"status": 200, "success": True}


def test_an_address_that_is_somebody_s_is_not_taken_from_them(send: Send, bench: Bench) -> None:
    identify(send, "u1", **ANA)
    send(items({"event": "Page Viewed", "userId": "u5"}))
    identify(send, "u5", **ANA)
    assert contact_of(bench, "email:ana@example.com") == CONTACT
    u5 = bench.get(Table.CONTACTS, contact_of(bench, "user:u5"), "now#register")
    assert "address" not in u5
    assert "joined_to" not in u5


def test_a_visitor_becomes_who_a_server_says_they_are(send: Send, bench: Bench) -> None:
    seen = {"event": "Page Viewed", "anonymousId": "v"}
    send(items({**seen, "messageId": "1"}, key=BROWSER))
    visitor = contact_of(bench, "visitor:v")
    identify(send, "u7", anonymousId="v", traits={"email": "eva@example.com"})
    assert contact_of(bench, "user:u7") == visitor
    assert contact_of(bench, "email:eva@example.com") == visitor
    register = bench.get(Table.CONTACTS, visitor, "now#register")
    assert (register["known_by"], register["address"]) == ("user", "eva@example.com")
    send(items({**seen, "messageId": "2", "anonymousId": "w"}, key=BROWSER))
    identify(send, "u7", anonymousId="w")
    other = contact_of(bench, "visitor:w")
    assert bench.get(Table.CONTACTS, other, "now#register")["joined_to"] == visitor
    assert bench.history(visitor).count("joined") == 1


def test_a_former_user_id_becomes_the_present_one(send: Send, bench: Bench) -> None:
    send(items({"event": "Page Viewed", "userId": "old", "messageId": "1"}))
    alias = {"type": "alias", "previousId": "old", "userId": "new", "messageId": "a"}
    for _ in range(2):  # a second delivery finds the same history
        assert send(items(alias))["status"] == 200
    assert contact_of(bench, "user:new") == contact_of(bench, "user:old")
    assert sorted(bench.history(contact_of(bench, "user:new"))) == ["aliased", "page_viewed"]


def test_whoever_an_id_leads_to_is_known_however_it_was_tied(send: Send, bench: Bench) -> None:
    assert "known_by" not in bench.get(Table.CONTACTS, CONTACT, "now#register")
    send(items({**ITEM, "userId": "u1"}))  # the address of somebody who has not confirmed yet
    assert contact_of(bench, "user:u1") == CONTACT
    assert bench.get(Table.CONTACTS, CONTACT, "now#register")["known_by"] == "user"
    identify(send, "u2", anonymousId="v")
    identify(send, "u1", anonymousId="v")  # two people at one device
    assert "joined_to" not in bench.get(Table.CONTACTS, CONTACT, "now#register")
    assert contact_of(bench, "visitor:v") == contact_of(bench, "user:u2")


def test_what_follows_an_identify_in_its_batch_knows_who_it_is(send: Send, bench: Bench) -> None:
    view = {"event": "Page Viewed", "userId": "u8"}
    batch = [
        {**view, "messageId": "1", "anonymousId": "v"},
        {"type": "identify", "messageId": "2", "userId": "u8", "anonymousId": "v"},
        {"event": "Page Viewed", "anonymousId": "v", "messageId": "3"},
        {**view, "messageId": "4"},
    ]
    assert send(items(*batch))["status"] == 200
    assert len(bench.history(contact_of(bench, "user:u8"))) == 4


def test_a_followed_link_says_softly_who_looks_and_its_token_is_not_kept(
    send: Send, bench: Bench
) -> None:
    signer = LinkSigner(secrets={"1": "sample-secret-" * 5}, current="1")
    token = signer.landing_token(Landing(CONTACT, SEND, NOW))
    seen = {"type": "page", "anonymousId": "v", "messageId": "1"}
    send(items({**seen, "context": {"rl": token, "locale": "en"}}, key=BROWSER))
    soft = bench.get(Table.IDENTITIES, "softly:v")
    assert soft["contact_id"] == CONTACT
    (event,) = bench.store.query(Table.EVENTS, contact_of(bench, "visitor:v"))
    assert event["context"] == {"locale": "en"}
    copied = signer.landing_token(Landing(CONTACT, SEND, NOW - timedelta(minutes=61)))
    for worthless in (token[:-1] + "A", copied):
        late = {**seen, "anonymousId": "w", "messageId": worthless, "context": {"rl": worthless}}
        assert send(items(late, key=BROWSER))["status"] == 200
    assert bench.store.get(Table.IDENTITIES, ("softly:w",)) is None


def test_traits_of_an_identify_are_read_from_its_context_too(send: Send, bench: Bench) -> None:
    context = {"traits": {"email": "ana@example.com", "firstName": "Ana"}}
    send(items({"type": "identify", "userId": "u1", "context": context}))
    (event,) = [e for e in bench.store.query(Table.EVENTS, CONTACT) if e["name"] == "identified"]
    assert event["properties"]["traits"]["first_name"] == "Ana"  # type: ignore[index,call-overload]
