"""Visits, sign-ups and confirmed leads by where they came from: the figures are the events."""

import json
import random
from collections import Counter
from typing import Any
from urllib.parse import urlencode

import pytest
from relance.lead_counts import MOST_KINDS, OTHER, SHARDS

from local.faults import Fault, FaultPlan, Rule
from tests.workflows.conftest import MakeStory
from tests.workflows.content import content_with
from tests.workflows.story import Story
from tests.workflows.test_landing_pages import fills_in

ANA = "ana@example.com"
PERSON = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


def visits(story: Story, path: str = "/f/newsletter", **query: str) -> str:
    """Look at a page with a form, as a person does."""
    answer = story.world.request("GET", path, query=urlencode(query), headers=PERSON)
    assert answer.status == 200
    return answer.text


def reported(story: Story, *by: str) -> dict[tuple[str, ...], tuple[int, int, int]]:
    """The report of the first month, by the operation that a marketer starts."""
    data = {"from": "2026-01-01", "to": "2026-01-31", "by": list(by)}
    arn = story.world.start("operation-report-leads", data)
    story.a_moment(60)
    ended = story.world.describe(arn)
    assert ended["status"] == "SUCCEEDED", ended
    return {
        tuple(row[each] for each in by): (row["visits"], row["signed_up"], row["confirmed"])
        for row in json.loads(ended["output"])["rows"]
    }


def in_history(story: Story, name: str) -> list[dict[str, Any]]:
    return [row["properties"] for row in story.rows("Events") if row["name"] == name]


def test_the_figures_of_a_month_are_those_of_the_events(story: Story) -> None:
    chance = random.Random(7)
    sources = [{}, {"utm_source": "flyer"}, {"utm_source": "news", "utm_campaign": "spring"}]
    seen: Counter[tuple[str, str]] = Counter()
    for number in range(25):
        source = chance.choice(sources)
        key = (source.get("utm_source", "(direct)"), source.get("utm_campaign", ""))
        path = chance.choice(("/f/newsletter", "/l/office-coffee"))
        page = visits(story, path, **source)
        seen[key] += 1
        if chance.random() < 0.7:
            address = f"p{number}@example.com"
            assert fills_in(story, path, page, email=address).status == 200
            if chance.random() < 0.5:
                story.confirms(address)
        story.day(number)
    signed_up: Counter[tuple[str, str]] = Counter()
    for said in in_history(story, "signed_up"):
        signed_up[said["source"]["source"], said["source"].get("campaign", "")] += 1
    found = reported(story, "source", "campaign")
    assert {key: counts[0] for key, counts in found.items()} == seen
    assert {key: counts[1] for key, counts in found.items() if counts[1]} == signed_up
    confirmed = len(in_history(story, "confirmed"))
    assert sum(counts[2] for counts in found.values()) == confirmed > 3


def test_a_confirmation_counts_where_and_when_the_person_signed_up(story: Story) -> None:
    path = "/l/office-coffee"
    fills_in(story, path, visits(story, path, utm_source="flyer", utm_medium="print"))
    story.day(3)
    story.confirms(ANA)
    assert reported(story, "landing", "source", "medium") == {
        ("l/office-coffee", "flyer", "print"): (1, 1, 1)
    }
    assert story.profile(ANA)["traits"]["first_touch"][0] == "flyer / print"


def test_the_first_touch_stays_and_the_last_follows(story: Story) -> None:
    fills_in(story, "/f/newsletter", visits(story, utm_source="flyer"))
    story.confirms(ANA)
    story.unsubscribes(ANA)
    story.day(2)
    fills_in(story, "/f/newsletter", visits(story, utm_source="news"))
    story.confirms(ANA)
    traits = story.profile(ANA)["traits"]
    assert (traits["first_touch"][0], traits["last_touch"][0]) == ("flyer", "news")


