"""`python -m local rehearse`: the people of a file through a journey, on all cores."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from relance.content.compiled import Content

from local import graph
from local.cli.mistakes import Mistake, closest
from local.content import compiled_content
from local.demo.report import many
from local.demo.stage import PARAMETERS
from local.demo.typed import REHEARSAL_FOLDER
from local.pages.rehearsal import page
from local.rehearsal.doors import door_of, other_journeys
from local.rehearsal.findings import Findings
from local.rehearsal.habits import Habits, read_habits
from local.rehearsal.people import FileRefused, Past, People, Subject, read_people
from local.rehearsal.report import Rehearsal, text
from local.rehearsal.shard import (
    SIZE,
    Setting,
    measured,
    peak_megabytes,
    rehearse_nobody,
    rehearse_shard,
)
from local.rehearsal.unseen import unseen_ways
from local.template import Stack
from local.translation import TemplateError, read_template
from local.world import DEFAULTS, ROOT, STACK_NAME

FIRST_DAY = datetime(2026, 1, 5, tzinfo=UTC)
"""When a rehearsal begins whose file knows no day: a Monday."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed. `over` are the days in which people come in; 0: a third of all."""

    journey: str
    contacts: Path
    days: int = 30
    audience: Path | None = None
    seed: int = 7
    start: datetime | None = None
    over: float = 0.0
    mapping: str | None = None
    parameters: tuple[str, ...] = ()
    live: tuple[str, ...] = ()
    """Journeys that start by their rules, whatever the parameters say."""
    out: Path = REHEARSAL_FOLDER
    processes: int = 0
    """How many at once; 0: as many as there are cores. The result is the same."""
    shard: int = SIZE


def run(asked: Asked) -> str:
    """Rehearse, write the page, and return what to print.

    Raises Mistake for a journey, a file or an audience that cannot be used.
    """
    rehearsal = rehearse(asked)
    asked.out.mkdir(parents=True, exist_ok=True)
    where = asked.out / f"{rehearsal.journey}.html"
    where.write_text(page(rehearsal), encoding="utf-8")
    return text(rehearsal, [("The same with the graph and the calendar", str(where))])


def rehearse(asked: Asked) -> Rehearsal:
    """Rehearse; raises Mistake."""
    begun = time.perf_counter()
    parameters = _parameters(asked.parameters)
    try:
        stack = Stack.load(
            ROOT / "template.yaml",
            name=STACK_NAME,
            parameters={**DEFAULTS, **PARAMETERS, **parameters},
        )
    except TemplateError as error:
        raise Mistake(f"The template cannot be rehearsed like this: {error}") from error
    journey = _known(stack, asked.journey)
    asked = replace(asked, journey=journey)
    machine = stack.journeys[journey]
    live = _live(stack, asked.live)
    stack = stack.with_rules_of([stack.machines[stack.journeys[each]].arn for each in live])
    content = Content.open(compiled_content(ROOT))
    try:
        people = read_people(asked.contacts, content, mapping=asked.mapping)
        habits = read_habits(asked.audience)
    except FileRefused as refused:
        raise Mistake(str(refused)) from refused
    setting = _setting(asked, people, habits, parameters, live)
    found, used = _all(setting, people.subjects, asked)
    definition = stack.machines[machine].definition
    does = [each.event for each in habits.events]
    door = door_of(stack, stack.machines[machine].arn, content, does)
    rehearsal = Rehearsal(
        journey=journey.replace("-", "_"),
        file=people.name,
        start=setting.start,
        days=asked.days,
        seed=asked.seed,
        door=door.sentence,
        found=found,
        graph=graph.read(definition),
        unseen=unseen_ways(definition, found),
        idle=used.idle,
        worlds=used.worlds,
        megabytes=used.megabytes,
        habits=habits,
        others=other_journeys(stack, machine),
        with_past=sum(each.past != Past() for each in people.subjects),
        notes=people.notes,
    )
    took = time.perf_counter() - begun
    processes = many(used.processes, "process", "processes")
    sys.stderr.write(f"{took:.1f} s, {processes}, {used.megabytes} MB in each at most\n\n")
    return rehearsal


