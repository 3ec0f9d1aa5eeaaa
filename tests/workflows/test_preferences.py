"""What people choose on the preference page, and what follows from it day by day."""

import re
from urllib.parse import urlencode, urljoin, urlsplit

import pytest

from tests.workflows.story import Story

ANA = "ana@example.com"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def on_the_list(story: Story) -> str:
    """Sign up and confirm; the path of the preference page in the welcome."""
    story.signs_up(ANA)
    story.confirms(ANA)
    assert story.messages(ANA)[-1] == "welcome"
    return story.link(ANA, "/p/")


def page(story: Story, path: str) -> str:
    """The page as the browser gets it."""
    response = story.world.request("GET", path)
    assert response.status == 200
    assert dict(response.headers)["cache-control"] == "no-store"
    return response.body.decode()


def made_at(html: str) -> str:
    """When the page was made, as it says itself."""
    found = re.search(r'name="made_at" value="(\d+)"', html)
    assert found is not None
    return found[1]


def saves(story: Story, path: str, html: str | None = None, **changes: str) -> str:
    """Fill in the page (a fresh one, unless an old one is given) and save; what was shown."""
    chosen = {
        "made_at": made_at(html or page(story, path)),
        "shown_in": "en",
        "on:email:newsletter": "yes",
        "frequency": "all",
        "opens": "none",
        "clicks": "yes",
        "language": "en",
        "do": "save",
        **changes,
    }
    body = urlencode({name: value for name, value in chosen.items() if value}).encode()
    response = story.world.request("POST", path, headers=FORM, body=body)
    assert response.status == 200
    story.a_moment()
    return response.body.decode()


def skipped(story: Story) -> list[str]:
    """Why messages were not sent."""
    return [each["reason"] for each in story.sends(ANA) if each["state"] == "skipped"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_or_a_prefetch_that_follows_the_link_changes_nothing(
    story: Story, method: str
) -> None:
    path = on_the_list(story)
    before = story.register(ANA)
    for purpose in ("", "prefetch", "prefetch;prerender"):
        headers = {"sec-purpose": purpose, "user-agent": "Mozilla/5.0 (scanner)"}
        assert story.world.request(method, path, headers=headers).status == 200
    assert story.register(ANA) == before


def test_a_pause_holds_back_marketing_and_ends_by_itself(story: Story) -> None:
    path = on_the_list(story)
    assert "You have a pause until" in saves(story, path, pause="yes")
    # Day 3: the reminder would go out; the journey ends with its reason instead.
    story.day(3.2)
    assert skipped(story) == ["paused"]
    assert story.messages(ANA) == ["confirm", "welcome"]
    # Day 29: still a pause. Day 31: it is over, and nobody had to do anything.
    story.day(29)
    assert 'value="yes" aria-describedby="pause-help" checked' in page(story, path)
    story.day(31)
    assert 'value="yes" aria-describedby="pause-help" checked' not in page(story, path)


def test_who_wants_one_letter_a_week_gets_no_second_after_three_days(story: Story) -> None:
    path = on_the_list(story)
    saves(story, path, frequency="weekly")
    # The welcome that came before the choice counts.
    story.day(3.2)
    assert skipped(story) == ["too_frequent"]


def test_what_a_person_asks_for_arrives_during_a_pause(story: Story) -> None:
    path = on_the_list(story)
    saves(story, path, pause="yes", frequency="monthly", **{"on:email:newsletter": ""})
    story.day(5)
    story.signs_up(ANA)
    assert story.messages(ANA)[-1] == "confirm"


def test_a_topic_that_is_unticked_ends_the_journey_like_an_unsubscription(story: Story) -> None:
    path = on_the_list(story)
    saves(story, path, **{"on:email:newsletter": ""})
    assert story.register(ANA)["consent#newsletter"]["state"] == "withdrawn"
    assert story.events(ANA, "unsubscribed")[0]["properties"]["way"] == "preferences"
    story.day(4)
    assert story.messages(ANA) == ["confirm", "welcome"]
    assert story.outcomes() == ["left: unsubscribed"]


def test_an_old_page_takes_nobody_back_who_has_left_meanwhile(story: Story) -> None:
    path = on_the_list(story)
    old = page(story, path)
    story.day(1)
    story.unsubscribes(ANA)
    # Day 2: the browser restores the tab and sends it again.
    story.day(2)
    shown = saves(story, path, old)
    assert story.register(ANA)["consent#newsletter"]["state"] == "withdrawn"
    assert re.search(r'role="alert"[^>]*autofocus>', shown)
    # From a fresh page the same choice counts.
    saves(story, path)
    assert story.register(ANA)["consent#newsletter"]["state"] == "granted"
    assert story.events(ANA, "consent_changed")[0]["properties"]["proof"]["page"] == "preferences"


def test_saving_twice_is_saving_once(story: Story) -> None:
    path = on_the_list(story)
    html = page(story, path)
    saves(story, path, html, frequency="weekly", opens="full")
    before = story.register(ANA), len(story.events(ANA))
    saves(story, path, html, frequency="weekly", opens="full")
    assert (story.register(ANA), len(story.events(ANA))) == before


def test_tracking_that_is_taken_back_holds_for_mails_sent_before(story: Story) -> None:
    story.signs_up(ANA, tracking="yes")
    story.confirms(ANA)
    path = story.link(ANA, "/p/")
    story.loads_images(ANA)
    assert len(story.events(ANA, "email_opened")) == 1
    saves(story, path, opens="none", clicks="")
    story.loads_images(ANA)
    story.clicks(ANA)
    assert len(story.events(ANA, "email_opened")) == 1
    assert story.events(ANA, "email_clicked") == []


def test_pages_speak_the_language_that_was_chosen(story: Story) -> None:
    path = on_the_list(story)
    assert '<html lang="pt">' in saves(story, path, language="pt")
    assert '<html lang="pt">' in page(story, story.link(ANA, "/u/"))
    assert story.profile(ANA)["traits"]["language"][0] == "pt"


def test_the_unsubscribe_page_leads_to_the_preferences(story: Story) -> None:
    on_the_list(story)
    leaving = story.link(ANA, "/u/")
    found = re.search(r'<a href="(\.\./p/[^"]+)"', page(story, leaving))
    assert found is not None
    path = urlsplit(urljoin(f"https://links.example.com{leaving}", found[1])).path
    assert "What you get from us" in page(story, path)
