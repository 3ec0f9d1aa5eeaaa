"""Nobody can flood a form, or have somebody else's mailbox flooded by it."""

import json
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from relance.limits import FROM_A_NETWORK, OF_AN_ADDRESS

from local.http_messages import Response
from tests.workflows.story import Story

ANA = "ana@example.com"
FORM = {"content-type": "application/x-www-form-urlencoded"}
NETWORK = "203.0.113.7"


def sends(story: Story, address: str, source_ip: str = NETWORK, **fields: str) -> Response:
    """Send the form from somewhere."""
    headers = {**FORM, "accept-language": fields.pop("language", "en")}
    body = urlencode({"email": address, "consent": "yes", **fields}).encode()
    return story.world.request(
        "POST", "/f/newsletter", headers=headers, body=body, source_ip=source_ip
    )


def written(story: Story) -> dict[str, int]:
    """How much stands in the tables."""
    return {name: len(story.rows(name)) for name in ("Contacts", "Identities", "Events", "Sends")}


def fill_up(story: Story) -> None:
    """Send as many as a network may within ten minutes."""
    for number in range(FROM_A_NETWORK):
        assert sends(story, f"p{number}@example.com").status == 200


def test_a_network_that_sends_too_much_is_asked_to_come_later_and_nothing_is_written(
    story: Story,
) -> None:
    fill_up(story)
    before = written(story)
    answer = sends(story, ANA, language="de")
    assert answer.status == 429
    assert 1 <= int(answer.header("retry-after") or "0") <= 600
    assert '<html lang="de">' in answer.text
    assert written(story) == before
    # Somebody else is not concerned, nor is the neighbour's form; ten minutes later nobody is.
    assert sends(story, "bea@example.com", source_ip="203.0.114.7").status == 200
    story.world.run(for_=timedelta(minutes=10))
    assert sends(story, ANA).status == 200


def test_a_program_is_told_in_json_when_to_come_again(story: Story) -> None:
    fill_up(story)
    body = json.dumps({"email": ANA, "consent": True}).encode()
    headers = {"content-type": "application/json"}
    answer = story.world.request(
        "POST", "/f/newsletter", headers=headers, body=body, source_ip=NETWORK
    )
    assert answer.status == 429
    assert answer.json()["success"] is False


def test_nobody_is_bombed_with_mails_that_ask_to_confirm(story: Story) -> None:
    pages = []
    for number in range(3 * OF_AN_ADDRESS):
        pages.append(sends(story, ANA, source_ip=f"203.0.{number}.1"))
        story.a_moment()
    # The answer tells nothing of it; the rest was not even written down.
    assert {(page.status, page.body) for page in pages} == {(200, pages[0].body)}
    assert story.names(ANA).count("signed_up") == OF_AN_ADDRESS
    assert len(story.mails(ANA)) <= OF_AN_ADDRESS
    # The day after, the person itself may sign up.
    story.day(1)
    sends(story, ANA)
    assert story.names(ANA).count("signed_up") == OF_AN_ADDRESS + 1


@pytest.mark.parametrize("address", [ANA, "ANA@example.com", " ana@EXAMPLE.com "])
def test_another_spelling_is_the_same_address(story: Story, address: str) -> None:
    for _ in range(OF_AN_ADDRESS):
        sends(story, ANA)
    before = written(story)
    assert sends(story, address, source_ip="198.51.100.1").status == 200
    counted = {**before, "Identities": before["Identities"] + 1}
    assert written(story) == counted  # the counter of the network


def test_a_second_click_does_not_count(story: Story) -> None:
    for _ in range(OF_AN_ADDRESS + 2):
        sends(story, ANA, nonce="abcdefghij")
    sends(story, ANA, nonce="klmnopqrst")
    assert story.names(ANA).count("signed_up") == 2


def test_what_people_do_not_see_is_a_trap(story: Story) -> None:
    before = written(story)
    assert sends(story, ANA, homepage="https://spam.example").status == 200
    assert written(story) == before


def test_who_is_quicker_than_people_is_asked_to_press_once_more_and_loses_nothing(
    story: Story,
) -> None:
    page = story.world.request("GET", "/f/newsletter").text
    (nonce,) = re.findall(r'name="nonce" value="([^"]+)"', page)
    before = written(story)
    answer = sends(story, ANA, nonce=nonce, first_name="Ana")
    assert answer.status == 422
    assert "Please press" in answer.text or "please press" in answer.text
    assert f'value="{ANA}"' in answer.text
    assert f'name="nonce" value="{nonce}"' in answer.text
    assert written(story) == before
    story.world.run(for_=timedelta(seconds=3))
    assert sends(story, ANA, nonce=nonce, first_name="Ana").status == 200
    assert story.names(ANA)[0] == "signed_up"


def test_counters_name_nobody_and_expire(story: Story) -> None:
    sends(story, ANA)
    counters = [row for row in story.rows("Identities") if row["identity"].startswith("limit:")]
    assert len(counters) == 2
    for row in counters:
        assert "ana" not in row["identity"]
        assert "203.0" not in row["identity"]
        left = row["expires_at"] - story.world.now.timestamp()
        assert 0 < left <= 2 * 86_400
