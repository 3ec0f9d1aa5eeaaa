"""What is assumed of a contact before enough is known: the habits of the population.

Three clicks say little. So a contact's own figures are mixed with those of everybody, which count
as so many observations (`weight`); the more the contact does, the less they matter. This is the
posterior mean of a beta-binomial (rates), a Dirichlet-multinomial (hours), and of a gamma (gaps).
Standard library only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

HOURS = 24


@dataclass(frozen=True, slots=True)
class Gap:
    """The usual time between two acts of one kind, counted like `weight` gaps of the contact."""

    usual: timedelta
    weight: int


@dataclass(frozen=True, slots=True)
class Priors:
    """The population's habits.

    `gaps` by behaviour. `channels`: of what is sent there, the share that people respond to,
    counted like `channel_weight` messages. `hours`: when people respond, 24 shares of the local
    day, counted like `hour_weight` responses.
    """

    gaps: Mapping[str, Gap] = field(default_factory=dict, hash=False)
    channels: Mapping[str, float] = field(default_factory=dict, hash=False)
    channel_weight: float = 0.0
    hours: tuple[float, ...] = (1 / HOURS,) * HOURS
    hour_weight: float = 0.0

    def response(self, channel: str, *, sent: float, responded: float) -> float:
        """Return the share of messages on the channel that this contact is likely to answer."""
        known = self.channels.get(channel, 0.0)
        weight = self.channel_weight + sent
        return (known * self.channel_weight + responded) / weight if weight else 0.0

    def hour_shares(self, responses: Sequence[float]) -> tuple[float, ...]:
        """Return for each hour of the local day the share of responses expected in it.

        `responses` counts the contact's own, by hour.
        """
        weight = self.hour_weight + sum(responses)
        if not weight:
            return self.hours
        return tuple(
            (share * self.hour_weight + own) / weight
            for share, own in zip(self.hours, responses, strict=True)
        )
