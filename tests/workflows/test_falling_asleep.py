"""Who is put to sleep, who is not, and what wakes them: from Monday 5 January 2026, 9:00 (UTC)."""

import json
import re
from datetime import timedelta

import pytest
from relance.choices import Frequency
from relance.content.rules import OpenTracking, Tracking
from relance.identities import visitor_identity
from relance.register import frequency_value, pause_value, tracking_value
from relance.storage import Present, Put, Table, Update, Value

from tests.workflows.journeys import Tale, Tell
from tests.workflows.story import BROWSER


def chooses(tale: Tale, name: str, what: str, value: Value) -> None:
    """Somebody chose this on the page of preferences."""
    key = (tale.contact(tale.address(name)), "now#register")
    tale.store.write(Update(Table.CONTACTS, key, set={what: value}, when=Present()))


def pauses(tale: Tale, name: str) -> None:
    """Somebody takes a pause of thirty days."""
    now = tale.world.now
    chooses(tale, name, "pause", pause_value(now + timedelta(days=30), now, "x"))


def is_not_followed(tale: Tale, name: str) -> None:
    """Somebody does not let us see which links they follow."""
    unseen = Tracking(opens=OpenTracking.NONE, clicks=False, web=False)
    chooses(tale, name, "tracking", tracking_value(unseen, tale.world.now, "x"))


def enters(tale: Tale, name: str) -> None:
    """Somebody is let into the journey of the story."""
    contact = tale.contact(tale.address(name))
    tale.world.start(f"journey-{tale.journey.replace('_', '-')}", {"contact": contact})
    tale.a_moment()


def summary(tale: Tale, name: str) -> str:
    """The sentence with which the journey of somebody ended."""
    contact = tale.contact(tale.address(name))
    (its,) = [each for each in tale.of() if json.loads(each["input"])["contact"] == contact]
    return str(json.loads(its["output"])["summary"])


def is_asleep(tale: Tale, name: str) -> bool:
    """Whether somebody is in the segment that marketing leaves in peace."""
    decided = tale.profile(tale.address(name))["decided"]["segment:asleep"]
    return decided[0] is True


# -- Silence says something only about letters that went -------------------------------------------


def test_whoever_takes_a_pause_is_not_put_to_sleep_for_letters_that_never_went(tell: Tell) -> None:
    tale = tell("win_back")
    tale.arrives("ana")
    pauses(tale, "ana")
    enters(tale, "ana")
    # Day 0 and day 14: both letters are held back. On day 28 there is no word of a last one.
    tale.day(29)
    assert [each["reason"] for each in tale.sends("ana@example.com")] == ["paused", "paused"]
    assert tale.ends("ana") == ["asked too rarely"]
    assert summary(tale, "ana").startswith("0 of the three letters went")
    assert not is_asleep(tale, "ana")


def test_one_letter_a_month_is_too_little_to_take_somebody_for_asleep(tell: Tell) -> None:
    tale = tell("win_back")
    tale.arrives("ben")
    chooses(tale, "ben", "frequency", frequency_value(Frequency.MONTHLY, tale.world.now, "x"))
    enters(tale, "ben")
    tale.day(43)
    assert tale.got("ben") == ["win-back-missed"]
    assert tale.ends("ben") == ["asked too rarely"]
    assert summary(tale, "ben").startswith("1 of the three letters went")
    assert not is_asleep(tale, "ben")


def test_the_last_letter_and_one_before_it_are_enough_and_the_ending_counts_them(
    tell: Tell,
) -> None:
    tale = tell("win_back")
    tale.arrives("cleo")
    pauses(tale, "cleo")
    # Day 20: the first letter is still held back; the pause is over on day 30.
    tale.day(20)
    enters(tale, "cleo")
    tale.day(63)
    assert tale.got("cleo") == ["win-back-news", "win-back-offer"]
    assert tale.ends("cleo") == ["put to sleep"]
    assert summary(tale, "cleo").startswith("Did not answer to 2 letters")
    assert is_asleep(tale, "cleo")


def test_whoever_was_not_asked_whether_to_go_on_has_not_failed_to_answer(tell: Tell) -> None:
    tale = tell("newsletter_reconfirm")
    for name in ("ana", "ben"):
        tale.arrives(name)
    pauses(tale, "ana")
    enters(tale, "ana")
    enters(tale, "ben")
    assert (tale.got("ana"), tale.ends("ana")) == ([], ["not asked"])
    # Day 3: Ben takes a pause, so the last question, which says that he did not answer, cannot go.
    tale.day(3)
    pauses(tale, "ben")
    tale.day(29)
    assert (tale.got("ben"), tale.ends("ben")) == (["reconfirm-ask"], ["asked only once"])
    assert not is_asleep(tale, "ana")
    assert not is_asleep(tale, "ben")


