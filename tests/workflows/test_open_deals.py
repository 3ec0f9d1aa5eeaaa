"""Deals of a firm, from Monday 5 January 2026, 9:00 (UTC): who hears what, and when it ends."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.world import World
from tests.workflows.journeys import SWITCHED_ON, Tale, tale_of
from tests.workflows.story import MONDAY
from tests.workflows.test_journeys import is_sold_to, sold

SALES = "sales@example.org"


@pytest.fixture
def tale() -> Iterator[Tale]:
    """A firm of which we know Ana, Ben and Cleo, and sales to hear of them."""
    with World.build(start=MONDAY, seed=1, parameters=SWITCHED_ON) as world:
        tale = tale_of(world, "opportunity_support")
        tale.domain = "roastery.example"
        tale.declares(sales=SALES)
        yield tale


def alerts(tale: Tale) -> list[str]:
    """What sales was told, oldest first."""
    return [str(mail.parts()[2]) for mail in tale.mails(SALES)]


@pytest.mark.parametrize("how", ["stopped", "failed"])
def test_however_the_journey_breaks_off_the_firm_is_sold_to_again(tale: Tale, how: str) -> None:
    tale.arrives("ben")
    tale.happens("ben", "order_completed", order_id="1", revenue=30)
    tale.arrives("ana")
    tale.happens("ana", "deal_opened", deal_id="d1")
    tale.day(3)
    assert not is_sold_to(tale, "ben")
    # Somebody presses Stop, or the alert about a sign of interest cannot be sent.
    (execution,) = tale.of()
    if how == "stopped":
        tale.world.client("stepfunctions").stop_execution(executionArn=execution["executionArn"])
        tale.a_moment()
    else:
        tale.declares(sales="neither mail nor web")
        tale.happens("ana", "form_submitted", form="question")
    tale.day(6)
    assert tale.ends("ana") == ["ABORTED" if how == "stopped" else "FAILED"]
    # Nobody had to repair anything: Ben is asked in time whether there is enough.
    assert is_sold_to(tale, "ben")
    tale.day(40)
    assert sold(tale, "ben") == [("delivered", None)]


def test_two_deals_of_one_contact_are_two(tale: Tale) -> None:
    tale.arrives("ana")
    tale.arrives("ben")
    for deal in ("d1", "d2", "d2"):
        tale.happens("ana", "deal_opened", deal_id=deal)
    assert tale.ends("ana") == ["RUNNING", "RUNNING", "already in"]
    # The first is won: it alone is over, and the firm is left in peace for the second.
    tale.happens("ana", "deal_won", deal_id="d1")
    assert tale.ends("ana") == ["won", "RUNNING", "already in"]
    assert not is_sold_to(tale, "ben")
    tale.happens("ana", "deal_lost", deal_id="d2")
    assert tale.ends("ana") == ["won", "left: deal_lost", "already in"]
    assert is_sold_to(tale, "ben")


def test_a_deal_with_two_people_is_over_for_whom_the_crm_tells_it(tale: Tale) -> None:
    for name in ("ana", "ben"):
        tale.arrives(name)
        tale.happens(name, "deal_opened", deal_id="d1")
    # On the next day the CRM tells of both that the deal is won: neither gets the evidence.
    tale.day(1)
    for name in ("ana", "ben"):
        tale.happens(name, "deal_won", deal_id="d1")
    tale.day(4)
    assert tale.ends("ana") == tale.ends("ben") == ["won"]
    assert tale.got("ana") == tale.got("ben") == []


def test_everybody_who_decides_gets_evidence_of_their_own(tale: Tale) -> None:
    people = {"ana": "owner", "ben": "senior_executive", "cleo": "middle_manager", "dan": None}
    for name, role in people.items():
        traits: dict[str, Any] = {"role": role} if role else {}
        tale.arrives(name, **traits)
        tale.happens(name, "deal_opened", deal_id="d1")
    tale.day(3)
    assert [tale.subject(name) for name in people] == [
        "The figures for your decision",
        "How other companies brought it in",
        "What changes for your team",
        "For the talk with your colleagues",
    ]


def test_sales_hears_who_it_was_and_what_they_did(tale: Tale) -> None:
    tale.arrives("ana", first_name="Ana", company="Roastery")
    tale.happens("ana", "deal_opened", deal_id="d1")
    tale.day(3)
    tale.happens("ana", "form_submitted", form="question")
    tale.day(4)
    tale.happens("ana", "meeting_booked")
    tale.day(5)
    # She looks at the prices three times: one sign.
    for _ in range(3):
        tale.happens("ana", "page_viewed", path="/pricing")
    form, meeting, prices = alerts(tale)
    assert "Form submitted: question" in form
    assert "Meeting booked" in meeting
    assert 'Entered the segment "looks-at-prices"' in prices
    for told in (form, meeting, prices):
        assert "first name: Ana" in told
        assert "email: ana@roastery.example" in told


def test_to_a_chat_goes_the_sign_and_not_the_person(tale: Tale) -> None:
    tale.declares(sales="https://hooks.example.org/sales")
    tale.world.web.pages["https://hooks.example.org/sales"] = b"ok"
    ana = tale.arrives("ana", first_name="Ana")
    tale.happens("ana", "deal_opened", deal_id="d1")
    tale.day(3)
    tale.happens("ana", "file_downloaded", file="prices.pdf")
    ((_, body),) = tale.world.web.posted
    text = json.loads(body)["text"]
    assert "File downloaded: prices.pdf" in text
    assert ana in text
    assert "Ana\n" not in text
    assert tale.address("ana") not in text


def test_who_asks_for_an_offer_while_a_deal_is_open_is_told_of_once(tale: Tale) -> None:
    tale.arrives("ana")
    tale.happens("ana", "deal_opened", deal_id="d1")
    tale.day(3)
    tale.happens("ana", "form_submitted", form="quotation")
    tale.day(4)
    # She is ready for a talk, which those who work on the deal know already.
    assert tale.ends("ana", "sales_handoff") == ["not eligible"]
    (told,) = tale.mails(SALES)
    assert told.subject == "A contact with an open deal shows interest."
