"""Some of the people through the journey, in a world of their own."""

from __future__ import annotations

import gc
import json
import random
import resource
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from relance.content.compiled import Content
from relance.engine import Plan
from relance.storage import Item, Table

from local.content import compiled_content
from local.demo.browser import Answer, forms
from local.demo.people import Person as Acting
from local.demo.stage import PARAMETERS
from local.demo.visitors import answers
from local.hub import Outcome
from local.rehearsal.crowd import Crowd, Guest
from local.rehearsal.doors import Door, Way, door_of
from local.rehearsal.findings import Findings, take_events, take_executions, take_sends
from local.rehearsal.habits import Deed, Habits, Manner, manner_of, orders_of
from local.rehearsal.loading import load, user_id_of
from local.rehearsal.people import Subject
from local.services.ses_account import Quota
from local.world import ROOT, World

SIZE = 500
"""How many people share a world. It is part of the result: another number would be another run."""

_DAY = 86_400.0
_READING = 12.0
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": _BROWSER}
_PLENTY = Quota(per_day=10**8, per_second=10**5)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a rehearsal is made from, but for its people. `over` is in how many days they come.

    The journeys in `live` (`cart-recovery`) start by their rules, whatever the parameters say.
    """

    journey: str
    start: datetime
    days: int
    over: float
    seed: int
    habits: Habits = field(default_factory=Habits)
    parameters: Mapping[str, str] = field(default_factory=dict)
    live: tuple[str, ...] = ()

    @property
    def end(self) -> datetime:
        """When it is over."""
        return self.start + timedelta(days=self.days)


def rehearse_shard(
    setting: Setting, subjects: Sequence[Subject], *, quick: bool = True
) -> Findings:
    """Let them through, and count; on quick tables, unless these are to be held to the others."""
    name = f"{setting.seed}|{subjects[0].key if subjects else ''}"
    with _world(setting, name, quick=quick) as world:
        found = _through(_Hall(world, setting), subjects)
    del world
    gc.collect()  # a world is full of circles, and the next one needs the room
    return found


def measured(setting: Setting, subjects: Sequence[Subject]) -> tuple[Findings, int]:
    """The findings, and how many megabytes this process took at most up to now."""
    return rehearse_shard(setting, subjects), peak_megabytes()


def peak_megabytes() -> int:
    """The most memory that this process took."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024 * 1024 if sys.platform == "darwin" else 1024)


def _through(hall: _Hall, subjects: Sequence[Subject]) -> Findings:
    for subject in subjects:
        hall.expect(subject)
    hall.run()
    return hall.findings()


def rehearse_nobody(setting: Setting) -> Mapping[str, float]:
    """What the same days use up with nobody there."""
    with _world(setting, f"{setting.seed}|nobody") as world:
        world.run(until=setting.end)
        return dict(world.meter.units)


def _world(setting: Setting, named: str, *, quick: bool = True) -> World:
    return World.build(
        root=ROOT,
        start=setting.start,
        seed=random.Random(named).getrandbits(32),
        parameters={**PARAMETERS, **setting.parameters},
        quota=_PLENTY,
        quick_tables=quick,
        live=setting.live,
    )


