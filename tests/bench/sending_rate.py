"""Parallel senders against one quota, in virtual time: what SES sees in every second, and the cost.

Every sender is a job of its own with a limiter of its own, as functions have it. The store and SES
take their usual time, drawn from the seed; SES refuses whatever is over its rate in any second.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from relance.content.pace_rules import PaceRules
from relance.errors import SendRateExceeded
from relance.limiter import Limiter
from relance.pace import AccountState

from local.hub import Hub
from local.memory import MemoryStore
from local.services.ses_account import Quota, SesAccount
from tests.bench.figures import Figure

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
TO = "ada@example.org"


class FarStore(MemoryStore):
    """The store in memory, with the time that DynamoDB takes, and its calls counted."""

    def __init__(self, hub: Hub) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()
        self._hub = hub
        self._chance = hub.chance("store")

    def _takes_time(self, what: str) -> None:
        self.calls[what] += 1
        self._hub.sleep(self._chance.uniform(0.003, 0.012))

    def get(self, *given: Any) -> Any:
        """Read."""
        self._takes_time("read")
        return super().get(*given)

    def transact(self, *given: Any) -> None:
        """Write."""
        self._takes_time("write")
        super().transact(*given)


@dataclass
class Run:
    """A world of one quota. `left` are the mails to be sent."""

    quota: Quota
    rules: PaceRules = field(default_factory=PaceRules)
    live: bool = True
    seed: int = 1
    sent: Counter[str] = field(default_factory=Counter)
    waited: list[float] = field(default_factory=list)
    asked: int = 0
    left: int = 0

    def __post_init__(self) -> None:
        self.hub = Hub(START, seed=self.seed)
        self.ses = SesAccount(quota=self.quota)
        self.store = FarStore(self.hub)
        self.chance = self.hub.chance("senders")

    def state(self) -> AccountState:
        """What GetAccount says."""
        self.asked += 1
        self.hub.sleep(0.05)
        quota = self.ses.quota
        return AccountState(
            per_second=quota.per_second,
            per_day=None if quota.per_day < 0 else int(quota.per_day),
            sent=self.ses.sent_within_a_day(self.hub.now),
            production=self.ses.production,
            enabled=self.ses.sending_enabled,
            enforcement=self.ses.enforcement,
            verified=True,
        )

    def limiter(self) -> Limiter:
        """What one warm function has."""
        chance = random.Random(self.chance.random())
        return Limiter(
            self.store,
            lambda: self,
            self.rules,
            live=self.live,
            sender="example.com",
            now=lambda: self.hub.moment,
            pause=self.hub.sleep,
            chance=chance.random,
        )

    def hand_over(self, mails: int, kind: str, limiter: Limiter) -> bool:
        """Call SES with so many recipients; whether it took them."""
        self.hub.sleep(self.chance.uniform(0.020, 0.040))
        refusal = self.ses.admit("a@example.com", [TO] * mails, None, now=self.hub.now)
        self.hub.sleep(0.02)
        if refusal is not None:
            limiter.throttled()
            return False
        self.sent[kind] += mails
        return True

    def campaign(self) -> None:
        """One sender of a campaign: it leases, and hands over a tick's mails with one call."""

        def work() -> None:
            limiter = self.limiter()
            while self.left:
                batch = min(self.left, 50)
                self.left -= batch
                while batch:
                    try:
                        ticks = limiter.lease(batch, patience=60)
                    except SendRateExceeded:
                        self.hub.sleep(5)
                        continue
                    for tick in ticks:
                        if limiter.wait_for(tick) and self.hand_over(
                            tick.count, "campaign", limiter
                        ):
                            batch -= tick.count

        self.hub.spawn(work, lambda outcome: outcome.unwrap())

    def singles(self, *, every: float, kind: str = "single") -> None:
        """One warm function that gets a mail to send every so many seconds, on average."""

        def work() -> None:
            limiter = self.limiter()
            while self.left:
                self.left -= 1
                self.hub.sleep(self.chance.expovariate(1 / every))
                begun = self.hub.now
                while not self._one(limiter, kind):
                    self.hub.sleep(self.chance.uniform(1, 4))
                self.waited.append(self.hub.now - begun)

        self.hub.spawn(work, lambda outcome: outcome.unwrap())

    def _one(self, limiter: Limiter, kind: str) -> bool:
        try:
            slot = limiter.wait_for_one(marketing=True)
            self.hub.sleep(self.chance.uniform(0.02, 0.06))  # the claim, the read, the mail
            limiter.reach(slot, TO)
        except SendRateExceeded:
            return False
        return self.hand_over(1, kind, limiter)

    def go(self, seconds: float | None = None) -> None:
        """Let time pass: so long, or until everything is sent."""
        if seconds is None:
            self.hub.run()
        else:
            self.hub.run(until=self.hub.now + seconds)

    @property
    def used(self) -> float:
        """The share of the quota that was used from the first mail to the last."""
        times = self.ses.sent_at
        return len(times) / max(1.0, times[-1] - times[0]) / self.quota.per_second

    @property
    def calls_per_mail(self) -> float:
        """Calls of the limiter for one mail: to the store, and to SES about the account."""
        return (self.store.calls.total() + self.asked) / max(1, self.sent.total())


def campaign(senders: int = 20, mails: int = 2_800, rate: float = 14) -> Run:
    """So many senders of one campaign."""
    run = Run(Quota(per_second=rate), left=mails)
    for _ in range(senders):
        run.campaign()
    run.go()
    return run


def journeys(senders: int = 20, mails: int = 4_000, rate: float = 14) -> Run:
    """So many warm functions that send single mails as fast as they may."""
    run = Run(Quota(per_second=rate), left=mails)
    for _ in range(senders):
        run.singles(every=0.05)
    run.go()
    return run


def measure() -> list[Figure]:
    """What a quota of 14 mails a second becomes in the hands of twenty senders."""
    figures: list[Figure] = []
    for name, run in (("one campaign", campaign()), ("single mails", journeys())):
        most = run.ses.most_in_a_second()
        figures += [
            Figure(f"{name}: most in any second, of 14", most, "mails"),
            Figure(f"{name}: used of the quota", run.used * 100, "%", at_least=90),
            Figure(f"{name}: the limiter's calls", run.calls_per_mail, "calls/mail", at_most=0.5),
        ]
    return figures
