"""What a run shows, gathered from the world when it is over."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from relance.events import Event, event_of
from relance.ledger import send_of

from local import graph
from local.audience import HABITS
from local.demo.people import Person
from local.demo.report import Cost, Ending, Orders, Report, many
from local.demo.snapshot import Snapshot
from local.demo.stage import WORKFLOW, Stage
from local.timeline import lines, timeline

_STARTS = "(start)"
History = Mapping[str, Sequence[Event]]


def gather(report: Report, stage: Stage, snapshot: Snapshot, people: Sequence[Person]) -> None:
    """Fill in the report."""
    _executions(report, stage)
    _ways(report, stage)
    histories = _histories(snapshot)
    contacts = _contacts(snapshot)
    report.sign_ups = stage.visitors.sign_ups
    report.orders_total = stage.visitors.orders
    report.mails = len(stage.world.mailbox)
    _notes(report, stage)
    if any(person.orders for person in people):
        report.orders = _orders(people, contacts, histories, stage.hub.now)
    _one_contact(report, snapshot, people, contacts, histories)
    report.costs = [
        Cost(f"{row.what} ({row.unit})", row.quantity, row.dollars)
        for row in stage.world.meter.bill()
    ]
    report.deeds = sorted(stage.audience.deeds.items(), key=lambda deed: (-deed[1], deed[0]))
    report.habits = [
        (f"{share:.1%}".replace(".0%", "%"), words) for words, share in HABITS.values()
    ]
    report.surprises = sorted({*stage.visitors.refused, *stage.audience.surprises})


def _executions(report: Report, stage: Stage) -> None:
    machines = stage.world.machines
    ended: Counter[tuple[str, bool, str]] = Counter()
    open_: Counter[str] = Counter()
    for arn in machines.executions(stage.machine):
        described = machines.describe_execution(arn)
        state = last_state(machines.get_execution_history(arn, max_results=12, reverse_order=True))
        if described["status"] == "RUNNING":
            open_[state] += 1
            continue
        ended[state, described["status"] != "SUCCEEDED", summary(described)] += 1
    report.endings = [
        Ending(state, sentence, count, failed)
        for (state, failed, sentence), count in _by_state(ended)
    ]
    report.waiting = [
        Ending(f"Still on the way: {state}", "The run ended before the journey did.", count)
        for state, count in sorted(open_.items(), key=lambda e: (-e[1], e[0]))
    ]


def _by_state(
    ended: Mapping[tuple[str, bool, str], int],
) -> list[tuple[tuple[str, bool, str], int]]:
    """Sort endings: failures last, frequent states first, a state's sentences together."""
    whole: Counter[str] = Counter()
    for (state, _, _), count in ended.items():
        whole[state] += count
    return sorted(ended.items(), key=lambda e: (e[0][1], -whole[e[0][0]], e[0][0], -e[1], e[0][2]))


def last_state(history: Mapping[str, object]) -> str:
    """Return the state that was entered last, from a history in reverse."""
    events = history["events"]
    for event in events if isinstance(events, list) else ():
        details = event.get("stateEnteredEventDetails")
        if details:
            return str(details["name"])
    return "(not begun)"


def summary(described: Mapping[str, object]) -> str:
    """Return the sentence an execution ended with, or its error."""
    try:
        output = json.loads(str(described.get("output") or "{}"))
    except ValueError:
        output = {}
    if isinstance(output, dict) and output.get("summary"):
        return str(output["summary"])
    error, cause = described.get("error"), described.get("cause")
    return f"{error or described.get('status')}: {cause or ''}".strip(": ")


def _ways(report: Report, stage: Stage) -> None:
    machines = stage.world.machines
    name = stage.machine
    definition = machines.describe_state_machine(stage.world.machine_arn(WORKFLOW))["definition"]
    report.graph = graph.read(json.loads(str(definition)))
    for (source, target), count in sorted(machines.edges(name).items()):
        start = graph.START if source == _STARTS else source
        report.flows[start, target] = count
        if not target.startswith("("):
            report.visits[target] = report.visits.get(target, 0) + count
    report.visits[graph.START] = report.executions


