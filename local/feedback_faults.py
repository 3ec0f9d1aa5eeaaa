"""What goes wrong on the way of SES's reports: late, twice, out of order, on the bus not at all.

Switches of a world, to be turned while it runs: `world.feedback.delayed = 0.2`. Each is a share of
the reports, from 0 to 1. SNS and SQS deliver at least once and in no order; EventBridge is best
effort and alone loses reports. What becomes of a report is drawn from the seed, the message, the
kind of report and the path, so one switch does not move what another one does.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Path(StrEnum):
    """By which way a report goes."""

    TOPIC = "topic"
    BUS = "bus"


@dataclass(slots=True)
class FeedbackFaults:
    """The switches. `delay` and `spread` are in seconds.

    `delayed` reports come `delay` late, `doubled` ones a second time within the `spread`,
    `disordered` ones at any time within the `spread`, so that they overtake each other.
    """

    seed: int = 0
    delayed: float = 0.0
    delay: float = 3600.0
    doubled: float = 0.0
    disordered: float = 0.0
    spread: float = 30.0
    lost_on_bus: float = 0.0

    def times(self, path: Path, detail: Mapping[str, Any]) -> list[float]:
        """In how many seconds each copy of a report arrives; none if it is lost."""
        if not (self.delayed or self.doubled or self.disordered or self.lost_on_bus):
            return [0.0]
        about = f"{self.seed}:{detail['mail']['messageId']}:{detail['eventType']}:{path}"
        chance = random.Random(about)
        lost, late, mixed, twice = (chance.random() for _ in range(4))
        if path is Path.BUS and lost < self.lost_on_bus:
            return []
        first = self.delay if late < self.delayed else 0.0
        if mixed < self.disordered:
            first += chance.random() * self.spread
        again = [first + chance.random() * self.spread] if twice < self.doubled else []
        return [first, *again]
