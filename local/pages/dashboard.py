"""The dashboard of `serve`: the boxes and cards that CloudWatch shows, on this machine.

The boxes come from the same function and are treated as CloudWatch treats them: what stands in
`cwdb-action` is what the element before it calls, with what was typed beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from local.dashboard import Machine, Widget, body, machines
from local.http_messages import Request, Response
from local.sandbox import InvokeResult
from local.translation import read_template
from local.world import ROOT, World

_FUNCTION = "show_widget"
_MOST = 20_000

_STYLE = """
body { margin: 0 auto; padding: 1.5rem; max-width: 90rem; font: 15px/1.5 system-ui, sans-serif; }
.boxes, .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr));
  gap: 1rem; } section { border: 1px solid #8884; border-radius: 8px; padding: 0 1rem 1rem; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .3rem .6rem;
  border-bottom: 1px solid #8884; vertical-align: top; } cwdb-action { display: none; }
.btn { display: inline-block; border: 1px solid #8888; border-radius: 4px; padding: .1rem 1rem;
  margin: .2rem .2rem .2rem 0; cursor: pointer; font-weight: 600; }
pre { white-space: pre-wrap; background: #8881; border-radius: 8px; padding: .5rem; }
"""
_SCRIPT = """
const show = async (box, event) => {
  const typed = {};
  for (const field of box.querySelectorAll('input[name]')) typed[field.name] = field.value;
  const context = {forms: {all: typed}, params: JSON.parse(box.dataset.params)};
  const asked = {method: 'POST', headers: {'content-type': 'application/json'},
    body: JSON.stringify({...event, widgetContext: context})};
  const answer = await fetch('/dashboard', asked);
  box.querySelector('.shown').innerHTML = await answer.text();
};
for (const box of document.querySelectorAll('[data-params]')) {
  show(box, JSON.parse(box.dataset.params));
  box.addEventListener('click', event => {
    const action = event.target.nextElementSibling;
    if (action?.tagName === 'CWDB-ACTION') show(box, JSON.parse(action.textContent));
  });
}
"""
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
)
_HEADERS = (
    ("content-type", "text/html; charset=utf-8"),
    ("content-security-policy", _POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
)


class Dashboard:
    """Answers the requests for the dashboard."""

    def __init__(self, world: World) -> None:
        self._world = world
        found = machines(read_template(ROOT / "template.yaml"), ROOT)
        self._page = _page(found, body(found)).encode()

    def answer(self, request: Request, done: Callable[[Response], None]) -> None:
        """Answer one request: the page, or what a box of it asks the function."""
        if request.method != "POST":
            done(Response(200, _HEADERS, self._page))
            return
        # Only a script of this page sends JSON here: others are not let by the browser.
        is_json = request.header("content-type") == "application/json"
        event = _event(request.body) if is_json and len(request.body) <= _MOST else None
        if event is None:
            done(Response(400, _HEADERS, b"<p>This cannot be read.</p>"))
            return

        def shown(result: InvokeResult) -> None:
            failed = result.error is not None
            html = "<p>The function failed: see its log.</p>" if failed else str(result.payload)
            done(Response(500 if failed else 200, _HEADERS, html.encode()))

        self._world.sandboxes.invoke(self._world.function_name(_FUNCTION), event, shown)


def _event(raw: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(raw)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def _page(found: Sequence[Machine], widgets: Sequence[Widget]) -> str:
    boxes = "".join(
        f"<section data-params='{escape(json.dumps(each['properties']['params']))}'>"
        f"<h2>{escape(each['properties']['title'])}</h2><div class=shown></div></section>"
        for each in widgets
        if each["type"] == "custom"
    )
    cards = "".join(
        f"<section><h3>{escape(each.title)}</h3><p>{escape(each.sentence)}</p>"
        + "".join(f"<pre>{escape(json.dumps(it, ensure_ascii=False))}</pre>" for it in each.samples)
        + "</section>"
        for each in found
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Start here</title>'
        f"<style>{_STYLE}</style><h1>Start here</h1><div class=boxes>{boxes}</div>"
        f"<h2>Workflows, and what to paste</h2><div class=cards>{cards}</div>"
        f"<script>{_SCRIPT}</script>"
    )
