"""Landing pages, and a form in a page of the company's own."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.pages import LIKE_A_PERSON_MS, page_of, until
from tests.browser.servers import Suite
from tests.browser.test_campaign import WEBSITE, link, mails, submit
from tests.browser.test_pages import WIDTHS, language, looks_right, reader, width

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser

__all__ = ["language", "reader", "width"]  # fixtures


def snippet(url: str) -> str:
    """The lines of docs/leads.md for the suite at `url`."""
    return (
        f'<main><h1>Our letter</h1><div data-relance-form="newsletter">'
        f'<a href="{url}/f/newsletter">Sign up for the newsletter</a></div></main>'
        f'<script async src="{url}/form.js"></script>'
    )


@pytest.fixture
def page(context: "BrowserContext", the_suite: Suite) -> Iterator["Page"]:
    """A page of the company's own that holds the form; any other site has the same."""
    made = page_of("", snippet(the_suite.url), "Our letter")
    for site in (WEBSITE, "https://www.example.org"):
        context.route(
            f"{site}/**",
            lambda route: route.fulfill(content_type="text/html; charset=utf-8", body=made),
        )
    tab = context.new_page()
    yield tab
    tab.close()


def test_a_landing_page(reader: "Page", the_suite: Suite, width: str, language: str) -> None:
    reader.goto(f"{the_suite.url}/l/office-coffee")
    assert reader.get_attribute("html", "lang") == language
    looks_right(reader, f"landing-{language}-{width}")
    submit(reader, f"landing.{language}.{width}@example.com")
    looks_right(reader, f"landing-sent-{language}-{width}")


def test_a_form_in_the_company_s_own_page_asks_answers_and_signs_up(
    page: "Page", the_suite: Suite
) -> None:
    page.goto(f"{WEBSITE}/letter?utm_source=spring")
    page.wait_for_selector("[data-relance-form] [name=email]")
    for name, (x, y) in WIDTHS.items():
        page.set_viewport_size({"width": x, "height": y})
        looks_right(page, f"snippet-{name}")
    page.wait_for_timeout(LIKE_A_PERSON_MS)
    page.evaluate("document.querySelector('form').noValidate = true")
    page.click("[data-relance-form] button")
    page.wait_for_selector("[role=alert]")
    assert page.evaluate("document.activeElement.matches('[role=alert]')")
    looks_right(page, "snippet-refused")
    page.fill("[name=email]", "snippet@example.com")
    page.check("[name=consent]")
    page.click("[data-relance-form] button")
    page.wait_for_selector("[role=status]")
    assert page.url.startswith(WEBSITE)
    looks_right(page, "snippet-sent")
    found = until(page, lambda: mails(the_suite, "snippet@example.com"))
    assert link(found[0], "k")


def test_in_the_page_of_anybody_else_the_link_stays(page: "Page") -> None:
    with page.expect_response(lambda each: "/f/newsletter" in each.url) as answer:
        page.goto("https://www.example.org/letter")
    assert answer.value.status == 403
    assert page.inner_text("[data-relance-form]") == "Sign up for the newsletter"
