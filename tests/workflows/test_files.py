"""Files that forms give: by a signed link, at once or once the address is confirmed."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from local.http_messages import Response
from tests.workflows.content import SHIPPED, content_with
from tests.workflows.story import Story
from tests.workflows.test_landing_pages import fills_in

ANA = "ana@example.com"
PERSON = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
FILES = "better_coffee: {key: guides/better-coffee.pdf, title: Read the guide}\n"
FORM = (SHIPPED / "forms" / "newsletter.yaml").read_text(encoding="utf-8")
WELCOME = """<h1>Hello</h1>
<p><a href="{{ file_url }}">The guide</a>, <a href="https://www.example.com/a">more</a></p>
"""


@pytest.fixture(params=["after confirming", "at once"])
def given(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shop(story: Story, given: str) -> Story:
    """A story with a form that gives a file, and the file in its bucket."""
    files = {
        "files.yaml": FILES,
        "forms/newsletter.yaml": f"{FORM}file: {{name: better_coffee, given: {given}}}\n",
        "messages/welcome/body.html.j2": WELCOME,
    }
    story.world.deploy_content(content_with(files))
    bucket = story.world.stack.resources["DownloadsBucket"].name
    story.world.client("s3").put_object(
        Bucket=bucket, Key="guides/better-coffee.pdf", Body=b"%PDF-1.7"
    )
    return story


def asks(story: Story, address: str = ANA) -> Response:
    """Fill in the form."""
    page = story.world.request("GET", "/f/newsletter").text
    return fills_in(story, "/f/newsletter", page, email=address)


def link_in(page: str) -> str:
    """The path of the link to the file."""
    found = re.search(r'href="\.\.(/d/[\w-]+)"', page)
    return found[1] if found else ""


def fetches(story: Story, path: str, method: str = "GET", **headers: str) -> Response:
    answer = story.world.request(method, path, headers={**PERSON, **headers})
    story.a_moment()
    return answer


def confirmed_page(story: Story, address: str = ANA) -> str:
    return story.world.request("POST", story.link(address, "/k/", 0)).text


@pytest.mark.parametrize("given", ["at once"], indirect=True)
def test_who_gets_a_file_at_once_finds_it_on_the_page_after_the_form(shop: Story) -> None:
    path = link_in(asks(shop).text)
    answer = fetches(shop, path)
    assert answer.status == 302
    assert "no-store" in (answer.header("cache-control") or "")
    address = urlsplit(answer.header("location") or "")
    bucket = shop.world.stack.resources["DownloadsBucket"].name
    assert (address.netloc.split(".")[0], address.path) == (bucket, "/guides/better-coffee.pdf")
    query = parse_qs(address.query)
    assert query["X-Amz-Expires"] == ["300"]
    assert query["response-content-disposition"] == ['attachment; filename="better-coffee.pdf"']


@pytest.mark.parametrize("given", ["after confirming"], indirect=True)
def test_who_has_to_confirm_first_gets_the_file_then_and_in_the_next_mail(shop: Story) -> None:
    assert link_in(asks(shop).text) == ""
    on_page = link_in(confirmed_page(shop))
    assert fetches(shop, on_page).status == 302
    shop.a_moment()
    assert shop.messages(ANA)[-1] == "welcome"
    assert fetches(shop, shop.link(ANA, "/d/")).status == 302
    (event,) = shop.events(ANA, "file_downloaded")
    assert (event["properties"]["file"], event["properties"]["form"]) == (
        "better_coffee",
        "newsletter",
    )


@pytest.mark.parametrize("given", ["after confirming"], indirect=True)
def test_who_is_on_the_list_already_is_promised_the_file_without_confirming(shop: Story) -> None:
    shop.signs_up(ANA)
    shop.confirms(ANA)
    shop.day(1)
    asks(shop)
    assert shop.register(ANA)["gift"]["by"] == shop.events(ANA, "signed_up")[-1]["event_id"]


def test_a_file_is_fetched_once_however_often(shop: Story) -> None:
    path = link_in(asks(shop).text) or link_in(confirmed_page(shop))
    for _ in range(3):
        assert fetches(shop, path).status == 302
    assert len(shop.events(ANA, "file_downloaded")) == 1


def test_programs_fetch_nothing(shop: Story) -> None:
    path = link_in(asks(shop).text) or link_in(confirmed_page(shop))
    assert fetches(shop, path, "HEAD").status == 302
    assert fetches(shop, path, **{"user-agent": "Some-LinkScanner/1.0"}).status == 302
    assert shop.events(ANA, "file_downloaded") == []


def test_a_link_that_has_run_out_says_how_to_get_a_new_one(shop: Story) -> None:
    path = link_in(asks(shop).text) or link_in(confirmed_page(shop))
    shop.day(14.1)
    answer = fetches(shop, path, **{"accept-language": "fr"})
    assert answer.status == 410
    assert 'href="../f/newsletter"' in answer.text
    assert '<html lang="fr">' in answer.text


@pytest.mark.parametrize("given", ["at once"], indirect=True)
def test_the_link_does_not_tell_how_long_an_address_has_been_known(shop: Story) -> None:
    shop.signs_up(ANA)
    contact = shop.contact(ANA)
    shop.day(2)
    known, new = link_in(asks(shop).text), link_in(asks(shop, "bea@example.com").text)
    assert len(known) == len(new)
    for path in (known, new):
        raw = path.removeprefix("/d/")
        assert contact not in raw
    # Whoever is not written down at all (a trap, too often) sees the same page.
    for _ in range(5):
        asks(shop)
    assert fetches(shop, link_in(asks(shop).text)).status == 302


@pytest.mark.parametrize("path", ["/d/nothing", "/d/..%2f..%2fetc%2fpasswd", "/d/" + "A" * 79])
def test_nobody_fetches_what_was_not_signed(shop: Story, path: str) -> None:
    assert fetches(shop, path).status == 404


def test_a_file_that_nobody_has_uploaded_is_told_and_nothing_recorded(shop: Story) -> None:
    bucket = shop.world.stack.resources["DownloadsBucket"].name
    shop.world.client("s3").delete_object(Bucket=bucket, Key="guides/better-coffee.pdf")
    path = link_in(asks(shop).text) or link_in(confirmed_page(shop))
    answer = fetches(shop, path)
    assert (answer.status, answer.header("retry-after")) == (503, "3600")
    assert shop.events(ANA, "file_downloaded") == []


def test_every_form_about_the_topic_asks_to_confirm_and_starts_the_journey(story: Story) -> None:
    files = {
        "files.yaml": FILES,
        "forms/guide.yaml": f"{FORM}file: {{name: better_coffee, given: after confirming}}\n",
    }
    story.world.deploy_content(content_with(files))
    page = story.world.request("GET", "/f/guide").text
    assert fills_in(story, "/f/guide", page, email=ANA).status == 200
    story.a_moment()
    assert story.messages(ANA) == ["confirm"]
    confirmed = story.world.request("POST", story.link(ANA, "/k/")).text
    assert link_in(confirmed)
    story.a_moment()
    assert story.messages(ANA) == ["confirm", "welcome"]
