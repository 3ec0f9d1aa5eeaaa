"""Leads between the letters that inform and sales, from Monday 5 January 2026, 9:00 (UTC)."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from local.faults import Fault, FaultPlan, Rule
from local.world import World
from tests.workflows.journeys import SWITCHED_ON, Tale, tale_of
from tests.workflows.story import MONDAY

SALES, HEAD = "sales@example.org", "head@example.org"
CHAT = "https://hooks.example.org/sales"


@pytest.fixture
def tale() -> Iterator[Tale]:
    """A world in which journeys start by themselves, and sales has a mailbox."""
    with World.build(start=MONDAY, seed=1, parameters=SWITCHED_ON) as world:
        told = tale_of(world, "lead_nurturing")
        told.declares(sales=SALES, sales_lead=HEAD)
        yield told


def takes_the_paper(tale: Tale, name: str) -> None:
    tale.happens(name, "file_downloaded", file="guide", form="guide")
    tale.a_moment()


def decides(tale: Tale, button: str, mail: int = -1) -> int:
    """Sales presses a button of the page that one of its mails links to."""
    (path,) = set(re.findall(r"/a/[A-Za-z0-9_-]+", str(tale.mails(SALES)[mail].parts())))
    return tale.posts(path, f"answer={button}".encode())


def text(tale: Tale, mail: int = -1) -> str:
    """What one of the mails to sales says."""
    return str(tale.mails(SALES)[mail].draft.text)


# -- Refused, and again ----------------------------------------------------------------------------


def test_whom_sales_refuses_is_informed_further(tale: Tale) -> None:
    # Ana takes the paper, and ten days later she asks for a call.
    tale.arrives("ana")
    takes_the_paper(tale, "ana")
    tale.day(10)
    tale.happens("ana", "call_requested")
    tale.a_moment()
    assert tale.ends("ana") == ["handed over"]
    # Sales says no: she gets a letter that is true for her, and in two weeks the series.
    assert decides(tale, "refuse") == 200
    assert tale.ends("ana", "sales_handoff")[0] == "refused by sales"
    assert tale.ends("ana") == ["handed over", "RUNNING"]
    assert tale.got("ana") == ["nurture-start", "nurture-hello"]
    assert "paper" not in tale.page("ana")
    tale.day(24.1)
    assert tale.got("ana")[2:] == ["nurture-ease"]


def test_whoever_had_the_series_is_not_told_it_again(tale: Tale) -> None:
    tale.arrives("ana", role="owner")
    takes_the_paper(tale, "ana")
    tale.day(40)
    series = ["nurture-start", "nurture-costs", "nurture-cases"]
    assert tale.got("ana") == series
    tale.happens("ana", "meeting_booked")
    tale.a_moment()
    decides(tale, "refuse")
    tale.day(54.1)
    assert tale.got("ana") == [*series, "nurture-hello", "nurture-water"]


def test_who_took_another_paper_within_four_months_is_not_let_in_again(tale: Tale) -> None:
    tale.arrives("ana")
    takes_the_paper(tale, "ana")
    tale.day(60)
    assert tale.ends("ana") == ["still cold"]
    takes_the_paper(tale, "ana")
    assert tale.ends("ana") == ["still cold", "not again"]


def test_an_entry_that_waits_for_a_paused_journey_keeps_who_started_it(tale: Tale) -> None:
    tale.arrives("ana")
    takes_the_paper(tale, "ana")
    tale.day(10)
    tale.happens("ana", "call_requested")
    tale.a_moment()
    tale.world.start("operation-control", {"journey": "lead_nurturing", "do": "pause"})
    tale.a_moment()
    decides(tale, "refuse")
    assert tale.ends("ana") == ["handed over", "held"]
    tale.world.start("operation-control", {"journey": "lead_nurturing", "do": "resume"})
    tale.day(10.1)
    assert tale.ends("ana")[2:] == ["RUNNING"]


@pytest.mark.parametrize("day", [2, 5, 20], ids="day {}".format)
def test_whoever_asks_again_after_a_refusal_is_handed_over_again(tale: Tale, day: int) -> None:
    tale.arrives("ana")
    tale.happens("ana", "call_requested")
    tale.a_moment()
    decides(tale, "refuse")
    tale.day(day)
    tale.happens("ana", "meeting_booked")
    tale.a_moment()
    assert len(tale.mails(SALES)) == 2
    assert tale.ends("ana") == ["handed over"]
    assert tale.ends("ana", "sales_handoff").count("RUNNING") == 1


# -- What sales gets -------------------------------------------------------------------------------


def test_sales_reads_why_and_what_they_did_in_plain_words(tale: Tale) -> None:
    tale.arrives("ana", first_name="Ana", role="owner")
    tale.happens("ana", "page_viewed", path="/pricing")
    for hour in range(1, 12):
        tale.hour(hour)
        tale.happens("ana", "page_viewed", path=f"/guide/{hour}")
    tale.day(14)
    tale.happens("ana", "call_requested")
    tale.a_moment()
    said = text(tale)
    assert "asked for a call or a meeting at least once within 14 days" in said
    assert "first name: Ana" in said
    assert "persona: The owner" in said
    # The newest comes first; what happened two weeks ago stands there as well.
    acts = said.partition("What happened last:\n")[2].splitlines()
    assert "Call requested" in acts[0]
    assert "2026-01-05" in acts[-1]
    assert any(each.endswith("Page viewed: /pricing") for each in acts)
    assert not re.search(r"[a-z]_[a-z]|workflow|segment", "\n".join(acts), re.IGNORECASE)
    assert len(acts) == 14


def test_no_more_than_fifteen_acts_are_told(tale: Tale) -> None:
    tale.arrives("ana")
    for number in range(30):
        tale.happens("ana", "page_viewed", path=f"/{number}")
    tale.happens("ana", "call_requested")
    tale.a_moment()
    acts = text(tale).partition("What happened last:\n")[2].splitlines()
    assert len(acts) == 15
    assert acts[1].endswith("/29")


def test_acts_of_a_contact_that_was_joined_are_told_too(tale: Tale) -> None:
    keep, join = tale.arrives("ana"), tale.arrives("ann")
    tale.happens("ann", "page_viewed", path="/from-the-other")
    wish = {"keep": keep, "join": join, "by": "kim", "reason": "wrote from both addresses"}
    tale.world.start("operation-join-contacts", wish)
    tale.day(3)
    tale.happens("ana", "call_requested")
    tale.a_moment()
    assert "/from-the-other" in text(tale)


def test_a_hand_over_that_was_mailed_twice_is_decided_once(tale: Tale) -> None:
    contact = tale.arrives("ana")
    until = tale.world.now + timedelta(days=4)
    asked = {
        "workflow": "sales_handoff", "contact": contact, "entry": contact, "step": "hand_over",
        "round": 1, "to": "sales", "why": "Ready.", "until": f"{until:%Y-%m-%dT%H:%M:%S.000Z}",
    }  # fmt: skip
    # The mail goes out, and then the function dies; ten minutes later it is tried again.
    rule = Rule(Fault.STOP_BEFORE, "hand-over", operation="PutItem")
    tale.world.sandboxes.faults = FaultPlan([rule])
    assert tale.world.invoke("hand_over", asked).error is not None
    tale.hour(1 / 6)
    assert tale.world.invoke("hand_over", asked).error is None
    assert len(tale.mails(SALES)) == 2
    # Two links, two minutes: the second press sees what the first one decided.
    assert decides(tale, "accept", 0) == 200
    assert decides(tale, "refuse", 1) == 200
    names = tale.names(tale.address("ana"))
    assert (names.count("lead_accepted"), names.count("lead_refused")) == (1, 0)


STEPS: dict[str, dict[str, Any]] = {
    "alert_people": {"text": "Look."},
    "hand_over": {"why": "Ready.", "until": "2026-01-09T09:00:00.000Z"},
}


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("step", STEPS)
def test_a_webhook_in_trouble_is_tried_again(tale: Tale, step: str, status: int) -> None:
    contact = tale.arrives("ana")
    tale.declares(chat=CHAT)
    tale.world.web.pages[CHAT] = b"ok"
    tale.world.web.statuses[CHAT] = status
    about = {"workflow": "welcome", "contact": contact, "entry": contact, "step": "tell"}
    asked = {**about, "round": 1, "to": "chat", **STEPS[step]}
    result = tale.world.invoke(step, asked)
    assert "ServiceUnavailable" in json.dumps(result.body())
    del tale.world.web.statuses[CHAT]
    assert tale.world.invoke(step, asked).error is None


# -- Nobody decides --------------------------------------------------------------------------------


def test_no_deadline_of_sales_ends_on_a_weekend(tale: Tale) -> None:
    # Friday the 9th, six in the evening: Ana asks for a call. On Sunday nobody is alerted.
    tale.arrives("ana")
    tale.day(4 + 9 / 24)
    tale.happens("ana", "call_requested")
    tale.day(7.3)
    assert len(tale.mails(HEAD)) == 0
    # It is on Monday at five; and the last word is on Wednesday, when she is informed further.
    tale.day(7.34)
    assert len(tale.mails(HEAD)) == 1
    assert "until 2026-01-14 17:00" in text(tale)
    assert tale.ends("ana") == []
    tale.day(9.34)
    assert "nobody took it" in tale.ends("ana", "sales_handoff")
    assert tale.got("ana") == ["nurture-hello"]
    assert decides(tale, "accept") == 410


# -- Who is informed, and of what ------------------------------------------------------------------


def test_only_a_file_of_a_form_begins_it_and_never_for_customers(tale: Tale) -> None:
    for name in ("ana", "ben", "cleo"):
        tale.arrives(name)
    tale.happens("ben", "order_completed", order_id="1")
    # Ana follows a link to the price list, Ben has ordered before; Cleo takes the paper.
    tale.happens("ana", "file_downloaded", url="https://www.example.com/prices.pdf")
    takes_the_paper(tale, "ben")
    takes_the_paper(tale, "cleo")
    assert tale.ends("ana") == []
    assert tale.ends("ben") == ["not eligible"]
    assert tale.got("cleo") == ["nurture-start"]


def test_everybody_gets_what_they_care_about(tale: Tale) -> None:
    roles = {"ana": "owner", "ben": "senior_executive", "cleo": "middle_manager", "dan": "other"}
    for name, role in roles.items():
        tale.arrives(name, role=role)
        takes_the_paper(tale, name)
    tale.day(14.1)
    assert [tale.got(name)[1] for name in roles] == [
        "nurture-costs",
        "nurture-running",
        "nurture-ease",
        "nurture-ease",
    ]


def warms_up(tale: Tale, name: str) -> None:
    for _ in range(3):
        tale.happens(name, "file_downloaded", url="https://www.example.com/other.pdf")
    tale.happens(name, "page_viewed", path="/customers/one")


def test_who_stays_warm_gets_a_letter_a_month_three_at_most(tale: Tale) -> None:
    for name in ("ana", "ben", "cleo"):
        tale.arrives(name)
        takes_the_paper(tale, name)
    tale.day(50)
    for name in ("ana", "ben", "cleo"):
        warms_up(tale, name)
    tale.day(56.1)
    assert [tale.got(name)[3:] for name in ("ana", "ben", "cleo")] == [["nurture-water"]] * 3
    # Ben books a meeting; Cleo does nothing any more; Ana goes on reading.
    tale.day(60)
    tale.happens("ben", "meeting_booked")
    tale.a_moment()
    assert tale.ends("ben") == ["handed over"]
    for day in (80, 110, 140):
        tale.day(day)
        warms_up(tale, "ana")
    tale.day(147)
    assert tale.got("ana")[3:] == ["nurture-water", "nurture-cleaning", "nurture-tasting"]
    assert tale.ends("ana") == ["warm, not ready"]
    assert tale.ends("cleo") == ["still cold"]
