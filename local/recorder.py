"""Stands between the sandboxes and the meter: what functions did, and what an idle sweep costs."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.hook import Call
from local.meter import Meter
from local.permissions import Use, needs
from local.sandbox import Function


@dataclass(slots=True)
class _Cost:
    """What one run of a sweep that found nothing used."""

    function: Function | None = None
    billed_ms: int = 0
    calls: list[Call] = field(default_factory=list)
    capacity: list[tuple[str, float, float]] = field(default_factory=list)


class Recorder:
    """Passes everything on to the meter.

    `uses` holds what each function did, for `permissions.missing`. An idle run of a sweep is
    measured once, warm, and then charged again for each tick that is skipped.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self.uses: set[Use] = set()
        self._idle: dict[str, _Cost] = {}
        self._measuring: dict[str, _Cost] = {}
        self._calling = ""

    def charge_idle_runs(self, function: str, runs: int) -> bool:
        """Charge runs that find nothing; false while none has been measured: then run it."""
        cost = self._idle.get(function)
        if cost is None or cost.function is None:
            self._measuring[function] = _Cost()
            return False
        for call in cost.calls:
            self._meter.count_call(function, call, times=runs)
        for table, reads, writes in cost.capacity:
            self._meter.count_capacity(table, reads * runs, writes * runs)
        self._meter.count_idle_runs(cost.function, billed_ms=cost.billed_ms, runs=runs)
        return True

    def count_invocation(
        self, function: Function, *, billed_ms: int, cold: bool, own_seconds: float
    ) -> None:
        """Pass on that an invocation ended."""
        cost = self._measuring.pop(function.name, None)
        if cost is not None and not cold:
            cost.function, cost.billed_ms = function, billed_ms
            self._idle[function.name] = cost
        self._meter.count_invocation(
            function, billed_ms=billed_ms, cold=cold, own_seconds=own_seconds
        )

    def count_call(self, function: str, call: Call) -> None:
        """Remember a call, and pass it on."""
        self._calling = function
        self.uses.update(
            Use(function, action, resource)
            for action, resource in needs(call.service, call.operation, call.params)
        )
        if function in self._measuring:
            self._measuring[function].calls.append(call)
        self._meter.count_call(function, call)

    def count_quick(self, function: str, call: Call) -> None:
        """Pass on a call of the quick tables: of what it needs nothing is told."""
        self._calling = function
        if function in self._measuring:
            self._measuring[function].calls.append(call)
        self._meter.count_call(function, call)

    def count_capacity(self, table: str, reads: float, writes: float) -> None:
        """Pass on what a call of DynamoDB consumed."""
        if self._calling in self._measuring:
            self._measuring[self._calling].capacity.append((table, reads, writes))
        self._meter.count_capacity(table, reads, writes)

    def count_log(self, function: str, size: int) -> None:
        """Pass on that a handler printed something."""
        self._meter.count_log(function, size)
