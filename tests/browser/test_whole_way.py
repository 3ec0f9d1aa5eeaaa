"""From a page over the collection API into the profile, and back into the page."""

import base64
import json
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.browser.pages import QUIET_MS, embedded, page_of, patient, until
from tests.browser.servers import Suite, Website, serving

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

pytestmark = pytest.mark.browser

DEFAULT, REGULAR = "Fresh coffee, every week", "Good to see you again"
BODY = f"""<main><div data-relance-slot="hero"><h1>{DEFAULT}</h1></div></main>"""


def identify(suite: Suite, user: str, visitor: str) -> None:
    """Say with the server's key who a visitor is."""
    item = {"messageId": f"{user}-{visitor}", "userId": user, "anonymousId": visitor}
    key = base64.b64encode(f"{suite.write_key}:".encode()).decode()
    request = urllib.request.Request(
        f"{suite.url}/v1/identify",
        data=json.dumps({**item, "type": "identify"}).encode(),
        headers={"authorization": f"Basic {key}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.load(answer) == {"success": True}


def slot(suite: Suite, visitor: str) -> str:
    """What the suite says that the slot shows to a visitor."""
    address = f"{suite.url}/slots?slots=hero&visitor={visitor}"
    with urllib.request.urlopen(address, timeout=30) as answer:
        return str(json.load(answer)["slots"].get("hero", ""))


def opening(context: "BrowserContext", website: Website, expected: str) -> tuple[str, str]:
    """What the slot of the home page shows, and the visitor who looks at it."""
    tab = context.new_page()
    context.new_cdp_session(tab).send("Network.clearBrowserCache")  # an answer is kept a minute
    patient(tab)
    with tab.expect_response(lambda each: "/slots" in each.url):
        tab.goto(website.url)
    tab.wait_for_timeout(QUIET_MS)
    until(tab, lambda: tab.inner_text("h1") == expected)
    cookie = tab.evaluate("document.cookie")
    tab.close()
    return expected, cookie.partition("relance=")[2]


def test_what_a_page_reports_decides_what_it_shows_and_a_server_says_who_else_looks(
    context: "BrowserContext", the_suite: Suite
) -> None:
    page = page_of(embedded(the_suite.url, key=the_suite.browser_key, consent=False), BODY)
    website = Website(pages={"*": page})
    with serving(website):
        tab = context.new_page()
        tab.goto(website.url)
        with tab.expect_response(lambda each: "/v1/batch" in each.url) as taken:
            for number in range(3):
                tab.evaluate(f"relance('track', 'Order Completed', {{order_id: '{number}'}})")
        assert taken.value.status == 200
        visitor = tab.evaluate("document.cookie").partition("relance=")[2]
        until(tab, lambda: slot(the_suite, visitor))
        assert opening(context, website, REGULAR) == (REGULAR, visitor)
        identify(the_suite, "customer-1", visitor)

        # The same customer on another device.
        browser = context.browser
        assert browser is not None
        phone = browser.new_context()
        shown, other = opening(phone, website, DEFAULT)
        assert shown == DEFAULT
        assert other != visitor
        identify(the_suite, "customer-1", other)
        assert until(tab, lambda: slot(the_suite, other)) == slot(the_suite, visitor)
        phone.close()
