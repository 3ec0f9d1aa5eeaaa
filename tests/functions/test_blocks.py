"""The steps that journeys are drawn of, one call each on moto."""

from collections.abc import Callable
from typing import Any

import pytest
from relance.errors import InvalidInput
from relance.links import Answer, LinkSigner
from relance.storage import Table

from tests.functions.conftest import CONTACT, NOW, SECRETS, Bench

Call = Callable[[str, str], Any]

DECISIONS = {
    "check_condition/signed_up": "yes",
    "check_condition/a_segment": "no",
    "find_moment/a_tuesday": "found",
    "find_moment/no_birthday": "unknown",
    "set_trait/country": "done",
    "alert_people/nobody_declared": "nobody_declared",
    "alert_people/by_mail": "told",
    "call_service/not_declared": "not_declared",
    "hand_over/by_mail": "handed_over",
}


@pytest.mark.parametrize(("sample", "decision"), DECISIONS.items(), ids=DECISIONS)
def test_a_step_decides_and_shows_the_contact(call: Call, sample: str, decision: str) -> None:
    answer = call(*sample.split("/"))
    assert answer["decision"] == decision
    assert answer["view"]["contact"] == CONTACT
    assert "ana@example.com" not in str(answer)


def test_a_step_that_is_repeated_says_the_same_and_writes_once(call: Call, bench: Bench) -> None:
    steps = ("set_trait/country", "split_contacts/half", "alert_people/by_mail")
    for step in (*steps, "hand_over/by_mail"):
        assert call(*step.split("/")) == call(*step.split("/"))
    assert sorted(bench.history()) == [
        "branch_chosen", "handed_over", "people_alerted", "signed_up", "trait_changed",
    ]  # fmt: skip


def test_the_next_tuesday_at_ten_is_where_the_company_is(call: Call) -> None:
    assert call("find_moment", "a_tuesday")["at"] == "2026-01-06T10:00:00.000Z"  # UTC


def test_a_trait_that_was_set_is_seen_at_once(call: Call) -> None:
    assert call("set_trait", "country")["view"]["traits"]["country"] == "PT"


REFUSED = {
    "check_condition/misspelt": 'Did you mean "?warm',
    "set_trait/personal": "not visible to workflows",
    "start_journey/unknown": 'no journey "welcom"',
    "start_batch/one_contact": 'no journey "welcome" any more',
}


@pytest.mark.parametrize(("sample", "told"), REFUSED.items(), ids=REFUSED)
def test_a_mistake_in_a_graph_is_told(call: Call, sample: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        call(*sample.split("/"))


def test_what_sales_gets_says_who_and_why_and_its_page_decides_once(
    call: Call, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed = call("hand_over", "by_mail")["hand_over"]
    signer = LinkSigner(secrets={"1": SECRETS["LinkSecret"]["1"]}, current="1")
    until = NOW.replace(day=7)
    token = signer.answer_token(Answer(CONTACT, handed, NOW, until))

    def page(method: str, body: str = "") -> Any:
        event = {
            "version": "2.0",
            "routeKey": f"{method} /a/{{token}}",
            "rawPath": f"/a/{token}",
            "rawQueryString": "",
            "headers": {"content-type": "application/x-www-form-urlencoded"},
            "requestContext": {
                "requestId": "r",
                "http": {"method": method, "path": f"/a/{token}", "sourceIp": "192.0.2.10"},
            },
            "pathParameters": {"token": token},
            "body": body,
            "isBase64Encoded": False,
        }
        return bench.call("decide_lead", event, monkeypatch)

    # Looking, and pressing nothing that there is, change nothing.
    for method, body in (("GET", ""), ("HEAD", ""), ("POST", "answer=maybe")):
        assert page(method, body)["statusCode"] == 200
    assert "lead_accepted" not in bench.history()
    # The first decision holds, whoever presses what afterwards.
    assert "is yours" in page("POST", "answer=accept")["body"]
    assert "is yours" in page("POST", "answer=refuse")["body"]
    assert "is yours" in page("GET")["body"]
    decided = list(bench.store.query(Table.EVENTS, CONTACT))
    names = [each["name"] for each in decided]
    assert (names.count("lead_accepted"), names.count("lead_refused")) == (1, 0)
    assert page("GET")["headers"]["cache-control"] == "no-store"