class _Hall:
    """One world, and what its people are going to do there."""

    def __init__(self, world: World, setting: Setting) -> None:
        self._world = world
        self._setting = setting
        self._content = Content.open(compiled_content(ROOT))
        self._zone = ZoneInfo(str(world.stack.parameters.get("TimeZone") or "UTC"))
        self._plan = Plan(self._content.rules, self._zone)
        self._arn = world.machine_arn(f"journey-{setting.journey}")
        does = [each.event for each in setting.habits.events]
        self._door: Door = door_of(world.stack, self._arn, self._content, does)
        self._crowd = Crowd(world.hub, self._spawn, self._fetch, seed=setting.seed)
        self._crowd.attach(world.mailbox)
        self._found = Findings()
        self._zones: dict[str, tzinfo] = {}
        self._loaded: list[Mapping[Table, Sequence[Item]]] = []
        self._requests = 0
        self._authorization = ""

    # -- before ---------------------------------------------------------------------------------

    def expect(self, subject: Subject) -> None:
        """Load somebody, and plan what it does."""
        setting = self._setting
        self._found.people += 1
        loaded = load(subject, self._content, self._plan, start=setting.start, seed=setting.seed)
        self._loaded.append(loaded.items)
        zone = ZoneInfo(subject.zone) if subject.zone else self._zone
        self._zones[loaded.contact_id] = zone
        chance = random.Random(f"{setting.seed}|manner|{subject.key}")
        manner = manner_of(subject.past, zone, setting.habits, self._content.rules.priors, chance)
        person = _acting(subject)
        guest = self._crowd.join(person, manner)
        self._plan_deeds(subject, manner, random.Random(f"{setting.seed}|deeds|{person.id}"))
        if self._door.way is Way.EVENT:
            return
        if subject.address is None and self._door.way is Way.FORM:
            self._found.left_out["has no address, and so fills in no form"] += 1
            return
        came = random.Random(f"{setting.seed}|came|{person.id}")
        until = min(self._begin + setting.over * _DAY, self._end)
        at = manner.moment_between(self._begin, until, came)
        self._come(guest, manner, at, loaded.contact_id)

    def _come(self, guest: Guest, manner: Manner, at: float, contact_id: str) -> None:
        self._found.came += 1
        if self._door.way is Way.START:
            # A start of the console is a call from outside: it takes no greenlet.
            start = {"contact": contact_id}
            self._world.hub.at(at, lambda: self._start(start))
            return
        self._at(at, lambda: self._fill_in(guest))
        if manner.signs_up_twice:
            again = random.Random(f"{self._setting.seed}|again|{guest.person.id}")
            later = manner.next_moment(at + again.uniform(1, 6) * _DAY, again)
            if later < self._end:
                self._at(later, lambda: self._fill_in(guest))

    def _plan_deeds(self, subject: Subject, manner: Manner, chance: random.Random) -> None:
        for number, at in enumerate(orders_of(manner, chance, start=self._begin, end=self._end), 1):
            self._at(
                at,
                self._tracking(
                    subject,
                    "Order Completed",
                    number,
                    {
                        "order_id": f"{user_id_of(subject)}-{number}",
                        "revenue": manner.spends,
                        "currency": str(self._world.stack.parameters.get("Currency") or "USD"),
                    },
                ),
            )
        for number, deed in enumerate(self._setting.habits.events, 1):
            if chance.random() >= deed.share:
                continue
            at = self._moment_of(deed, manner, chance)
            if at < self._end:
                self._at(at, self._tracking(subject, deed.event, 1000 + number, deed.properties))

    def _moment_of(self, deed: Deed, manner: Manner, chance: random.Random) -> float:
        since = self._begin + deed.from_day * _DAY
        until = self._begin + max(deed.from_day, deed.to_day) * _DAY
        return manner.moment_between(since, until, chance)

    @property
    def _begin(self) -> float:
        return self._setting.start.timestamp()

    @property
    def _end(self) -> float:
        return self._setting.end.timestamp()

    def run(self) -> None:
        """Put everybody into the tables, as if they had always been there, and let time pass."""
        for table in Table:
            rows = [item for items in self._loaded for item in items.get(table, ())]
            self._world.load(table, rows)
        self._loaded.clear()
        self._world.run(until=self._setting.end)

    # -- meanwhile --------------------------------------------------------------------------------

    def _at(self, when: float, errand: Callable[[], None]) -> None:
        self._world.hub.at(round(when, 3), lambda: self._spawn(errand))

    def _spawn(self, errand: Callable[[], None]) -> None:
        self._world.hub.spawn(errand, _must_succeed)

    def _start(self, given: Mapping[str, str]) -> None:
        self._world.machines.start_execution(self._arn, None, json.dumps(given))

    def _fetch(
        self, method: str, url: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Make a request at the API, without a socket; each from a network of its own."""
        self._requests += 1
        parts = urlsplit(url)
        number = self._requests % 131_072
        response = self._world.request(
            method,
            parts.path,
            headers=headers or {},
            body=body,
            query=parts.query,
            source_ip=f"198.{18 + number // 65_536}.{number // 256 % 256}.{number % 256}",
        )
        found = {name.lower(): value for name, value in response.headers}
        return Answer(response.status, found, response.body)

    def _fill_in(self, guest: Guest) -> None:
        url = f"/f/{self._door.form}"
        page = self._fetch("GET", url, {"User-Agent": _BROWSER})
        found = [form for form in forms(page.text, url) if form.method == "POST"]
        if page.status != 200 or not found:
            self._surprised(f"the form answered {page.status} without something to fill in")
            return
        self._world.hub.sleep(_READING)
        body = found[0].fill(answers(found[0], guest, self._setting.seed))
        answer = self._fetch("POST", found[0].action, dict(_FORM), body)
        if answer.status != 200:
            self._surprised(f"a sign-up answered {answer.status}")

    def _tracking(
        self,
        subject: Subject,
        event: str,
        number: int,
        properties: Mapping[str, object],
    ) -> Callable[[], None]:
        return lambda: self._track(subject, event, number, properties)

    def _track(
        self,
        subject: Subject,
        event: str,
        number: int,
        properties: Mapping[str, object],
    ) -> None:
        at = self._world.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        call = {
            "type": "track",
            "event": event,
            "messageId": f"{user_id_of(subject)}-{number}",
            "userId": user_id_of(subject),
            "timestamp": at,
            "properties": dict(properties),
        }
        headers = {"Authorization": self._basic(), "Content-Type": "application/json"}
        answer = self._fetch("POST", "/v1/track", headers, json.dumps(call).encode())
        if answer.status != 200:
            self._surprised(f"an event answered {answer.status}: {answer.text[:80]}")

    def _basic(self) -> str:
        if not self._authorization:
            self._authorization = self._world.authorization("server")
        return self._authorization

    def _surprised(self, sentence: str) -> None:
        self._found.surprises[sentence] += 1

    # -- afterwards -------------------------------------------------------------------------------

    def findings(self) -> Findings:
        """Count what became of them."""
        found, world, since = self._found, self._world, self._setting.start
        name = self._arn.rpartition(":")[2]
        take_executions(found, world.machines, name, world.now)
        take_sends(found, world.items(Table.SENDS), self._zones, since)
        take_events(found, world.items(Table.EVENTS), since)
        found.deeds.update(self._crowd.deeds)
        found.surprises.update(self._crowd.surprises)
        found.units.update(world.meter.units)
        return found


def _acting(subject: Subject) -> Acting:
    """The person as the demo's forms and audience know one."""
    traits = subject.person.traits if subject.person else {}
    address = subject.address or f"{user_id_of(subject)}@nowhere.invalid"
    return Acting(
        id=subject.key,
        first_name=str(traits.get("first_name") or address.partition("@")[0].title()),
        email=address,
        role=str(traits.get("role") or ""),
        signs_up=0.0,
        orders=(),
    )


def _must_succeed(outcome: Outcome[None]) -> None:
    outcome.unwrap()
