"""Storms: three people do anything in any order while calls fail; every journey ends all the same.

A storm follows from a journey and a number. It is calm (nothing fails, and exits are timed) or has
weather: calls to AWS fail, handlers die, reports of SES come late, twice, in any order or not at
all. People do what the journey hears of, in any order, late and twice; they click, unsubscribe,
are joined and erased; sales decides; somebody presses Stop. Then all is fine again until nobody is
in a journey any more, what lies in the queue of undelivered events is handed to its function again,
and `what_is_wrong` must find nothing.

To see one again, or to send many:

    python -m tests.workflows.storms cart_recovery --from 17 --runs 1
"""

import argparse
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from relance.errors import ConditionFailed
from relance.events import Event, put_once
from relance.ids import event_id, milliseconds
from relance.ledger import SendState
from relance.moments import from_text
from relance.storage import Present, Table, Update, Value

from local.faults import CallMade, Fault, Rule, SeededFaults
from local.world import ROOT, World
from tests.workflows.journeys import Tale
from tests.workflows.story import BROWSER, MONDAY, ONE_CLICK

MACHINES: dict[str, dict[str, Any]] = {
    path.name.removesuffix(".asl.json"): json.loads(path.read_text("utf-8"))
    for path in sorted((ROOT / "statemachines" / "journeys").glob("*.asl.json"))
}
SALES = "sales@example.org"
PEOPLE = ("ana", "ben", "cleo")
ZONES = ("Europe/Lisbon", "Pacific/Auckland", "America/Los_Angeles", "Asia/Kolkata")
SAID: dict[str, tuple[Value, ...]] = {
    "cart_id": ("a", "b"),
    "deal_id": ("d1", "d2"),
    "order_id": ("1", "2"),
    "qualification": ("sales",),
    "occasion_id": ("tasting", "roasting"),
    "starts_at": ("2026-01-20T21:00:00Z", "2026-01-06T10:00:00Z", "soon"),
    "ends_at": ("2026-01-19T08:59:40Z", "2026-01-06T10:00:00Z", "soon"),
    "list": ("event_guests", "returning"),
    "topic": ("newsletter",),
    "permanent": (True, False),
}
"""What an event may say of each property, at random."""

FAULTS = (
    Fault.STOP_BEFORE, Fault.STOP_AFTER, Fault.FAIL_BEFORE, Fault.FAIL_AFTER, Fault.DELAY,
)  # fmt: skip
LEAVES = ("unsubscribed", "email_bounced", "email_complained")
FORM = {"content-type": "application/x-www-form-urlencoded"}
WHY = {"by": "kim", "reason": "wrote from both addresses"}
AT_ONCE = timedelta(seconds=1)
"""How soon an exit and a goal must have ended a journey that pauses, while nothing fails."""

Ways = Counter[tuple[str, str, str]]


def machine_of(journey: str) -> str:
    """What a journey's machine is called."""
    return f"journey-{journey.replace('_', '-')}"


def heard(machine: object) -> list[str]:
    """The events that the machine waits for, ends by or begins with."""
    names: set[str] = set()

    def look(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("event"), str):
                names.add(value["event"])
            for each in value.values():
                look(each)
        elif isinstance(value, list):
            for each in value:
                look(each)

    look(machine)
    told = {each for each in names if each.replace("_", "").isalpha() and each != "qualified"}
    return sorted(told - {"email_clicked", "email_replied"})


def ends(rules: Mapping[str, Any], told: Event) -> bool:
    """Whether an event surely ends a journey with these rules, read from the machine alone."""
    usual = {
        "unsubscribed": "unsubscribed",
        "email_complained": "complained",
        "email_bounced": "bounced" if told.properties.get("permanent") is True else "",
    }
    exits = rules.get("exits", [])
    if usual.get(told.name) in exits:
        return True
    named = [each for each in (*exits, *rules.get("goals", [])) if isinstance(each, dict)]
    return any(
        each["event"] == told.name
        and not each.get("same")
        and each.get("where", {}).items() <= told.properties.items()
        for each in named
    )


class Weather(SeededFaults):
    """Calls fail here and there; now and then the stream of events stands still for hours."""

    still = False

    def decide(self, made: CallMade) -> Rule | None:
        """Draw for this attempt, unless nothing gets through at all."""
        if self.still and made.function.endswith("update-contact"):
            return Rule(Fault.STOP_BEFORE, times=None)
        return super().decide(made)

    def begin(self, world: World, hours: float) -> None:
        """The stream stands still from now on, for so many hours."""

        def goes_on() -> None:
            self.still = False

        self.still = True
        world.hub.after(hours * 3600, goes_on)


