"""How fast mail may leave, as one small record that all senders share. Pure: no clock, no store.

Time is cut into *ticks*. Each tick has room for so many mails, and whoever leases room gets
*slots*, counted from the pace's origin: one write leases any number of them. There are so many
ticks a second that a tick holds at most what one SendBulkEmail takes, and they are a little further
apart than SES asks for, so that a call which is under way a little longer than another still finds
at most the quota in any second, wherever that second begins. That costs five in a hundred.

*Lanes* are for single mails, of which the next is not known when the first is sent: whoever holds
one may send a mail each tick-second, without asking, until the lanes end. At most half of the
rate is lanes, and as many as were needed before; a campaign gets what is left, and waits its turn
in a queue of a few seconds, while a single mail may stand further back in it.

When SES throttles nevertheless, since somebody else sends from the account, the rate falls to seven
tenths and rises by a tenth of the quota a minute: additive increase, multiplicative decrease, the
rule by which independent senders come to share a line (Chiu and Jain 1989, "Analysis of the
increase and decrease algorithms for congestion avoidance in computer networks").

All times are whole milliseconds since 1970, UTC.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Self

from relance.storage import Item, Value

SECOND = 1_000
MINUTE = 60 * SECOND

SPACING = 1_050
"""How long a second of the quota lasts here: room for calls that are not equally fast."""

LATE = 30
"""How long after its slot a mail may still be handed to SES: not longer than SPACING leaves."""

LEAD = 100
"""How long before its slot a mail begins to be made."""

MOST_IN_A_TICK = 50
"""What one SendBulkEmail takes."""

FRESH = MINUTE
"""GetAccount is asked at most once in so long."""

WORTH_ASKING = 40
"""After so many mails what SES says of the account is asked again: so it costs little per mail."""

STALE = 24 * 60 * MINUTE
"""After so long it is asked again, however few mails there were."""

LANES_LAST = 10 * MINUTE

SINGLES_FOR_A_LANE = 60
"""Of so many single mails that had no lane one more lane is made."""

THROTTLED_AT_ONCE = 2 * SECOND
"""Whatever is throttled within so long is one event: calls that were under way together."""

FALLS_TO = 70
"""Per cent of the rate that are left after SES throttled."""

RISES_BY = 10
"""Per cent of the quota that come back with each renewal."""

SLOWEST = 10
"""Per cent of the quota that are always tried."""

KEPT_FOR_TRANSACTIONAL = 0.05
"""The share of the quota of 24 hours that marketing leaves to what people asked for."""

NO_BOUND = 10**12


@dataclass(frozen=True, slots=True)
class AccountState:
    """What SES says of the account. `per_day` of None has no bound; `sent` are the last 24 hours.

    `verified` is whether SES may send from the sender's identity, None if it could not be asked.
    """

    per_second: float
    per_day: int | None
    sent: int
    production: bool
    enabled: bool
    enforcement: str
    verified: bool | None


@dataclass(frozen=True, slots=True)
class Tick:
    """An instant at which so many mails may be handed to SES, at once or one by one."""

    at: int
    count: int


@dataclass(frozen=True, slots=True)
class Grid:
    """Ticks from `origin` on, `spacing` apart, each with room for `cap` mails."""

    origin: int
    spacing: int
    cap: int

    @classmethod
    def of_rate(cls, per_second: float, *, origin: int) -> Self:
        """The ticks of a rate; a rate below one a second is one mail each so many seconds."""
        if per_second < 1:
            return cls(origin, math.ceil(SPACING / max(per_second, 0.001)), 1)
        whole = int(per_second)
        ticks = math.ceil(whole / MOST_IN_A_TICK)
        return cls(origin, math.ceil(SPACING / ticks), whole // ticks)

    def is_like(self, other: "Grid") -> bool:
        """Whether the other has ticks as far apart and as large."""
        return (self.spacing, self.cap) == (other.spacing, other.cap)

    def time_of(self, slot: int) -> int:
        """When the mail of a slot may leave."""
        return self.origin + slot // self.cap * self.spacing

    def first_slot(self, at: int) -> int:
        """The first slot of the first tick that is not before `at`."""
        return max(0, -(-(at - self.origin) // self.spacing)) * self.cap

    def ticks(self, slots: range) -> Iterator[Tick]:
        """The ticks of leased slots, with how many of the slots are in each."""
        at = slots.start
        while at < slots.stop:
            upto = min((at // self.cap + 1) * self.cap, slots.stop)
            yield Tick(self.time_of(at), upto - at)
            at = upto


@dataclass(frozen=True, slots=True)
class Pace:
    """The record. What was leased stands in `next`, `used`, `singles` and `lanes_taken`.

    `next` is the first slot that is free; `used` how many mails left since `made_at`, and
    `singles` those of them that were single and found no lane. `room` is what the quota of
    24 hours leaves, `marketing_room` what it and a warm-up leave to marketing. `problem` is why
    nothing may leave, in a sentence; `lasting` if trying again does not help. `slowed` is per cent
    of the quota.
    """

    version: int
    made_at: int
    origin: int
    spacing: int
    cap: int
    room: int
    marketing_room: int
    lanes: int = 0
    lanes_id: int = 0
    lanes_from: int = 0
    lanes_until: int = 0
    slowed: int = 100
    throttled_at: int = 0
    rate: float = 0.0
    next: int = 0
    used: int = 0
    singles: int = 0
    lanes_taken: int = 0
    problem: str = ""
    lasting: bool = False

    @property
    def grid(self) -> Grid:
        """The ticks."""
        return Grid(self.origin, self.spacing, self.cap)

    def is_due(self, now: int) -> bool:
        """Whether it is time to ask SES again."""
        age = now - self.made_at
        if age < FRESH:
            return False
        asked = self.used >= WORTH_ASKING or self.used >= self.marketing_room
        lanes_ended = self.lanes > 0 and now >= self.lanes_until
        return bool(self.problem) or self.slowed < 100 or asked or lanes_ended or age >= STALE

    def is_idle(self, at: int) -> bool:
        """Whether the ticks may begin anew at an instant: the last mail left a second before."""
        last = self.grid.time_of(self.next - 1) if self.next else self.origin - SPACING
        return at >= last + SPACING and at > self.origin

    def room_for(self, *, marketing: bool) -> int:
        """How many mails may still leave."""
        return max(0, (self.marketing_room if marketing else self.room) - self.used)

    def to_item(self) -> dict[str, Value]:
        """The attributes of the record, all but its key."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @classmethod
    def of(cls, item: Item) -> Self:
        """The pace that a record holds."""
        known = {each.name: item[each.name] for each in fields(cls) if each.name in item}
        return cls(**{**known, "rate": float(str(item.get("rate", 0)))})  # type: ignore[arg-type]


