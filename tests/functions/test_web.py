"""What web pages are given: the script, and what stands in their slots."""

import base64
import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from relance.content.rules import OpenTracking, Tracking
from relance.identities import visitor_identity
from relance.links import Landing, LinkSigner
from relance.register import tracking_value
from relance.storage import Put, Table, Update
from relance.tracker import MINIFIED, script
from relance.usecases.fill_slots import MAX_SLOTS

from tests.functions.conftest import CONTACT, NOW, SAMPLES, SEND, Bench

Call = Callable[[str, str], Any]

VISITOR = "4b1d0c3e-8f5a-4c62-9b7e-2f6a1d9c0e35"
OWNERS = "What does a cup cost you?"


def slots(answer: Any) -> dict[str, str]:
    """What stands in the slots, by the answer."""
    assert answer["headers"]["access-control-allow-origin"] == "*"
    body = json.loads(answer["body"])
    assert set(body) == {"slots"}
    return dict(body["slots"])


def sample(function: str, case: str) -> dict[str, Any]:
    path = SAMPLES / function / f"{case}.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


@pytest.fixture
def owner(bench: Bench, call: Call) -> None:
    """The contact told us to be an owner, and was folded."""
    call("update_contact", "orders")


@pytest.fixture
def known_browser(bench: Bench) -> None:
    """The browser is the contact's."""
    identity = {"identity": visitor_identity(VISITOR), "contact_id": CONTACT}
    bench.store.write(Put(Table.IDENTITIES, identity))


def test_a_known_visitor_sees_the_variant_of_its_own_profile(
    call: Call, owner: None, known_browser: None
) -> None:
    answer = call("fill_slots", "visitor")
    assert OWNERS in slots(answer)["hero"]
    assert answer["headers"]["cache-control"] == "private, max-age=60"
    assert CONTACT not in json.dumps(answer)


def test_an_unknown_visitor_sees_what_stands_in_the_page(call: Call, owner: None) -> None:
    assert slots(call("fill_slots", "visitor")) == {}


def test_whoever_followed_a_link_within_the_hour_is_recognised(call: Call, owner: None) -> None:
    assert OWNERS in slots(call("fill_slots", "after_a_click"))["hero"]


def test_a_link_that_was_followed_longer_ago_tells_nobody(call: Call, owner: None) -> None:
    with time_machine.travel(NOW + timedelta(minutes=61), tick=False):
        assert slots(call("fill_slots", "after_a_click")) == {}


def test_a_forged_token_tells_nobody(call: Call, owner: None) -> None:
    assert slots(call("fill_slots", "forged_token")) == {}


@pytest.mark.parametrize(
    "query",
    [
        {"visitor": "ana@example.com", "slots": "hero"},
        {"visitor": "email:ana@example.com", "slots": "hero"},
        {"visitor": CONTACT, "slots": "hero"},
        {"visitor": VISITOR, "slots": "hero,hero,,nothing"},
        {"slots": "hero"},
    ],
    ids=["address", "identity", "contact id", "strange slots", "nobody"],
)
def test_nothing_but_the_browser_s_own_id_tells_a_visitor(
    bench: Bench, owner: None, monkeypatch: pytest.MonkeyPatch, query: dict[str, str]
) -> None:
    event = {**sample("fill_slots", "visitor"), "queryStringParameters": query}
    assert slots(bench.call("fill_slots", event, monkeypatch)) == {}


def test_somebody_erased_sees_what_everybody_sees(
    bench: Bench, call: Call, owner: None, known_browser: None
) -> None:
    erased = {"erased_at": "2026-01-05T09:00:00.000Z"}
    bench.store.write(Update(Table.CONTACTS, (CONTACT, "now#register"), set=erased))
    assert slots(call("fill_slots", "visitor")) == {}


def test_somebody_who_refuses_to_be_followed_sees_what_everybody_sees(
    bench: Bench, call: Call, owner: None, known_browser: None
) -> None:
    refused = tracking_value(Tracking(OpenTracking.NONE, clicks=True, web=False), NOW, "page")
    key = (CONTACT, "now#register")
    bench.store.write(Update(Table.CONTACTS, key, set={"tracking": refused}))
    assert slots(call("fill_slots", "visitor")) == {}


