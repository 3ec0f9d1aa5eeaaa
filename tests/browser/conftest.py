"""A headless Chromium, the suite, a website that embeds relance.js as docs/tracking.md says."""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.pages import PATIENCE_MS, embedded, page_of
from tests.browser.servers import Recorder, Suite, Website, serving, suite

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    # Pages that a test puts in the place of the company's own speak to this machine.
    "--disable-features=LocalNetworkAccessChecks,PrivateNetworkAccessRespectPreflightResults",
]


@pytest.fixture(scope="session")
def the_suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    with suite(tmp_path_factory.mktemp("world")) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - not in everybody's environment

    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=FLAGS, chromium_sandbox=False
        )
        yield browser
        browser.close()


@pytest.fixture
def recorder(the_suite: Suite) -> Iterator[Recorder]:
    made = Recorder(the_suite)
    with serving(made):
        yield made


@pytest.fixture
def website(recorder: Recorder) -> Iterator[Website]:
    """A website that follows without asking; a test may replace its pages."""
    made = Website(pages={"*": page_of(embedded(recorder.url))})
    with serving(made):
        yield made


@pytest.fixture
def context(chromium: "Browser") -> Iterator["BrowserContext"]:
    """A browser that was never here before."""
    made = chromium.new_context(viewport={"width": 1100, "height": 700})
    made.set_default_timeout(PATIENCE_MS)
    yield made
    made.close()


@pytest.fixture
def tab(context: "BrowserContext") -> "Page":
    return context.new_page()
