"""One SES account: how much it may send, to whom, and what stands in the way.

Everything is a switch, to be turned while a world runs: `world.ses.production = False`. `admit` is
the gate that every single recipient passes, whichever operation sends. Sources: "Managing your
sending limits" and "Errors related to the sending quotas"
(https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas.html,
https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html).

The real SES lets short bursts over its rate pass; this one does not, in any second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr

from local.hook import AwsError

_DAY = 86_400.0
_SIMULATOR = "@simulator.amazonses.com"


@dataclass(frozen=True, slots=True)
class Quota:
    """What an account out of the sandbox starts with; -1 for `per_day` means no bound."""

    per_day: float = 50_000
    per_second: float = 14


SANDBOX = Quota(per_day=200, per_second=1)


@dataclass(slots=True)
class Identity:
    """A domain or address in SES; `dkim` and `mail_from` are statuses as SES tells them."""

    verified: bool = True
    dkim: str = "SUCCESS"
    mail_from: str = "SUCCESS"
    mail_from_domain: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why SES does not take a message for a recipient.

    `code` and `status` answer SendEmail, `entry` stands in the result of SendBulkEmail.
    """

    code: str
    status: int
    message: str
    entry: str

    def as_error(self) -> AwsError:
        """What SendEmail answers."""
        return AwsError(self.code, self.message, self.status)


@dataclass(slots=True)
class SesAccount:
    """The account. `identities` of None accepts any sender, `verified` are recipients as well.

    `throttled_until` (epoch seconds): until then everything is over the rate, whatever was sent.
    """

    region: str = "us-east-1"
    quota: Quota = field(default_factory=Quota)
    identities: dict[str, Identity] | None = None
    production: bool = True
    sending_enabled: bool = True
    enforcement: str = "HEALTHY"
    paused_sets: set[str] = field(default_factory=set)
    verified: set[str] = field(default_factory=set)
    throttled_until: float = 0.0
    refused: int = 0
    """How many recipients were refused for being over the rate."""
    sent_at: list[float] = field(default_factory=list)
    """When each recipient was taken, for tests that look at every second."""
    _within_a_day: deque[float] = field(default_factory=deque)

    @classmethod
    def with_identities(
        cls, names: Collection[str] | None, *, region: str, quota: Quota | None
    ) -> SesAccount:
        """An account in which the identities with these names are verified."""
        identities = None if names is None else {name.casefold(): Identity() for name in names}
        return cls(region=region, quota=quota or Quota(), identities=identities)

    def admit(
        self, source: str, recipients: Sequence[str], configuration_set: str | None, *, now: float
    ) -> Refusal | None:
        """Take these recipients of one message and count them, or say why not."""
        refusal = (
            self._stopped(configuration_set)
            or self._unverified((source,) if not self._knows(source) else ())
            or self._unverified([] if self.production else self._strangers(recipients))
            or self._over(len(recipients), now)
        )
        if refusal is None:
            self._within_a_day.extend([now] * len(recipients))
            self.sent_at.extend([now] * len(recipients))
        return refusal

    def sent_within_a_day(self, now: float) -> int:
        """How many recipients count against the quota of 24 hours."""
        while self._within_a_day and self._within_a_day[0] <= now - _DAY:
            self._within_a_day.popleft()
        return len(self._within_a_day)

    def most_in_a_second(self) -> int:
        """The most recipients taken within any second, wherever it begins."""
        most, first = 0, 0
        for last, at in enumerate(self.sent_at):
            while self.sent_at[first] <= at - 1:
                first += 1
            most = max(most, last - first + 1)
        return most

    def identity(self, name: str) -> Identity | None:
        """The identity with this very name."""
        if self.identities is None:
            return Identity()
        return self.identities.get(name.casefold())

    def _stopped(self, configuration_set: str | None) -> Refusal | None:
        if self.enforcement == "SHUTDOWN":
            text = "The message can't be sent because the account's ability to send email has been"
            return Refusal(
                "AccountSuspendedException", 400, f"{text} permanently restricted.",
                "ACCOUNT_SUSPENDED",
            )  # fmt: skip
        if not self.sending_enabled:
            text = "The message can't be sent because the account's ability to send email is"
            return Refusal(
                "SendingPausedException", 400, f"{text} currently paused.",
                "ACCOUNT_SENDING_PAUSED",
            )  # fmt: skip
        if configuration_set in self.paused_sets:
            return Refusal(
                "SendingPausedException",
                400,
                f"Email sending is disabled for configuration set <{configuration_set}>.",
                "CONFIGURATION_SET_SENDING_PAUSED",
            )
        return None

    def _knows(self, address: str) -> bool:
        """Whether the address, its domain or a domain above is a verified identity."""
        if self.identities is None:
            return True
        bare = parseaddr(address)[1].casefold()
        labels = bare.rpartition("@")[2].split(".")
        names = {bare, *(".".join(labels[n:]) for n in range(len(labels)))}
        return any(found.verified for name in names if (found := self.identities.get(name)))

    def _strangers(self, recipients: Sequence[str]) -> list[str]:
        return [
            each
            for each in recipients
            if (bare := parseaddr(each)[1].casefold()) not in self.verified
            and not bare.endswith(_SIMULATOR)
            and (self.identities is None or not self._knows(each))
        ]

    def _unverified(self, addresses: Sequence[str]) -> Refusal | None:
        if not addresses:
            return None
        return Refusal(
            "MessageRejected",
            400,
            "Email address is not verified. The following identities failed the check in region "
            f"{self.region.upper()}: {', '.join(addresses)}",
            "MESSAGE_REJECTED",
        )

    def _over(self, recipients: int, now: float) -> Refusal | None:
        used = self.sent_within_a_day(now)
        if 0 <= self.quota.per_day < used + recipients:
            return Refusal(
                "TooManyRequestsException", 429, "Daily message quota exceeded.",
                "ACCOUNT_DAILY_QUOTA_EXCEEDED",
            )  # fmt: skip
        # With `allowed` mails in any second, the one that many before this must be a second ago;
        # a rate below one makes the second longer.
        allowed = max(1, int(self.quota.per_second))
        span = max(1.0, 1 / self.quota.per_second) if self.quota.per_second > 0 else float("inf")
        before = allowed - recipients + 1
        times = self._within_a_day
        bursts = before < 1 or (used >= before and times[-before] > now - span)
        if bursts or now < self.throttled_until:
            self.refused += recipients
            return Refusal(
                "TooManyRequestsException", 429, "Maximum sending rate exceeded.",
                "ACCOUNT_THROTTLED",
            )  # fmt: skip
        return None
