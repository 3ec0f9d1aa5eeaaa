"""`make demo`: people sign up, time passes, and the run is told on stdout and on a page."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.demo import csv_file, findings, people
from local.demo.people import Person
from local.demo.progress import Progress
from local.demo.report import Report, many, text
from local.demo.stage import WORKFLOW, Stage
from local.demo.typed import DEMO_FOLDER, command
from local.pages.report import page

_REAL_LOG = (
    "the purchases of {people} of the CDNOW log (Fader and Hardie; see "
    "local/data/README.md): the days, numbers and amounts of all their orders, moved so that the "
    "first falls on {start:%d %B %Y}. Each signs up on the day of the first purchase; first names, "
    "addresses and times of day are made up."
)
_REAL_FILE = (
    "{people} of {file}, to which no mail is sent: nothing leaves this machine. "
    "The days of the sign-ups are made up."
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is made from; the same settings give the same run, to the byte."""

    people: int = 500
    days: int = 60
    seed: int = 7
    start: datetime = datetime(2026, 1, 5, tzinfo=UTC)
    contacts: Path | None = None
    out: Path = DEMO_FOLDER

    @property
    def end(self) -> datetime:
        """When the run is over."""
        return self.start + timedelta(days=self.days)


def run(settings: Settings) -> str:
    """Run the demo, write its files, and return what to print.

    Raises csv_file.FileRefused when a file of contacts cannot be used.
    """
    begun = time.perf_counter()
    audience, left_out = _people(settings)
    wanted, there = settings.people, len(audience)
    audience = [person for person in audience if person.signs_up < settings.end.timestamp()]
    settings = replace(settings, people=len(audience))
    report = _report(settings, left_out)
    if settings.contacts is None and there < wanted:
        report.notes.append(f"The log has {there:,} people; {wanted:,} were asked for.")
    if len(audience) < there:
        report.notes.append(
            f"{there - len(audience):,} more would sign up after the last day of this run."
        )
    with Stage.open(start=settings.start, seed=settings.seed) as stage:
        for person in audience:
            stage.visitors.expect(person, until=settings.end.timestamp())
        progress = Progress(sys.stderr, settings.start, settings.days)
        for day in range(1, settings.days + 1):
            stage.world.run(until=settings.start + timedelta(days=day))
            progress.day(
                stage.world.now,
                many(stage.visitors.sign_ups, "sign-up"),
                many(len(stage.world.mailbox), "mail"),
                many(stage.visitors.orders, "later order"),
            )
        snapshot = stage.snapshot()
        findings.gather(report, stage, snapshot, audience)
        out = settings.out
        out.mkdir(parents=True, exist_ok=True)
        stage.world.mailbox.write(out / "mails")
        snapshot.save(out)
    report.idle = _idle(settings)
    (out / "report.html").write_text(page(report), encoding="utf-8")
    progress.done(time.perf_counter() - begun, _peak_mb())
    return text(report, _files(out, report))


def _idle(settings: Settings) -> float:
    """Return the dollars that the same days cost when nobody signs up."""
    with Stage.open(start=settings.start, seed=settings.seed) as stage:
        stage.world.run(until=settings.end)
        return stage.world.meter.total()


def _people(settings: Settings) -> tuple[list[Person], list[str]]:
    if settings.contacts is None:
        found = people.from_log(people=settings.people, start=settings.start, seed=settings.seed)
        return found, []
    contacts = csv_file.read(settings.contacts)
    bad = [f"row {row.number}: {row.reason}" for row in contacts.bad]
    if not contacts.rows:
        first = f" The first: {bad[0]}." if bad else ""
        raise csv_file.FileRefused(f"{settings.contacts}: no row can be used.{first}")
    found = people.from_rows(
        contacts.rows, start=settings.start, days=settings.days, seed=settings.seed
    )
    return found, bad


def _report(settings: Settings, left_out: Sequence[str]) -> Report:
    if settings.contacts is None:
        real = _REAL_LOG.format(
            people=many(settings.people, "person", "people"), start=settings.start
        )
    else:
        real = _REAL_FILE.format(
            people=many(settings.people, "address", "addresses"), file=settings.contacts.name
        )
    return Report(
        real=real,
        machine=WORKFLOW,
        people=settings.people,
        days=settings.days,
        seed=settings.seed,
        start=settings.start,
        end=settings.end,
        left_out=list(left_out),
    )


def _files(out: Path, report: Report) -> list[tuple[str, str]]:
    found = [
        ("The workflow as a graph", f"{out}/report.html"),
        (f"All {many(report.mails, 'mail')}", f"{out}/mails/*.eml"),
    ]
    if report.person_id:
        address, contact = report.person.rpartition(" ")[2], report.person_id
        found += [
            ("Any contact, by address", command("find", address, folder=out)),
            ("What happened to it", command("timeline", contact, folder=out)),
            ("A mail as it would get it", command("preview", "welcome", contact, folder=out)),
        ]
    return [*found, ("Sign up yourself", "make serve: an empty world, a form and an inbox")]


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024) if sys.platform == "darwin" else peak / 1024
