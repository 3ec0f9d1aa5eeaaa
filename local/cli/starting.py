"""`start`: start an execution in the saved world, as a marketer does in the AWS console."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.cli.mistakes import Failed, Mistake, closest
from local.demo.findings import summary
from local.demo.report import many
from local.demo.snapshot import NothingSaved, Snapshot, load
from local.demo.stage import Stage
from local.template import TemplateError

_WELL = {"SUCCEEDED", "RUNNING"}
_EMPTY_SINCE = datetime(2026, 1, 5, tzinfo=UTC)


def start(machine: str, source: str, *, folder: Path, days: int) -> str:
    """Start it, let time pass until it has ended, and tell the way it took.

    Raises Failed, with the same words, when it did not end well, and Mistake.
    """
    given = _input(source)
    try:
        snapshot = load(folder)
    except NothingSaved:
        snapshot = Snapshot(_EMPTY_SINCE.timestamp(), 7, {})
    begin = datetime.fromtimestamp(snapshot.now, UTC)
    with Stage.open(start=begin, seed=snapshot.seed) as stage:
        _check_name(stage, machine)
        stage.load(snapshot)
        arn = stage.world.start(machine, given)
        limit = begin + timedelta(days=days)
        machines = stage.world.machines
        running = True
        while running and stage.hub.now < limit.timestamp():
            step = min(limit, stage.world.now + timedelta(hours=6))
            stage.world.run(until=step)
            running = machines.describe_execution(arn)["status"] == "RUNNING"
        told = _told(stage, arn)
        status = machines.describe_execution(arn)["status"]
        mails = stage.world.mailbox
        if len(mails):
            mails.write(folder / "started")
            told += [f"{many(len(mails), 'mail was', 'mails were')} sent: {folder}/started/*.eml"]
    if not snapshot.tables:
        told.append(f"The world was empty: no run is saved in {folder}/.")
    whole = "\n".join([*told, ""])
    if status not in _WELL:
        raise Failed(whole)
    return whole


def _told(stage: Stage, arn: str) -> list[str]:
    machines = stage.world.machines
    described = machines.describe_execution(arn)
    rows = [f"{arn.rpartition(':')[2]}"]
    events = machines.get_execution_history(arn, max_results=1_000, include_execution_data=False)[
        "events"
    ]
    entered = [
        (event["timestamp"], _name(event))
        for event in (events if isinstance(events, list) else ())
        if _name(event)
    ]
    first = entered[0][0] if entered else None
    rows += [f"day {(at - first).days:<3} {at:%a %d %b %H:%M}  {name}" for at, name in entered]
    status = str(described["status"])
    if status == "RUNNING":
        return [*rows, "", "It still waits there. Nobody reads mail here; see --days."]
    ended = "It ended" if status == "SUCCEEDED" else "It failed"
    return [*rows, "", f"{ended}: {summary(described)}"]


def _name(event: Mapping[str, object]) -> str:
    details = event.get("stateEnteredEventDetails")
    return str(details["name"]) if isinstance(details, Mapping) else ""


def _check_name(stage: Stage, machine: str) -> None:
    try:
        stage.world.machine_arn(machine)
    except TemplateError as error:
        full = [known.name for known in stage.world.stack.machines.values()]
        names = sorted({name.rpartition("-")[2] for name in full})
        raise Mistake(
            f'There is no state machine "{machine}".{closest(machine, [*names, *full])} '
            f"There are: {', '.join(names)}."
        ) from error


def _input(source: str) -> str:
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text("utf-8")
    except OSError as error:
        raise Mistake(f"{source} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Mistake(f"{source} is not UTF-8 text.") from error
    try:
        json.loads(text)
    except ValueError as error:
        raise Mistake(f"{source} is not JSON: {error}.") from error
    return text
