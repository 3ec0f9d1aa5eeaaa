"""No journey can fill its history: AWS ends a Standard execution at 25,000 events.

What is reckoned is more than can happen: every state is passed, every loop runs to its bound, and
every attempt that the retries allow is made.
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from local.journey_costs import most_transitions
from local.states.history import MOST_EVENTS
from tests.workflows.storms import MACHINES

OF_AN_ATTEMPT = 5
"""Scheduled, started, submitted, failed or succeeded, and one to spare."""

OF_A_STATE = 2
"""Entered and left."""


def ways_on(state: Mapping[str, Any]) -> list[str]:
    """Where a state may lead, errors too."""
    ways = [state.get("Next"), state.get("Default")]
    ways += [each["Next"] for each in (*state.get("Choices", []), *state.get("Catch", []))]
    return [way for way in ways if way]


def reached(states: Mapping[str, Any], name: str) -> set[str]:
    """What can come after a state."""
    found: set[str] = set()
    waiting = ways_on(states[name])
    while waiting:
        way = waiting.pop()
        if way not in found:
            found.add(way)
            waiting += ways_on(states[way])
    return found


def most_events(machine: Mapping[str, Any]) -> int:
    """How many events a history can have at most."""
    states = machine["States"]
    after = {name: reached(states, name) for name in states}
    total = 2  # started and ended
    for name, state in states.items():
        circle = (
            [each for each in after[name] if name in after[each]] if name in after[name] else []
        )
        bounds = [int(n) for each in circle for n in re.findall(r"< (\d+)\b", str(states[each]))]
        assert bounds or not circle, f"nothing bounds the loop through {name}"
        attempts = 1 + sum(each["MaxAttempts"] for each in state.get("Retry", []))
        tries = attempts * OF_AN_ATTEMPT if state["Type"] == "Task" else 0
        total += (max(bounds, default=0) + 1) * (OF_A_STATE + tries)
    return total


@pytest.mark.parametrize("journey", MACHINES)
def test_a_history_has_room_for_the_longest_way(journey: str) -> None:
    events = most_events(MACHINES[journey])
    print(f"{journey}: at most {events:,} events, without loops {transitions(journey)} transitions")
    assert events < MOST_EVENTS


def transitions(journey: str) -> int:
    """Of whoever goes the longest way."""
    return most_transitions(MACHINES[journey])
