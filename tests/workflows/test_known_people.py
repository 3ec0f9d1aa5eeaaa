"""Forms that ask whoever is known only for what is not known yet."""

import json
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.workflows.conftest import MakeStory
from tests.workflows.content import content_with
from tests.workflows.story import Story
from tests.workflows.test_landing_pages import fills_in

ANA, BOB = "ana@example.com", "bob@example.com"
VISITOR = "f0e1d2c3-b4a5-4678-9abc-def012345678"
ASKED = "fewer-questions"

FORM = """\
title: The newsletter, once a month
fields:
  - {trait: email, label: E-mail address, required: yes}
  - {trait: first_name, label: First name, ask: until known, required: yes}
  - trait: role
    ask: until known
    label: What do you do?
    options: {owner: I own the business, middle_manager: I lead a team, other: Something else}
  - {trait: employees, label: "How many are you?", ask: until known}
at_once: 2
consent: {purpose: marketing, topic: newsletter, version: "1", text: "Yes, send it to me."}
button: Sign up
thanks: {title: Look into your mailbox, text: We have sent you a letter.}
"""


@pytest.fixture(scope="module")
def content() -> Path:
    return content_with({f"forms/{ASKED}.yaml": FORM})


@pytest.fixture
def story(make_story: MakeStory, content: Path) -> Story:
    made = make_story()
    made.world.deploy_content(content)
    return made


def shown(story: Story, **query: str) -> str:
    answer = story.world.request("GET", f"/f/{ASKED}", query=urlencode(query))
    assert answer.status == 200
    assert "%%" not in answer.text
    return answer.text


def questions(page: str) -> list[str]:
    """The names of the questions of a page, without those that programs fall for."""
    fields = re.findall(r'<(?:input|select) id="([a-z_]+)" name="\1"', page)
    return [name for name in fields if name != "homepage"]


def newcomer(story: Story, address: str = ANA, **told: str) -> None:
    """Sign up as a stranger, and confirm."""
    told = told or {"first_name": "Ana"}
    answer = fills_in(story, f"/f/{ASKED}", shown(story), None, email=address, **told)
    assert answer.status == 200
    story.confirms(address)


def link_of(story: Story, address: str = ANA) -> str:
    """The token that the company's page gets when a link of a mail is followed."""
    return story.clicks(address).rpartition("rl=")[2]


def traits(story: Story, address: str = ANA) -> dict[str, object]:
    profile = story.profile(address)
    return {name: it[0] for name, it in profile["traits"].items()}


def test_a_stranger_is_asked_the_first_questions_and_whoever_is_known_the_next(
    story: Story,
) -> None:
    assert questions(shown(story)) == ["email", "first_name", "role"]
    newcomer(story, first_name="Ana", role="owner")
    page = shown(story, rl=link_of(story))
    assert questions(page) == ["email", "employees"]
    assert "Ana" not in page
    assert ANA not in page


def test_who_leaves_a_question_out_is_asked_again(story: Story) -> None:
    newcomer(story, first_name="Ana")
    assert questions(shown(story, rl=link_of(story))) == ["email", "role", "employees"]


def test_what_is_told_for_the_first_time_is_taken_over_at_once(story: Story) -> None:
    newcomer(story)
    page = shown(story, rl=link_of(story))
    answer = fills_in(story, f"/f/{ASKED}", page, email=ANA, role="owner", employees="12")
    assert answer.status == 200
    known = traits(story)
    assert (known["first_name"], known["role"], known["employees"]) == ("Ana", "owner", 12)
    (told,) = story.events(ANA, "identified")
    assert told["properties"]["traits"] == {"role": "owner", "employees": 12}


def test_what_is_known_is_not_replaced_by_who_holds_a_forwarded_link(story: Story) -> None:
    newcomer(story, first_name="Ana", role="owner")
    page = shown(story, rl=link_of(story))
    forged = page.replace('name="asked" value="employees"', 'name="asked" value="first_name role"')
    assert forged != page
    fills_in(story, f"/f/{ASKED}", forged, email=ANA, first_name="Eve", role="other")
    assert (traits(story)["first_name"], traits(story)["role"]) == ("Ana", "owner")


def test_another_s_address_gets_none_of_it(story: Story) -> None:
    newcomer(story)
    newcomer(story, BOB, first_name="Bob")
    page = shown(story, rl=link_of(story))
    fills_in(story, f"/f/{ASKED}", page, email=BOB, role="owner")
    assert "role" not in traits(story, ANA)
    assert "role" not in traits(story, BOB)


@pytest.mark.parametrize("token", ["", "x" * 71, "' onload="])
def test_nothing_is_known_by_a_token_that_is_none(story: Story, token: str) -> None:
    newcomer(story, first_name="Ana", role="owner")
    page = shown(story, rl=token)
    assert questions(page) == ["email", "first_name", "role"]
    assert 'name="rl"' not in page


def test_an_old_link_tells_nothing_any_more(story: Story) -> None:
    newcomer(story, first_name="Ana", role="owner")
    token = link_of(story)
    story.a_moment(3_700)
    assert questions(shown(story, rl=token)) == ["email", "first_name", "role"]


def test_the_browser_in_which_somebody_signed_up_knows_them_again(story: Story) -> None:
    page = shown(story)
    fills_in(story, f"/f/{ASKED}", page, email=ANA, first_name="Ana", visitor=VISITOR)
    story.confirms(ANA)
    part = story.world.request(
        "GET",
        f"/f/{ASKED}",
        headers={"origin": "https://www.example.com"},
        query=urlencode({"part": "form", "page": "www.example.com/", "visitor": VISITOR}),
    )
    html = json.loads(part.text)["html"]
    names = re.findall(r' name="([a-z_]+)" (?:type|autocomplete)', html)
    assert [each for each in names if each in ("first_name", "role", "employees")] == [
        "role",
        "employees",
    ]


def test_a_page_that_is_refused_keeps_its_questions(story: Story) -> None:
    newcomer(story, first_name="Ana", role="owner")
    page = shown(story, rl=link_of(story))
    refused = fills_in(story, f"/f/{ASKED}", page, email="ana@", employees="3")
    assert refused.status == 422
    assert questions(refused.text) == ["email", "employees"]
    assert fills_in(story, f"/f/{ASKED}", refused.text, email=ANA, employees="3").status == 200
    assert traits(story)["employees"] == 3


def test_a_program_may_answer_everything_and_has_to_answer_what_a_stranger_must(
    story: Story,
) -> None:
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "accept": "application/json",
    }
    body = {"email": ANA, "consent": "yes", "employees": "12"}
    for status, typed in ((422, body), (200, {**body, "first_name": "Ana"})):
        answer = story.world.request(
            "POST", f"/f/{ASKED}", headers=headers, body=urlencode(typed).encode()
        )
        assert answer.status == status
    story.a_moment()
    (event,) = story.events(ANA, "signed_up")
    assert event["properties"]["claims"] == {"email": ANA, "first_name": "Ana", "employees": 12}
