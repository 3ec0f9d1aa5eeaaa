"""Writes the pages of the dashboard's widgets, and the dashboard itself, as HTML files.

Usage: ``python -m tests.browser.widget_pages FOLDER``, with the suite's own Python.
"""

import re
import sys
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from local.dashboard import body, machines
from local.translation import read_template
from local.world import ROOT, World
from tests.workflows.mailing import Gathered
from tests.workflows.story import Story
from tests.workflows.test_widgets import happens
from tests.workflows.widgets import Widget

EVENING = datetime(2026, 1, 5, 22, 30, tzinfo=UTC)
ANA = "ana@example.com"

# Near to what CloudWatch gives the elements of custom widgets.
STYLE = """
body { font: 14px/1.5 "Open Sans", Arial, sans-serif; margin: 8px; color: #16191f; }
h1, h2, h3, h4 { margin: 8px 0; } a { color: #0073bb; }
table { border-collapse: collapse; } th { text-align: left; }
td, th { border-top: 1px solid #eaeded; padding: 3px 8px; vertical-align: top; }
.btn { display: inline-block; border: 1px solid #545b64; border-radius: 2px; padding: 2px 16px;
  margin: 2px; color: #545b64; font-weight: bold; cursor: pointer; }
.btn-primary { background: #b7450a; color: #fff; border-color: #b7450a; }
cwdb-action { display: none; }
.card { position: absolute; box-sizing: border-box; overflow: auto; padding: 4px 10px;
  border: 1px solid #d5dbdb; }
pre { background: #f2f3f3; padding: 6px; white-space: pre-wrap; margin: 4px 0; font-size: 12px; }
"""


def page(html: str) -> str:
    """A document around what a widget shows."""
    return f'<!doctype html><html lang="en"><title>Widget</title><style>{STYLE}</style>{html}'


def widgets() -> dict[str, str]:
    """What the widgets show of a small world, by name."""
    found: dict[str, str] = {}
    with World.build(start=EVENING, seed=1) as world:
        story = Story(world, start=EVENING)
        story.signs_up(ANA, role="owner")
        story.confirms(ANA)
        for number in range(9):
            story.signs_up(f"p{number}@example.com")
        contact = story.contact(ANA)
        for number in range(70):
            happens(story, contact, "order_completed", number, order_id=f"A-{number}")
        story.day(3.01)
        widget = Widget(world, {"view": "find"})
        widget.shows()
        found["find"] = widget.html
        widget.presses("Find", who="nobody@example.com")
        found["nobody"] = widget.html
        widget.presses("Find", who=ANA)
        found["person"] = widget.html
        funnel = Widget(world, {"view": "funnel", "journeys": ["welcome", "cart_recovery"]})
        funnel.shows()
        found["funnel"] = funnel.html
        funnel.presses("Welcome")
        found["count"] = funnel.html
    with Gathered.of(12).somewhere() as mailing:
        mailing.unsubscribes(1)
        mailing.sends()
        campaigns = Widget(mailing.world, {"view": "campaigns"})
        campaigns.shows()
        found["campaigns"] = campaigns.html
    return found


def dashboard(shown: dict[str, str], column: int) -> str:
    """The dashboard in columns so wide; a row of CloudWatch's grid is 49 pixels high."""
    markdown = MarkdownIt("commonmark")
    cards = []
    for each in body(machines(read_template(ROOT / "template.yaml"), ROOT)):
        properties: dict[str, Any] = each["properties"]
        if each["type"] == "text":
            inside = markdown.render(re.sub(r"\$\{[^}]+\}", "x", properties["markdown"]))
        elif each["type"] == "custom":
            view = properties["params"]["view"]
            inside = f"<b>{escape(properties['title'])}</b>{shown[view]}"
        else:
            inside = f"<b>{escape(properties['title'])}</b>"
        place = (
            f"left:{each['x'] * column}px;top:{each['y'] * 49}px;"
            f"width:{each['width'] * column}px;height:{each['height'] * 49}px"
        )
        cards.append(f'<div class="card {each["type"]}" style="{place}">{inside}</div>')
    return page("".join(cards))


def main(folder: Path) -> None:
    """Write them all."""
    shown = widgets()
    for name, html in shown.items():
        (folder / f"{name}.html").write_text(page(html), encoding="utf-8")
    for name, column in {"wide": 60, "narrow": 42}.items():
        (folder / f"dashboard-{name}.html").write_text(dashboard(shown, column), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
