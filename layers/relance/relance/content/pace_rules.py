"""How fast mail leaves and what stops a campaign: `warm_up`, `per_domain`, `brake` of sending.yaml.

Standard library only: senders read it back from what the build compiled.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class WarmUp:
    """How many mails may leave within 24 hours while providers get to know a new domain.

    On the day `since` (as 2026-11-30) it is `first_day`, on each day after `growth` times as many,
    for so many `days`.
    """

    since: str
    first_day: int
    growth: float
    days: int

    def most(self, day: date) -> int | None:
        """The bound on a day; None when the domain is warm."""
        passed = max(0, (day - date.fromisoformat(self.since)).days)
        return None if passed >= self.days else int(self.first_day * self.growth**passed)


@dataclass(frozen=True)
class Brake:
    """The shares of bounces and complaints at which a message is stopped.

    None of them counts before so many mails were delivered or came back. The defaults are the
    shares at which SES puts an account under review:
    https://docs.aws.amazon.com/ses/latest/dg/reputationdashboardmessages.html
    """

    bounces: float = 0.05
    bounces_after: int = 100
    complaints: float = 0.001
    complaints_after: int = 1_000


@dataclass(frozen=True, slots=True)
class PaceRules:
    """The rules. `per_domain` is how many mails a second a domain gets at most, by domain."""

    warm_up: WarmUp | None = None
    per_domain: Mapping[str, float] = field(default_factory=dict, hash=False)
    brake: Brake = field(default_factory=Brake)

    def paced(self, address: str) -> str | None:
        """The domain of an address, if mail to it has a pace of its own."""
        domain = address.lower().rpartition("@")[2]
        return domain if domain in self.per_domain else None
