"""What the dashboard answers to whatever may be asked: a world that nobody changes."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from local.world import World
from tests.workflows.story import MONDAY, Story
from tests.workflows.test_widgets import ANA, HOSTILE, finder, found
from tests.workflows.widgets import Widget


@pytest.fixture(scope="module")
def still() -> Iterator[Story]:
    """A world in which Ana has signed up and nothing happens any more, for those who only look."""
    with World.build(start=MONDAY, seed=1) as world:
        story = Story(world)
        story.signs_up(ANA)
        yield story


@pytest.mark.parametrize("who", ["  ANA@Example.com ", "the id", "the id in small letters"])
def test_a_contact_is_found_however_it_is_written(still: Story, who: str) -> None:
    contact = still.contact(ANA)
    typed = {"the id": contact, "the id in small letters": contact.lower()}.get(who, who)
    assert contact in found(still, typed)[1].text


@pytest.mark.parametrize(
    ("who", "said"),
    [
        pytest.param("nobody@example.com", "Nobody is known by this.", id="an unknown address"),
        pytest.param("01KE6P4Z0NWNGTPJXJR5ESJA98", "Nobody is known by this.", id="an unknown id"),
        pytest.param("customer 7", "Nobody is known by this.", id="an unknown number"),
        pytest.param("", "Type an e-mail address", id="nothing"),
        pytest.param("x" * 300, "Type an e-mail address", id="far too much"),
        pytest.param("ana@", "This is no e-mail address", id="half an address"),
        pytest.param(f"{HOSTILE}@example.com", "This is no e-mail address", id="hostile"),
        pytest.param(HOSTILE, "Nobody is known by this.", id="hostile and no address"),
    ],
)
def test_whoever_is_not_found_is_not_repeated(still: Story, who: str, said: str) -> None:
    widget, page = found(still, who)
    assert said in page.text
    assert not who or who not in widget.html
    assert "alert" not in widget.html


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"view": "everything"}, '"view"'),
        ({"view": "person", "contact": "x"}, "is not a contact id"),
        ({"view": "person", "contact": f"{HOSTILE}"}, "is not a contact id"),
        ({"view": "count"}, '"journey" is missing'),
        ({"view": "count", "journey": HOSTILE}, '"journey"'),
        ({"view": "person", "before": "x"}, '"before"'),
        ({"widgetContext": 7}, "widgetContext"),
    ],
)
def test_what_cannot_be_shown_is_said_in_a_sentence(
    still: Story, event: dict[str, Any], said: str
) -> None:
    widget = finder(still)
    page = widget.shows(event)
    if "widgetContext" not in event:
        assert said in page.text
    assert "alert" not in widget.html


def test_cloudwatch_is_told_what_the_parameters_are(still: Story) -> None:
    answer = still.world.invoke("show_widget", {"describe": True})
    assert "`find`, `campaigns` or `funnel`" in answer.payload


def test_times_are_those_of_the_dashboard(still: Story) -> None:
    widget = finder(still, zone="+05:30")
    widget.shows()
    assert "2026-01-05 14:30" in widget.presses("Find", who=ANA).text
    widget = finder(still, zone="nonsense")
    widget.shows()
    assert "2026-01-05 09:00" in widget.presses("Find", who=ANA).text


def test_a_journey_that_nobody_entered_has_no_figures(still: Story) -> None:
    page = Widget(still.world, {"view": "count", "journey": "birthday"}).shows()
    assert "0 entries of 1 contact;" in page.text


def test_a_large_table_is_counted_in_part_and_said_to_be(
    still: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relance.usecases.show_widget.LOOKS", timedelta(seconds=-1))
    page = Widget(still.world, {"view": "count", "journey": "welcome"}).shows()
    assert "The table is larger than can be read here" in page.text
