"""One limiter for all senders: a lease of many mails costs one write, a lane none.

The record (`relance.pace`) stands in the table Sends. Leases are taken by conditional writes that
add to it, so senders never wait for one another; a write that is turned away brings the record
along, so a function reads it once. What was leased and not used, since the mail was not to be sent
or its sender died, is lost: it costs the time of its slot and nothing else.

The record is one item, which takes about 1,000 writes a second: more than SES grants to any but the
largest accounts, and half of all single mails need none.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol

from relance.content.pace_rules import PaceRules
from relance.errors import ConditionFailed, Retryable, SendRateExceeded, SendRefused
from relance.ids import milliseconds
from relance.pace import (
    LATE,
    LEAD,
    SECOND,
    SPACING,
    AccountState,
    Grid,
    Pace,
    Tick,
    first_pace,
    problem_of,
    renewed,
    slower,
)
from relance.storage import (
    Absent,
    AllOf,
    AnyOf,
    AtLeast,
    Below,
    Equals,
    Missing,
    Put,
    Store,
    Table,
    Update,
)

KEY = ("rate:account",)

_BRAKED = "braked:"

SINGLES_WAIT = 10 * SECOND
"""How far back in the queue a single mail may stand."""

CAMPAIGNS_WAIT = 3 * SECOND
"""How far back a campaign may: so a single mail waits no longer than that for its tick."""

MISSED_WAITS = 2 * SECOND
"""How long a mail may wait that is ready and has missed its slot: it was read just now."""

LEASED_AT_ONCE = 4 * SECOND
"""Of how long a time the slots are that one lease takes."""

WAITING_SPREADS = 20.0
"""Over how many seconds senders spread who wait for room."""

RENEWING = 5 * SECOND
"""How long whoever asks SES has for it, before another one does."""

READ_AGAIN = 60 * SECOND
"""How long the holder of a lane goes on without looking at the record."""

TRIES = 8


class Account(Protocol):
    """SES, as far as it is asked about the account."""

    def state(self) -> AccountState:
        """What SES says of the account now.

        Raises:
            ServiceUnavailable: it could not answer now.
        """


@dataclass(frozen=True, slots=True)
class Slot:
    """The right to hand one mail to SES at an instant (milliseconds)."""

    at: int
    marketing: bool


@dataclass(slots=True)
class _Lane:
    """The lane that this function holds."""

    lanes_id: int
    last: int


class Limiter:
    """The limiter of one warm function; it remembers what it last saw of the record.

    `pause` waits so many seconds; `live` is whether mail goes to everybody.
    """

    def __init__(
        self,
        store: Store,
        account: Callable[[], Account],
        rules: PaceRules,
        *,
        live: bool,
        sender: str,
        now: Callable[[], datetime],
        pause: Callable[[float], None],
        chance: Callable[[], float],
    ) -> None:
        self.rules = rules
        self._store = store
        self._account = account
        self._live = live
        self._sender = sender
        self._clock = now
        self._pause = pause
        self._chance = chance
        self._pace: Pace | None = None
        self._read_at = 0
        self._lane: _Lane | None = None
        self._braked: dict[str, str] = {}
        self._follows = False
        self._spread = 1.0
        self._domains: dict[str, int] = {}

    # -- one mail ---------------------------------------------------------------------------------

    def wait_for_one(self, *, marketing: bool) -> Slot:
        """Wait until it is nearly time to send one mail: time enough to claim and to make it.

        Raises:
            SendRateExceeded: there is no room now; the sentence says why.
            SendRefused: SES takes nothing from this account before somebody does something.
        """
        slot = Slot(self._one(marketing=marketing, wait=SINGLES_WAIT), marketing)
        self._pause_until(slot.at - LEAD)
        return slot

    def reach(self, slot: Slot, address: str) -> None:
        """Wait for the very instant at which the mail may be handed to SES; the last act before.

        Raises:
            SendRateExceeded: the slot was missed, or the address's domain gets enough already.
        """
        at = slot.at
        domain = self.rules.paced(address)
        if domain is not None:
            self._pause_until(self._of_domain(domain, 1, wait=MISSED_WAITS)[0].at - LEAD)
        for _ in range(TRIES):
            if self._now() <= at + LATE:
                self._pause_until(at)
                return
            at = self._one(marketing=slot.marketing, wait=MISSED_WAITS)
        raise SendRateExceeded("the slot was missed again and again; nothing was sent")

    def learn(self, error: SendRateExceeded) -> None:
        """SES turned a mail away: go slower, or ask it what is the matter with the account."""
        with suppress(Retryable):  # the mail is not lost by what cannot be learned now
            if error.throttled:
                self.throttled()
            elif error.stopped:
                self.renew()

    def throttled(self) -> None:
        """SES throttled a call: everybody goes slower for a while."""
        for _ in range(TRIES):
            pace = self._read()
            less = None if pace is None else slower(pace, now=self._now())
            if pace is None or less is None or self._writes(pace, less):
                return

    def braked(self, message: str) -> str | None:
        """Why the brake has stopped a message, as the record said when it was last seen."""
        return self._braked.get(message)

    @property
    def all_braked(self) -> dict[str, str]:
        """Every message that the brake has stopped, with the reason."""
        return dict(self._braked)

    # -- many mails -------------------------------------------------------------------------------

    def lease(self, count: int, *, patience: float, domain: str | None = None) -> list[Tick]:
        """Room for up to `count` marketing mails, waited for no longer than `patience` seconds.

        Hand each tick's mails to SES at its instant (`wait_for`). A `domain` is one that
        `rules.paced` names.

        Raises:
            SendRateExceeded: there was no room in that time; the sentence says why.
            SendRefused: SES takes nothing from this account before somebody does something.
        """
        until = self._now() + int(patience * SECOND)
        read = False
        while True:
            try:
                if domain is not None:
                    ticks = self._of_domain(domain, count, wait=CAMPAIGNS_WAIT)
                    count, domain = sum(each.count for each in ticks), None
                ticks = self._some(count, marketing=True, wait=CAMPAIGNS_WAIT, read=read)
            except SendRateExceeded as error:
                # The more often there was none, the more others wait: they spread out.
                wait = error.wait + self._spread * self._chance()
                if not error.wait or self._now() + wait * SECOND > until:
                    raise
                self._pause(wait)
                self._spread, read = min(2 * self._spread, WAITING_SPREADS), True
            else:
                self._spread = max(1.0, self._spread / 2)
                return ticks

    def wait_for(self, tick: Tick) -> bool:
        """Wait for a tick; False if it has passed, so that its room must be leased anew."""
        if self._now() > tick.at + LATE:
            return False
        self._pause_until(tick.at)
        return True

    # -- how --------------------------------------------------------------------------------------

    def _now(self) -> int:
        return milliseconds(self._clock())

    def _pause_until(self, at: int) -> None:
        left = at - self._now()
        if left > 0:
            self._pause(left / SECOND)

    def _one(self, *, marketing: bool, wait: int) -> int:
        at = self._in_my_lane(marketing=marketing)
        if at is not None:
            return at
        return self._some(1, marketing=marketing, wait=wait, single=True)[0].at

    def _in_my_lane(self, *, marketing: bool) -> int | None:
        """The next instant in the lane that this function holds or takes; None without one."""
        pace = self._pace
        if pace is None or not pace.lanes:
            return None
        now = self._now()
        if now - self._read_at > READ_AGAIN:
            pace = self._read()
        if pace is None or pace.is_due(now):
            return None
        self._check(pace, 1, marketing=marketing)
        at = max(now + LEAD, pace.lanes_from)
        if self._lane is not None and self._lane.lanes_id == pace.lanes_id:
            at = max(at, self._lane.last + SPACING)
        elif not self._takes_a_lane(pace):
            return None
        if at >= pace.lanes_until or self._lane is None:
            return None
        self._lane.last = at
        return at

    def _takes_a_lane(self, pace: Pace) -> bool:
        if pace.lanes_taken >= pace.lanes:
            return False
        take = Update(
            Table.SENDS,
            KEY,
            add={"lanes_taken": 1},
            when=AllOf((Equals("lanes_id", pace.lanes_id), Below("lanes_taken", pace.lanes))),
        )
        try:
            self._saw(self._store.change(take))
        except ConditionFailed as refused:
            self._refused(refused)
            return False
        self._lane = _Lane(pace.lanes_id, 0)
        return True

    def _some(
        self, count: int, *, marketing: bool, wait: int, single: bool = False, read: bool = False
    ) -> list[Tick]:
        """Lease slots of the ticks, up to `count` of them.

        With `read` the record is looked at first: whoever waits finds no room most of the time.
        """
        pace = (None if read else self._pace) or self._read() or self._renew(None)
        fresh = read
        for _ in range(TRIES):
            now = self._now()
            if pace.is_due(now):
                pace, fresh = self._renew(pace), True
                now = self._now()
            grid, room = pace.grid, pace.room_for(marketing=marketing)
            few = min(count, self._at_once(grid), max(1, room))
            first = grid.first_slot(now + LEAD)
            last = max(grid.first_slot(now + wait), first + 1)
            try:
                self._check(pace, few, marketing=marketing)
                if pace.next >= last:
                    raise _no_room(grid.time_of(pace.next) - now - wait)
            except (SendRateExceeded, SendRefused):
                if fresh:
                    raise
            else:
                asked = _Asked(few, first, last, now, marketing=marketing, single=single)
                guess = self._follows and not fresh
                try:
                    pace = self._saw(self._store.change(asked.write(pace, follows=guess)))
                except ConditionFailed as refused:  # others have leased since it was read
                    pace, fresh = self._refused(refused) or self._renew(None), True
                    continue
                self._follows = pace.next > first + few
                return list(pace.grid.ticks(range(pace.next - few, pace.next)))
            pace, fresh = self._read() or self._renew(None), True
        raise _no_room(SECOND)

    @staticmethod
    def _at_once(grid: Grid) -> int:
        return grid.cap * max(1, LEASED_AT_ONCE // grid.spacing)

    def _check(self, pace: Pace, count: int, *, marketing: bool) -> None:
        """Raise what keeps mail from leaving, in a sentence."""
        if pace.problem:
            kind = SendRefused if pace.lasting else SendRateExceeded
            raise kind(pace.problem)
        if pace.room_for(marketing=marketing) < count:
            raise SendRateExceeded(
                "as many mails have left in the last 24 hours as the quota of SES, or the warm-up "
                "in sending.yaml, allows; the rest is sent as room comes back"
            )

    def _of_domain(self, domain: str, count: int, *, wait: int) -> list[Tick]:
        """Room for mails to one domain; on average over some seconds, as providers count."""
        rate = self.rules.per_domain[domain]
        grid = Grid.of_rate(rate, origin=0)
        key = (f"rate:{domain}:{rate:g}",)
        few = min(count, self._at_once(grid))
        for _ in range(2):
            now = self._now()
            first, last = grid.first_slot(now), grid.first_slot(now + wait)
            follows = AllOf((AtLeast("next", first), Below("next", last)))
            idle = AnyOf((Missing("next"), Below("next", first)))
            add = Update(Table.SENDS, key, add={"next": few}, when=follows)
            jump = Update(Table.SENDS, key, set={"next": first + few}, when=idle)
            behind = self._domains.get(domain, 0) < first
            for update in (jump, add) if behind else (add, jump):
                with suppress(ConditionFailed):
                    upto = int(str(self._store.change(update)["next"]))
                    self._domains[domain] = upto
                    return list(grid.ticks(range(upto - few, upto)))
        raise _no_room(SECOND, f"{domain} gets as much mail as sending.yaml allows")

    def _read(self) -> Pace | None:
        item = self._store.get(Table.SENDS, KEY)
        return None if item is None else self._saw(item)

    def _refused(self, refused: ConditionFailed) -> Pace | None:
        """What the record said when it turned a write away; None without a record."""
        return None if refused.item is None else self._saw(refused.item)

    def _saw(self, item: Mapping[str, object]) -> Pace:
        self._pace, self._read_at = Pace.of(item), self._now()  # type: ignore[arg-type]
        self._braked = {
            name.removeprefix(_BRAKED): str(why)
            for name, why in item.items()
            if name.startswith(_BRAKED)
        }
        return self._pace

    def renew(self) -> Pace:
        """Ask SES about the account now, whoever asked last."""
        return self._ask(self._read())

    def _renew(self, old: Pace | None) -> Pace:
        """Ask SES about the account, unless somebody else does so now."""
        if old is not None:
            now = self._now()
            mine = Update(
                Table.SENDS,
                KEY,
                set={"renewing": now},
                when=AllOf(
                    (
                        Equals("version", old.version),
                        AnyOf((Missing("renewing"), Below("renewing", now - RENEWING))),
                    )
                ),
            )
            try:
                self._store.write(mine)
            except ConditionFailed:
                return self._read() or old
        return self._ask(old)

    def _ask(self, old: Pace | None) -> Pace:
        """The pace by what SES says now; the old one if SES cannot be asked."""
        try:
            state = self._account().state()
        except Retryable:
            if old is None:
                raise
            return old  # what it said before holds until it answers
        for _ in range(TRIES):
            now = self._now()
            most = None if self.rules.warm_up is None else self.rules.warm_up.most(_day(now))
            problem = problem_of(state, live=self._live, sender=self._sender)
            pace = self._read()
            if pace is None:
                new = first_pace(state, now=now, most=most, problem=problem)
                item = {"send_id": KEY[0], **new.to_item()}
                with suppress(ConditionFailed):  # another one asked as well
                    self._store.write(Put(Table.SENDS, item, when=Absent()))
            elif old is None or pace.made_at > old.made_at:
                return pace
            elif self._writes(pace, renewed(pace, state, now=now, most=most, problem=problem)):
                break
        return self._read() or first_pace(state, now=now, most=most, problem=problem)

    def _writes(self, old: Pace, new: Pace) -> bool:
        """Put a new pace in the place of the old one, unless slots were leased meanwhile."""
        counted = (Equals(name, getattr(old, name)) for name in _COUNTED)
        update = Update(
            Table.SENDS,
            KEY,
            set=new.to_item(),
            remove=("renewing",),
            when=AllOf((Equals("version", old.version), Equals("origin", old.origin), *counted)),
        )
        try:
            self._saw(self._store.change(update))
        except ConditionFailed:
            return False
        return True


_COUNTED = ("next", "used", "singles", "lanes_taken")
"""What leases add to."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A lease of `count` slots, none before `first` and none of them from `last` on."""

    count: int
    first: int
    last: int
    now: int
    marketing: bool
    single: bool

    def write(self, pace: Pace, *, follows: bool) -> Update:
        """The write of the lease: behind what is leased, or from now on if nobody is there.

        `follows` is whether somebody is thought to be there, whatever the pace said when read.
        """
        room = pace.marketing_room if self.marketing else pace.room
        counted = {"used": self.count, **({"singles": 1} if self.single else {})}
        same = (
            Equals("version", pace.version),
            Equals("origin", pace.origin),
            Below("used", room - self.count + 1),
        )
        behind_others = AllOf((*same, AtLeast("next", self.first), Below("next", self.last)))
        in_line = Update(Table.SENDS, KEY, add={**counted, "next": self.count}, when=behind_others)
        if follows:
            return in_line
        if pace.is_idle(self.now + LEAD):
            # The ticks begin anew, so that nobody waits for one who need not.
            begun = {"origin": self.now + LEAD, "next": self.count}
            alone = AllOf((*same, Equals("next", pace.next)))
            return Update(Table.SENDS, KEY, set=begun, add=counted, when=alone)
        if pace.next < self.first:
            from_now = {"next": self.first + self.count}
            behind = AllOf((*same, Below("next", self.first)))
            return Update(Table.SENDS, KEY, set=from_now, add=counted, when=behind)
        return in_line


def _no_room(
    wait: int, why: str = "as many mails wait as SES takes in some seconds"
) -> SendRateExceeded:
    text = f"{why}; nothing was sent, and a retry sends it"
    return SendRateExceeded(text, wait=max(50, wait) / SECOND)


def mark_of(message: str) -> str:
    """The attribute of the record that says why the brake has stopped a message."""
    return f"{_BRAKED}{message}"


def _day(now: int) -> date:
    return datetime.fromtimestamp(now / SECOND, UTC).date()
