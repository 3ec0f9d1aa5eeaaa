"""What became of the people that a campaign, or a message of journeys, was meant for.

Counted from the ledger, by state and reason, in figures that add up to the audience.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from relance.ledger import TALLY_SHARDS, SendState
from relance.reasons import Reason
from relance.storage import SENDS_TALLY, Store, Value

SIMULATED = "simulated"
"""Under which the addresses of SES's mailbox simulator are left out of the figures."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One send of a campaign as the index shows it."""

    contact_id: str
    send_id: str
    state: SendState
    reason: Reason | None
    until: str | None = None
    simulated: bool = False


def standings(store: Store, group: str) -> Iterator[Standing]:
    """Every send of a campaign, or of a message in a month (`group_of`), by state.

    As far as the index has caught up.
    """
    for shard in range(TALLY_SHARDS):
        for item in store.query_index(SENDS_TALLY, f"{group}#{shard}"):
            reason, until = item.get("reason"), item.get("until")
            yield Standing(
                contact_id=str(item["contact_id"]),
                send_id=str(item["send_id"]),
                state=SendState(str(item["state"])),
                reason=None if reason is None else Reason(str(reason)),
                until=None if until is None else str(until),
                simulated=item.get("simulated") is True,
            )


@dataclass(slots=True)
class Tally:
    """How many people of an audience stand where.

    Somebody who was joined to another after the audience was listed gets the message once, under
    one of the two ids: the other stands under `same_person`, and is not counted beside the person
    where it was not in the audience itself. An address of SES's mailbox simulator is nobody: what
    became of its mail is in no figure.
    """

    audience: int
    went_out: int = 0
    unsettled: int = 0
    strangers: int = 0
    states: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    deferred: Counter[str] = field(default_factory=Counter)

    def add(self, each: Standing, *, listed: bool) -> None:
        """Count one send; `listed` says whether the contact was in the audience."""
        self.strangers += not listed
        if each.simulated:
            self.skipped[SIMULATED] += 1
            return
        self.states[each.state.value] += 1
        reason = each.reason.value if each.reason else "unknown"
        if each.state.went_out:
            self.went_out += 1
        elif each.state is SendState.SKIPPED:
            self.skipped[reason] += 1
        elif each.state is SendState.REFUSED:
            self.failed[reason] += 1
        elif each.state is SendState.GIVEN_UP:
            self.failed[SendState.GIVEN_UP.value] += 1
        elif each.state is SendState.DEFERRED:
            self.deferred[reason] += 1
        elif each.state is not SendState.RELEASED:
            self.unsettled += 1

    def close(self) -> None:
        """Count nobody twice who stands under two ids."""
        both = min(self.strangers, self.skipped[Reason.SAME_PERSON.value])
        self.skipped[Reason.SAME_PERSON.value] -= both
        self.skipped += Counter()  # without zeros

    @property
    def settled(self) -> int:
        """How many people are in a final state."""
        return self.went_out + self.skipped.total() + self.failed.total()

    @property
    def left(self) -> int:
        """How many people are in none."""
        return self.audience - self.settled

    def figures(self) -> dict[str, Value]:
        """The figures: they add up to the audience."""
        return {
            "audience": self.audience,
            "sent": self.went_out,
            "skipped": dict(self.skipped.most_common()),
            "failed": dict(self.failed.most_common()),
            "not_yet": self.left,
            "waiting": dict(self.deferred.most_common()),
        }


def in_people(count: int) -> str:
    """So many people."""
    return f"{count:,} person" if count == 1 else f"{count:,} people"


def by_reason(counts: Mapping[str, int]) -> str:
    """`1,200 unsubscribed, 3 paused`: the most frequent first."""
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in ranked)


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def told(tally: Tally) -> str:
    """Who got it, who did not and why, in a sentence or three."""
    parts = [f"{tally.went_out:,} of {in_people(tally.audience)} {_were(tally.went_out)} sent it."]
    if tally.skipped:
        out = tally.skipped.total()
        parts.append(f"{out:,} {_were(out)} left out: {by_reason(tally.skipped)}.")
    if tally.failed:
        parts.append(f"{tally.failed.total():,} failed: {by_reason(tally.failed)}.")
    if tally.left:
        waiting = f", of whom wait: {by_reason(tally.deferred)}" if tally.deferred else ""
        are = "is" if tally.left == 1 else "are"
        parts.append(f"{tally.left:,} {are} still to come{waiting}.")
    return " ".join(parts)


def tally(found: Iterable[Standing], people: frozenset[str], audience: int) -> Tally:
    """Count these sends of an audience."""
    result = Tally(audience)
    for each in found:
        result.add(each, listed=each.contact_id in people)
    result.close()
    return result
