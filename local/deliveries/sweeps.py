"""What recurring sweeps look for, known from every write to the table they look in.

A function says so in its metadata: `Relance: {Sweeps: {Table: Sends, Attribute: unsettled_at}}`,
the table by logical id; the attribute is an ISO date-time (S) or epoch seconds (N).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson

from local.template import TemplateError


class SweepIndex:
    """The times of one attribute in one table, the earliest first."""

    def __init__(self, attribute: str) -> None:
        self.attribute = attribute
        self._times: dict[bytes, float] = {}
        self._heap: list[tuple[float, bytes]] = []
        self._told: list[Callable[[], None]] = []

    def when_earlier(self, call: Callable[[], None]) -> None:
        """Call this whenever the earliest time comes nearer."""
        self._told.append(call)

    def write(self, keys: Mapping[str, Any], new: Mapping[str, Any] | None) -> None:
        """Learn of a change; `new` is None when the item is gone."""
        key = orjson.dumps(keys, option=orjson.OPT_SORT_KEYS)
        value = None if new is None else new.get(self.attribute)
        if value is None:
            self._times.pop(key, None)
            return
        when = _seconds(value)
        if self._times.get(key) != when:
            before = self.earliest
            self._times[key] = when
            heapq.heappush(self._heap, (when, key))
            if before is None or when < before:
                for call in self._told:
                    call()

    def due(self, now: float) -> bool:
        """Return whether an item's time has come."""
        earliest = self.earliest
        return earliest is not None and earliest <= now

    def later(self, now: float) -> bool:
        """Return whether an item's time comes after `now`."""
        return any(when > now for when in self._times.values())

    @property
    def earliest(self) -> float | None:
        """The earliest time of all; None when there is none."""
        while self._heap and self._times.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None


def sweep_of(metadata: Mapping[str, Any], where: str) -> tuple[str, str] | None:
    """Return the logical id of the table and the attribute that a function sweeps, if it does."""
    declared = (metadata.get("Relance") or {}).get("Sweeps")
    if declared is None:
        return None
    if not isinstance(declared, Mapping) or set(declared) != {"Table", "Attribute"}:
        raise TemplateError(f"{where}: Metadata.Relance.Sweeps takes Table and Attribute")
    return str(declared["Table"]), str(declared["Attribute"])


def _seconds(value: Mapping[str, str]) -> float:
    if "N" in value:
        return float(value["N"])
    return datetime.fromisoformat(value["S"]).timestamp()
