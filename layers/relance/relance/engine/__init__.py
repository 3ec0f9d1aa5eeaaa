"""The engine: from a contact's events to what holds of it, kept up to date event by event.

`Plan` is what the rules ask for, compiled once. `fold` takes new events in, `advance` lets time
pass, `replay` starts anew from the whole history; all three give the same profile. What changes on
the way is returned as conclusions (`segment_entered`, `stage_advanced`, …).

Traits, lists, counters and sums do not depend on the order of events. What is decided does: a
stage has a since, and a condition may ask how long. So decisions are made in the order of arrival,
at the arrival of each event and at every instant between at which time alone changes a verdict,
never at the clock. An event that arrives out of order asks for the history (`NeedsHistory`).
"""

from relance.engine.folding import Conclusion, advance, difference, fold, refold, replay, retell
from relance.engine.plan import Plan
from relance.engine.points import NeedsHistory

__all__ = [
    "Conclusion",
    "NeedsHistory",
    "Plan",
    "advance",
    "difference",
    "fold",
    "refold",
    "replay",
    "retell",
]
