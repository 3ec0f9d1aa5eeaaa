"""The pictures of the machines as Chromium draws them: names fit, and words hide no words."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.servers import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PICTURES = sorted((ROOT / "docs" / "graphs").glob("*.svg"))
WRONG = """() => {
  const wrong = [], boxes = [], meet = (a, b) =>
    a.x < b.x + b.width - 1 && b.x < a.x + a.width - 1 &&
    a.y < b.y + b.height - 2 && b.y < a.y + a.height - 2;
  for (const group of document.querySelectorAll("svg > g")) {
    const shape = group.querySelector("rect, polygon:not(.head)");
    if (!shape) continue;
    const room = shape.getBBox(), name = group.textContent.trim();
    for (const text of group.querySelectorAll("text")) {
      const box = text.getBBox();
      if (box.width > room.width - 6 || box.y < room.y || box.y + box.height > room.y + room.height)
        wrong.push(`does not fit: ${text.textContent}`);
    }
    boxes.push([name, room]);
  }
  for (const label of document.querySelectorAll("text.label"))
    boxes.push([`"${label.textContent}"`, label.getBBox()]);
  boxes.forEach(([one, a], n) => boxes.slice(n + 1).forEach(([other, b]) => {
    if (meet(a, b)) wrong.push(`${one} meets ${other}`);
  }));
  const all = document.documentElement.getBBox(), page = document.documentElement.viewBox.baseVal;
  if (all.x < 0 || all.width > page.width + 1) wrong.push("reaches beyond the picture");
  return wrong;
}"""


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.stem)
def test_names_fit_and_nothing_hides_anything(tab: "Page", picture: Path) -> None:
    tab.goto(picture.as_uri())
    assert tab.evaluate(WRONG) == []
