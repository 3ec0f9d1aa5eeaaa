"""Mails as a mail program shows them: on a phone and in a narrow pane, by day and by night."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.servers import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

RULES = ["color-contrast", "image-alt", "link-name"]
PICTURES = ROOT / ".build" / "pictures"
MESSAGES = sorted(path.name for path in (ROOT / "layers/content/messages").iterdir())


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The HTML of every shipped mail, by the suite's own Python."""
    folder = tmp_path_factory.mktemp("letters")
    python = os.environ.get("RELANCE_PYTHON", sys.executable)
    path = os.pathsep.join([str(ROOT), str(ROOT / "layers" / "relance")])
    subprocess.run(
        [python, "-m", "tests.mail.letters", str(folder)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, check=True, timeout=120,
    )  # fmt: skip
    return folder


@pytest.fixture(params=[320, 640])
def width(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(params=["light", "dark"])
def pane(chromium: "Browser", width: int, request: pytest.FixtureRequest) -> Iterator["Page"]:
    """A mail program's pane of this width, by day or by night."""
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme=request.param
    )
    context.route("**/*", lambda route: route.abort())
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("message", MESSAGES)
def test_a_mail_fits_its_pane_and_can_be_read(
    pane: "Page", written: Path, message: str, width: int
) -> None:
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - not everybody's

    for letter in sorted(written.glob(f"{message}*.html")):
        pane.set_content(letter.read_text(encoding="utf-8"))
        assert pane.evaluate("document.documentElement.scrollWidth") <= width
        is_dark = pane.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        name = f"mail-{letter.stem}-{width}-{'dark' if is_dark else 'light'}.png"
        PICTURES.mkdir(parents=True, exist_ok=True)
        pane.screenshot(path=PICTURES / name, full_page=True)
        sheet = pane.evaluate("getComputedStyle(document.querySelector('.sheet')).backgroundColor")
        assert sheet == ("rgb(36, 32, 29)" if is_dark else "rgb(255, 255, 255)")
        found = Axe().run(pane, options={"runOnly": {"type": "rule", "values": RULES}})
        assert found.violations_count == 0, found.generate_report()