@dataclass
class Storm(Tale):
    """One storm, while it goes on."""

    chance: random.Random = field(default_factory=random.Random)
    calm: bool = True
    ids: dict[str, str] = field(default_factory=dict)
    joined: dict[str, str] = field(default_factory=dict)
    ever_joined: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    left: dict[str, float] = field(default_factory=dict)
    begun: list[tuple[str, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    # -- what happens -----------------------------------------------------------------------------

    def something_happens(self) -> None:
        """Anything, to anybody."""
        name = self.chance.choice([each for each in PEOPLE if each not in self.gone] or PEOPLE[:1])
        acts = (
            (50, self.does_something), (9, self.clicks_somewhere), (6, self.presses_unsubscribe),
            (4, self.leaves), (8, self.starts), (5, self.starts_twice), (6, self.decides),
            (12 if self.journey == "welcome" else 0, self.presses_confirm),
            (3, self.is_joined), (1, self.is_erased), (3, self.is_shut_out), (2, self.is_stopped),
        )  # fmt: skip
        weights, choices = zip(*acts, strict=True)
        (act,) = self.chance.choices(choices, weights)
        act(name)

    def does_something(self, name: str) -> None:
        """One of the events that the journey hears of, saying anything."""
        event = self.chance.choice([*heard(MACHINES[self.journey]), "page_viewed"])
        self.tells(name, event)

    def leaves(self, name: str) -> None:
        """What ends most journeys, as another system tells it."""
        self.tells(name, self.chance.choice(LEAVES))

    def tells(self, name: str, event: str) -> str:
        """It happened now or some time ago, and is told once or twice."""
        self.count += 1
        contact, now = self.ids[name], self.world.now
        is_late = self.chance.random() < 0.2
        then = now - timedelta(hours=self.chance.uniform(0, 72)) if is_late else now
        said = {key: self.chance.choice(values) for key, values in SAID.items()}
        its_id = event_id(milliseconds(then), "test", f"{contact}#{self.count}")
        told = Event(contact, its_id, event, then, now, "test", said)
        open_before = self.expecting(contact, told) if self.calm else []
        for _ in range(self.chance.choice((1, 1, 1, 2))):
            try:
                self.store.write(put_once(told))
            except ConditionFailed:
                continue
        self.begun.append((contact, its_id))
        if open_before:
            self.world.run(for_=AT_ONCE)
            late = [
                each for each in open_before if self.world.describe(each)["status"] == "RUNNING"
            ]
            self.wrong += [f"{event} had not ended {each} within a second" for each in late]
        return its_id

    def expecting(self, contact: str, told: Event) -> list[str]:
        """The journeys that pause now and that this event must end."""
        if contact in self.joined or contact in self.joined.values():
            return []
        rows = [row for row in self.rows("Contacts") if row["contact_id"] == contact]
        waits = [row["record"] for row in rows if row["record"].startswith("now#wait#")]
        found = []
        for row in rows:
            if row["record"].startswith("now#enrolment#") and not row.get("leaving"):
                workflow, entry = str(row["workflow"]), str(row["entry"])
                waiting = f"now#wait#{workflow}#{entry}#"
                if entry != told.event_id and any(one.startswith(waiting) for one in waits):
                    rules = MACHINES[workflow]["States"]["Let them in"]["Arguments"]["Payload"]
                    if ends(rules["rules"], told):
                        found.append(str(row["execution"]))
        return found

    def clicks_somewhere(self, name: str) -> None:
        """Click in the last mail, whatever the answer is while calls fail."""
        mails = self.mails_of(name)
        pages = re.findall(r"/c/[A-Za-z0-9_.-]+", str(mails[-1].parts()[1])) if mails else []
        if pages:
            self.world.request("GET", pages[0], headers=BROWSER)

    def presses_confirm(self, name: str) -> None:
        """The button of a double opt-in mail, whatever the answer is while calls fail."""
        mails = [each for each in self.mails_of(name) if "/k/" in str(each.parts()[1])]
        if mails:
            path = re.findall(r"/k/[A-Za-z0-9_.-]+", str(mails[-1].parts()[1]))[0]
            self.world.request("POST", path, headers=FORM, body=b"")

    def presses_unsubscribe(self, name: str) -> None:
        """The mail client's own button; from the answer on nothing more may come."""
        headers = [each.parts()[0]["List-Unsubscribe"] for each in self.mails_of(name)]
        header = next((each for each in reversed(headers) if each), None)
        if header is None:
            return
        path = re.findall(r"<https://[^/]+(/[^>]+)>", header)[0]
        answer = self.world.request("POST", path, headers=FORM, body=ONE_CLICK)
        if answer.status == 200:
            self.left.setdefault(name, self.world.hub.now)

    def starts(self, name: str) -> None:
        """Somebody starts the journey in the console."""
        self.world.start(machine_of(self.journey), {"contact": self.ids[name]})

    def starts_twice(self, name: str) -> None:
        """The bus starts the journey for an event that it has told before, or tells twice."""
        if self.begun:
            contact, entry = self.chance.choice(self.begun[-4:])
            for _ in range(2):
                machine = machine_of(self.journey)
                self.world.start(machine, {"contact": contact, "entry": entry})

    def decides(self, name: str) -> None:
        """Sales presses a button of the last page that it got, or the mail was an alert."""
        mails = self.mails(SALES)
        pages = re.findall(r"/a/[A-Za-z0-9_-]+", str(mails[-1].parts())) if mails else []
        if pages:
            body = b"answer=" + self.chance.choice([b"accept", b"refuse"])
            self.world.request("POST", pages[0], headers=FORM, body=body)

    def is_joined(self, name: str) -> None:
        """Two contacts turn out to be one person, or that turns out to be wrong."""
        other = self.chance.choice([each for each in PEOPLE if each != name])
        keep, join = self.ids[name], self.ids[other]
        if join in self.joined:
            self.world.start("operation-join-contacts", {"undo": join, **WHY})
            del self.joined[join]
        elif keep not in self.joined:
            self.world.start("operation-join-contacts", {"keep": keep, "join": join, **WHY})
            self.joined[join] = keep
            self.ever_joined |= {keep, join}

    def is_erased(self, name: str) -> None:
        """Somebody wants to be forgotten."""
        wish = {"contact": self.ids[name], "confirm": True}
        self.world.start("privacy-erase-contact", wish)
        self.gone.add(name)

    def is_shut_out(self, name: str) -> None:
        """An address goes bad or a consent is taken back, and no event says so."""
        key = (self.ids[name], "now#register")
        gone = Update(Table.CONTACTS, key, remove=("consent#newsletter",), when=Present())
        reason: Value = {"reason": "bounced", "at": "x"}
        bad = Update(Table.CONTACTS, key, set={"suppressed": reason}, when=Present())
        self.store.write(self.chance.choice([gone, bad]))

    def is_stopped(self, name: str) -> None:
        """Somebody presses Stop in the console."""
        running = [each for each in self.of() if each["status"] == "RUNNING"]
        if running:
            arn = self.chance.choice(running)["executionArn"]
            self.world.client("stepfunctions").stop_execution(executionArn=arn)
            self.stopped.add(arn)

    def mails_of(self, name: str) -> list[Any]:
        """The mails of somebody that came from a journey."""
        return [each for each in self.mails(f"{name}@example.com") if "send_id" in tags(each)]

    # -- what must hold ---------------------------------------------------------------------------

    def every_execution(self) -> Iterator[dict[str, Any]]:
        """Of every journey, for one may start another."""
        machines = self.world.machines
        for journey in MACHINES:
            name = f"relance-{machine_of(journey)}"
            for arn in machines.executions(name):
                yield self.world.describe(arn)

    def what_was_undelivered_comes_again(self) -> None:
        """Functions get what failed three times once more, by hand, as docs/operating.md says."""
        queue = self.world.stack.resources["UndeliveredEvents"].name
        sqs = self.world.client("sqs")
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for each in found:
                told = json.loads(each["Body"])
                if "requestPayload" in told:
                    arn = told["requestContext"]["functionArn"].removesuffix(":$LATEST")
                    self.world.invoke(arn.rpartition(":")[2], told["requestPayload"])
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])

    def all_are_out(self) -> None:
        """Let days pass until nobody is in a journey, whatever began last."""
        self.world.run(for_=timedelta(minutes=5))
        for _ in range(100):
            if all(each["status"] != "RUNNING" for each in self.every_execution()):
                break
            self.world.run(for_=timedelta(days=4))
        self.world.run(for_=timedelta(days=1))
        self.what_was_undelivered_comes_again()

    def look_around(self) -> None:
        """Whoever is in a journey waits for something, and whatever waits is waited for."""
        rows = [
            row for row in self.rows("Contacts") if row["record"].startswith(("now#e", "now#w"))
        ]
        places = {
            (row["contact_id"], row["workflow"], row["entry"]): row["execution"]
            for row in rows
            if row["record"].startswith("now#enrolment#")
        }
        waiting = {
            (row["contact_id"], *row["record"].split("#")[2:4])
            for row in rows
            if row["record"].startswith("now#wait#")
        }
        running = {
            each["executionArn"] for each in self.every_execution() if each["status"] == "RUNNING"
        }
        at = f"{self.world.now:%d %B, %H:%M}"
        if set(places.values()) != running:
            odd = set(places.values()) ^ running
            self.wrong.append(f"{at}: an enrolment without an execution, or the reverse: {odd}")
        if set(places) != waiting:
            self.wrong.append(f"{at}: not everybody waits, or nobody does: {set(places) ^ waiting}")

    def what_is_wrong(self) -> list[str]:
        """What is not as it must be once all is over."""
        return [*self.wrong, *self._endings(), *self._left_behind(), *self._mails()]

    def _endings(self) -> Iterator[str]:
        for each in self.every_execution():
            arn, status = each["executionArn"], each["status"]
            contact = str(json.loads(each["input"]).get("contact"))
            if status == "SUCCEEDED":
                if not json.loads(each["output"]).get("summary"):
                    yield f"{arn} ended without a sentence"
            elif status == "ABORTED":
                if arn not in self.stopped and not self.is_of_the_erased(contact):
                    yield f"{arn} was stopped by nobody"
            elif (status, each.get("error")) != ("FAILED", "InvalidInput"):
                yield f"{arn}: {status} {each.get('error')} {each.get('cause')}"
            shown = self.world.client("stepfunctions").get_execution_history(
                executionArn=arn, maxResults=1000
            )
            found = [word for word in self.personal() if word in str(shown["events"])]
            if found:
                yield f"{arn} shows {found} to whoever opens it"

    def is_of_the_erased(self, contact: str) -> bool:
        """Whether it belongs to somebody who was erased, maybe under another id."""
        erased = {self.ids[name] for name in self.gone}
        return contact in erased or (bool(erased) and contact in self.ever_joined)

    def personal(self) -> tuple[str, ...]:
        """What nobody may read in a history: an address, a trait, pages of one's own."""
        return ("@example", "1984-01-08", f"{self.world.http.facts.host}/")

    def _left_behind(self) -> Iterator[str]:
        for row in self.rows("Contacts"):
            if row["record"].startswith(("now#wait#", "now#enrolment#")):
                yield f"{row['record']} of {row['contact_id']} is left behind"
        for row in self.rows("Sends"):
            if "state" in row and not SendState(row["state"]).is_final:
                yield f"{row['message']} is still {row['state']}"
        if not self.calm:
            return
        for queue in ("RepairQueue", "FailedBatches", "UndeliveredEvents"):
            sqs, name = self.world.client("sqs"), self.world.stack.resources[queue].name
            url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
            if sqs.receive_message(QueueUrl=url).get("Messages"):
                yield f"something lies in {queue}"

    def _mails(self) -> Iterator[str]:
        mails = [each for each in self.world.mailbox.mails if "send_id" in tags(each)]
        for ident, count in Counter(tags(each)["send_id"] for each in mails).items():
            if count > 1:
                yield f"{ident} went {count} times"
        sent_at = {tags(each)["send_id"]: each.sent_at for each in mails}
        rows = {row["send_id"]: row for row in self.rows("Sends") if "state" in row}
        steps = Counter(
            (row["contact_id"], row["workflow"], row["entry"], row["step"], row.get("round"))
            for ident, row in rows.items()
            if ident in sent_at
        )
        yield from (f"{step} sent {count} mails" for step, count in steps.items() if count > 1)
        ended = {
            (row["contact_id"], row["workflow"], row["entry"]): from_text(row["ended_at"])
            for row in self.rows("Contacts")
            if row["record"].startswith("past#enrolment#")
        }
        for ident, row in rows.items():
            end = ended.get((row["contact_id"], row["workflow"], row["entry"]))
            if ident in sent_at and end and sent_at[ident] > end.timestamp():
                yield f"{row['message']} went after {row['entry']} was over"
        for name, moment in self.left.items():
            for each in mails:
                if f"{name}@example.com" in each.recipients and each.sent_at > moment:
                    yield f"{tags(each)['message']} went to {name}, who had unsubscribed"


