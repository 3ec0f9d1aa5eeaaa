"""What a rehearsal found out, and how it is told on a terminal.

The same rehearsal gives the same text: wall time and memory go to stderr, not here.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from relance.reasons import Reason

from local.demo.report import WIDTH, Cost, Ending, ending_lines, listed, many, title, wrapped
from local.funnel import funnel_lines
from local.graph import Graph
from local.prices import PRICES
from local.rehearsal.doors import Others
from local.rehearsal.findings import Findings
from local.rehearsal.habits import RATES, Habits

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LISTED = 12
_STEPS = frozenset({"task", "pause", "ending", "failure"})
_NO_MORE = "   … and {more:,} more: they stand on the page"


@dataclass(frozen=True, slots=True)
class Unseen:
    """A way that nobody took: where it begins and leads, how many stood there, and why."""

    state: str
    branch: str
    target: str
    stood: int
    why: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Everything that a rehearsal has to say; `megabytes` is what a process took at most."""

    journey: str
    file: str
    start: datetime
    days: int
    seed: int
    door: str
    found: Findings
    graph: Graph
    unseen: Sequence[Unseen]
    idle: Mapping[str, float]
    worlds: int
    habits: Habits
    others: Others = field(default_factory=Others)
    with_past: int = 0
    megabytes: int = 0
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def people(self) -> int:
        """How many are in the file."""
        return self.found.people

    @property
    def executions(self) -> int:
        """How often the journey was started."""
        return self.found.tally.executions

    @property
    def end(self) -> datetime:
        """When it is over."""
        return self.start + timedelta(days=self.days)

    @property
    def mails(self) -> int:
        """How many mails went out."""
        return self.found.sent.total()

    @property
    def steps(self) -> list[str]:
        """The states in which something is done, awaited or ended, as they are drawn."""
        return [each.name for each in self.graph.states if each.kind in _STEPS]

    @property
    def never(self) -> list[str]:
        """The steps to which nobody came, but for those that only a defect leads to."""
        return [
            each.name
            for each in self.graph.states
            if each.kind in _STEPS - {"failure"} and not self.found.tally.came[each.name]
        ]

    @property
    def endings(self) -> list[Ending]:
        """What became of the executions: failures last, frequent states first."""
        whole: Counter[str] = Counter()
        for (state, *_), count in self.found.endings.items():
            whole[state] += count
        ordered = sorted(
            self.found.endings.items(),
            key=lambda e: (e[0][1], -whole[e[0][0]], e[0][0], -e[1], e[0][2:]),
        )
        return [Ending(named, said, n, failed) for (_, failed, named, said), n in ordered]

    @property
    def waiting(self) -> list[Ending]:
        """Who is still on the way."""
        return [
            Ending(f"Still on the way: {state}", "The days ended before the journey did.", count)
            for state, count in by_count(self.found.waiting)
        ]

    @property
    def costs(self) -> list[Cost]:
        """The bill of what these people cause, at list prices."""
        rows = []
        for key, price in PRICES.items():
            quantity = self.found.units[key] - self.worlds * self.idle.get(key, 0.0)
            if quantity > 0:
                rows.append(Cost(f"{price.what} ({price.unit})", quantity, price.of(quantity)))
        return rows

    @property
    def dollars(self) -> float:
        """What these people cost."""
        return sum(cost.dollars for cost in self.costs)

    @property
    def fixed(self) -> float:
        """What the same days cost with nobody there."""
        return sum(price.of(self.idle.get(key, 0.0)) for key, price in PRICES.items())

    @property
    def busiest_minute(self) -> int:
        """The most mails in a minute."""
        return max(self.found.minutes.values(), default=0)

    @property
    def calendar(self) -> list[list[tuple[date, int] | None]]:
        """Weeks of seven days, Monday first; None lies outside of the days of mail."""
        days = {date.fromisoformat(day): n for day, n in self.found.days.items()}
        first, last = min([self.start.date(), *days]), max([self.end.date(), *days])
        if self.end.date() not in days:
            last = max([last - timedelta(days=1), *days])
        day = first - timedelta(days=first.weekday())
        weeks = []
        while day <= last:
            week = [day + timedelta(days=n) for n in range(7)]
            weeks.append([(d, days.get(d, 0)) if first <= d <= last else None for d in week])
            day += timedelta(days=7)
        return weeks


