"""What became of some of the people, as numbers that add up to those of all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, tzinfo

from relance.events import Name
from relance.funnel import RUNNING, Tally, visits_of
from relance.ledger import SendState
from relance.moments import from_text
from relance.storage import Item

from local.demo.findings import last_state, summary, title
from local.states.machines import StateMachines

_WENT_OUT = {state.value for state in SendState if state.went_out}


@dataclass(slots=True)
class Findings:
    """Counts. Everything that is not a count is a tally that adds up as well.

    `ways` and `branches` are those of the machine; `endings` are (state, failed, title, sentence);
    `sent` is (message, workflow), `days` and `hours` when, where the contact lives; `skipped`,
    `deferred` are (message, reason); `meetings` are two messages of different journeys that one
    contact got on one day; `units` are what the meter counted, `idle` what it counts with nobody.
    """

    people: int = 0
    came: int = 0
    tally: Tally = field(default_factory=Tally)
    ways: Counter[tuple[str, str]] = field(default_factory=Counter)
    branches: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    endings: Counter[tuple[str, bool, str, str]] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    days: Counter[str] = field(default_factory=Counter)
    hours: Counter[tuple[int, int]] = field(default_factory=Counter)
    minutes: Counter[int] = field(default_factory=Counter)
    skipped: Counter[tuple[str, str]] = field(default_factory=Counter)
    deferred: Counter[tuple[str, str]] = field(default_factory=Counter)
    busiest: Counter[int] = field(default_factory=Counter)
    journeys: Counter[str] = field(default_factory=Counter)
    meetings: Counter[tuple[str, str]] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    deeds: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)
    surprises: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: Findings) -> Findings:
        """Both together."""
        whole = {each.name: getattr(self, each.name) for each in fields(self)}
        for name, value in whole.items():
            more = getattr(other, name)
            if isinstance(value, Counter):
                both = Counter(value)
                both.update(more)
                whole[name] = both
            else:
                whole[name] = value + more
        return Findings(**whole)


def take_executions(found: Findings, machines: StateMachines, name: str, now: datetime) -> None:
    """Count the executions of a machine, and the ways that they took."""
    for arn in machines.executions(name):
        described = machines.describe_execution(arn)
        history = machines.get_execution_history(
            arn, max_results=1000, include_execution_data=False
        )
        events = history["events"]
        assert isinstance(events, list)  # noqa: S101
        running = described["status"] == RUNNING
        found.tally.take(visits_of(events), running=running, now=now)
        state = last_state({"events": events[::-1]})
        if running:
            found.waiting[state] += 1
            continue
        failed = described["status"] != "SUCCEEDED"
        found.endings[state, failed, title(state, described), summary(described)] += 1
    found.ways.update(machines.edges(name))
    found.branches.update(machines.branches(name))


def take_sends(
    found: Findings, sends: Iterable[Item], zones: Mapping[str, tzinfo], since: datetime
) -> None:
    """Count the ledger: what went out, when, and why the rest did not."""
    of_days: defaultdict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for item in sends:
        if "claimed_at" not in item or from_text(str(item["claimed_at"])) < since:
            continue
        message, workflow = str(item.get("message")), str(item.get("workflow"))
        contact, reason = str(item.get("contact_id")), item.get("reason")
        if str(item["state"]) in _WENT_OUT:
            at = from_text(str(item.get("sent_at") or item["claimed_at"]))
            local = at.astimezone(zones.get(contact, UTC))
            found.sent[message, workflow] += 1
            found.days[local.date().isoformat()] += 1
            found.hours[local.weekday(), local.hour] += 1
            found.minutes[int(at.timestamp()) // 60] += 1
            of_days[contact, local.date().isoformat()].append((workflow, message))
        elif reason is not None:
            found.skipped[message, str(reason)] += 1
    for together in of_days.values():
        found.busiest[len(together)] += 1
        found.meetings.update(_meetings(together))


def _meetings(together: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Pairs of messages of different journeys, each once a day and contact."""
    return {(one[1], other[1]) for one in together for other in together if one[0] < other[0]}


def take_events(found: Findings, events: Iterable[Item], since: datetime) -> None:
    """Count what was deferred, and which journeys people came into."""
    for item in events:
        name = item["name"]
        if name not in (Name.EMAIL_DEFERRED, Name.WORKFLOW_ENTERED):
            continue
        if from_text(str(item["received_at"])) < since:
            continue
        properties = item.get("properties")
        assert isinstance(properties, Mapping)  # noqa: S101 - the suite's own events
        if name == Name.WORKFLOW_ENTERED:
            found.journeys[str(properties.get("workflow"))] += 1
        else:
            found.deferred[str(properties.get("message")), str(properties.get("reason"))] += 1
