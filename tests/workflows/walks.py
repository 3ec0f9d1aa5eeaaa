"""Everything that can happen at a step, happening to somebody: so every way of a graph is taken.

Some people go through a journey by themselves (`Route`: what they do at which state; nothing at the
others). Then, for every step that one of them came to, others go the same way up to it, and there

- the function breaks, in a way that does not pass, or the answer of a pause never comes;
- what the pause waits for happens, a goal is reached, or they leave;
- just before a letter their address has gone bad, or nobody knows of a consent.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from relance.events import Event, put_once
from relance.ids import event_id, milliseconds
from relance.register import ConsentState, consent_value, pause_value
from relance.storage import Present, Table, Update, Value

from local.faults import Fault, FaultPlan, Rule
from local.handler_errors import HandlerError
from local.sandbox import InvokeResult
from local.world import ROOT
from tests.workflows.journeys import Tale

MACHINES: dict[str, dict[str, Any]] = {
    path.name.removesuffix(".asl.json"): json.loads(path.read_text("utf-8"))
    for path in sorted((ROOT / "statemachines" / "journeys").glob("*.asl.json"))
}
FIRST = "Let them in"
MOMENT = 1.0
"""Seconds after a pause began in which something happens there."""

Said = Mapping[str, Value]
Traits = Callable[[datetime], Said]


@dataclass(frozen=True, slots=True)
class Deed:
    """What happens at a state: a `kind`, which of several events, and what else they say.

    `after` is in days from the beginning of the pause, `told` what else is told instead.
    """

    kind: str
    which: int = 0
    says: Traits | None = None
    after: float = 0.0
    told: tuple[tuple[str, Said], ...] = ()


HAPPENS, GOAL, LEAVES = Deed("happens"), Deed("goal"), Deed("leaves")
BREAKS, IS_LOST = Deed("breaks"), Deed("is lost")
PAUSES = Deed("pauses")
"""They take a pause of thirty days just before a letter."""
GOES_BAD, NO_CONSENT, DIES = Deed("goes bad"), Deed("no consent"), Deed("dies")
AT_NIGHT = Deed("at night")
"""A goal is reached while a letter waits for the morning."""
LETTER = (BREAKS, IS_LOST, GOES_BAD, NO_CONSENT)


def does(*told: tuple[str, Said], after: float = 0.0) -> Deed:
    """They do something of their own while they wait."""
    return Deed("does", told=told, after=after)


@dataclass(frozen=True, slots=True)
class Route:
    """Somebody's way: deeds by state; what they did `before`; the event that they enter by.

    `then` is what they do after that event, before the journey begins.
    """

    deeds: Mapping[str, Deed] = field(default_factory=dict)
    traits: Traits = lambda _: {}
    before: tuple[tuple[str, Said], ...] = ()
    enters_by: tuple[str, Traits] | None = None
    then: tuple[tuple[str, Said], ...] = ()

    def but(self, state: str, deed: Deed) -> "Route":
        """The same way up to a state, at which something else happens."""
        return replace(self, deeds={**self.deeds, state: deed})


@dataclass
class Walks(Tale):
    """People on their ways through one journey."""

    walking: dict[str, Route] = field(default_factory=dict)
    passed: dict[str, list[str]] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.machine = MACHINES[self.journey]
        self.tasks = {
            name: state for name, state in self.machine["States"].items() if state["Type"] == "Task"
        }
        self.rules = _payload(self.tasks[FIRST])["rules"]
        self.pending = "pending" in self.rules.get("consent", {}).get("states", ())
        self.invoke = self.world.sandboxes.invoke
        self.plan = self.world.sandboxes.faults = FaultPlan()
        self.world.sandboxes.invoke = self._invoked  # type: ignore[method-assign]

    # -- people ---------------------------------------------------------------------------------

    def sets_out(self, route: Route) -> str:
        """Somebody sets out on a route; the contact."""
        name = f"walker{len(self.walking)}"
        now = self.world.now
        traits: dict[str, Any] = dict(route.traits(now))
        if any(deed.kind == "at night" for deed in route.deeds.values()):
            traits["time_zone"] = midnight_at(now)
        contact = self.arrives(name, agreed=not self.pending, **traits)
        self.walking[contact] = route
        for event, said in route.before:
            self._tells(contact, event, said)
        given = {"contact": contact}
        if route.enters_by:
            event, says = route.enters_by
            given["entry"] = self._tells(contact, event, says(now))
        for event, said in route.then:
            self._tells(contact, event, said)
        if self.pending:
            self._agrees(contact, ConsentState.PENDING, given["entry"])
        self.world.run(for_=timedelta(seconds=3))
        self.world.start(f"journey-{self.journey.replace('_', '-')}", given)
        return contact

    def everything_happens(self, routes: list[Route]) -> None:
        """People go their ways; then, at each step, everything happens to somebody."""
        walkers = [(self.sets_out(route), route) for route in routes]
        self.all_have_ended()
        seen: set[str] = set()
        for contact, route in walkers:
            for state in self.passed.get(contact, []):
                if state not in seen:
                    seen.add(state)
                    for deed in self.what_can_happen(state):
                        self.sets_out(route.but(state, deed))
        self.all_have_ended()

    def what_can_happen(self, state: str) -> list[Deed]:
        """At a state, by what it is."""
        task, payload = self.tasks[state], _payload(self.tasks[state])
        goals = [GOAL] if self.rules.get("goals") else []
        if not task["Resource"].endswith(".waitForTaskToken"):
            return [BREAKS]
        if "message" in payload:
            return [*LETTER, *([AT_NIGHT] if goals else []), *([DIES] if self.pending else [])]
        asks = "event.name" in json.dumps(self.machine["States"][task["Next"]])
        awaited = payload.get("events", [])
        events = [Deed("happens", which) for which in range(len(awaited) if asks else 1)]
        events = events if awaited else []
        return [BREAKS, LEAVES, *events, *goals]

    def those_who_failed(self) -> set[str]:
        """The walkers whose execution is red."""
        told = [(json.loads(each["input"]).get("contact"), each["status"]) for each in self.of()]
        assert {status for _, status in told} == {"SUCCEEDED", "FAILED"}
        return {contact for contact, status in told if status == "FAILED"} & self.walking.keys()

    def those_to_whom_something_broke(self) -> set[str]:
        """The walkers who met what does not pass."""
        return {
            contact
            for contact, route in self.walking.items()
            if any(deed in (BREAKS, IS_LOST) for deed in route.deeds.values())
        }

    # -- at a step ------------------------------------------------------------------------------

    def _invoked(
        self, name: str, event: Any, done: Callable[[InvokeResult], None], **more: Any
    ) -> None:
        """A function is about to run: what is to happen at this step happens."""
        given = event if isinstance(event, dict) else {}
        contact = str(given.get("contact") or (given.get("input") or {}).get("contact"))
        route = self.walking.get(contact)
        if route is None or given.get("workflow") != self.journey:
            self.invoke(name, event, done, **more)
            return
        its_own = contact not in self.passed
        if "step" in given:
            its_own = self.entries.setdefault(contact, given["entry"]) == given["entry"]
        if not its_own:  # a second time through, which nobody meant
            self.invoke(name, event, done, **more)
            return
        state = self._state_of(contact, given.get("step", ""))
        self.passed.setdefault(contact, []).append(state)
        deed = route.deeds.get(state)
        if deed in (BREAKS, IS_LOST):
            error = HandlerError("Defect", "on purpose") if deed is BREAKS else None
            result = InvokeResult(None, error, 1, "")
            self.world.hub.after(MOMENT, lambda: done(result))
            return
        if deed is not None:
            self._do(deed, contact, given)
        self.invoke(name, event, done, **more)

    def _state_of(self, contact: str, step: str) -> str:
        """Where somebody is: two states may send the same message as one step."""
        steps = {name: _payload(each).get("step", "") for name, each in self.tasks.items()}
        found: list[str] = [name for name, each in steps.items() if each == step]
        before = self.passed.get(contact, [FIRST])[-1]
        return next((each for each in found if each in self._after(before)), found[0])

    def _after(self, state: str) -> set[str]:
        """The tasks that come next."""
        ways: list[str] = [self.tasks[state]["Next"]]
        for way in ways:
            each = self.machine["States"][way]
            if each["Type"] == "Choice":
                ways += [one["Next"] for one in each["Choices"] if one["Next"] not in ways]
                ways += [each["Default"]] if each["Default"] not in ways else []
            elif each["Type"] == "Pass" and each["Next"] not in ways:
                ways.append(each["Next"])
        return set(ways)

    def _agrees(self, contact: str, state: ConsentState, by: str) -> None:
        consent: Said = {"consent#newsletter": consent_value(state, self.world.now, by)}
        key = (contact, "now#register")
        self.store.write(Update(Table.CONTACTS, key, set=consent, when=Present()))

    def _do(self, deed: Deed, contact: str, given: Mapping[str, Any]) -> None:
        register = (contact, "now#register")
        if deed is GOES_BAD:
            bad: Said = {"suppressed": {"reason": "bounced", "at": "x"}}
            self.store.write(Update(Table.CONTACTS, register, set=bad, when=Present()))
        elif deed is PAUSES:
            now = self.world.now
            pause: Said = {"pause": pause_value(now + timedelta(days=30), now, "x")}
            self.store.write(Update(Table.CONTACTS, register, set=pause, when=Present()))
        elif deed is NO_CONSENT:
            gone = ("consent#newsletter",)
            self.store.write(Update(Table.CONTACTS, register, remove=gone, when=Present()))
        elif deed is DIES:  # the outcome is never known
            at = self.world.sandboxes._counts[self.world.function_name("send_email")] + 1
            rule = Rule(Fault.STOP_BEFORE, "send-email", invocation=at, operation="SendEmail")
            self.plan.rules.append(rule)
        elif "message" in given and deed.kind != "at night":  # just before it is sent
            self._happens(deed, contact, given)
        else:
            delay = deed.after * 86_400 or MOMENT
            self.world.hub.after(delay, lambda: self._happens(deed, contact, given))

    def _happens(self, deed: Deed, contact: str, given: Mapping[str, Any]) -> None:
        for event, said in deed.told or (self._event_of(deed, given),):
            if event == "erased":
                erase = self.world.machine_arn("privacy-erase-contact")
                wish = json.dumps({"contact": contact, "confirm": True})
                self.world.machines.start_execution(erase, None, wish)
            else:
                self._tells(contact, event, said)

    def _event_of(self, deed: Deed, given: Mapping[str, Any]) -> tuple[str, Said]:
        more = deed.says(self.world.now) if deed.says else {}
        if deed.kind == "leaves":
            return self.rules["exits"][0], {"topic": "newsletter"}
        found = given["events"] if deed.kind == "happens" else self.rules["goals"]
        awaited = found[deed.which]
        return awaited["event"], {**awaited.get("where", {}), **more}

    def _tells(self, contact: str, event: str, said: Said) -> str:
        self.count += 1
        now = self.world.now
        its_id = event_id(milliseconds(now), "test", f"{contact}#{self.count}")
        self.store.write(put_once(Event(contact, its_id, event, now, now, "test", said)))
        if event == "confirmed":
            self._agrees(contact, ConsentState.GRANTED, its_id)
        return its_id


def midnight_at(now: datetime) -> str:
    """A time zone in which it is midnight, more or less."""
    return f"Etc/GMT-{24 - now.hour}" if now.hour > 10 else f"Etc/GMT+{now.hour}"


def _payload(state: Mapping[str, Any]) -> dict[str, Any]:
    return dict(state["Arguments"]["Payload"])
