"""The journeys of the library, each told as a story from Monday 5 January 2026, 9:00 (UTC)."""

import json
import re
from pathlib import Path

import pytest

from local.world import ROOT
from tests.workflows.journeys import Tale, Tell

JOURNEYS = sorted(
    path.name.removesuffix(".asl.json")
    for path in (ROOT / "statemachines" / "journeys").glob("*.asl.json")
)


# -- Cart recovery ---------------------------------------------------------------------------------


def test_cart_recovery(tell: Tell) -> None:
    tale = tell("cart_recovery")
    for name in ("ana", "ben", "cleo", "dan", "eve"):
        tale.arrives(name, language="fr" if name == "ben" else "en")
    tale.arrives("fay", agreed=False)
    # Monday, nine: carts are filled; Ana orders within the hour and hears nothing.
    for name in ("ana", "ben", "cleo", "dan", "eve", "fay"):
        what = {"name": "<b>Huila</b>"} if name == "ben" else {}
        tale.happens(name, "product_added", cart_id=f"{name}-1", product_id="espresso", **what)
    tale.hour(0.5)
    tale.happens("ana", "order_completed", cart_id="ana-1", order_id="1")
    assert tale.ends("ana") == ["bought"]
    # An hour later the others are reminded, Ben in French; Fay has agreed to nothing.
    tale.hour(1.1)
    assert tale.got("ben") == ["cart-reminder"]
    assert tale.subject("ben") == "Votre panier vous attend"
    # It names what was put in, as text; where the shop did not say, it does not either.
    assert "&lt;b&gt;Huila&lt;/b&gt; est toujours" in tale.page("ben")
    assert "what you chose is still in the cart" in tale.page("cleo")
    path = tale.link("ben@example.com", "/v/")
    assert b"Huila" in tale.world.request("GET", path).body
    assert tale.ends("fay") == ["not eligible"]
    # Ben orders what names no cart: that counts too. Dan leaves.
    tale.hour(5)
    tale.happens("ben", "order_completed", order_id="2")
    assert tale.ends("ben") == ["bought"]
    tale.unsubscribes("dan@example.com")
    assert tale.ends("dan") == ["left: unsubscribed"]
    # On day 3 Cleo, who still looks around, gets no offer; Eve, who has cooled, does.
    tale.day(2.9)
    for _ in range(4):
        tale.happens("cleo", "product_viewed", product_id="espresso")
    tale.day(3.1)
    assert tale.got("cleo") == ["cart-reminder", "cart-proof"]
    assert tale.got("eve") == ["cart-reminder", "cart-proof", "cart-offer"]
    tale.day(8)
    assert tale.ends("eve") == tale.ends("cleo") == ["did not buy"]
    assert tale.got("dan") == ["cart-reminder"]


def test_p24_two_carts_of_one_person_run_side_by_side(tell: Tell) -> None:
    tale = tell("cart_recovery")
    tale.arrives("ana")
    tale.happens("ana", "product_added", cart_id="a", product_id="espresso")
    tale.happens("ana", "product_added", cart_id="b", product_id="filter")
    tale.happens("ana", "product_added", cart_id="a", product_id="filter")
    assert tale.ends("ana") == ["RUNNING", "RUNNING", "already in"]
    # The order of one cart ends the journey of that one alone.
    tale.hour(0.5)
    tale.happens("ana", "order_completed", cart_id="a", order_id="1")
    assert tale.ends("ana") == ["bought", "RUNNING", "already in"]
    tale.day(8)
    assert tale.ends("ana") == ["bought", "did not buy", "already in"]
    left = tale.events("ana@example.com", "workflow_left")
    assert [each["properties"].get("goal") for each in left] == ["bought", None]
    assert tale.records("ana@example.com", "now#enrolment#cart_recovery") == []


