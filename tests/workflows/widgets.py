"""The dashboard as CloudWatch treats custom widgets: calls the function, shows what it returns.

A page is read as a browser reads it, so that what was not escaped would show as an element.
"""

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from local.world import World

VOID = {"input"}
CONTEXT: dict[str, Any] = {
    "dashboardName": "relance-start-here",
    "widgetId": "widget-1",
    "accountId": "123456789012",
    "locale": "en",
    "timezone": {"label": "UTC", "offsetISO": "+00:00", "offsetInMinutes": 0},
    "period": 300,
    "isAutoPeriod": True,
    "timeRange": {"mode": "relative", "start": 0, "end": 1, "relativeStart": 1},
    "theme": "light",
    "linkCharts": True,
    "title": "Find a contact",
    "width": 588,
    "height": 369,
}


@dataclass
class Read(HTMLParser):
    """What a page holds: its elements, its text, its links, and its buttons with what they call."""

    elements: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, dict[str, Any]] = field(default_factory=dict)
    endpoints: set[str] = field(default_factory=set)
    open: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._label = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        given = dict(attrs)
        assert not any(name.startswith("on") for name in given)
        if tag == "cwdb-action":
            assert given["action"] == "call"
            self.endpoints.add(str(given["endpoint"]))
        if tag not in VOID:
            self.open.append((tag, given))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        opened, _ = self.open.pop()
        assert opened == tag, "elements are closed in their order"

    def handle_data(self, data: str) -> None:
        tag, given = self.open[-1] if self.open else ("", {})
        if tag == "cwdb-action":
            self.buttons[self._label] = json.loads(data)
            return
        if tag == "a":
            self._label = data
            if given.get("href"):
                self.links[data] = str(given["href"])
        self.texts.append(data)

    @property
    def text(self) -> str:
        """All that a person reads."""
        return " | ".join(self.texts)


@dataclass
class Widget:
    """One widget of the dashboard, with its parameters."""

    world: World
    params: dict[str, Any]
    zone: str = "+00:00"
    html: str = ""

    def shows(self, event: dict[str, Any] | None = None, **typed: str) -> Read:
        """Call the function as CloudWatch does; the page."""
        context = {
            **CONTEXT,
            "timezone": {"label": "Local", "offsetISO": self.zone, "offsetInMinutes": 0},
            "forms": {"all": typed},
            "params": self.params,
        }
        called = {**(self.params if event is None else event), "widgetContext": context}
        answer = self.world.invoke("show_widget", called)
        assert answer.error is None, answer.error
        self.html = str(answer.payload)
        page = Read()
        page.feed(self.html)
        assert page.open == []
        assert page.elements <= {
            "h3", "h4", "p", "a", "cwdb-action", "table", "thead", "tbody", "tr", "th", "td",
            "form", "label", "input", "code", "div", "span",
        }  # fmt: skip
        assert len(self.html) < 100_000
        self.page = page
        return page

    def presses(self, button: str, **typed: str) -> Read:
        """Press a button of the page that is shown."""
        return self.shows(self.page.buttons[button], **typed)
