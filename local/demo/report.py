"""What a run of the demo found out, and how it is told on a terminal.

The same run gives the same text: wall time and memory go to stderr, not here.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from local.demo.standing import Standing
from local.graph import Graph

WIDTH = 92


@dataclass(frozen=True, slots=True)
class Ending:
    """How many executions ended in one state, and what that state says to the marketer."""

    state: str
    sentence: str
    count: int
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders of a group of people after their welcome mail.

    Orders that came before it have no people of their own: those stand in one of the groups.
    """

    group: str
    orders: int
    dollars: float
    people: int | None = None
    buyers: int | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """One line of the bill: what, how many units, dollars."""

    item: str
    quantity: float
    dollars: float


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What is paid for by the month, used or not. Prices: us-east-1, as local/prices.py."""

    secrets: int
    alarms: int

    @property
    def dollars(self) -> float:
        """The price of a month: 0.40 a secret, 0.10 an alarm."""
        return 0.40 * self.secrets + 0.10 * self.alarms


@dataclass(slots=True)
class Report:
    """Everything a run has to say."""

    real: str
    machine: str
    people: int
    days: int
    seed: int
    start: datetime
    end: datetime
    sign_ups: int = 0
    notes: list[str] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    waiting: list[Ending] = field(default_factory=list)
    orders: list[Orders] = field(default_factory=list)
    orders_total: int = 0
    standing: Standing = field(default_factory=Standing)
    person: str = ""
    person_id: str = ""
    timeline: list[str] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    idle: float = 0.0
    """Dollars of the same days without anybody."""
    upkeep: Upkeep = field(default_factory=lambda: Upkeep(secrets=0, alarms=0))
    mails: int = 0
    deeds: list[tuple[str, int]] = field(default_factory=list)
    habits: list[tuple[str, str]] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    graph: Graph | None = None
    visits: dict[str, int] = field(default_factory=dict)
    flows: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def executions(self) -> int:
        """All executions, ended or not."""
        return sum(ending.count for ending in (*self.endings, *self.waiting))

    @property
    def dollars(self) -> float:
        """The price of the run."""
        return sum(cost.dollars for cost in self.costs)

    @property
    def per_thousand(self) -> float:
        """The price of a thousand contacts more: what an empty stack costs is not in it."""
        return self.growing * 1000 / self.people if self.people else 0.0

    @property
    def growing(self) -> float:
        """The part of the price that people cause."""
        return self.dollars - self.idle

    @property
    def all_orders(self) -> Orders:
        """The sum of the table of orders."""
        return Orders(
            group="all together",
            people=sum(o.people or 0 for o in self.orders),
            buyers=sum(o.buyers or 0 for o in self.orders),
            orders=sum(o.orders for o in self.orders),
            dollars=sum(o.dollars for o in self.orders),
        )

    @property
    def monthly(self) -> str:
        """What the bill leaves out, in a sentence."""
        secrets, alarms = many(self.upkeep.secrets, "secret"), many(self.upkeep.alarms, "alarm")
        return (
            f"Not in it: {secrets} and {alarms}, which cost {self.upkeep.dollars:.2f} $ a month "
            "whatever happens; storage and data transfer. Free tiers are not taken off."
        )


NO_VISITS = (
    "The simulated people read mail and buy, and visit no pages: what follows from visits (warm, "
    "hot, ready) stays empty here."
)
"""What explains the empty rows of where people stand."""


def many(count: int, one: str, more: str = "") -> str:
    """Count in words: 1 mail, 2 mails."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def text(report: Report, files: Sequence[tuple[str, str]]) -> str:
    """Tell the report; `files` are (what, where)."""
    sections = [
        _heading(report),
        _endings(report),
        _orders(report),
        _standing(report),
        _timeline(report),
        _deeds(report),
        _price(report),
        _left_out(report),
        listed(files),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _heading(report: Report) -> str:
    days = f"{report.start:%d %B %Y} to {report.end:%d %B %Y}"
    return "\n".join(
        [
            f"{many(report.people, 'person', 'people')}, {many(report.days, 'day')}: {days}",
            *wrapped(f"Real: {report.real}"),
            *wrapped(
                "Simulated: what people do with their mail (shares below), the mailbox providers, "
                f"and AWS itself. Seed {report.seed}."
            ),
        ]
    )


def _endings(report: Report) -> str:
    rows = [
        title(f"What became of {many(report.sign_ups, 'sign-up')} (workflow {report.machine!r})"),
        *ending_lines((*report.endings, *report.waiting), report.executions),
    ]
    rows += [line for note in report.notes for line in wrapped(note)]
    return "\n".join(rows)


def ending_lines(endings: Iterable[Ending], executions: int) -> Iterator[str]:
    """How many of the executions came to each ending, with its sentence, and the sum."""
    for ending in endings:
        share = 100 * ending.count / max(1, executions)
        mark = "!" if ending.failed else " "
        yield f"{ending.count:>7,} {share:>5.1f} % {mark} {ending.state}"
        yield from (f"{'':<18}{line}" for line in textwrap.wrap(ending.sentence, WIDTH - 18))
    yield f"{executions:>7,} 100.0 %   all together"


def _orders(report: Report) -> str:
    if not report.orders:
        return ""
    rows = [
        title("Real orders after the sign-up"),
        f"{'':<38}{'people':>8}{'bought':>8}{'orders':>8}{'dollars':>12}{'a person':>12}",
    ]
    for o in (*report.orders, report.all_orders):
        who = "" if o.people is None else f"{o.people:>8,}{o.buyers:>8,}"
        each = "" if o.people is None else f"{o.dollars / max(1, o.people):>12,.2f}"
        rows.append(f"{o.group:<38}{who:<16}{o.orders:>8,}{o.dollars:>12,.2f}{each}")
    rows += wrapped(
        "The clicks are simulated and know nothing of the orders, which are real: a difference "
        "between the groups is chance, not an effect of the mail."
    )
    return "\n".join(rows)


def _standing(report: Report) -> str:
    standing = report.standing
    if not standing.people:
        return ""
    rows = [title(f"Where {many(standing.people, 'person', 'people')} stand on the last day")]
    for kind, groups in standing.groups:
        rows += [f"{count:>7,}   {kind:<10}{title}" for title, count in groups]
    if standing.why:
        rows += wrapped(
            f"The lead that was ready last, in the words that sales read: {standing.why}."
        )
    return "\n".join(rows)


def _timeline(report: Report) -> str:
    if not report.timeline:
        return ""
    return "\n".join(
        [title(f"One contact, day by day: {report.person} ({report.person_id})"), *report.timeline]
    )


def _deeds(report: Report) -> str:
    rows = [title("What the simulated people did")]
    rows += [f"{count:>7,}  {deed}" for deed, count in report.deeds]
    rows += ["", *wrapped("Their habits: " + "; ".join(f"{s} {w}" for w, s in report.habits))]
    if report.surprises:
        times = many(len(report.surprises), "time")
        rows += ["", f"{times} something went otherwise than expected:"]
        rows += [f"   {line}" for line in report.surprises[:5]]
    return "\n".join(rows)


def _price(report: Report) -> str:
    rows = [title("What it would have cost on AWS")]
    rows += [
        f"{cost.item:<52}{_amount(cost.quantity):>14}{cost.dollars:>14.4f} $"
        for cost in report.costs
    ]
    rows += [
        f"{what:<66}{dollars:>14.4f} $"
        for what, dollars in (
            ("all together", report.dollars),
            *price_parts(report),
            ("a thousand contacts more", report.per_thousand),
        )
    ]
    return "\n".join([*rows, *wrapped(report.monthly)])


def price_parts(report: Report) -> list[tuple[str, float]]:
    """Return the two parts of the price: what is fixed, and what people cause."""
    return [
        (
            f"   of it fixed: schedules that run for {many(report.days, 'day')} with nobody there",
            report.idle,
        ),
        (f"   of it caused by {many(report.people, 'contact')}", report.growing),
    ]


def _left_out(report: Report) -> str:
    if not report.left_out:
        return ""
    shown = [f"   {line}" for line in report.left_out[:20]]
    more = len(report.left_out) - len(shown)
    rows = [title(f"{many(len(report.left_out), 'row')} of the file left out"), *shown]
    return "\n".join([*rows, f"   … and {more} more"] if more else rows)


def listed(files: Sequence[tuple[str, str]]) -> str:
    """The files to look at, each with what it is."""
    width = max((len(what) for what, _ in files), default=0)
    return "\n".join([title("To look at"), *(f"{what:<{width}}  {where}" for what, where in files)])


def title(words: str) -> str:
    """A heading, underlined."""
    return f"{words}\n{'─' * len(words)}"


def wrapped(words: str) -> list[str]:
    """A paragraph, line by line."""
    return textwrap.wrap(words, WIDTH, break_on_hyphens=False)


def _amount(quantity: float) -> str:
    return f"{quantity:,.0f}" if quantity == int(quantity) else f"{quantity:,.1f}"