def test_an_order_before_the_journey_begins_keeps_it_from_beginning(tell: Tell) -> None:
    tale = tell("cart_recovery")
    contact = tale.arrives("ana")
    cart = tale.happens("ana", "product_added", cart_id="a")
    tale.happens("ana", "order_completed", cart_id="a")
    tale.world.start("journey-cart-recovery", {"contact": contact, "entry": cart})
    tale.a_moment()
    assert tale.ends("ana") == ["bought", "not eligible"]


# -- Birthday --------------------------------------------------------------------------------------


def test_birthday(tell: Tell) -> None:
    tale = tell("birthday")
    # Ana has a birthday on Thursday and lives in Lisbon, Ben's is tomorrow in Auckland.
    tale.arrives("ana", birth_date="1984-01-08", time_zone="Europe/Lisbon", language="pt")
    tale.arrives("ben", birth_date="1990-01-07", time_zone="Pacific/Auckland")
    tale.arrives("eve", birth_date="1990-01-09")
    far = tale.arrives("cleo", birth_date="1990-06-01")
    none = tale.arrives("dan")
    tale.a_moment()
    for contact in (far, none):  # by hand
        tale.world.start("journey-birthday", {"contact": contact})
    tale.a_moment()
    assert tale.ends("cleo") == tale.ends("dan") == ["no birthday soon"]
    tale.day(3 - 1 / 60)
    assert tale.got("ana") == []
    tale.day(3.01)
    assert tale.subject("ana") == "Hoje o café é por nossa conta"
    assert tale.ends("ana") == ["congratulated"]
    sent = tale.sends("ben@example.com")[0]["claimed_at"]
    assert sent.startswith("2026-01-06T20:00")  # nine in the morning there
    tale.happens("eve", "unsubscribed", topic="newsletter")
    tale.day(10)
    assert tale.ends("eve") == ["left: unsubscribed"]
    # A year later again.
    tale.day(369)
    assert tale.got("ana") == ["birthday", "birthday"]


# -- Win back --------------------------------------------------------------------------------------


def test_win_back(tell: Tell) -> None:
    tale = tell("win_back")
    people = {name: tale.arrives(name) for name in ("ana", "ben", "cleo", "dan")}
    for contact in people.values():
        tale.world.start("journey-win-back", {"contact": contact})
    tale.a_moment()
    assert tale.got("ana") == ["win-back-missed"]
    # Day 3: Ana buys; Ben clicks.
    tale.day(3)
    tale.happens("ana", "order_completed", order_id="1")
    tale.clicks("ben@example.com")
    assert (tale.ends("ana"), tale.ends("ben")) == (["won back"], ["back in touch"])
    # Day 20: Dan clicks in the second; Cleo answers to none and is put to sleep.
    tale.day(20)
    tale.clicks("dan@example.com")
    assert tale.ends("dan") == ["back in touch"]
    tale.day(43)
    assert tale.got("cleo") == ["win-back-missed", "win-back-news", "win-back-offer"]
    assert tale.ends("cleo") == ["put to sleep"]
    assert tale.profile("cleo@example.com")["lists"]["asleep"][0] is True
    # From now on she gets no marketing, whatever starts it, until she orders by herself.
    tale.world.start("journey-lead-nurturing", {"contact": people["cleo"]})
    tale.day(43.5)
    (kept,) = [
        each for each in tale.sends("cleo@example.com") if each["message"] == "nurture-hello"
    ]
    assert (kept["state"], kept["reason"]) == ("skipped", "left_in_peace")
    assert tale.got("cleo")[3:] == []
    tale.day(60)
    tale.happens("cleo", "order_completed", order_id="2", revenue=30)
    tale.day(90)
    assert "replenish" in tale.got("cleo")


def test_whoever_is_overdue_by_their_own_rhythm_is_won_back(tell: Tell) -> None:
    tale = tell("win_back")
    tale.arrives("ana")
    for week in range(5):
        tale.day(week * 7)
        tale.happens("ana", "order_completed", order_id=str(week), revenue=30)
    assert tale.ends("ana") == []
    tale.day(28 + 120)
    told = [each["properties"]["stage"] for each in tale.events("ana@example.com", "stage")]
    assert "at_risk" in told
    assert "win-back-missed" in tale.got("ana")