def test_a_profile_that_follows_from_other_rules_fills_no_slot(
    bench: Bench, call: Call, owner: None, known_browser: None
) -> None:
    profile = bench.get(Table.CONTACTS, CONTACT, "now#profile")
    body = {**json.loads(str(profile["body"])), "rules": "former"}
    bench.store.write(Put(Table.CONTACTS, {**profile, "body": json.dumps(body)}))
    assert slots(call("fill_slots", "visitor")) == {}


def test_more_slots_than_a_page_has_are_left_alone(
    bench: Bench, owner: None, known_browser: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ",".join([*(f"s{number}" for number in range(MAX_SLOTS)), "hero"])
    query = {"visitor": VISITOR, "slots": names}
    event = {**sample("fill_slots", "visitor"), "queryStringParameters": query}
    assert slots(bench.call("fill_slots", event, monkeypatch)) == {}


def test_the_script_is_packed_kept_for_an_hour_and_asked_for_again_by_its_tag(
    bench: Bench, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = call("serve_tracker", "script")
    headers = answer["headers"]
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert headers["content-encoding"] == "gzip"
    assert headers["cache-control"].startswith("public, max-age=3600")
    assert headers["access-control-allow-origin"] == "*"
    packed = base64.b64decode(answer["body"])
    assert gzip.decompress(packed) == MINIFIED.read_bytes()
    again = sample("serve_tracker", "script")
    again["headers"]["if-none-match"] = headers["etag"]
    unchanged = bench.call("serve_tracker", again, monkeypatch)
    assert (unchanged["statusCode"], unchanged["body"]) == (304, "")
    assert unchanged["headers"]["etag"] == headers["etag"]


def test_the_script_comes_plain_to_whoever_cannot_unpack_it(call: Call) -> None:
    answer = call("serve_tracker", "not_packed")
    assert "content-encoding" not in answer["headers"]
    assert base64.b64decode(answer["body"]) == MINIFIED.read_bytes()


@pytest.mark.parametrize("case", ["this version", "an older one"])
def test_only_the_version_that_is_named_is_kept_for_a_year(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    version = script().version if case == "this version" else "0123456789ab"
    event = {**sample("serve_tracker", "script"), "queryStringParameters": {"v": version}}
    answer = bench.call("serve_tracker", event, monkeypatch)
    assert answer["statusCode"] == 200
    assert ("immutable" in answer["headers"]["cache-control"]) == (case == "this version")


def test_a_click_takes_a_token_along_to_the_company_s_own_page(call: Call) -> None:
    location = call("track_click", "link")["headers"]["location"]
    address, _, token = location.partition("?rl=")
    assert address == "https://www.example.com/"
    signer = LinkSigner(secrets={"1": "sample-secret-" * 5}, current="1")
    assert signer.read_landing(token) == Landing(CONTACT, SEND, NOW)


def test_nobody_else_s_page_learns_whose_link_was_followed(bench: Bench, call: Call) -> None:
    links = {"send_id": "links0123456789ab", "links": ["https://partner.example/"]}
    bench.store.write(Put(Table.SENDS, links))
    assert call("track_click", "link")["headers"]["location"] == "https://partner.example/"
    assert bench.get(Table.SENDS, f"fetches{SEND}")["noted"] == 1


def test_whoever_does_not_want_clicks_to_be_followed_is_not_recognised(
    bench: Bench, call: Call
) -> None:
    nothing = tracking_value(Tracking(OpenTracking.NONE, clicks=False), NOW, "e")
    register = (CONTACT, "now#register")
    bench.store.write(Update(Table.CONTACTS, register, set={"tracking": nothing}))
    assert call("track_click", "link")["headers"]["location"] == "https://www.example.com/"
    assert bench.history() == ["signed_up"]


def test_a_look_takes_no_token_along(call: Call) -> None:
    assert call("track_click", "head")["headers"]["location"] == "https://www.example.com/"
