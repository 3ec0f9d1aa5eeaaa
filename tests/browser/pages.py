"""The pages that tests open, and waiting for what comes of them."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from tests.browser.servers import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

T = TypeVar("T")

PATIENCE_MS = 20_000
"""How long anything may take that comes about at all."""

LIKE_A_PERSON_MS = 2_100
"""Nobody fills in a form faster."""

QUIET_MS = 700
"""How long nothing must come, where nothing may: thrice the time that the script waits."""


def embedded(url: str, *, key: str = "", consent: bool = False) -> str:
    """The markup of docs/tracking.md for the suite at `url`."""
    guide = (ROOT / "docs" / "tracking.md").read_text(encoding="utf-8")
    found = re.search(
        r"```html\n(<script>.*?</script>\n<script async.*?</script>)\n", guide, re.DOTALL
    )
    assert found is not None
    text = found[1].replace("https://links.example.com", url)
    text = text.replace("YOUR-PUBLIC-KEY", key or "YOUR-PUBLIC-KEY")
    return text if consent else text.replace(' data-consent="required"', "")


def page_of(head: str, body: str = "", title: str = "A page") -> str:
    """A whole page."""
    return f"<!doctype html><html lang=en><head><title>{title}</title>{head}</head>{body}</html>"


def patient(tab: "Page") -> None:
    """Let time stand still for the scripts of a tab: no answer is too late for a slot.

    Their timers run. How long a slot waits is tried where its answer does not depend on how busy
    this machine is.
    """
    tab.clock.set_fixed_time(datetime.now(UTC))


def until(tab: "Page", holds: Callable[[], T]) -> T:
    """Let the browser go on until something holds; what it holds."""
    for _ in range(PATIENCE_MS // 50):
        found = holds()
        if found:
            return found
        tab.wait_for_timeout(50)
    raise AssertionError("it did not come about")


def until_there_are(tab: "Page", count: int, look: Callable[[], Sequence[T]]) -> Sequence[T]:
    """Let the browser go on until there are so many; all that there are."""
    until(tab, lambda: len(look()) >= count)
    return look()
