"""What a run shows, gathered from the world when it is over."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from relance.content.compiled import Content
from relance.events import Event, Name, event_of
from relance.ledger import send_of
from relance.timeline import lines, timeline

from local import graph
from local.audience import DEEDS, HABITS
from local.content import compiled_content
from local.demo.people import Person
from local.demo.report import Cost, Ending, Orders, Report, Upkeep, many
from local.demo.snapshot import Snapshot
from local.demo.stage import WORKFLOW, Stage
from local.demo.standing import standing
from local.world import ROOT

_STARTS = "(start)"
_PARTED = frozenset({Name.UNSUBSCRIBED, Name.EMAIL_COMPLAINED, Name.EMAIL_BOUNCED})
History = Mapping[str, Sequence[Event]]
_Ended = tuple[str, bool, str, str]
"""A state, whether that is a failure, the ending's title and its sentence."""


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
        told = report.all_orders.orders
        if told != report.orders_total:
            report.notes.append(f"NOTE: {report.orders_total:,} orders tracked, {told:,} found.")
    report.standing = standing(snapshot, Content.open(compiled_content(ROOT)))
    _one_contact(report, snapshot, people, contacts, histories)
    report.costs = [
        Cost(f"{row.what} ({row.unit})", row.quantity, row.dollars)
        for row in stage.world.meter.bill()
    ]
    report.upkeep = _upkeep(stage)
    report.deeds = [
        (DEEDS[deed] if count == 1 else deed, count)
        for deed, count in sorted(stage.audience.deeds.items(), key=lambda d: (-d[1], d[0]))
    ]
    report.habits = [
        (f"{share:.1%}".replace(".0%", "%"), words) for words, share in HABITS.values()
    ]
    report.surprises = sorted({*stage.visitors.refused, *stage.audience.surprises})


def _executions(report: Report, stage: Stage) -> None:
    machines = stage.world.machines
    ended: Counter[_Ended] = Counter()
    open_: Counter[str] = Counter()
    for arn in machines.executions(stage.machine):
        described = machines.describe_execution(arn)
        state = last_state(machines.get_execution_history(arn, max_results=12, reverse_order=True))
        if described["status"] == "RUNNING":
            open_[state] += 1
            continue
        failed = described["status"] != "SUCCEEDED"
        ended[state, failed, title(state, described), summary(described)] += 1
    report.endings = [
        Ending(named, sentence, count, failed)
        for (_, failed, named, sentence), count in _by_state(ended)
    ]
    report.waiting = [
        Ending(f"Still on the way: {state}", "The run ended before the journey did.", count)
        for state, count in sorted(open_.items(), key=lambda e: (-e[1], e[0]))
    ]


def _by_state(ended: Mapping[_Ended, int]) -> list[tuple[_Ended, int]]:
    """Sort endings: failures last, frequent states first, a state's endings together."""
    whole: Counter[str] = Counter()
    for (state, *_), count in ended.items():
        whole[state] += count
    return sorted(ended.items(), key=lambda e: (e[0][1], -whole[e[0][0]], e[0][0], -e[1], e[0][2:]))


def title(state: str, described: Mapping[str, object]) -> str:
    """Return the ending's name, with what tells it from others in the same state.

    That is what stands after the colon of its outcome: "Left early" and "left: bounced" make
    "Left early: bounced".
    """
    _, _, detail = str(_output(described).get("outcome") or "").partition(": ")
    return f"{state}: {detail.replace('_', ' ')}" if detail else state


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
    output = _output(described)
    if output.get("summary"):
        return str(output["summary"])
    error, cause = described.get("error"), described.get("cause")
    return f"{error or described.get('status')}: {cause or ''}".strip(": ")


def _output(described: Mapping[str, object]) -> Mapping[str, object]:
    try:
        output = json.loads(str(described.get("output") or "{}"))
    except ValueError:
        return {}
    return output if isinstance(output, dict) else {}


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
    groups: dict[str, list[list[float]]] = {
        "clicked in a mail": [],
        "welcomed, did not click": [],
        "not welcomed (since the sign-up)": [],
    }
    earlier: list[float] = []
    for person in people:
        contact = contacts.get(person.email.casefold())
        if contact is None or person.signs_up > now:
            continue
        events = histories.get(contact, ())
        welcomed = _welcomed(events)
        since = welcomed or datetime.fromtimestamp(person.signs_up, UTC)
        clicked = any(e.name == Name.EMAIL_CLICKED for e in events)
        ordered = [e for e in events if e.name == Name.ORDER_COMPLETED]
        name = list(groups)[0 if welcomed and clicked else 1 if welcomed else 2]
        groups[name].append([_dollars(e) for e in ordered if e.occurred_at > since])
        earlier += [_dollars(e) for e in ordered if e.occurred_at <= since]
    rows = [
        Orders(
            group=name,
            people=len(bought),
            buyers=sum(1 for each in bought if each),
            orders=sum(len(each) for each in bought),
            dollars=sum(sum(each) for each in bought),
        )
        for name, bought in groups.items()
    ]
    before = Orders("ordered before the welcome was sent", len(earlier), sum(earlier))
    return [*rows, before] if earlier else rows


def _dollars(order: Event) -> float:
    return float(str(order.properties.get("revenue") or 0))


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
    """Tell a plain story: somebody became engaged, bought later, and stays."""
    told = [(p, contacts[p.email.casefold()]) for p in people if p.email.casefold() in contacts]
    if not told:
        return

    def telling(pair: tuple[Person, str]) -> tuple[bool, bool, bool, int, int]:
        names = [event.name for event in histories.get(pair[1], ())]
        plain = names.count(Name.SIGNED_UP) == 1 and _PARTED.isdisjoint(names)
        engaged = Name.LIST_JOINED in names
        bought = engaged and Name.ORDER_COMPLETED in names[names.index(Name.LIST_JOINED) :]
        return plain, engaged, bought, len(set(names)), -len(names)

    person, contact = max(told, key=telling)
    sends = [send_of(i) for i in snapshot.tables["sends"] if i.get("contact_id") == contact]  # type: ignore[arg-type]
    report.person, report.person_id = f"{person.first_name}, {person.email}", contact
    report.timeline = lines(timeline(histories.get(contact, ()), sends))


def _upkeep(stage: Stage) -> Upkeep:
    kinds = Counter(resource.type for resource in stage.world.stack.resources.values())
    return Upkeep(
        secrets=kinds["AWS::SecretsManager::Secret"], alarms=kinds["AWS::CloudWatch::Alarm"]
    )
