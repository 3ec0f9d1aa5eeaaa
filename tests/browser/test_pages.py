"""The pages that people see: on a phone and on a desktop, without script, accessible."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.pages import until
from tests.browser.servers import ROOT, Suite
from tests.browser.test_campaign import confirm, link, mails, submit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser

WIDTHS = {"phone": (390, 844), "desktop": (1280, 800)}
LANGUAGES = ("en", "fr", "pt", "de", "es")
PICTURES = ROOT / ".build" / "pictures"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def ana(the_suite: Suite, chromium: "Browser") -> dict[str, str]:
    """Somebody who signed up and confirmed: the pages that her mails lead to, by kind."""
    context = chromium.new_context(java_script_enabled=False)
    tab = context.new_page()
    address = "ana.pages@example.com"
    tab.goto(f"{the_suite.url}/f/newsletter")
    submit(tab, address)
    page = confirm(tab, the_suite, address)
    mail = until(tab, lambda: next((m for m in mails(the_suite, address) if link(m, "p")), ""))
    context.close()
    found = {"confirm": page, "preferences": link(mail, "p"), "unsubscribe": link(mail, "u")}
    return {kind: each for kind, each in found.items() if each}


@pytest.fixture(params=WIDTHS)
def width(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def reader(chromium: "Browser", width: str, language: str) -> Iterator["Page"]:
    """A browser of this width whose reader reads this language."""
    x, y = WIDTHS[width]
    context = chromium.new_context(
        viewport={"width": x, "height": y}, locale=language, is_mobile=width == "phone"
    )
    yield context.new_page()
    context.close()


def looks_right(tab: "Page", name: str) -> None:
    """Nothing is wrong for assistive technology, nothing sticks out; a picture is kept."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415

    found = Axe().run(tab, options={"runOnly": {"type": "tag", "values": RULES}})
    assert found.violations_count == 0, found.generate_report()
    wide = tab.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"{name} is {wide} px wider than the window"
    PICTURES.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def test_a_page_with_faults_is_told_from_one_without(chromium: "Browser") -> None:
    tab = chromium.new_page()
    tab.set_content("<html><body><input name=email style='width: 9000px'></body></html>")
    with pytest.raises(AssertionError, match="label"):
        looks_right(tab, "faults")
    tab.close()


def test_the_form(reader: "Page", the_suite: Suite, width: str, language: str) -> None:
    reader.goto(f"{the_suite.url}/f/newsletter")
    assert reader.get_attribute("html", "lang") == language
    looks_right(reader, f"form-{language}-{width}")
    reader.evaluate("document.querySelector('form').noValidate = true")
    reader.click("button")
    assert reader.locator("[role=alert], [aria-invalid=true]").count() > 0
    looks_right(reader, f"form-refused-{language}-{width}")
    submit(reader, f"{language}.{width}@example.com")
    assert reader.locator("form").count() == 0
    looks_right(reader, f"form-sent-{language}-{width}")


def test_the_preference_page(
    reader: "Page", ana: dict[str, str], width: str, language: str
) -> None:
    reader.goto(ana["preferences"])
    reader.select_option("[name=language]", language)
    reader.check("[name=frequency][value=all]")
    reader.click("button[value=save]")
    reader.goto(ana["preferences"])
    assert reader.get_attribute("html", "lang") == language
    looks_right(reader, f"preferences-{language}-{width}")
    reader.check("[name=frequency][value=weekly]")
    reader.click("button[value=save]")
    looks_right(reader, f"preferences-saved-{language}-{width}")
    assert reader.is_checked("[name=frequency][value=weekly]")


@pytest.mark.parametrize("kind", ["confirm", "unsubscribe"])
def test_the_pages_behind_the_links(
    reader: "Page", ana: dict[str, str], kind: str, width: str, language: str
) -> None:
    reader.goto(ana[kind])
    looks_right(reader, f"{kind}-{language}-{width}")


def test_what_was_never_there(reader: "Page", the_suite: Suite, width: str, language: str) -> None:
    reader.goto(f"{the_suite.url}/p/nothing")
    looks_right(reader, f"link-invalid-{language}-{width}")


def test_preferences_are_chosen_without_script(
    chromium: "Browser", ana: dict[str, str], tmp_path: Path
) -> None:
    context: BrowserContext = chromium.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(ana["preferences"])
    tab.check("[name=frequency][value=monthly]")
    tab.check("[name=pause]")
    tab.select_option("[name=language]", "pt")
    tab.click("button[value=save]")
    assert tab.get_attribute("html", "lang") == "pt"
    tab.goto(ana["preferences"])
    assert tab.is_checked("[name=frequency][value=monthly]")
    assert tab.is_checked("[name=pause]")
    context.close()