# -- After a purchase ------------------------------------------------------------------------------


def test_after_purchase(tell: Tell) -> None:
    tale = tell("after_purchase")
    for name in ("ana", "ben", "cleo"):
        tale.arrives(name)
        tale.happens(name, "order_completed", order_id=f"{name}-1", revenue=20)
    # Day 4: delivered to Ana and Ben, and to Cleo something else.
    tale.day(4)
    assert tale.got("ana") == []
    tale.happens("ana", "order_delivered", order_id="ana-1")
    tale.happens("ben", "order_delivered", order_id="ben-1")
    tale.happens("cleo", "order_delivered", order_id="another")
    # Three days later they are asked. Ben sends it back; a return of something else ends nothing.
    tale.day(7.1)
    assert tale.got("ana") == ["after-review"]
    tale.happens("ben", "order_refunded", order_id="ben-1")
    tale.happens("ana", "order_refunded", order_id="another")
    assert tale.ends("ben") == ["left: sent_back"]
    tale.day(14.1)
    assert tale.got("ana") == ["after-review", "after-next"]
    assert tale.ends("ana") == ["looked after"]
    tale.day(41)
    assert tale.ends("cleo") == ["never delivered"]
    assert "after-review" not in tale.got("cleo")


# -- Trial -----------------------------------------------------------------------------------------


def test_trial_onboarding(tell: Tell) -> None:
    tale = tell("trial_onboarding")
    for name in ("ana", "ben", "cleo", "dan"):
        tale.arrives(name)
        tale.happens(name, "trial_started", ends_at="2026-01-19T09:00:00Z")
    assert tale.got("ana") == ["trial-start"]
    # Ana uses it often, on the first days; Dan looks in once.
    for day in (0.5, 1, 1.5):
        tale.day(day)
        tale.happens("ana", "feature_used", feature="orders")
    tale.happens("dan", "feature_used", feature="orders")
    tale.day(3.1)
    assert tale.got("ana") == ["trial-start", "trial-more"]
    assert tale.got("ben") == ["trial-start", "trial-help"]
    assert tale.got("dan") == ["trial-start"]
    tale.day(5)
    tale.happens("ana", "subscription_started")
    tale.happens("cleo", "subscription_cancelled")
    assert tale.ends("ana") == ["became a subscriber"]
    assert tale.ends("cleo") == ["left: trial_cancelled"]
    # Three days before the end, at ten in the morning.
    tale.day(10.9)
    assert tale.got("ben") == ["trial-start", "trial-help"]
    tale.day(11.1)
    assert tale.got("ben") == ["trial-start", "trial-help", "trial-ending"]
    assert tale.got("dan") == ["trial-start", "trial-ending"]
    tale.day(16)
    assert tale.ends("ben") == ["trial ended"]


# -- Sales -----------------------------------------------------------------------------------------


def presses(tale: Tale, button: str, mail: int = -1) -> int:
    """Press a button of the page that a mail to sales links to."""
    parts = tale.mails("sales@example.org")[mail].parts()
    (path,) = set(re.findall(r"/a/[A-Za-z0-9_-]+", str(parts)))
    assert tale.world.request("GET", path).status in (200, 410)
    return tale.posts(path, f"answer={button}".encode())


