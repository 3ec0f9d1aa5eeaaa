"""Whether a visitor is followed at all."""

import time
from typing import TYPE_CHECKING

import pytest

from tests.browser.pages import QUIET_MS, embedded, page_of, until, until_there_are
from tests.browser.servers import Recorder, Website

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser

MONTHS_13 = 396 * 86_400


@pytest.fixture
def asking(website: Website, recorder: Recorder) -> Website:
    """A website that asks before it follows anybody."""
    slot = '<div data-relance-slot="hero">Default</div>'
    website.pages["*"] = page_of(embedded(recorder.url, consent=True), slot)
    return website


def open_and_wait(tab: "Page", url: str) -> None:
    """Open a page and give the script time to do what it must not."""
    tab.goto(url)
    tab.wait_for_function("window.relance && relance.up")
    tab.wait_for_timeout(QUIET_MS)


def everything_stored(tab: "Page") -> object:
    return tab.evaluate("[document.cookie, localStorage.length, sessionStorage.length]")


def sent(recorder: Recorder) -> list[str]:
    """What was sent or asked, but for the script itself."""
    asked = [path for path in recorder.asked if not path.startswith("/relance.js")]
    return [*asked, *(post.path for post in recorder.posts)]


def test_nothing_is_stored_or_sent_before_consent(
    tab: "Page", asking: Website, recorder: Recorder
) -> None:
    open_and_wait(tab, f"{asking.url}/?utm_source=letter")
    tab.evaluate("relance('track', 'Seen'); relance('identify', 'u', {email: 'ada@example.org'})")
    tab.goto(f"{asking.url}/second")
    tab.wait_for_timeout(QUIET_MS)
    assert sent(recorder) == []
    assert everything_stored(tab) == ["", 0, 0]
    assert tab.inner_text("[data-relance-slot]") == "Default"


def test_consent_begins_with_the_open_page_and_a_cookie_of_13_months_at_most(
    tab: "Page", context: "BrowserContext", asking: Website, recorder: Recorder
) -> None:
    open_and_wait(tab, f"{asking.url}/prices")
    tab.evaluate("relance('consent', 'granted')")
    (view,) = until(tab, lambda: recorder.named("page"))
    assert view["properties"]["path"] == "/prices"
    (cookie,) = context.cookies()
    assert cookie["name"] == "relance"
    assert cookie["value"] == view["anonymousId"]
    assert cookie["sameSite"] == "Lax"
    assert 0 < cookie["expires"] - time.time() < MONTHS_13


def test_consent_holds_on_the_next_page_and_does_not_prolong_the_cookie(
    tab: "Page", context: "BrowserContext", asking: Website, recorder: Recorder
) -> None:
    open_and_wait(tab, f"{asking.url}/first")
    tab.evaluate("relance('consent', 'granted')")
    until(tab, lambda: recorder.named("page"))
    (before,) = context.cookies()
    tab.goto(f"{asking.url}/second")
    first, second = until_there_are(tab, 2, lambda: recorder.named("page"))
    assert first["anonymousId"] == second["anonymousId"]
    (after,) = context.cookies()
    assert after["expires"] == before["expires"]


def test_withdrawal_clears_the_cookie_and_nothing_more_is_sent(
    tab: "Page", context: "BrowserContext", asking: Website, recorder: Recorder
) -> None:
    open_and_wait(tab, f"{asking.url}/first")
    tab.evaluate("relance('consent', 'granted')")
    until(tab, lambda: recorder.named("page"))
    tab.evaluate("relance('track', 'Too late'); relance('consent', 'denied')")
    assert context.cookies() == []
    before = len(recorder.posts)
    tab.evaluate("relance('track', 'Later')")
    tab.goto(f"{asking.url}/second")
    tab.wait_for_timeout(QUIET_MS)
    assert len(recorder.posts) == before
    assert everything_stored(tab) == ["", 0, 0]


def test_whoever_comes_back_after_a_withdrawal_is_somebody_else(
    tab: "Page", asking: Website, recorder: Recorder
) -> None:
    open_and_wait(tab, asking.url)
    tab.evaluate("relance('consent', 'granted')")
    until(tab, lambda: recorder.named("page"))
    tab.evaluate("relance('consent', 'denied'); relance('consent', 'granted')")
    first, second = until_there_are(tab, 2, lambda: recorder.named("page"))
    assert first["anonymousId"] != second["anonymousId"]


def test_whoever_comes_after_a_reset_is_somebody_else(
    tab: "Page", asking: Website, recorder: Recorder
) -> None:
    open_and_wait(tab, asking.url)
    tab.evaluate("relance('reset')")  # nobody is followed: nothing is stored
    assert everything_stored(tab) == ["", 0, 0]
    tab.evaluate("relance('consent', 'granted')")
    (first,) = until_there_are(tab, 1, lambda: recorder.named("page"))
    tab.evaluate("relance('reset'); relance('track', 'Searched')")
    (last,) = until_there_are(tab, 1, lambda: recorder.named("Searched"))
    assert last["anonymousId"] != first["anonymousId"]
    assert recorder.named("page_left")[0]["anonymousId"] == first["anonymousId"]
    assert f"relance={last['anonymousId']}" in tab.evaluate("document.cookie")


def test_a_consent_given_before_the_script_arrived_counts(
    tab: "Page", asking: Website, recorder: Recorder
) -> None:
    calls = "<script>relance('track', 'Early', {a: 1}); relance('consent', 'granted')</script>"
    asking.pages["/early"] = page_of(embedded(recorder.url, consent=True) + calls)
    tab.goto(f"{asking.url}/early")
    (early,) = until(tab, lambda: recorder.named("Early"))
    assert early["properties"] == {"a": 1}
    assert [each["type"] for each in recorder.events] == ["page", "track"]


def test_where_nobody_is_asked_a_refusal_is_remembered(
    tab: "Page", context: "BrowserContext", website: Website, recorder: Recorder
) -> None:
    tab.goto(website.url)
    until(tab, lambda: recorder.named("page"))
    tab.evaluate("relance('consent', 'denied')")
    assert [each["value"] for each in context.cookies()] == ["off"]
    before = len(recorder.posts)
    open_and_wait(tab, f"{website.url}/second")
    assert len(recorder.posts) == before


@pytest.mark.parametrize("consent", [True, False], ids=["asked", "not asked"])
def test_global_privacy_control_is_honoured_whatever_the_page_says(
    context: "BrowserContext", website: Website, recorder: Recorder, consent: bool
) -> None:
    context.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
    )
    context.add_cookies([{"name": "relance", "value": "0" * 36, "url": website.url}])
    slot = '<div data-relance-slot="hero">Default</div>'
    website.pages["*"] = page_of(embedded(recorder.url, consent=consent), slot)
    tab = context.new_page()
    open_and_wait(tab, website.url)
    tab.evaluate("relance('consent', 'granted'); relance('track', 'Seen')")
    tab.goto(f"{website.url}/second")
    tab.wait_for_timeout(QUIET_MS)
    assert sent(recorder) == []
    assert everything_stored(tab) == ["", 0, 0]
