"""Pages with a form in them: landing pages, and forms in the company's own pages."""

import json
import re
from urllib.parse import urlencode

import pytest

from local.http_messages import Response
from tests.workflows.content import content_with
from tests.workflows.story import Story

ANA = "ana@example.com"
FORM = {"content-type": "application/x-www-form-urlencoded"}
SHOP = "https://www.example.com"


def fills_in(
    story: Story, path: str, page: str, headers: dict[str, str] | None = None, **typed: str
) -> Response:
    """Fill in the form of a page as a browser does, hidden fields and all, and send it."""
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    story.a_moment(5)
    body = urlencode({**hidden, "email": ANA, "consent": "yes", **typed}).encode()
    path, _, query = path.partition("?")
    found = story.world.request(
        "POST", path, headers={**FORM, **(headers or {})}, body=body, query=query
    )
    story.a_moment()
    return found


def signed_up(story: Story) -> dict[str, object]:
    """What the last sign-up says."""
    return dict(story.events(ANA, "signed_up")[-1]["properties"])


@pytest.mark.parametrize(("asked", "shown"), [("de", "de"), ("ca", "es"), ("ja", "en")])
def test_a_landing_page_speaks_the_reader_s_language_or_the_next_best(
    story: Story, asked: str, shown: str
) -> None:
    page = story.world.request("GET", "/l/office-coffee", headers={"accept-language": asked})
    assert page.status == 200
    assert f'<html lang="{shown}">' in page.text
    assert f'name="shown_in" value="{shown}"' in page.text


def test_a_landing_page_is_what_others_show_of_it(story: Story) -> None:
    page = story.world.request("GET", "/l/office-coffee")
    assert '<meta property="og:title" content="Better coffee for your office">' in page.text
    assert 'name="description" content="Fresh beans every week' in page.text
    assert '<meta name="robots" content="noindex">' in page.text
    assert "img-src https://example.com https://*.example.com" in (
        page.header("content-security-policy") or ""
    )


def test_a_sign_up_on_a_landing_page_says_where_it_was(story: Story) -> None:
    path = "/l/office-coffee"
    page = story.world.request("GET", path).text
    wrong = fills_in(story, path, page, email="ana@")
    assert wrong.status == 422
    assert "<h2>Read how others do it</h2>" in wrong.text
    assert fills_in(story, path, wrong.text).status == 200
    assert signed_up(story)["source"] == {"source": "(direct)", "landing": "l/office-coffee"}
    assert story.confirms(ANA) == 200


@pytest.mark.parametrize(
    ("query", "referrer", "source"),
    [
        (
            "utm_source=News&utm_medium=cpc&utm_campaign=Spring%20sale&utm_term=beans",
            "",
            {"source": "news", "medium": "cpc", "campaign": "spring sale", "term": "beans"},
        ),
        ("", "https://www.google.fr/", {"source": "google", "medium": "organic"}),
        ("", "https://blog.example.net/x", {"source": "blog.example.net", "medium": "referral"}),
        ("gclid=Cj0KCQ", "", {"source": "google", "medium": "cpc", "paid_by": "gclid"}),
        ("utm_source=ana@example.com", "", {"source": "(direct)"}),
        ("utm_source=" + "x" * 500, "", {"source": "x" * 80}),
    ],
    ids=["campaign", "search", "other site", "click id", "address", "too long"],
)
def test_where_somebody_came_from_travels_with_the_form(
    story: Story, query: str, referrer: str, source: dict[str, str]
) -> None:
    page = story.world.request(
        "GET", "/f/newsletter", query=query, headers={"referer": referrer} if referrer else {}
    ).text
    fills_in(story, "/f/newsletter", page)
    said = signed_up(story)["source"]
    assert isinstance(said, dict)
    assert {name: said[name] for name in source} == source
    assert said["landing"] == "f/newsletter"
    assert "Cj0KCQ" not in json.dumps(said)


def test_a_form_in_the_company_s_own_page_comes_as_a_part_and_says_which_page(
    story: Story,
) -> None:
    own = {"origin": SHOP, "accept": "*/*"}
    query = urlencode(
        {"part": "form", "page": "www.example.com/shop", "utm_source": "flyer", "language": "fr"}
    )
    part = story.world.request("GET", "/f/newsletter", query=query, headers=own).json()
    assert part["success"] is True
    assert part["html"].strip().startswith("<form")
    assert 'id="relance-newsletter-email"' in part["html"]
    assert 'name="shown_in" value="fr"' in part["html"]
    path = "/f/newsletter?part=form"
    wrong = fills_in(story, path, part["html"], own, email="ana@")
    assert wrong.status == 422
    assert 'href="#relance-newsletter-email"' in wrong.json()["html"]
    taken = fills_in(story, path, wrong.json()["html"], own)
    assert taken.json()["html"].startswith('<div class="thanks" role="status"')
    expected = {"source": "flyer", "landing": "www.example.com/shop"}
    assert signed_up(story)["source"] == expected


@pytest.mark.parametrize("origin", ["https://evil.example", "https://www.example.com.evil.org"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_of_somebody_else_gets_no_form_and_sends_none(
    story: Story, origin: str, method: str
) -> None:
    answer = story.world.request(
        method,
        "/f/newsletter",
        query="part=form",
        headers={**FORM, "origin": origin},
        body=b"email=ana%40example.com&consent=yes" if method == "POST" else b"",
    )
    assert answer.status == 403
    assert story.rows("Contacts") == []


@pytest.mark.parametrize("origin", ["null", SHOP, "https://shop.example.com"])
def test_our_own_pages_and_those_of_the_company_may_send_it(story: Story, origin: str) -> None:
    headers = {**FORM, "origin": origin}
    body = b"email=ana%40example.com&consent=yes"
    assert story.world.request("POST", "/f/newsletter", headers=headers, body=body).status == 200


def test_whoever_has_sent_the_form_is_led_to_the_company_s_page(story: Story) -> None:
    form = """title: T
fields: [{trait: email, label: E-mail, required: yes}]
consent: {purpose: marketing, topic: newsletter, version: "1", text: Yes}
button: Go
thanks: {redirect: "https://www.example.com/thanks?from=form"}
"""
    story.world.deploy_content(content_with({"forms/short.yaml": form}))
    page = story.world.request("GET", "/f/short").text
    answer = fills_in(story, "/f/short", page)
    assert answer.status == 303
    assert answer.header("location") == "https://www.example.com/thanks?from=form"
    body = json.dumps({"email": "bea@example.com", "consent": True}).encode()
    headers = {"content-type": "application/json"}
    answer = story.world.request("POST", "/f/short", headers=headers, body=body)
    assert answer.json() == {
        "success": True,
        "redirect": "https://www.example.com/thanks?from=form",
    }


def test_there_is_no_page_of_another_name(story: Story) -> None:
    for path in ("/l/nothing", "/l/..%2foffice-coffee", "/f/..%2f..%2fcontent"):
        assert story.world.request("GET", path).status == 404