def tags(mail: Any) -> dict[str, str]:
    """What the sender wrote on a mail for itself."""
    return dict(mail.draft.tags)


def storm(journey: str, seed: int, *, quick: bool = True) -> Ways:
    """Send a storm over a journey; which ways were taken. AssertionError for what went wrong."""
    chance = random.Random(f"{journey}#{seed}")
    calm = seed % 2 == 0
    start = MONDAY + timedelta(hours=chance.uniform(0, 24))
    parameters = {"Languages": "en,fr,pt", "JourneysStart": "by-hand"}
    with World.build(start=start, seed=seed, parameters=parameters, quick_tables=quick) as world:
        here = Storm(world, start=start, journey=journey, chance=chance, calm=calm)
        if seed % 5:
            here.declares(sales=SALES, sales_lead=SALES)
        come(here)
        if not calm:
            weather(world, seed, chance)
        for _ in range(chance.randint(8, 16)):
            if isinstance(world.sandboxes.faults, Weather) and chance.random() < 0.04:
                world.sandboxes.faults.begin(world, chance.uniform(0.1, 1.5))
            here.something_happens()
            world.run(for_=timedelta(hours=chance.choice((0, 0.001, 0.2, 2, 9, 20, 60, 200))))
        world.sandboxes.faults = None
        if calm:
            world.run(for_=timedelta(minutes=30))
            here.look_around()
        here.all_are_out()
        wrong = here.what_is_wrong()
        again = f"python -m tests.workflows.storms {journey} --from {seed} --runs 1"
        assert not wrong, "\n".join([f"{journey}, storm {seed} ({again}):", *wrong])
        return Ways(here.paths(journey))