def _known(stack: Stack, typed: str) -> str:
    """The journey as its machine is named."""
    named = stack.journeys
    journey = typed.strip().lower().replace("_", "-")
    if journey not in named:
        raise Mistake(
            f'There is no journey "{typed}".{closest(journey, named)} '
            f"There are: {', '.join(sorted(named))}."
        )
    return journey


def _live(stack: Stack, typed: Sequence[str]) -> tuple[str, ...]:
    """The journeys that are to start by their rules; each has one."""
    found = []
    for name in (part for each in typed for part in each.split(",") if part.strip()):
        journey = _known(stack, name)
        if not any(stack.entry_rules(stack.machines[stack.journeys[journey]].arn)):
            raise Mistake(
                f'"{journey}" has no rule in template.yaml that starts it, so it cannot be live.'
            )
        found.append(journey)
    return tuple(sorted(set(found)))


def _parameters(written: Sequence[str]) -> dict[str, str]:
    """The parameters of the template that are written as NAME=VALUE."""
    declared = read_template(ROOT / "template.yaml").get("Parameters") or {}
    found: dict[str, str] = {}
    for each in written:
        name, equals, value = each.partition("=")
        if not equals:
            raise Mistake(f'"{each}" sets nothing. Write for example SendMode=live.')
        if name not in declared:
            raise Mistake(
                f'The template has no parameter "{name}".{closest(name, declared)} '
                f"There are: {', '.join(sorted(declared))}."
            )
        found[name] = value
    return found


def _setting(
    asked: Asked,
    people: People,
    habits: Habits,
    parameters: Mapping[str, str],
    live: tuple[str, ...],
) -> Setting:
    start = asked.start
    if start is None and people.newest is not None:
        after = people.newest.astimezone(UTC) + timedelta(days=1)
        start = after.replace(hour=0, minute=0, second=0, microsecond=0)
    over = asked.over or max(1.0, asked.days / 3)
    return Setting(
        journey=asked.journey,
        start=start or FIRST_DAY,
        days=asked.days,
        over=min(over, float(asked.days)),
        seed=asked.seed,
        habits=habits,
        parameters=parameters,
        live=live,
    )


def _all(setting: Setting, subjects: Sequence[Subject], asked: Asked) -> tuple[Findings, _Used]:
    """Everybody's findings, and what finding them took."""
    shards = [subjects[at : at + asked.shard] for at in range(0, len(subjects), asked.shard)]
    processes = min(asked.processes or _cores(), len(shards) + 1)
    whole, most = Findings(), 0
    results = _inline(setting, shards) if processes == 1 else _spread(setting, shards, processes)
    idle: dict[str, float] = {}
    for found, nobody, megabytes in results:
        idle = nobody or idle
        most = max(most, megabytes)
        whole += found
        if found.people:
            sys.stderr.write(f"{many(whole.people, 'person', 'people')} of {len(subjects):,}\n")
            sys.stderr.flush()
    return whole, _Used(idle, len(shards), processes, most)


@dataclass(frozen=True, slots=True)
class _Used:
    """What the days use with nobody there, how many worlds there were, and the memory they took."""

    idle: dict[str, float]
    worlds: int
    processes: int
    megabytes: int


_Result = tuple[Findings, dict[str, float], int]


def _inline(setting: Setting, shards: Sequence[Sequence[Subject]]) -> Iterator[_Result]:
    yield Findings(), dict(rehearse_nobody(setting)), 0
    for shard in shards:
        yield rehearse_shard(setting, shard), {}, peak_megabytes()


def _spread(
    setting: Setting, shards: Sequence[Sequence[Subject]], processes: int
) -> Iterator[_Result]:
    """The shards over processes, each result in its turn."""
    # Not forked from this process: a world belongs to its process, clock, botocore and all. From a
    # server that has everything loaded and no world, each is there at once.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([rehearse_shard.__module__])
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        nobody = pool.submit(rehearse_nobody, setting)
        for found, megabytes in pool.map(partial(measured, setting), shards):
            yield found, {}, megabytes
        yield Findings(), dict(nobody.result()), 0


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
