"""The dashboard's widgets as Chromium shows them, in a wide box and in a narrow one."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.servers import ROOT, Suite
from tests.browser.test_campaign import submit

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

RULES = ["color-contrast", "label", "link-name", "th-has-data-cells", "scope-attr-valid"]
PICTURES = ROOT / ".build" / "pictures"
VIEWS = ["find", "nobody", "person", "funnel", "count", "campaigns"]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, by the suite's own Python."""
    folder = tmp_path_factory.mktemp("widgets")
    python = os.environ.get("RELANCE_PYTHON", sys.executable)
    path = os.pathsep.join([str(ROOT), str(ROOT / "layers" / "relance")])
    subprocess.run(
        [python, "-m", "tests.browser.widget_pages", str(folder)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, check=True, timeout=120,
    )  # fmt: skip
    PICTURES.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("width", [420, 820, 1400])
@pytest.mark.parametrize("view", VIEWS)
def test_a_widget_fits_its_box_and_can_be_read(
    tab: "Page", shown: Path, view: str, width: int
) -> None:
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - not everybody's

    tab.set_viewport_size({"width": width, "height": 600})
    tab.set_content((shown / f"{view}.html").read_text(encoding="utf-8"))
    tab.screenshot(path=PICTURES / f"widget-{view}-{width}.png", full_page=True)
    assert tab.evaluate("document.documentElement.scrollWidth") <= max(width, 600)
    found = Axe().run(tab, options={"runOnly": {"type": "rule", "values": RULES}})
    assert found.violations_count == 0, found.generate_report()


def test_return_sends_what_was_typed_nowhere(tab: "Page", shown: Path) -> None:
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto((shown / "find.html").as_uri())
    asked.clear()
    tab.fill("input[name=who]", "ana@example.com")
    tab.press("input[name=who]", "Enter")
    tab.wait_for_timeout(200)
    assert asked == []
    assert "ana" not in tab.url


@pytest.mark.parametrize(("name", "width"), [("wide", 1460), ("narrow", 1020)])
def test_the_texts_of_the_dashboard_fit_their_places(
    tab: "Page", shown: Path, name: str, width: int
) -> None:
    tab.set_viewport_size({"width": width, "height": 900})
    tab.set_content((shown / f"dashboard-{name}.html").read_text(encoding="utf-8"))
    tab.screenshot(path=PICTURES / f"dashboard-{name}.png", full_page=True)
    cut = tab.evaluate(
        "[...document.querySelectorAll('.card.text')]"
        ".filter(it => it.scrollHeight > it.clientHeight + 2)"
        ".map(it => it.innerText.split('\\n')[0])"
    )
    assert name == "narrow" or cut == []


def test_a_contact_is_found_on_the_dashboard_of_this_machine(tab: "Page", the_suite: Suite) -> None:
    tab.goto(f"{the_suite.url}/f/newsletter")
    with tab.expect_navigation():
        submit(tab, "ana.dash@example.com")
    tab.goto(the_suite.inbox.replace("/inbox", "/dashboard"))
    tab.fill("input[name=who]", "ana.dash@example.com")
    tab.click(".btn-primary")
    tab.wait_for_selector("text=In journeys now")
    assert "ana.dash" not in tab.inner_text("[data-params] >> nth=0")
    tab.screenshot(path=PICTURES / "dashboard-served.png")
    tab.click("text=Look for somebody else")
    tab.wait_for_selector("input[name=who]")
