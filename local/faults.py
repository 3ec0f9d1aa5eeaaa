"""What goes wrong, on purpose: rules that stop, fail, delay or repeat chosen AWS calls.

A plan is asked once for every attempt of a call that a handler makes. Explicit rules say where:
"the third call of send-email, after it". A seeded plan draws. To stop at every call of a handler,
before it and after it, run once undisturbed with `Sandboxes.trace` on and make a rule for each
call listed (`stops_at`).
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What happens to a call."""

    STOP_BEFORE = "stop_before"
    """The handler dies; the call is never made."""
    STOP_AFTER = "stop_after"
    """The call takes effect; the handler dies before it sees the answer."""
    FAIL_BEFORE = "fail_before"
    """The call is answered with an error and has no effect."""
    FAIL_AFTER = "fail_after"
    """The call takes effect, yet is answered with an error."""
    DELAY = "delay"
    """The call takes effect; its answer comes late (or the client's read time-out strikes)."""
    REPEAT = "repeat"
    """The call takes effect twice, as when the network repeats it."""


@dataclass(frozen=True, slots=True)
class CallMade:
    """One attempt of a call: `index` counts from 1 within the invocation."""

    function: str
    invocation: int
    index: int
    service: str
    operation: str


@dataclass(slots=True)
class Rule:
    """Where a fault strikes, at most `times` (None: always); every condition given must hold.

    `function` is the function's name or its end ("send-email"); `invocation` counts the
    invocations of that function from 1; `index` counts the calls of an invocation from 1. `code`
    and `status` are what a failed call answers, `seconds` what a delay lasts, `error` what the
    death of a handler is called ("Runtime.ExitError" or "Lambda.Unknown").
    """

    fault: Fault
    function: str | None = None
    invocation: int | None = None
    index: int | None = None
    service: str | None = None
    operation: str | None = None
    times: int | None = 1
    code: str = "InternalServerError"
    status: int = 500
    seconds: float = 1.0
    error: str = "Runtime.ExitError"

    def strikes(self, made: CallMade) -> bool:
        """Whether this attempt is meant."""
        return (
            self.times != 0
            and (self.function is None or made.function.endswith(self.function))
            and self.invocation in (None, made.invocation)
            and self.index in (None, made.index)
            and self.service in (None, made.service)
            and self.operation in (None, made.operation)
        )


@dataclass(slots=True)
class FaultPlan:
    """The rules of a run; the first that strikes decides."""

    rules: list[Rule] = field(default_factory=list)
    struck: list[tuple[CallMade, Rule]] = field(default_factory=list)

    def decide(self, made: CallMade) -> Rule | None:
        """Return the rule for this attempt, if one strikes."""
        for rule in self.rules:
            if rule.strikes(made):
                if rule.times is not None:
                    rule.times -= 1
                self.struck.append((made, rule))
                return rule
        return None


class SeededFaults(FaultPlan):
    """Strikes each attempt with a probability, with one of `faults`, the same way for a seed."""

    def __init__(
        self,
        seed: int,
        *,
        rate: float,
        faults: Sequence[Fault] = tuple(Fault),
        seconds: float = 1.0,
    ) -> None:
        super().__init__()
        self._random = random.Random(f"{seed}:faults")
        self._rate = rate
        self._faults = tuple(faults)
        self._seconds = seconds

    def decide(self, made: CallMade) -> Rule | None:
        """Draw for this attempt."""
        if self._random.random() >= self._rate:
            return None
        rule = Rule(self._random.choice(self._faults), seconds=self._seconds, times=None)
        self.struck.append((made, rule))
        return rule


def not_allowed(function: str, invocation: int | None = None) -> FaultPlan:
    """AWS does not let a function do its work: in one invocation, or in any."""
    rule = Rule(
        Fault.FAIL_BEFORE,
        function=function,
        invocation=invocation,
        code="AccessDeniedException",
        status=400,
        times=None,
    )
    return FaultPlan([rule])


def stops_at(trace: Iterable[CallMade]) -> Iterator[tuple[CallMade, FaultPlan]]:
    """Yield for each call listed two plans: stop before it, and stop after it."""
    for made in trace:
        for fault in (Fault.STOP_BEFORE, Fault.STOP_AFTER):
            rule = Rule(fault, function=made.function, invocation=made.invocation, index=made.index)
            yield made, FaultPlan([rule])
