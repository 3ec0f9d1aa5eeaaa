"""Whoever comes back to the website, from Monday 5 January 2026, 9:00 (UTC), and what is shown."""

import json
from collections.abc import Iterator

import pytest
from relance.storage import Put, Table

from local.world import World
from tests.workflows.journeys import SWITCHED_ON, Tale, tale_of
from tests.workflows.story import MONDAY
from tests.workflows.test_preferences import ANA, saves

BACK = "Good that you came back"


@pytest.fixture
def tale() -> Iterator[Tale]:
    """Ana has signed up for the newsletter, and lets us see her visits."""
    with World.build(start=MONDAY, seed=1, parameters=SWITCHED_ON) as world:
        tale = tale_of(world, "returning_visitor")
        tale.signs_up(ANA)
        tale.confirms(ANA)
        saves(tale, tale.link(ANA, "/p/"), web="yes")
        browser = {"identity": "visitor:the-browser-of-ana", "contact_id": tale.contact(ANA)}
        tale.store.write(Put(Table.IDENTITIES, browser))
        yield tale


def hero(tale: Tale) -> str:
    """What the home page opens with in Ana's browser; nothing where the page keeps its own."""
    query = "visitor=the-browser-of-ana&slots=hero"
    answer = tale.world.request("GET", "/slots", query=query)
    return str(json.loads(answer.body)["slots"].get("hero", ""))


def visits(tale: Tale, *paths: str) -> None:
    """Ana looks at pages."""
    for path in paths or ("/",):
        tale.happens("ana", "page_viewed", path=path)


def test_whoever_comes_back_on_another_day_is_greeted_for_two_weeks(tale: Tale) -> None:
    # On one day she looks at three pages: that is one visit.
    visits(tale, "/", "/shop", "/about")
    assert tale.ends("ana") == []
    tale.day(1)
    visits(tale)
    assert tale.ends("ana") == ["RUNNING"]
    assert BACK in hero(tale)
    # She comes every few days: it is greeted once in a month, and for two weeks.
    for day in (4, 8):
        tale.day(day)
        visits(tale)
    assert tale.ends("ana") == ["RUNNING", "already in", "already in"]
    tale.day(15.1)
    assert tale.ends("ana")[0] == "seen again"
    assert hero(tale) == ""


def test_whoever_no_longer_wants_to_be_seen_is_left_alone_at_once(tale: Tale) -> None:
    visits(tale)
    tale.day(1)
    visits(tale)
    assert BACK in hero(tale)
    # On her page of preferences she unticks her visits to the website.
    saves(tale, tale.link(ANA, "/p/"), web="")
    assert tale.ends("ana") == ["left: refused_web"]
    assert hero(tale) == ""
    # Nor is she let in by hand.
    tale.world.start("journey-returning-visitor", {"contact": tale.contact(ANA)})
    tale.a_moment()
    assert tale.ends("ana")[-1] == "not eligible"


def test_a_stopped_journey_shows_nothing_more(tale: Tale) -> None:
    visits(tale)
    tale.day(1)
    visits(tale)
    (execution,) = tale.of()
    tale.world.client("stepfunctions").stop_execution(executionArn=execution["executionArn"])
    tale.a_moment()
    assert hero(tale) == ""