def test_sales_handoff(tell: Tell) -> None:
    tale = tell("sales_handoff")
    tale.declares(sales="sales@example.org", sales_lead="https://hooks.example.org/lead")
    tale.world.web.pages["https://hooks.example.org/lead"] = b"ok"
    people = {name: tale.arrives(name, first_name=name.title()) for name in ("ana", "ben", "cleo")}
    # Ana asks for a call and is handed over at once; sales accepts.
    tale.happens("ana", "call_requested")
    tale.a_moment()
    assert len(tale.mails("sales@example.org")) == 1
    assert "Ana" in str(tale.mails("sales@example.org")[0].parts())
    assert presses(tale, "accept") == 200
    assert tale.ends("ana") == ["taken by sales"]
    # Ben is refused, and informed further.
    tale.day(1)
    tale.world.start("journey-sales-handoff", {"contact": people["ben"]})
    tale.a_moment()
    presses(tale, "refuse")
    assert tale.ends("ben") == ["refused by sales"]
    assert tale.got("ben") == ["nurture-hello"]
    assert tale.ends("ben", "lead_nurturing") == ["RUNNING"]
    # Nobody decides about Cleo: on the evening of the second day the head of sales hears of it.
    tale.world.start("journey-sales-handoff", {"contact": people["cleo"]})
    tale.day(3.4)
    ((address, body),) = tale.world.web.posted
    assert address == "https://hooks.example.org/lead"
    assert people["cleo"] in json.loads(body)["text"]
    # Two days more would be Saturday; so it is Monday.
    tale.day(6)
    assert tale.ends("cleo") == ["RUNNING"]
    tale.day(7.4)
    assert tale.ends("cleo") == ["nobody took it"]
    assert tale.ends("cleo", "lead_nurturing") == ["RUNNING"]
    assert presses(tale, "accept") == 410
    # Nothing of it names a person in what the console shows.
    assert "Ana" not in str([tale.of(), tale.of("lead_nurturing")])


def test_without_anybody_declared_the_hand_over_says_so(tell: Tell) -> None:
    tale = tell("sales_handoff")
    tale.world.start("journey-sales-handoff", {"contact": tale.arrives("ana")})
    tale.a_moment()
    assert tale.ends("ana") == ["nobody to hand to"]


def test_lead_nurturing(tell: Tell) -> None:
    tale = tell("lead_nurturing")
    tale.arrives("ana", role="owner")
    for name in ("ben", "cleo", "dan"):
        tale.arrives(name)
    for name in ("ana", "ben", "cleo", "dan"):
        tale.happens(name, "file_downloaded", file="paper", form="guide")
    assert tale.got("ana") == ["nurture-start"]
    # Two weeks later by what each cares about.
    tale.day(14.1)
    assert tale.got("ana") == ["nurture-start", "nurture-costs"]
    assert tale.got("ben") == ["nurture-start", "nurture-ease"]
    # Cleo asks for a meeting: to sales at once. Dan buys.
    tale.day(20)
    tale.happens("cleo", "meeting_booked")
    tale.happens("dan", "order_completed", order_id="1")
    tale.a_moment()
    assert tale.ends("cleo") == ["handed over"]
    assert tale.ends("cleo", "sales_handoff")
    assert tale.ends("dan") == ["left: bought"]
    tale.day(50)
    for _ in range(3):
        tale.happens("ana", "file_downloaded", file="other", form="guide")
    tale.happens("ana", "page_viewed", path="/customers/one")
    tale.happens("ana", "page_viewed", path="/pricing")
    tale.day(57)
    series = ["nurture-start", "nurture-costs", "nurture-cases"]
    assert tale.got("ana") == [*series, "nurture-water"]
    assert (tale.ends("ana")[0], tale.ends("ben")) == ("RUNNING", ["still cold"])


# -- The quieter ones ------------------------------------------------------------------------------


def test_newsletter_reconfirm(tell: Tell) -> None:
    tale = tell("newsletter_reconfirm")
    people = {name: tale.arrives(name) for name in ("ana", "ben", "cleo")}
    for contact in people.values():
        tale.world.start("journey-newsletter-reconfirm", {"contact": contact})
    tale.day(1)
    tale.keeps_all("ana@example.com")
    assert tale.ends("ana") == ["stays"]
    tale.day(15)
    tale.keeps_all("ben@example.com")
    tale.day(29)
    assert tale.got("cleo") == ["reconfirm-ask", "reconfirm-last"]
    assert (tale.ends("ben"), tale.ends("cleo")) == (["stays"], ["put to sleep"])