def by_count(counts: Counter[str]) -> list[tuple[str, int]]:
    """The most frequent first, alike ones by name."""
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def pairs(counts: Counter[tuple[str, str]]) -> list[tuple[str, str, int]]:
    """Pairs with their count, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return [(one, other, count) for (one, other), count in ordered]


def reason_of(word: str) -> str:
    """The sentence of a reason."""
    return Reason(word).sentence if word in list(Reason) else word.replace("_", " ")


def assumed(rehearsal: Rehearsal) -> list[str]:
    """What was assumed of the audience, as sentences."""
    rates = [f"{share(rehearsal.habits.rate(name))} {words}" for name, (words, _) in RATES.items()]
    past = rehearsal.with_past
    own = (
        f"{many(past, 'contact')} of the file behave as their own past says, which is mixed with "
        f"this like {rehearsal.habits.counts_like:g} messages"
        if past
        else "The file holds nobody's past, so this holds for all of them"
    )
    return [f"{own}. Of everybody it is assumed that: {'; '.join(rates)}."]


def share(part: float) -> str:
    """A share in percent."""
    return f"{100 * part:.2f}".rstrip("0").rstrip(".") + " %"


def conflicts(rehearsal: Rehearsal) -> str:
    """What the other journeys did meanwhile, and which of them could not do anything."""
    others, counts = rehearsal.others, rehearsal.found.journeys
    names = sorted((*others.by_themselves, *others.disabled, *others.by_hand))
    if not names:
        return "The template has no other journey: nothing can meet."
    came = [f"{name} ({counts[name]:,} came in)" for name in names if counts[name]]
    nobody = [name for name in others.by_themselves if not counts[name]]
    said = []
    if came:
        said.append(f"Other journeys let in the same people: {', '.join(came)}.")
    if nobody:
        said.append(f"They start by themselves, and let in none of these people: {_list(nobody)}.")
    if others.disabled:
        names = list(others.disabled)
        said.append(
            f"Not in this rehearsal, since their rules are disabled here: {_list(names)}. "
            "What they would do to these people is not told. With some of them as if you had "
            f"enabled their rules: --live {','.join(names[:2])}; with all: "
            "--set JourneysStart=by-themselves."
        )
    if others.by_hand:
        said.append(f"No rule starts these, only a person or a step: {_list(others.by_hand)}.")
    return " ".join(said)


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


def text(rehearsal: Rehearsal, files: Sequence[tuple[str, str]]) -> str:
    """Tell it; `files` are (what, where)."""
    sections = [
        _heading(rehearsal),
        _endings(rehearsal),
        _steps(rehearsal),
        _sent(rehearsal),
        _not_sent(rehearsal),
        _meetings(rehearsal),
        _unseen(rehearsal),
        _price(rehearsal),
        _audience(rehearsal),
        listed(files),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _heading(r: Rehearsal) -> str:
    days = f"{r.start:%d %B %Y} to {r.end:%d %B %Y}"
    return "\n".join(
        [
            (
                f"Rehearsal of {r.journey!r}: {many(r.people, 'person', 'people')} of {r.file}, "
                f"{many(r.days, 'day')}"
            ),
            *wrapped(f"{days}, seed {r.seed}. {r.door}"),
            *wrapped(
                "The template, the handlers, the messages and the state machine are those that go "
                "to AWS. What people do is simulated; nobody got a mail."
            ),
            *(line for note in r.notes for line in wrapped(note)),
        ]
    )


def _endings(r: Rehearsal) -> str:
    rows = [
        title(f"What becomes of them: {many(r.executions, 'start')} of the journey"),
        *ending_lines((*r.endings, *r.waiting), r.executions),
    ]
    rows += [f"{count:>7,} did not come: {why}." for why, count in by_count(r.found.left_out)]
    return "\n".join(rows)


def _steps(r: Rehearsal) -> str:
    return "\n".join(
        [title("Step by step"), *funnel_lines(r.found.tally.steps(r.steps), r.executions)]
    )


def _sent(r: Rehearsal) -> str:
    rows = [title(f"What is sent: {many(r.mails, 'mail')}")]
    rows += [f"{n:>7,}   {message} ({workflow})" for message, workflow, n in pairs(r.found.sent)]
    if not r.mails:
        return "\n".join(rows)
    rows += ["", "By day, where people live:", f"{'':<14}" + "".join(f"{d:>8}" for d in DAYS)]
    for week in r.calendar:
        first = next(day for day in week if day)[0]
        cells = "".join(f"{'':>8}" if day is None else f"{day[1]:>8,}" for day in week)
        rows.append(f"{first:%d %b %Y}   {cells}")
    most = max(r.found.busiest, default=0)
    rows += wrapped(
        f"The busiest minute has {many(r.busiest_minute, 'mail')}; an account that sends 14 a "
        f"second can send 840. Nobody gets more than {most} on one day: "
        + ", ".join(f"{n} on {c:,} days" for n, c in sorted(r.found.busiest.items()))
        + " of somebody's."
    )
    return "\n".join(rows)


def _not_sent(r: Rehearsal) -> str:
    if not r.found.skipped and not r.found.deferred:
        return "\n".join(
            [title("What is not sent, or later"), "Everything went out when it was wanted."]
        )
    rows = [title("What is not sent, or later")]
    for words, counts in (("not sent", r.found.skipped), ("later", r.found.deferred)):
        for message, reason, count in pairs(counts):
            rows.append(f"{count:>7,}   {words}: {message} ({reason})")
            rows += [f"{'':<12}{line}" for line in textwrap.wrap(reason_of(reason), WIDTH - 12)]
    return "\n".join(rows)


def _meetings(r: Rehearsal) -> str:
    rows = [title("Other journeys, the same people"), *wrapped(conflicts(r))]
    rows += [
        f"{count:>7,}   {one} and {other} on one day"
        for one, other, count in pairs(r.found.meetings)
    ]
    return "\n".join(rows)


def _unseen(r: Rehearsal) -> str:
    if not r.unseen:
        return "\n".join([title("Where nobody went"), "Somebody took every way."])
    rows = [title("Where nobody went")]
    for each in r.unseen[:_LISTED]:
        rows.append(f"{each.state}  ─ {each.branch} →  {each.target}")
        rows += [f"   {line}" for line in textwrap.wrap(each.why, WIDTH - 3)]
    if len(r.unseen) > _LISTED:
        rows.append(_NO_MORE.format(more=len(r.unseen) - _LISTED))
    if r.never:
        rows += wrapped(f"So nobody came to: {', '.join(r.never)}.")
    return "\n".join(rows)


def _price(r: Rehearsal) -> str:
    each = 1000 * r.dollars / max(1, r.people)
    rows = [title("What it will cost on AWS, at list prices")]
    rows += [f"{cost.item:<52}{cost.quantity:>14,.0f}{cost.dollars:>14.4f} $" for cost in r.costs]
    rows += [
        f"{what:<66}{dollars:>14.4f} $"
        for what, dollars in (
            ("all of it", r.dollars),
            ("a thousand people", each),
            (f"besides: {many(r.days, 'day')} of schedules, whoever is there", r.fixed),
        )
    ]
    return "\n".join(rows)


def _audience(r: Rehearsal) -> str:
    rows = [title("What the simulated people did")]
    rows += [f"{count:>7,}   {deed}" for deed, count in by_count(r.found.deeds)]
    rows += ["", *(line for each in assumed(r) for line in wrapped(each))]
    if r.found.surprises:
        rows += ["", "Something went otherwise than expected:"]
        rows += [f"{count:>7,}   {said}" for said, count in by_count(r.found.surprises)[:5]]
    return "\n".join(rows)
