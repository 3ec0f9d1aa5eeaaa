"""Hooks as the build leaves them, and the example of docs/hooks.md."""

import json
import re
from collections.abc import Callable

from relance.content.compiled import Content
from relance.content.hooks import Hook
from relance.hooks.schemes import SCHEMES

from .conftest import ROOT

GUIDE = (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8")
Built = Callable[..., Content]


def test_the_example_of_the_guide_builds_and_does_what_it_says(built: Built) -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    ticket = {
        "number": "T-1", "status": "paid", "sold_at": 1767603600, "cents": 2500,
        "holder": {"id": 5, "email": "ana@example.com"},
    }  # fmt: skip
    payload = {
        "type": "tickets.sold",
        "currency": "eur",
        "event": {"name": "Harvest"},
        "tickets": [ticket, {**ticket, "number": "T-2", "status": "reserved"}],
    }
    event = {
        "event": "event_registered",
        "id": "T-1",
        "time": "2026-01-05T09:00:00.000Z",
        "who": {"email": "ana@example.com", "ids": {"tickets": "5"}},
        "properties": {"event": "Harvest", "price": 25.0, "door": "online"},
    }
    sample = json.dumps({"payload": payload, "events": [event]})
    content = built({"hooks/tickets.yaml": example, "hooks/tickets/sold.json": sample})
    assert content.hook("tickets") is not None


def test_the_guide_names_every_shipped_hook_and_every_known_provider(shipped: Content) -> None:
    for name in shipped.hooks:
        assert f"| `{name}` |" in GUIDE
    for name in SCHEMES:
        assert f"`{name}`" in GUIDE


def test_a_hook_is_read_as_it_was_written(shipped: Content) -> None:
    for name in shipped.hooks:
        hook = shipped.hook(name)
        assert hook is not None
        assert Hook.from_json(json.loads(json.dumps(hook.to_json()))) == hook
    assert shipped.hook("nobody") is None


def test_the_samples_are_not_shipped_to_functions(built: Built) -> None:
    content = built()
    hook = content.hook("booking")
    assert hook is not None
    assert "ana@example.com" not in json.dumps(hook.to_json())
