"""Samples of hooks: payloads as providers send them, and the events that they must become.

`hooks/<name>/<case>.json` holds `{"headers": {…}, "payload": {…}, "events": […]}`. An event of a
sample is what `shown` makes of an item. The build runs every sample, and asks for one for each
rule.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from relance.collecting.delivery import Delivery, Form
from relance.collecting.keys import Scope
from relance.collecting.segment import read_item
from relance.content.build.mistakes import Findings
from relance.content.build.reading import Reader
from relance.content.build.yaml_source import Source
from relance.content.hooks import Hook
from relance.errors import InvalidInput
from relance.hooks.mapping import Call, Mapped, map_payload

_KEYS = {"headers", "payload", "events"}
_RECEIVED = datetime(2100, 1, 1, tzinfo=UTC)


def run_samples(hook: Hook, source: Source, reader: Reader, findings: Findings) -> None:
    """Note every sample that becomes something else than it says, and every rule without one."""
    used: set[int] = set()
    before = len(findings.mistakes)
    for file in reader.names(f"hooks/{hook.name}", "*.json"):
        sample = _read(file, reader, findings)
        if sample is None:
            continue
        call = Call(sample["payload"], _lower(sample.get("headers", {})))
        mapped = map_payload(hook, call)
        for sentence in _wrong(mapped, sample["events"]):
            findings.wrong(file, 0, sentence)
        used |= _rules_used(hook, call)
    if len(findings.mistakes) > before:
        return
    for number, rule in enumerate(hook.events):
        if number not in used:
            findings.wrong(
                source.file,
                source.line(("events", number)),
                f"no sample shows what this rule ({rule.event}) makes of a payload. Put one into "
                f"hooks/{hook.name}/, with headers, payload and events.",
            )


def shown(item: Mapping[str, Any]) -> dict[str, object]:
    """An item of a hook as samples have it."""
    context = item["context"]
    external = context.get("externalIds", ())
    who = {
        "user_id": item.get("userId"),
        "email": context.get("traits", {}).get("email"),
        "phone": next((each["id"] for each in external if each["type"] == "phone"), None),
        "ids": {each["type"]: each["id"] for each in external if each["type"] != "phone"},
    }
    found = {
        "event": item.get("event", "identified"),
        "id": str(item["messageId"]).split(" ", 2)[2],
        "time": item.get("timestamp"),
        "only_known": item.get("onlyKnown"),
        "who": {name: value for name, value in who.items() if value},
        "properties": item.get("properties"),
        "traits": item.get("traits"),
    }
    return {name: value for name, value in found.items() if value}


def _rules_used(hook: Hook, call: Call) -> set[int]:
    """The positions of the rules that make something of a payload."""
    alone = [Hook(hook.name, hook.title, hook.scheme, (rule,)) for rule in hook.events]
    return {at for at, each in enumerate(alone) if map_payload(each, call).items}


def _read(file: str, reader: Reader, findings: Findings) -> dict[str, Any] | None:
    text = reader.text(file)
    try:
        value = json.loads(text or "")
    except (ValueError, RecursionError):
        findings.wrong(file, 0, "is no JSON. Check its quotes, commas and brackets.")
        return None
    like = 'Write {"headers": {…}, "payload": {…}, "events": [{"event": "order_completed", …}]}.'
    if not isinstance(value, dict) or not {"payload", "events"} <= set(value) <= _KEYS:
        findings.wrong(file, 0, f"a sample holds headers, payload and events. {like}")
        return None
    if not isinstance(value["events"], list) or not isinstance(value.get("headers", {}), dict):
        findings.wrong(file, 0, f"events is a list, and headers holds texts by name. {like}")
        return None
    return value


def _lower(headers: Mapping[str, object]) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in headers.items()}


def _wrong(mapped: Mapped, expected: list[object]) -> Iterator[str]:
    """What is wrong with a sample."""
    for problem in mapped.problems:
        yield f"cannot be read: {problem}."
    if mapped.problems:
        return
    found = [shown(each) for each in mapped.items]
    if len(found) != len(expected):
        yield f"events are {_json(found)}, and {len(expected)} were expected."
        return
    for at, (one, other) in enumerate(zip(found, expected, strict=True), 1):
        yield from _differences(one, other, f"events[{at}]")
    for item in mapped.items:
        try:
            read_item(item, Delivery(_RECEIVED, Scope.SERVER, Form.HOOK), "EUR")
        except InvalidInput as error:
            yield f"would not be taken: {error}."


def _differences(found: object, expected: object, place: str) -> Iterator[str]:
    if isinstance(found, dict) and isinstance(expected, dict):
        for name in sorted({*found, *expected}):
            yield from _differences(found.get(name), expected.get(name), f"{place}.{name}")
    elif found != expected:
        yield f"{place} is {_json(found)}, and {_json(expected)} was expected."


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
