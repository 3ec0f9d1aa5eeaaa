"""The ways of a journey that nobody took, and why, as far as that can be told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from local.rehearsal.findings import Findings
from local.rehearsal.report import Unseen

_PLACE = re.compile(r"(Choices|Catch)\[(\d+)\]")
_EXPRESSION = re.compile(r"^\{%\s*|\s*%\}$")


def unseen_ways(definition: Mapping[str, object], found: Findings) -> list[Unseen]:
    """The ways that were never taken, but for those that only a defect leads to.

    Where nobody came at all, only the first way there is told.
    """
    states = definition["States"]
    assert isinstance(states, Mapping)  # noqa: S101 - it was compiled before
    told = []
    for (state, how, target), taken in found.branches.items():
        raw = states.get(state)
        if taken or not isinstance(raw, Mapping):
            continue
        stood = found.tally.came[state]
        if not stood or _is_defect(raw, how):
            continue
        told.append(Unseen(state, _label(raw, how), target, stood, _why(raw, how, state, found)))
    return told


def _is_defect(state: Mapping[str, object], how: str) -> bool:
    """Whether the way is a Catch for errors; a pause whose time is up is none."""
    match = _PLACE.fullmatch(how)
    if match is None or match[1] != "Catch":
        return False
    catchers = state.get("Catch")
    catcher = catchers[int(match[2])] if isinstance(catchers, list) else {}
    errors = catcher.get("ErrorEquals")
    waits = str(state.get("Resource", "")).endswith(".waitForTaskToken")
    return not (errors == ["States.Timeout"] and waits and "Assign" not in catcher)


def _label(state: Mapping[str, object], how: str) -> str:
    """What is written on the way."""
    match = _PLACE.fullmatch(how)
    if match is None:
        return "otherwise" if how == "Default" else "then"
    if match[1] == "Catch":
        return "time is up"
    return str(_rule(state, how).get("Comment") or _condition(state, how))


def _rule(state: Mapping[str, object], how: str) -> Mapping[str, object]:
    match = _PLACE.fullmatch(how)
    rules = state.get("Choices")
    if match is None or not isinstance(rules, list):
        return {}
    rule = rules[int(match[2])]
    return rule if isinstance(rule, Mapping) else {}


def _condition(state: Mapping[str, object], how: str) -> str:
    return _EXPRESSION.sub("", str(_rule(state, how).get("Condition") or ""))


def _why(state: Mapping[str, object], how: str, name: str, found: Findings) -> str:
    stood, still = found.tally.came[name], found.waiting[name]
    came = f"{stood:,} came here"
    if still:
        return (
            f"{came}, and {still:,} still wait: the days ended before their time was up. "
            "Rehearse more days."
        )
    others = Counter(
        {
            _label(state, way): taken
            for (source, way, _), taken in found.branches.items()
            if source == name and taken and not _is_defect(state, way)
        }
    )
    ways: Sequence[str] = [f'{n:,} went "{label}"' for label, n in others.most_common()]
    instead = f", of whom {' and '.join(ways)}" if ways else ""
    asked = _condition(state, how)
    needed = f" It takes {asked}." if asked else ""
    return f"{came}{instead}.{needed}"