def _notes(report: Report, stage: Stage) -> None:
    visitors = stage.visitors
    people = visitors.sign_ups - visitors.again
    report.notes.append(
        f"{many(visitors.sign_ups, 'sign-up')} = {many(people, 'person', 'people')}"
        + (f" + {visitors.again:,} who signed up a second time" if visitors.again else "")
        + (
            f". {visitors.double_clicks:,} clicked twice on the button; that counts once."
            if visitors.double_clicks
            else "."
        )
    )
    if report.executions != report.sign_ups:
        report.notes.append(
            f"NOTE: {report.executions:,} executions for {report.sign_ups:,} sign-ups."
        )


def _histories(snapshot: Snapshot) -> dict[str, list[Event]]:
    found: defaultdict[str, list[Event]] = defaultdict(list)
    for item in snapshot.tables["events"]:
        event = event_of(item)  # type: ignore[arg-type]
        found[event.contact_id].append(event)
    for events in found.values():
        events.sort(key=lambda event: (event.occurred_at, event.event_id))
    return found


def _contacts(snapshot: Snapshot) -> dict[str, str]:
    """Return contact ids by address, in small letters."""
    return {
        str(item["address"]).casefold(): str(item["contact_id"])
        for item in snapshot.tables["contacts"]
        if item.get("record") == "now#register" and item.get("address")
    }


def _orders(
    people: Sequence[Person], contacts: Mapping[str, str], histories: History, now: float
) -> list[Orders]:
    groups: dict[str, list[tuple[int, float]]] = {
        "clicked in a mail": [],
        "welcomed, did not click": [],
        "not welcomed (since the sign-up)": [],
    }
    for person in people:
        contact = contacts.get(person.email.casefold())
        if contact is None or person.signs_up > now:
            continue
        events = histories.get(contact, ())
        welcomed = _welcomed(events)
        since = welcomed or datetime.fromtimestamp(person.signs_up, UTC)
        clicked = any(e.name == "email_clicked" for e in events)
        bought = [
            float(str(e.properties.get("revenue") or 0))
            for e in events
            if e.name == "order_completed" and e.occurred_at > since
        ]
        name = list(groups)[0 if welcomed and clicked else 1 if welcomed else 2]
        groups[name].append((len(bought), sum(bought)))
    return [
        Orders(
            group=name,
            people=len(rows),
            buyers=sum(1 for count, _ in rows if count),
            orders=sum(count for count, _ in rows),
            dollars=sum(dollars for _, dollars in rows),
        )
        for name, rows in groups.items()
    ]


def _welcomed(events: Sequence[Event]) -> datetime | None:
    """When the first mail after the confirmation was sent: the welcome."""
    confirmed = next((e.occurred_at for e in events if e.name == "confirmed"), None)
    if confirmed is None:
        return None
    sent = (e.occurred_at for e in events if e.name == "email_sent" and e.occurred_at >= confirmed)
    return next(sent, None)


def _one_contact(
    report: Report,
    snapshot: Snapshot,
    people: Sequence[Person],
    contacts: Mapping[str, str],
    histories: History,
) -> None:
    """Tell the story in which most kinds of things happen."""
    told = [(p, contacts[p.email.casefold()]) for p in people if p.email.casefold() in contacts]
    if not told:
        return

    def richness(pair: tuple[Person, str]) -> tuple[int, int]:
        names = Counter(event.name for event in histories.get(pair[1], ()))
        return len(names), -sum(names.values())

    person, contact = max(told, key=richness)
    sends = [send_of(i) for i in snapshot.tables["sends"] if i.get("contact_id") == contact]  # type: ignore[arg-type]
    report.person, report.person_id = f"{person.first_name}, {person.email}", contact
    report.timeline = lines(timeline(histories.get(contact, ()), sends))
