"""What is told of a visitor who may be followed."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.pages import QUIET_MS, embedded, page_of, until, until_there_are
from tests.browser.servers import Recorder, Website

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

HIDE = """
Object.defineProperty(document, 'visibilityState', {configurable: true, get: () => 'hidden'});
document.dispatchEvent(new Event('visibilitychange'));
"""
SHOW = HIDE.replace("'hidden'", "'visible'")
"""A headless browser shows every tab, so that looking away is told to the page by hand."""


def test_a_page_view_says_where_from_and_by_which_campaign(
    tab: "Page", website: Website, recorder: Recorder
) -> None:
    campaign = "utm_source=letter&utm_medium=email&utm_campaign=spring&utm_content=top"
    tab.goto(f"{website.url}/", referer="https://search.example/?q=secret")
    tab.evaluate(f"location = '/prices?{campaign}&mail=ada@example.org#rent'")
    view = until_there_are(tab, 2, lambda: recorder.named("page"))[1]
    assert view["properties"] == {
        "url": f"{website.url}/prices",
        "path": "/prices",
        "title": "A page",
        "referrer": f"{website.url}/",
    }
    assert view["context"]["page"] == view["properties"]
    expected = {"source": "letter", "medium": "email", "name": "spring", "content": "top"}
    assert view["context"]["campaign"] == expected
    assert recorder.named("page")[0]["properties"]["referrer"] == "https://search.example/"
    assert "ada@example.org" not in str(recorder.events)


def test_a_batch_is_one_of_the_segment_api_that_needs_no_preflight(
    tab: "Page", website: Website, recorder: Recorder
) -> None:
    tab.goto(website.url)
    until(tab, lambda: recorder.posts)
    (post,) = recorder.posts
    assert post.path == "/v1/batch"
    assert post.headers["content-type"] == "text/plain;charset=UTF-8"
    assert "authorization" not in post.headers
    assert "cookie" not in post.headers
    assert post.body["writeKey"] == "YOUR-PUBLIC-KEY"
    assert post.body["sentAt"].endswith("Z")
    (event,) = post.body["batch"]
    assert event["timestamp"] <= post.body["sentAt"]
    assert len({event["messageId"], event["anonymousId"]}) == 2
    assert "userId" not in event


def test_moving_within_a_page_is_a_page_view(
    tab: "Page", website: Website, recorder: Recorder
) -> None:
    tab.goto(f"{website.url}/one")
    until(tab, lambda: recorder.named("page"))
    tab.evaluate("history.pushState({}, '', '/two?x=1'); document.title = 'Two'")
    until_there_are(tab, 2, lambda: recorder.named("page"))
    tab.evaluate("history.pushState({}, '', '/two?x=2')")
    tab.evaluate("history.back()")
    tab.wait_for_timeout(QUIET_MS)
    tab.evaluate("history.back()")
    until_there_are(tab, 3, lambda: recorder.named("page"))
    told = [
        (each.get("event", "page"), each["properties"]["path"])
        for each in recorder.events
        if each["type"] in ("page", "track")
    ]
    assert told == [
        ("page", "/one"), ("page_left", "/one"), ("page", "/two"), ("page_left", "/two"),
        ("page", "/one"),
    ]  # fmt: skip
    second = recorder.named("page")[1]["properties"]
    assert (second["title"], second["referrer"]) == ("Two", f"{website.url}/one")


def test_the_time_on_a_page_is_the_time_in_sight_and_each_second_is_told_once(
    tab: "Page", website: Website, recorder: Recorder
) -> None:
    tab.goto(website.url)
    until(tab, lambda: recorder.named("page"))
    begun = tab.evaluate("Date.now()")
    tab.wait_for_timeout(1_600)
    tab.evaluate(HIDE)
    hidden = tab.evaluate("Date.now()")
    tab.wait_for_timeout(3_000)
    tab.evaluate(SHOW)
    again = tab.evaluate("Date.now()")
    tab.wait_for_timeout(1_600)
    tab.evaluate(HIDE)
    ended = tab.evaluate("Date.now()")
    told = until_there_are(tab, 2, lambda: recorder.named("page_left"))
    in_sight = (hidden - begun + ended - again) / 1000
    assert sum(each["properties"]["seconds"] for each in told) == pytest.approx(in_sight, abs=1.5)
    assert (ended - begun) / 1000 > in_sight + 2.5
    assert all(post.is_beacon for post in recorder.posts[1:])


def test_a_closed_tab_still_tells_the_time_on_its_page(
    tab: "Page", website: Website, recorder: Recorder
) -> None:
    other = tab.context.new_page()
    tab.goto(f"{website.url}/prices")
    until(tab, lambda: recorder.named("page"))
    tab.wait_for_timeout(1_200)
    tab.evaluate("relance('track', 'Last word')")
    tab.close(run_before_unload=True)
    (left,) = until(other, lambda: recorder.named("page_left"))
    assert left["properties"]["path"] == "/prices"
    assert left["properties"]["seconds"] >= 1
    assert recorder.named("Last word")
    assert recorder.posts[-1].is_beacon


def test_links_to_other_hosts_and_files_are_told_without_their_query(
    tab: "Page", website: Website, recorder: Recorder
) -> None:
    website.pages["/"] = page_of(
        embedded(recorder.url),
        """<a id=out href="https://partner.example/a?token=1">Partner</a>
        <a id=file href="/price-list.pdf?x=1">Prices</a>
        <a id=named href="/report" download>Report</a>
        <a id=inside href="/about">About us</a>
        <a id=mail href="mailto:us@example.com">Write</a>
        <p data-relance-ignore><a id=ignored href="https://partner.example/b">Not told</a></p>
        <script>document.addEventListener('click', e => e.preventDefault())</script>""",
    )
    tab.goto(website.url)
    for name in ("out", "file", "named", "inside", "mail", "ignored"):
        tab.click(f"#{name}")
    until_there_are(tab, 4, lambda: recorder.events)
    tab.wait_for_timeout(QUIET_MS)
    told = [(each["event"], each["properties"]["url"]) for each in recorder.events[1:]]
    assert told == [
        ("link_clicked", "https://partner.example/a"),
        ("file_downloaded", f"{website.url}/price-list.pdf"),
        ("file_downloaded", f"{website.url}/report"),
    ]


FORM = """<form id="quote" action="/thanks" method="post">
<input type="hidden" name="csrf" value="SECRET-1">
<input type="hidden" name="campaign" value="SECRET-2">
<input type="email" name="email" value="Ada@Example.org">
<input type="password" name="pw" value="SECRET-3">
<input name="cardnumber" autocomplete="cc-number" value="SECRET-4">
<input name="number" value="4111 1111 1111 1111">
<input name="iban" value="SECRET-5">
<textarea name="story">SECRET-6</textarea>
<input name="colleague" value="bob@example.org">
<div data-relance-ignore><input name="health" value="SECRET-7"></div>
<input name="cups" type="number" value="40">
<select name="role"><option value="owner" selected>Owner</option></select>
<input type="checkbox" name="rent" value="yes" checked>
<input type="checkbox" name="buy" value="yes">
<input name="company" value="Acme">
<input name="id" value="7"><input name="action" value="ask">
<button>Send</button></form>"""


def test_a_form_is_told_without_what_is_nobody_s_business_and_its_address_is_a_claim(
    tab: "Page", website: Website, recorder: Recorder
) -> None:
    website.pages["/"] = page_of(embedded(recorder.url), FORM)
    tab.goto(website.url)
    until(tab, lambda: recorder.named("page"))
    tab.click("button")
    tab.wait_for_url("**/thanks")
    (form,) = until(tab, lambda: recorder.named("form_submitted"))
    fields = {
        "cups": "40", "role": "owner", "rent": "yes", "company": "Acme", "id": "7", "action": "ask",
    }  # fmt: skip
    assert form["properties"] == {"form": "quote", "fields": fields}
    (claim,) = until(tab, lambda: recorder.named("identify"))
    assert claim["traits"] == {"email": "Ada@Example.org"}
    told = str(recorder.events)
    assert not any(secret in told for secret in ("SECRET", "4111", "bob@"))


def test_a_form_that_wants_to_be_left_alone_is(
    tab: "Page", website: Website, recorder: Recorder
) -> None:
    alone = FORM.replace("<form", "<form data-relance-ignore")
    website.pages["/"] = page_of(embedded(recorder.url), alone)
    tab.goto(website.url)
    until(tab, lambda: recorder.named("page"))
    tab.click("button")
    tab.wait_for_url("**/thanks")
    until_there_are(tab, 2, lambda: recorder.named("page"))
    assert recorder.named("form_submitted") == recorder.named("identify") == []


def test_own_events_and_claims_are_told_in_the_words_of_segment(
    tab: "Page", website: Website, recorder: Recorder
) -> None:
    tab.goto(website.url)
    tab.wait_for_function("relance.up")
    tab.evaluate("relance('track', 'Product Viewed', {product_id: 'espresso'})")
    tab.evaluate("relance('identify', 'customer-42', {plan: 'rent'})")
    tab.evaluate("relance('identify', {role: 'owner'})")
    first, second = until_there_are(tab, 2, lambda: recorder.named("identify"))
    assert (first["userId"], first["traits"]) == ("customer-42", {"plan": "rent"})
    assert ("userId" in second, second["traits"]) == (False, {"role": "owner"})
    (viewed,) = recorder.named("Product Viewed")
    assert (viewed["type"], viewed["properties"]) == ("track", {"product_id": "espresso"})


def test_what_could_not_be_taken_is_sent_again_as_it_was(
    tab: "Page", website: Website, recorder: Recorder
) -> None:
    recorder.refusals[:] = [503]
    tab.goto(website.url)
    until(tab, lambda: recorder.named("page"))
    ids: list[Any] = [each["messageId"] for each in recorder.events]
    assert len(ids) == len(set(ids)) == 1


def test_what_was_refused_is_not_sent_again(
    tab: "Page", website: Website, recorder: Recorder
) -> None:
    recorder.refusals[:] = [401]
    tab.goto(website.url)
    until(tab, lambda: not recorder.refusals)
    tab.wait_for_timeout(5_000)
    assert recorder.posts == []