def test_a_sign_up_that_nobody_confirmed_touches_nobody(story: Story) -> None:
    fills_in(story, "/f/newsletter", visits(story, utm_source="flyer"))
    assert "first_touch" not in story.profile(ANA)["traits"]
    assert "first_touch" not in story.register(ANA)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", PERSON),
        ("GET", {**PERSON, "sec-purpose": "prefetch;prerender"}),
        ("GET", {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}),
        ("GET", {"user-agent": "facebookexternalhit/1.1"}),
        ("GET", {}),
    ],
    ids=["probe", "prefetch", "search engine", "preview", "no name"],
)
def test_programs_do_not_count(story: Story, method: str, headers: dict[str, str]) -> None:
    assert story.world.request(method, "/l/office-coffee", headers=headers).status == 200
    assert story.rows("Contacts") == []


def test_whoever_writes_anything_into_the_address_does_not_fill_the_table(story: Story) -> None:
    for number in range(MOST_KINDS * SHARDS + 300):
        visits(story, utm_source=f"made-up-{number}")
    assert len(story.rows("Contacts")) <= (MOST_KINDS + 2) * SHARDS
    found = reported(story, "source")
    assert found[OTHER,][0] > 0


def test_a_visit_that_cannot_be_counted_is_shown_all_the_same(make_story: MakeStory) -> None:
    plan = FaultPlan()
    story = make_story(faults=plan)
    visits(story)
    plan.rules.append(
        Rule(
            fault=Fault.FAIL_BEFORE,
            code="ThrottlingException",
            status=400,
            function="submit-form",
            operation="UpdateItem",
            times=50,
        )
    )
    assert "<form" in visits(story)
    assert plan.struck
    plan.rules.clear()
    assert reported(story, "form") == {("newsletter",): (1, 0, 0)}


PAGE = """title: T
form: newsletter
variants: [{name: calm}, {name: loud}]
winner: {sure: 95%, at_least: 10, counts: signed_up}
"""


def test_a_sign_up_counts_for_the_variant_that_was_shown(story: Story) -> None:
    files = {
        "landing/cup/page.yaml": PAGE,
        "landing/cup/body.calm.html.j2": "<h1>Calm</h1>{{ form }}",
        "landing/cup/body.loud.html.j2": "<h1>Loud</h1>{{ form }}",
    }
    story.world.deploy_content(content_with(files))
    seen: Counter[str] = Counter()
    for number in range(12):
        page = visits(story, "/l/cup")
        shown = "calm" if "<h1>Calm</h1>" in page else "loud"
        seen[shown] += 1
        again = fills_in(story, "/l/cup", page, email="wrong").text
        assert f"<h1>{shown.capitalize()}</h1>" in again
        assert fills_in(story, "/l/cup", again, email=f"p{number}@example.com").status == 200
    assert len(seen) == 2
    data = {"from": "2026-01-01", "to": "2026-01-31"}
    arn = story.world.start("operation-report-leads", data)
    story.a_moment(60)
    found = json.loads(story.world.describe(arn)["output"])["pages"]["cup"]
    assert {name: each["leads"] for name, each in found["variants"].items()} == seen
    assert {name: each["visits"] for name, each in found["variants"].items()} == seen
    assert (found["winner"], "Too early" in found["reason"]) == (None, True)


def test_somebody_who_agreed_sees_the_same_variant_at_every_visit(story: Story) -> None:
    files = {
        "landing/cup/page.yaml": PAGE,
        "landing/cup/body.calm.html.j2": "<h1>Calm</h1>{{ form }}",
        "landing/cup/body.loud.html.j2": "<h1>Loud</h1>{{ form }}",
    }
    story.world.deploy_content(content_with(files))

    def shown(cookie: str) -> set[str]:
        headers = {**PERSON, "cookie": f"relance={cookie}"}
        return {
            "calm"
            if "Calm" in story.world.request("GET", "/l/cup", headers=headers).text
            else "loud"
            for _ in range(12)
        }

    assert len(shown("4b1d0c3e-8f5a-4c62-9b7e-2f6a1d9c0e35")) == 1
    assert len(shown("off")) == 2