def test_replenishment(tell: Tell) -> None:
    tale = tell("replenishment")
    for name in ("ana", "ben"):
        tale.arrives(name, time_zone="Europe/Lisbon")
        tale.happens(name, "order_completed", order_id=f"{name}-1")
    # Ana orders again on day 10: the count begins anew.
    tale.day(10)
    tale.happens("ana", "order_completed", order_id="ana-2")
    tale.a_moment()
    assert sorted(tale.ends("ana")) == ["RUNNING", "ordered again"]
    # 25 days after Monday is Friday; so it is Tuesday, ten o'clock.
    tale.day(29 + 1 / 24 + 0.01)
    assert "replenish" in tale.got("ben")
    asked = [each for each in tale.sends("ben@example.com") if each["message"] == "replenish"]
    assert asked[0]["claimed_at"].startswith("2026-02-03T10:00")
    tale.day(40)
    assert tale.ends("ben") == ["not ordered"]


def test_browse_recovery(tell: Tell) -> None:
    tale = tell("browse_recovery")
    for name in ("ana", "ben", "cleo"):
        tale.arrives(name)
        for _ in range(1 if name == "ben" else 3):
            tale.happens(name, "product_viewed", product_id="espresso")
    tale.hour(4.1)
    assert tale.got("ana") == tale.got("cleo") == ["browse-again"]
    assert tale.ends("ben") == ["only looked"]
    tale.happens("cleo", "product_added", cart_id="c", product_id="espresso")
    assert tale.ends("cleo")[0] == "chose something"
    tale.day(3.1)
    assert tale.ends("ana")[0] == "did not choose"


def test_event_promotion(tell: Tell) -> None:
    tale = tell("event_promotion")
    for name in ("ana", "ben", "cleo", "dan", "eve"):
        tale.arrives(name, time_zone="America/Sao_Paulo")
    for name in ("ana", "ben"):
        tale.happens(name, "list_joined", list="event_guests")
    assert tale.got("ana") == []  # six in the morning there
    tale.hour(2.1)
    assert tale.got("ana") == ["event-invitation"]
    # Ana registers after a day; Cleo by herself, Eve the evening before, Dan for no known day.
    tale.day(1)
    starts = "2026-01-20T21:00:00Z"
    tale.happens("ana", "event_registered", starts_at=starts)
    tale.happens("cleo", "event_registered", starts_at=starts)
    tale.happens("dan", "event_registered")
    assert tale.ends("dan") == ["no date known"]
    # The day before at ten in the morning there, which is one in the afternoon in UTC.
    tale.day(14 + 4.5 / 24)
    assert tale.got("cleo") == ["event-reminder"]
    assert tale.sends("cleo@example.com")[0]["claimed_at"].startswith("2026-01-19T13:00")
    tale.happens("eve", "event_registered", starts_at=starts)
    tale.day(15.6)
    tale.happens("ana", "event_attended")
    tale.day(17)
    assert tale.got("ana") == ["event-invitation", "event-reminder", "event-thanks"]
    assert tale.got("cleo") == ["event-reminder", "event-missed"]
    assert tale.got("eve") == ["event-missed"]
    assert tale.ends("ana")[0] == "came"
    assert tale.ends("eve") == tale.ends("cleo") == ["did not come"]
    assert tale.ends("ben") == ["did not register"]


def test_returning_visitor(tell: Tell) -> None:
    tale = tell("returning_visitor")
    tale.arrives("ana", agreed=False)
    tale.happens("ana", "page_viewed", path="/")
    assert tale.ends("ana") == []
    tale.day(3)
    tale.happens("ana", "page_viewed", path="/")
    assert tale.ends("ana") == ["RUNNING"]
    tale.day(5)
    tale.happens("ana", "signed_up", topic="another", form="newsletter")
    assert tale.ends("ana")[-1] == "seen again"
    assert tale.got("ana") == []