def come(here: Storm) -> None:
    """The people of a storm, and how most of them get into the journey."""
    chance = here.chance
    if here.journey == "welcome":  # which begins with people whom nobody knows
        for name in PEOPLE:
            assert here.signs_up(f"{name}@example.com") == 200
            here.ids[name] = here.contact(f"{name}@example.com")
        return
    for name in PEOPLE:
        here.ids[name] = here.arrives(
            name,
            role=chance.choice(["owner", "other"]),
            birth_date="1984-01-08",
            time_zone=chance.choice(ZONES),
            language=chance.choice(["en", "fr", "pt"]),
        )
    for name in PEOPLE:
        if chance.random() < 0.5:
            here.does_something(name)
        here.starts(name)


def weather(world: World, seed: int, chance: random.Random) -> None:
    """Calls fail, functions die, reports of SES come late, twice, in any order or not at all."""
    rate = chance.choice((0.005, 0.02, 0.05))
    world.sandboxes.faults = Weather(seed, rate=rate, faults=FAULTS)
    feedback = world.feedback
    feedback.seed, feedback.delayed, feedback.delay = seed, 0.2, 1200
    feedback.doubled, feedback.disordered, feedback.lost_on_bus = 0.3, 0.5, 0.3


def main() -> int:
    """Send storms over a journey, or over all."""
    parser = argparse.ArgumentParser(description="Send seeded storms over journeys.")
    parser.add_argument("journeys", nargs="*", default=[], metavar="JOURNEY")
    parser.add_argument("--from", type=int, default=0, dest="first", metavar="SEED")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--dynamodb", action="store_true", help="on DynamoDB's stand-in, slower")
    asked = parser.parse_args()
    failed = 0
    for journey in asked.journeys or sorted(MACHINES):
        begun, wrong, ways = time.process_time(), 0, Ways()
        for seed in range(asked.first, asked.first + asked.runs):
            try:
                ways.update(storm(journey, seed, quick=not asked.dynamodb))
            except Exception as error:  # noqa: BLE001 - a storm that breaks off is one that failed
                wrong += 1
                print(f"{journey}, storm {seed}: {type(error).__name__}: {error}", flush=True)
        spent = time.process_time() - begun
        each = ways.total() / max(1, sum(n for way, n in ways.items() if way[0] == "(start)"))
        told = f"{asked.runs} storms, {wrong} wrong, {spent:.0f} s of CPU"
        missed = [" ".join(way) for way, taken in ways.items() if not taken]
        print(f"{journey}: {told}; {each:.1f} transitions each, {len(missed)} ways not taken")
        sys.stdout.flush()
        failed += wrong
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
