"""Stages: how far a contact has come, what may be done there, and the steps between.

Stages stand on a ladder. A contact is on the furthest one whose criterion holds, whatever of those
below holds: who buys on the first visit has leapt. Some stages are no rung: they stand *instead of*
others (a customer who stays away is at risk), and lead back to the ladder. Standard library only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from relance.content.score_rules import Canonical


class Family(StrEnum):
    """What a stage is about."""

    ACQUISITION = "acquisition"
    RETENTION = "retention"
    MONETISATION = "monetisation"


class Channel(StrEnum):
    """A way to reach a person."""

    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    WEB = "web"
    CALL = "call"


class Intent(StrEnum):
    """What a message wants; a contact that still informs itself is not sold to."""

    INFORM = "inform"
    SELL = "sell"
    SERVE = "serve"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. `criterion` None means that everybody is at least here.

    `instead_of` names the rungs that it replaces for as long as its criterion holds; of several
    that would, the last counts. `journeys` None allows all.
    """

    name: str
    title: str
    family: Family
    criterion: Canonical | None = field(hash=False)
    instead_of: tuple[str, ...] = ()
    journeys: tuple[str, ...] | None = None
    channels: tuple[Channel, ...] = tuple(Channel)
    intents: tuple[Intent, ...] = tuple(Intent)

    def allows(self, intent: str, channel: str = Channel.EMAIL) -> bool:
        """Tell whether a message that wants this may go to a contact here, on this channel."""
        return intent in self.intents and channel in self.channels

    def allows_journey(self, name: str) -> bool:
        """Tell whether a contact here may be let into the journey."""
        return self.journeys is None or name in self.journeys


@dataclass(frozen=True, slots=True)
class Step:
    """One step from a stage to another: forward (`stage_advanced`) or back."""

    before: str
    after: str
    forward: bool


def rungs(stages: Sequence[Stage]) -> list[Stage]:
    """The stages that are rungs of the ladder, lowest first."""
    return [each for each in stages if not each.instead_of]


def place(stages: Sequence[Stage], holds: Callable[[str], bool]) -> str | None:
    """The stage of a contact; `holds` tells of a stage by name whether its criterion holds.

    None where no stages are declared.
    """
    rung = next(
        (each.name for each in reversed(rungs(stages)) if not each.criterion or holds(each.name)),
        None,
    )
    instead = [each.name for each in stages if rung in each.instead_of and holds(each.name)]
    return instead[-1] if instead else rung


def steps(stages: Sequence[Stage], before: str | None, after: str) -> tuple[Step, ...]:
    """The steps from one stage to another: a leap takes each rung on its way, a fall is one step.

    `before` None: the contact is new, and stands on the first rung without a step. From a stage
    that is no longer declared there is one step, counted as forward.
    """
    ladder = [each.name for each in rungs(stages)]
    replaced = {each.name: each.instead_of for each in stages if each.instead_of}
    before = ladder[0] if before is None else before
    if before == after:
        return ()
    if before not in ladder and before not in replaced:
        return (Step(before, after, forward=True),)
    if before in replaced and after in replaced:
        back = list(replaced).index(after) > list(replaced).index(before)
        return (Step(before, after, forward=not back),)
    on = ladder.index(before) if before in ladder else ladder.index(replaced[before][0]) - 1
    up_to = ladder.index(after if after in ladder else replaced[after][0])
    way = [before, *ladder[on + 1 : up_to + 1]]
    forward = tuple(Step(a, b, forward=True) for a, b in pairwise(way))
    if way[-1] == after:
        return forward
    return (*forward, Step(way[-1], after, forward=False))