def test_opportunity_support(tell: Tell) -> None:
    tale = tell("opportunity_support")
    tale.domain = "roastery.example"
    tale.declares(sales="sales@example.org")
    # Dora and Eve, of the same firm, ordered a machine; in a month they are asked to buy again.
    for name in ("dora", "eve"):
        tale.arrives(name)
    tale.happens("dora", "order_completed", order_id="1", revenue=30)
    for name in ("ana", "ben", "cleo"):
        tale.arrives(name)
        tale.happens(name, "deal_opened")
    tale.day(2.1)
    assert tale.got("ana") == ["opportunity-evidence"]
    # Each sign of interest reaches sales, once.
    for day in (3, 5):
        tale.day(day)
        tale.happens("ana", "form_submitted", form="question")
    assert len(tale.mails("sales@example.org")) == 2
    tale.happens("ana", "deal_won")
    tale.happens("ben", "deal_lost")
    assert (tale.ends("ana"), tale.ends("ben")) == (["won"], ["left: deal_lost"])
    # Cleo's deal is open on day 29, so Dora is not sold to; on day 35 it is lost.
    tale.day(30)
    assert sold(tale, "dora") == [("skipped", "left_in_peace")]
    tale.happens("cleo", "deal_lost")
    assert tale.ends("cleo") == ["left: deal_lost"]
    tale.happens("eve", "order_completed", order_id="2", revenue=30)
    tale.day(60)
    assert sold(tale, "eve") == [("delivered", None)]


def sold(tale: Tale, name: str) -> list[tuple[str, str | None]]:
    """What became of the letters that ask somebody to buy again."""
    letters = [each for each in tale.sends(tale.address(name)) if each["message"] == "replenish"]
    return [(each["state"], each.get("reason")) for each in letters]


def test_a_deal_ends_by_itself_and_without_a_letter_nobody_is_sold_to_either(tell: Tell) -> None:
    tale = tell("opportunity_support")
    tale.domain = "roastery.example"
    tale.arrives("ana", agreed=False)
    tale.arrives("ben")
    tale.happens("ana", "deal_opened")
    tale.day(3)
    assert (tale.ends("ana"), tale.got("ana")) == (["RUNNING"], [])
    assert is_sold_to(tale, "ben") is False
    tale.day(151)
    assert tale.ends("ana") == ["still open"]
    assert is_sold_to(tale, "ben") is True


def is_sold_to(tale: Tale, name: str) -> bool:
    """Whether selling mail may go to somebody: no deal is open in their firm."""
    return tale.profile(tale.address(name))["decided"]["segment:deal-open"][0] is not True


# -- All of them -----------------------------------------------------------------------------------

SAMPLES = ROOT / "events" / "executions"


def _machine(journey: str) -> str:
    return f"journey-{journey.replace('_', '-')}"


def samples(machine: str) -> list[Path]:
    """What there is to paste: nobody, an address, a contact nobody knows, one with its entry."""
    return sorted((SAMPLES / machine).glob("*.json"))


@pytest.mark.parametrize("journey", JOURNEYS)
def test_what_is_for_one_cart_order_or_deal_has_a_sample_with_its_entry(journey: str) -> None:
    definition = (ROOT / "statemachines" / "journeys" / f"{journey}.asl.json").read_text("utf-8")
    rules = json.loads(definition)["States"]["Let them in"]["Arguments"]["Payload"]["rules"]
    given = [json.loads(each.read_text("utf-8")) for each in samples(_machine(journey))]
    assert "per" not in rules or any("entry" in each for each in given)


def test_every_journey_has_samples_to_paste_and_each_says_what_it_means(tell: Tell) -> None:
    tale = tell("welcome")
    for journey in JOURNEYS:
        machine = _machine(journey)
        for path in samples(machine):
            tale.world.start(machine, json.loads(path.read_text("utf-8")))
        tale.world.start(machine, {})
    tale.a_moment()
    for journey in JOURNEYS:
        told = tale.of(journey)
        assert [each["status"] for each in told].count("SUCCEEDED") == 2, journey
        failed = [each for each in told if each["status"] == "FAILED"]
        assert len(failed) == len(samples(_machine(journey))) - 1, journey
        assert {each["error"] for each in failed} == {"InvalidInput"}, journey
        assert all('{"contact": ' in each["cause"] for each in failed), journey