def first_pace(state: AccountState, *, now: int, most: int | None, problem: "Problem") -> Pace:
    """The pace of an account about which nothing was written yet; `most` is a warm-up's bound."""
    grid = Grid.of_rate(state.per_second, origin=now)
    room, marketing_room = _rooms(state, most)
    return Pace(
        version=1,
        made_at=now,
        origin=grid.origin,
        spacing=grid.spacing,
        cap=grid.cap,
        room=room,
        marketing_room=marketing_room,
        rate=state.per_second,
        problem=problem.sentence,
        lasting=problem.lasting,
    )


def renewed(
    old: Pace, state: AccountState, *, now: int, most: int | None, problem: "Problem"
) -> Pace:
    """The pace after SES was asked again: no slot that was leased is touched."""
    calm = now - old.throttled_at >= FRESH
    slowed = min(100, old.slowed + RISES_BY) if calm else old.slowed
    room, marketing_room = _rooms(state, most)
    kept = replace(
        old,
        version=old.version + 1,
        made_at=now,
        room=room,
        marketing_room=marketing_room,
        rate=state.per_second,
        slowed=slowed,
        used=0,
        problem=problem.sentence,
        lasting=problem.lasting,
    )
    return _with_lanes(kept, now=now)


def slower(old: Pace, *, now: int) -> Pace | None:
    """The pace after SES throttled; None if that is taken care of already."""
    if now - old.throttled_at < THROTTLED_AT_ONCE:
        return None
    slowed = max(SLOWEST, old.slowed * FALLS_TO // 100)
    return _with_grid(
        replace(old, version=old.version + 1, slowed=slowed, throttled_at=now), now=now
    )


@dataclass(frozen=True, slots=True)
class Problem:
    """Why nothing may leave; without a sentence there is none."""

    sentence: str = ""
    lasting: bool = False


def problem_of(state: AccountState, *, live: bool, sender: str) -> Problem:
    """What keeps SES from taking mail, in a sentence that says what to do."""
    if not state.enabled or state.enforcement == "SHUTDOWN":
        return Problem(
            "SES has paused sending for this account. Open the account dashboard of the SES "
            "console: it says why, and how to ask AWS to resume it. What waits is sent then."
        )
    if state.verified is False:
        return Problem(
            f"SES has not verified {sender}, so it takes no mail from it. Add the DNS records that "
            "check_setup shows to the DNS of the domain; SES looks for them for 72 hours.",
            lasting=True,
        )
    if live and not state.production:
        return Problem(
            "This account is in the SES sandbox, where only verified addresses get mail. Ask for "
            "production access in the SES console, or deploy with SendMode=allow-list until then.",
            lasting=True,
        )
    return Problem()


def _rooms(state: AccountState, most: int | None) -> tuple[int, int]:
    """What the quota of 24 hours leaves: to all, and to marketing."""
    if state.per_day is None:
        room, marketing = NO_BOUND, NO_BOUND
    else:
        room = max(0, state.per_day - state.sent)
        marketing = max(0, int(state.per_day * (1 - KEPT_FOR_TRANSACTIONAL)) - state.sent)
    if most is not None:
        marketing = min(marketing, max(0, most - state.sent))
    return room, marketing


def _with_lanes(pace: Pace, *, now: int) -> Pace:
    """As many lanes as single mails needed: more while they last, others when they have ended."""
    running = pace.lanes > 0 and now < pace.lanes_until
    # Near the end of a quota each mail is counted one by one.
    near = min(pace.room, pace.marketing_room) < pace.rate * LANES_LAST // SECOND
    most = 0 if near or pace.problem else int(_allowed(pace)) // 2
    before = pace.lanes if running else pace.lanes_taken
    lanes = min(most, before - -pace.singles // SINGLES_FOR_A_LANE)
    if running and lanes <= pace.lanes:
        return _with_grid(replace(pace, singles=0), now=now)
    changed = replace(pace, lanes=lanes, singles=0)
    if not running:
        changed = replace(changed, lanes_id=pace.lanes_id + 1, lanes_taken=0)
    changed = _with_grid(changed, now=now)
    begins = max(now, changed.origin) + SPACING
    until = pace.lanes_until if running else begins + LANES_LAST
    return replace(changed, lanes_from=begins, lanes_until=until if lanes else 0)


def _with_grid(pace: Pace, *, now: int) -> Pace:
    """The ticks for what the rate leaves beside the lanes; the same ones if they fit already."""
    left = _allowed(pace) - pace.lanes
    grid = Grid.of_rate(max(left, min(1.0, _allowed(pace))), origin=0)
    if grid.is_like(pace.grid):
        return pace
    last = pace.grid.time_of(pace.next - 1) if pace.next else 0
    origin = max(now, last + SPACING, (now + SPACING) if pace.lanes_until else 0)
    return replace(pace, origin=origin, spacing=grid.spacing, cap=grid.cap, next=0)


def _allowed(pace: Pace) -> float:
    return pace.rate * pace.slowed / 100