def test_whoever_is_at_risk_reads_on_the_website_what_the_letters_say_until_they_order(
    tell: Tell,
) -> None:
    tale = tell("win_back")
    visitor = "4b1d0c3e-8f5a-4c62-9b7e-2f6a1d9c0e35"
    seen = Tracking(opens=OpenTracking.NONE, clicks=True, web=True)
    contact = tale.arrives("fay")
    chooses(tale, "fay", "tracking", tracking_value(seen, tale.world.now, "x"))
    known = {"identity": visitor_identity(visitor), "contact_id": contact}
    tale.store.write(Put(Table.IDENTITIES, known))

    def hero() -> str:
        answer = tale.world.request("GET", "/slots", query=f"slots=hero&visitor={visitor}")
        return str(json.loads(answer.body)["slots"].get("hero", ""))

    # She orders every week for a month, and then no more.
    for week in range(5):
        tale.day(week * 7)
        tale.happens("fay", "order_completed", order_id=str(week), revenue=30)
    assert "It has been a while" not in hero()
    tale.day(50)
    while tale.got("fay").count("win-back-missed") == 0:
        tale.world.run(for_=timedelta(days=1))
    assert "It has been a while" in hero()
    tale.happens("fay", "order_completed", order_id="6", revenue=30)
    assert "It has been a while" not in hero()
    assert tale.ends("fay") == ["won back"]


# -- Who is not followed can say yes, and is not silent --------------------------------------------


def test_whoever_is_not_followed_says_yes_with_a_press_on_the_page_and_not_by_looking(
    tell: Tell,
) -> None:
    tale = tell("newsletter_reconfirm")
    tale.arrives("ana")
    is_not_followed(tale, "ana")
    enters(tale, "ana")
    # The button of the letter leads to the page. A scanner that follows it says nothing.
    path = tale.link("ana@example.com", "/p/")
    assert re.findall(r'href="[^"]*(/p/[^"]+)"[^>]*>Yes, go on writing<', tale.page("ana")) == [
        path
    ]
    assert tale.world.request("GET", path, headers=BROWSER).status == 200
    tale.day(2)
    assert tale.ends("ana") == ["RUNNING"]
    # Day 2: she presses the button of the page.
    assert tale.keeps_all("ana@example.com") == 200
    assert tale.ends("ana") == ["stays"]
    (said,) = tale.events("ana@example.com", "preferences_confirmed")
    assert said["properties"]["proof"]["page"] == "preferences"


def test_a_page_that_is_saved_as_it_is_says_yes_and_an_old_one_says_nothing(tell: Tell) -> None:
    tale = tell("newsletter_reconfirm")
    for name in ("ana", "ben"):
        tale.arrives(name)
        enters(tale, name)
    as_it_is = "on:email:newsletter=yes&frequency=all&opens=none&clicks=yes&language=en&do=save"
    made = round(tale.world.now.timestamp() * 1000)
    tale.day(1)
    ana, ben = (tale.link(tale.address(name), "/p/") for name in ("ana", "ben"))
    assert tale.posts(ana, f"made_at={made}&{as_it_is}".encode()) == 200
    assert tale.ends("ana") == ["stays"]
    # Ben's page says when it was made: before he agreed to anything.
    assert tale.posts(ben, b"made_at=1000&do=keep") == 200
    assert tale.ends("ben") == ["RUNNING"]


def test_only_whoever_we_could_see_click_is_taken_for_silent(tell: Tell) -> None:
    tale = tell("newsletter_reconfirm")
    for name in ("ana", "ben"):
        tale.arrives(name)
    is_not_followed(tale, "ana")
    # A first letter on day 0, others until day 92; neither of the two clicks in any.
    for name in ("ana", "ben"):
        contact = tale.contact(tale.address(name))
        tale.world.start("journey-lead-nurturing", {"contact": contact})
    tale.day(60)
    for name in ("ana", "ben"):
        tale.happens(name, "trial_started")
    tale.day(92)
    # Ben is asked whether we shall go on. Of Ana we could not have seen a click, so she is not.
    assert tale.got("ben") == [*tale.got("ana"), "reconfirm-ask"]
    assert (tale.ends("ben"), tale.ends("ana")) == (["RUNNING"], [])


# -- What wakes them -------------------------------------------------------------------------------


def test_whoever_stirs_is_awake_for_good_until_put_to_sleep_anew(tell: Tell) -> None:
    tale = tell("win_back")
    tale.arrives("dan")
    tale.happens("dan", "list_joined", list="asleep")
    assert is_asleep(tale, "dan")
    # Day 60: he signs up and confirms anew. Day 110: a letter goes, fifty days later.
    tale.day(60)
    tale.happens("dan", "confirmed", topic="newsletter", traits={"email": "dan@example.com"})
    assert not is_asleep(tale, "dan")
    tale.day(110)
    enters(tale, "dan")
    assert tale.got("dan") == ["win-back-missed"]
    # Day 152: he answered to none of three letters, and sleeps again.
    tale.day(153)
    assert tale.ends("dan") == ["put to sleep"]
    assert is_asleep(tale, "dan")
    tale.day(400)
    assert is_asleep(tale, "dan")


@pytest.mark.parametrize(
    "deed",
    [
        "trial_started", "event_registered", "form_submitted", "file_downloaded", "page_viewed",
        "order_completed", "email_clicked", "preferences_confirmed",
    ],
)  # fmt: skip
def test_these_deeds_wake_whoever_is_asleep(tell: Tell, deed: str) -> None:
    tale = tell("win_back")
    tale.arrives("eve")
    tale.happens("eve", "page_viewed", path="/")
    tale.day(1)
    tale.happens("eve", "list_joined", list="asleep")
    tale.day(2)
    assert is_asleep(tale, "eve")
    tale.happens("eve", deed)
    assert not is_asleep(tale, "eve")
