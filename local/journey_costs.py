"""What a journey takes at most of one contact, written into the template for whoever starts many.

`make dashboard` writes it. The longest way counts, without a loop and without a defect.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_SETTING = re.compile(r"^( *JOURNEY_COSTS: ).*$", re.MULTILINE)
_SENDS = "${SendEmailFunctionArn}"


def most_transitions(machine: Mapping[str, Any]) -> int:
    """How many states the longest way has."""
    return _most(machine, dict.fromkeys(machine["States"], 1))


def most_mails(machine: Mapping[str, Any]) -> int:
    """How many mails somebody gets who gets the most."""
    return _most(
        machine,
        {
            name: int((state.get("Arguments") or {}).get("FunctionName") == _SENDS)
            for name, state in machine["States"].items()
        },
    )


def _most(machine: Mapping[str, Any], weights: Mapping[str, int]) -> int:
    states = machine["States"]

    def walk(name: str, seen: frozenset[str]) -> int:
        ways = [walk(way, seen | {way}) for way in _ways(states[name]) if way not in seen]
        return weights[name] + max(ways, default=0)

    start = machine["StartAt"]
    return walk(start, frozenset({start}))


def _ways(state: Mapping[str, Any]) -> Iterator[str]:
    """Where a state leads, but for what is broken."""
    for each in (state, *state.get("Choices", [])):
        if "Next" in each:
            yield each["Next"]
    if "Default" in state:
        yield state["Default"]
    for each in state.get("Catch", []):
        if each["ErrorEquals"] == ["States.Timeout"]:
            yield each["Next"]


def costs(root: Path) -> str:
    """`welcome=21/6,…`: for each journey of a project its transitions and mails at most."""
    found = []
    for path in sorted((root / "statemachines" / "journeys").glob("*.asl.json")):
        machine = json.loads(path.read_text("utf-8"))
        name = path.name.removesuffix(".asl.json").replace("_", "-")
        found.append(f"{name}={most_transitions(machine)}/{most_mails(machine)}")
    return ",".join(found)


def with_costs(source: str, root: Path) -> str:
    """The template with what the journeys of the project cost in its place."""
    return _SETTING.sub(lambda found: found[1] + costs(root), source)
