"""Slots in a page: filled when the answer is there in time, and never hidden for long."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.pages import QUIET_MS, embedded, page_of, until
from tests.browser.servers import Recorder, Website

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

# Watches the slot from the first frame on: since when it can be seen, and what stands in it then.
WATCH = """
const begun = performance.now();
addEventListener('DOMContentLoaded', () => {
  window.seen = [];
  const look = () => {
    const slot = document.querySelector('[data-relance-slot]');
    const text = getComputedStyle(slot).visibility == 'visible' ? slot.innerText : '';
    if (text !== (seen.at(-1) || {text: ''}).text) seen.push({text, at: performance.now() - begun});
    requestAnimationFrame(look);
  };
  look();
});
"""
BODY = """<div data-relance-slot="hero"><h1>Default</h1></div><p>The rest of the page</p>
<p data-relance-slot="offer">No offer</p><p data-relance-slot="hero">Again</p>"""
HERO = {"hero": "<h1>For you</h1>"}
HIDDEN_MS = 300
LATE_MS = 1_200
"""How late a busy machine may be with a timer."""
TRIES = 5
"""How often a busy machine may be too late with an answer, so that the default is shown."""


@pytest.fixture
def slots(website: Website, recorder: Recorder) -> Website:
    website.pages["*"] = page_of(embedded(recorder.url), BODY)
    recorder.slots = HERO
    return website


def seen(tab: "Page") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tab.evaluate("window.seen")
    return found


def asked(recorder: Recorder) -> list[str]:
    return [path for path in recorder.asked if path.startswith("/slots")]


def test_a_slot_shows_its_variant_and_nothing_before_it(
    tab: "Page", slots: Website, recorder: Recorder
) -> None:
    tab.goto(slots.url)  # so that the browser has the script
    until(tab, lambda: recorder.named("page"))
    tab.add_init_script(WATCH)
    for _ in range(TRIES):
        tab.goto(f"{slots.url}/second")
        tab.wait_for_timeout(QUIET_MS)
        (only,) = seen(tab)
        assert only["at"] < HIDDEN_MS + LATE_MS
        if only["text"] == "For you":
            break
    assert only["text"] == "For you"
    texts = tab.locator("[data-relance-slot]").all_inner_texts()
    assert texts == ["For you", "No offer", "For you"]
    visitor = recorder.named("page")[0]["anonymousId"]
    assert asked(recorder)[-1] == f"/slots?visitor={visitor}&slots=hero%2Coffer%2Chero"


def test_a_late_answer_leaves_the_default_which_is_hidden_300_ms_at_most(
    tab: "Page", slots: Website, recorder: Recorder
) -> None:
    recorder.delay = 0.8  # the default has been seen by then
    tab.add_init_script(WATCH)
    tab.goto(slots.url)
    until(tab, lambda: asked(recorder))
    tab.wait_for_timeout(3_000)
    (only,) = seen(tab)
    assert only["text"] == "Default"
    assert only["at"] < HIDDEN_MS + LATE_MS


def test_a_script_that_never_comes_leaves_the_default(tab: "Page", website: Website) -> None:
    website.pages["*"] = page_of(embedded("http://127.0.0.1:9"), BODY)
    tab.add_init_script(WATCH)
    tab.goto(website.url)
    tab.wait_for_timeout(HIDDEN_MS + LATE_MS)
    (only,) = seen(tab)
    assert only["text"] == "Default"


def test_an_answer_that_is_none_leaves_the_default(
    tab: "Page", slots: Website, recorder: Recorder
) -> None:
    recorder.slots = None  # the suite's own answer: it does not know this visitor
    tab.add_init_script(WATCH)
    tab.goto(slots.url)
    until(tab, lambda: asked(recorder))
    tab.wait_for_timeout(QUIET_MS)
    assert [each["text"] for each in seen(tab)] == ["Default"]


def test_whoever_is_not_followed_sees_the_default_and_nothing_is_asked(
    tab: "Page", website: Website, recorder: Recorder
) -> None:
    website.pages["*"] = page_of(embedded(recorder.url, consent=True), BODY)
    recorder.slots = HERO
    tab.add_init_script(WATCH)
    tab.goto(website.url)
    until(tab, lambda: seen(tab))
    tab.evaluate("relance('consent', 'granted')")
    until(tab, lambda: recorder.named("page"))
    tab.wait_for_timeout(QUIET_MS)
    # Agreeing later changes nothing under the reader's eyes.
    assert [each["text"] for each in seen(tab)] == ["Default"]


def test_a_page_without_the_lines_about_the_style_is_never_hidden(
    tab: "Page", website: Website, recorder: Recorder
) -> None:
    _, _, script = embedded(recorder.url).rpartition("<script async")
    website.pages["*"] = page_of(f"<script async{script}", BODY)
    recorder.slots = {}
    tab.add_init_script(WATCH)
    tab.goto(website.url)
    until(tab, lambda: recorder.named("page"))
    assert [each["text"] for each in seen(tab)] == ["Default"]
