"""What a run used, and what AWS would charge for it.

Invocations and calls report themselves; the rest of the embedded AWS counts what it does with
`count`, under the names of `prices.PRICES`. Storage, data transfer and monthly fees are left out:
they depend on the calendar, not on what the run did.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from local.hook import Call
from local.prices import PRICES
from local.sandbox import Function

_COUNTED_CALLS: Mapping[str, str] = {
    "sqs": "sqs_requests",
    "secretsmanager": "secret_reads",
}
_S3_WRITES = ("Put", "Copy", "Post", "List", "Create", "Complete", "Upload")


@dataclass(frozen=True, slots=True)
class BillRow:
    """One line of the bill; `price` is in dollars for `per` units."""

    what: str
    quantity: float
    unit: str
    price: float
    per: float
    dollars: float


@dataclass(slots=True)
class FunctionUse:
    """What one function used; `own_seconds` is real CPU time without botocore and services."""

    invocations: int = 0
    cold_starts: int = 0
    billed_ms: int = 0
    gb_seconds: float = 0.0
    own_seconds: float = 0.0
    log_bytes: int = 0


class Meter:
    """Counts. Whoever reads it gets the state of the moment."""

    def __init__(self) -> None:
        self.units: defaultdict[str, float] = defaultdict(float)
        self.functions: defaultdict[str, FunctionUse] = defaultdict(FunctionUse)
        self.calls: Counter[tuple[str, str, str]] = Counter()
        """(function, service, operation) → attempts."""
        self.tables: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        """table → [read units, write units], of handlers only."""

    def count(self, what: str, quantity: float = 1) -> None:
        """Add to a count; `what` is a key of `prices.PRICES`, or free text that costs nothing."""
        self.units[what] += quantity

    def count_invocation(
        self, function: Function, *, billed_ms: int, cold: bool, own_seconds: float
    ) -> None:
        """Take note that an invocation ended."""
        use = self.functions[function.name]
        use.cold_starts += cold
        use.own_seconds += own_seconds
        self.count_idle_runs(function, billed_ms=billed_ms, runs=1)

    def count_idle_runs(self, function: Function, *, billed_ms: int, runs: int) -> None:
        """Take note of invocations of the same length each, which took no time of ours."""
        use = self.functions[function.name]
        gb_seconds = billed_ms / 1000 * function.memory / 1024 * runs
        use.invocations += runs
        use.billed_ms += billed_ms * runs
        use.gb_seconds += gb_seconds
        self.units["invocations"] += runs
        self.units[f"gb_seconds_{function.architecture}"] += gb_seconds

    def count_call(self, function: str, call: Call, *, times: int = 1) -> None:
        """Take note that attempts of a call reached its service."""
        self.calls[function, call.service, call.operation] += times
        unit = _COUNTED_CALLS.get(call.service)
        if unit is not None:
            self.units[unit] += times
        elif call.service == "s3":
            self.count_s3(call.operation, times=times)

    def count_s3(self, operation: str, *, times: int = 1) -> None:
        """Take note of requests to S3."""
        self.units["s3_writes" if operation.startswith(_S3_WRITES) else "s3_reads"] += times

    def count_log(self, function: str, size: int) -> None:
        """Take note that a handler printed so many bytes."""
        self.functions[function].log_bytes += size
        self.units["log_bytes"] += size

    def count_capacity(self, table: str, reads: float, writes: float) -> None:
        """Take note of what a call of DynamoDB consumed, in request units."""
        consumed = self.tables[table]
        consumed[0] += reads
        consumed[1] += writes
        self.units["read_units"] += reads
        self.units["write_units"] += writes

    # -- reading ----------------------------------------------------------------------------------

    def calls_of(self, function: str) -> dict[tuple[str, str], int]:
        """Return (service, operation) → attempts of one function, by name or its end."""
        found: Counter[tuple[str, str]] = Counter()
        for (name, service, operation), number in self.calls.items():
            if name.endswith(function):
                found[service, operation] += number
        return dict(found)

    def invocations_of(self, function: str) -> int:
        """Return how often one function ran, by name or its end."""
        return sum(u.invocations for name, u in self.functions.items() if name.endswith(function))

    def bill(self) -> list[BillRow]:
        """Return a row for everything used that has a price, in the order of the price list."""
        return [
            BillRow(p.what, self.units[key], p.unit, p.dollars, p.per, p.of(self.units[key]))
            for key, p in PRICES.items()
            if self.units.get(key)
        ]

    def total(self) -> float:
        """Return the dollars of the whole bill."""
        return sum(row.dollars for row in self.bill())

    def per_thousand(self, contacts: int) -> float:
        """Return the dollars per thousand contacts."""
        return self.total() / contacts * 1000
