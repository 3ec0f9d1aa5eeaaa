"""From a sign-up over a real mail to the landing page, with the suite as it runs here."""

import html
import os
import re
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.pages import (
    LIKE_A_PERSON_MS,
    embedded,
    page_of,
    patient,
    until,
    until_there_are,
)
from tests.browser.servers import Recorder, Suite

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Route

pytestmark = pytest.mark.browser

WEBSITE = "https://www.example.com"
"""The company's website, as company.yaml names it; the test answers in its place."""

STYLE = """<style>body{font:18px/1.5 sans-serif;margin:0;color:#2b2118}
header{padding:18px 48px;border-bottom:1px solid #ddd}main{padding:40px 48px}
h1{font-size:40px;margin:0 0 12px}</style>"""
BODY = """<header><b>Northbank Coffee</b></header>
<main><div data-relance-slot="hero"><h1>Fresh coffee, every week</h1></div>
<p>Beans, machines and people who look after both.</p></main>"""


def mails(suite: Suite, to: str) -> list[str]:
    """The mails that somebody got, the newest first, as HTML."""
    with urllib.request.urlopen(f"{suite.inbox}?to={to}", timeout=30) as page:
        numbers = sorted(set(re.findall(r"/inbox/(\d+)\b", page.read().decode())), key=int)
    found = []
    for number in reversed(numbers):
        with urllib.request.urlopen(f"{suite.inbox}/{number}/html", timeout=30) as mail:
            found.append(mail.read().decode())
    return found


def link(mail: str, kind: str) -> str | None:
    """The first address of a kind in a mail."""
    found = re.search(rf'href="(http://127[^"]*/{kind}/[^"]+)"', mail)
    return html.unescape(found[1]) if found else None


def submit(tab: "Page", address: str) -> None:
    """Fill in the form that is open, as fast as a person can, and send it."""
    tab.fill("[name=email]", address)
    tab.check("[name=consent]")
    tab.wait_for_timeout(LIKE_A_PERSON_MS)
    tab.click("button")


def confirm(tab: "Page", suite: Suite, address: str) -> str:
    """Press the button to which the mail leads; the address of its page."""
    page = until(tab, lambda: next(filter(None, (link(m, "k") for m in mails(suite, address))), ""))
    tab.goto(page)
    tab.click("button")
    return page


def sign_up(tab: "Page", suite: Suite, address: str) -> str:
    """Sign up as an owner, confirm, and wait for the first mail; the address of its link."""
    tab.goto(f"{suite.url}/f/newsletter")
    tab.select_option("[name=role]", "owner")
    submit(tab, address)
    confirm(tab, suite, address)
    return until(tab, lambda: next(filter(None, (link(m, "c") for m in mails(suite, address))), ""))


def test_whoever_follows_a_link_of_a_mail_is_recognised_and_sees_what_is_meant_for_them(
    tab: "Page", context: "BrowserContext", the_suite: Suite, recorder: Recorder, tmp_path: Path
) -> None:
    landed: list[str] = []

    def landing(route: "Route") -> None:
        landed.append(route.request.url)
        page = page_of(STYLE + embedded(recorder.url), BODY)
        route.fulfill(status=200, content_type="text/html; charset=utf-8", body=page)

    context.route(f"{WEBSITE}/**", landing)
    tab.goto(f"{WEBSITE}/")  # once before, as a stranger: the browser has the script
    until(tab, lambda: recorder.named("page"))
    assert tab.inner_text("h1") == "Fresh coffee, every week"
    click = sign_up(tab, the_suite, "ada@example.org")

    # Nothing here can stand in for a page to which the suite itself redirects: follow by hand.
    led = context.request.get(click, max_redirects=0)
    assert led.status == 302
    location = led.headers["location"]
    patient(tab)
    tab.goto(location)
    first, view = until_there_are(tab, 2, lambda: recorder.named("page"))

    token = re.search(r"[?&]rl=([\w-]{71})$", landed[-1])
    assert token is not None
    assert "rl=" not in tab.url
    tags = "utm_source=newsletter&utm_medium=email&utm_campaign=welcome"
    assert tab.url == f"{WEBSITE}/guide/cost-per-cup?{tags}"
    assert view["context"]["rl"] == token[1]
    assert "rl" not in first["context"]
    assert first["anonymousId"] == view["anonymousId"]
    assert "userId" not in view
    assert "ada@example.org" not in str(recorder.events)
    assert f"&rl={token[1]}" in recorder.asked[-1]
    until(tab, lambda: tab.inner_text("h1") == "What does a cup cost you?")
    tab.screenshot(path=Path(os.environ.get("SCREENSHOTS", tmp_path)) / "slot.png")


def test_a_token_in_an_address_is_taken_out_and_everything_else_stays(
    tab: "Page", context: "BrowserContext", recorder: Recorder
) -> None:
    page = page_of(embedded(recorder.url, consent=True))
    context.route(f"{WEBSITE}/**", lambda route: route.fulfill(content_type="text/html", body=page))
    token = "A" * 71
    for asked, left in (
        (f"/?rl={token}", "/"),
        (f"/?a=1&rl={token}#part", "/?a=1#part"),
        (f"/?rl={token}&b=%20&c", "/?b=%20&c"),
        ("/?rl=1", "/?rl=1"),
    ):
        tab.goto(f"{WEBSITE}{asked}")
        tab.wait_for_function("window.relance && relance.up")
        assert tab.url == f"{WEBSITE}{left}"
    assert recorder.posts == []
