"""The result of a rehearsal as one self-contained HTML page: no script, no font, no request."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from local.demo.report import many
from local.funnel import length
from local.graph import START
from local.pages import drawing
from local.pages.report import STYLE, endings_of, figures_of
from local.rehearsal.report import (
    DAYS,
    Rehearsal,
    assumed,
    by_count,
    conflicts,
    pairs,
    reason_of,
)

_HEAT = """
.heat { width: auto; font-variant-numeric: tabular-nums; border-spacing: 2px;
  border-collapse: separate; } .heat td, .heat th { border: 0; padding: .28rem .4rem;
  text-align: right; border-radius: 4px; } .heat th { font-size: .82rem; white-space: nowrap; }
.heat td { min-width: 3.1rem; } .heat.hours td { min-width: 1.9rem; height: 1.7rem; }
.heat .none { color: var(--soft); opacity: .55; } .wide.left { text-align: left; }
.wide { position: relative; } .here td { color: var(--blue); }
.stay { white-space: nowrap; } .note { border-left: 3px solid var(--amber); padding-left: .8rem; }
.steps td, .steps th { padding: .3rem .6rem; }
.sideways { display: none; }
@media (max-width: 60rem) { .wide .graph { max-width: none; width: 46rem; }
  .sideways { display: inline; } }
@media (max-width: 40rem) { body { padding: 1.5rem 1rem 3rem; } .bar { display: none; }
  .figures div { flex-basis: 7rem; } td, th { padding: .36rem .4rem; } }
"""


def page(rehearsal: Rehearsal) -> str:
    """Return the page; the same rehearsal gives the same bytes."""
    r = rehearsal
    people, days = many(r.people, "person", "people"), many(r.days, "day")
    title = f"Rehearsal of {r.journey}: {people}, {days}"
    body = [
        f"<h1>{escape(title)}</h1>",
        (
            f'<p class="soft">{r.start:%d %B %Y} to {r.end:%d %B %Y}, {escape(r.file)}, '
            f"seed {r.seed}</p>"
        ),
        (
            f"<p>{escape(r.door)} The template, the handlers, the messages and the state machine "
            "are those that go to AWS. What people do is simulated; nobody got a mail.</p>"
        ),
        *(f'<p class="note">{escape(note)}</p>' for note in r.notes),
        _figures(r),
        "<h2>What becomes of them</h2>",
        _endings(r),
        "<h2>The way through the journey</h2>",
        _graph(r),
        "<h2>Step by step</h2>",
        _steps(r),
        f"<h2>What is sent: {many(r.mails, 'mail')}</h2>",
        _sent(r),
        "<h2>What is not sent, or later</h2>",
        _not_sent(r),
        "<h2>Other journeys, the same people</h2>",
        _meetings(r),
        "<h2>Where nobody went</h2>",
        _unseen(r),
        '<div class="two"><div>',
        "<h2>What it will cost on AWS</h2>",
        _costs(r),
        "</div><div>",
        "<h2>What the simulated people did</h2>",
        _deeds(r),
        "</div></div>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}{drawing.STYLE}{_HEAT}</style></head><body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _figures(r: Rehearsal) -> str:
    each = 1000 * r.dollars / max(1, r.people)
    figures = [
        (f"{r.people:,}", "people of the file"),
        (f"{r.found.journeys[r.journey]:,}", "let in"),
        (f"{r.mails:,}", "mails"),
        (f"{r.found.skipped.total():,}", "mails not sent"),
        (f"${r.dollars:.2f}", "for all of it"),
        (f"${each:.2f}", "a thousand people"),
    ]
    return figures_of(figures)


def _endings(r: Rehearsal) -> str:
    left = "".join(
        f'<p class="soft">{count:,} did not come: {escape(why)}.</p>'
        for why, count in by_count(r.found.left_out)
    )
    return endings_of(r.endings, r.waiting, r.executions) + left


def _graph(r: Rehearsal) -> str:
    flows = {
        (START if source == "(start)" else source, target): count
        for (source, target), count in r.found.ways.items()
    }
    visits = {START: r.executions}
    for (_, target), count in flows.items():
        if not target.startswith("("):
            visits[target] = visits.get(target, 0) + count
    shown, lost = drawing.taken(r.graph, flows)
    note = (
        "How many went along each way; ways that nobody took are pale. An ending stands wherever a "
        "way leads to it."
    )
    if lost:
        note += f" Not shown, because only an error leads there: {', '.join(lost)}."
    drawn = drawing.svg(shown, visits, flows)
    sideways = '<span class="sideways"> Move it sideways to see all of it.</span>'
    return f'<p class="soft">{escape(note)}{sideways}</p><div class="wide">{drawn}</div>'


def _steps(r: Rehearsal) -> str:
    head = "".join(
        f'<th class="n">{words}</th>'
        for words in ("came", "share", "there at the end", "half stay at most")
    )
    rows = "".join(
        f'<tr><td>{escape(each.name)}</td><td class="n">{each.came:,}</td>'
        f'<td class="n">{100 * each.came / max(1, r.executions):.1f} %</td>'
        f'<td class="n">{each.here or ""}</td><td class="n">{length(each.median)}</td></tr>'
        for each in r.found.tally.steps(r.steps)
        if each.came
    )
    return (
        f'<div class="wide left"><table class="steps"><tr><th></th>{head}</tr>{rows}</table></div>'
    )


def _sent(r: Rehearsal) -> str:
    rows = "".join(
        f'<tr><td class="n">{count:,}</td><td>{escape(message)}</td>'
        f'<td class="soft">{escape(workflow)}</td></tr>'
        for message, workflow, count in pairs(r.found.sent)
    )
    if not r.mails:
        return "<p>Nothing.</p>"
    days = ", ".join(f"{n} on {c:,}" for n, c in sorted(r.found.busiest.items()))
    note = (
        f"The busiest minute has {many(r.busiest_minute, 'mail')}; an account that sends 14 a "
        f"second can send 840. Days on which somebody got so many mails: {days}."
    )
    return (
        f"<table>{rows}</table>"
        f'<p class="soft">By day, where people live:</p><div class="wide left">{_calendar(r)}</div>'
        f'<p class="soft">By hour and weekday, where people live:</p>'
        f'<div class="wide left">{_hours(r)}</div>'
        f'<p class="soft">{escape(note)}</p>'
    )


def _calendar(r: Rehearsal) -> str:
    most = max(r.found.days.values(), default=1)
    head = "".join(f"<th>{day}</th>" for day in DAYS)
    rows = []
    for week in r.calendar:
        first = next(day for day in week if day)[0]
        cells = "".join("<td></td>" if day is None else _cell(day[1], most) for day in week)
        rows.append(f"<tr><th>{first:%d %b %Y}</th>{cells}</tr>")
    return f'<table class="heat"><tr><th></th>{head}</tr>{"".join(rows)}</table>'


def _hours(r: Rehearsal) -> str:
    most = max(r.found.hours.values(), default=1)
    head = "".join(f"<th>{hour}</th>" for hour in range(24))
    rows = "".join(
        f"<tr><th>{name}</th>"
        + "".join(_cell(r.found.hours[day, hour], most) for hour in range(24))
        + "</tr>"
        for day, name in enumerate(DAYS)
    )
    return f'<table class="heat hours"><tr><th></th>{head}</tr>{rows}</table>'


def _cell(count: int, most: int) -> str:
    if not count:
        return '<td class="none">·</td>'
    warmth = 12 + 58 * count / most
    shade = f"background:color-mix(in srgb, var(--blue) {warmth:.0f}%, var(--paper))"
    return f'<td style="{shade}">{count:,}</td>'


def _not_sent(r: Rehearsal) -> str:
    rows = [
        f'<tr><td class="n">{count:,}</td><td>{words}: {escape(message)}</td>'
        f"<td>{escape(reason_of(reason))}</td></tr>"
        for words, counts in (("not sent", r.found.skipped), ("later", r.found.deferred))
        for message, reason, count in pairs(counts)
    ]
    if not rows:
        return "<p>Everything went out when it was wanted.</p>"
    return f"<table>{''.join(rows)}</table>"


def _meetings(r: Rehearsal) -> str:
    rows = "".join(
        f'<tr><td class="n">{count:,}</td>'
        f"<td>{escape(one)} and {escape(other)} on one day</td></tr>"
        for one, other, count in pairs(r.found.meetings)
    )
    return f"<p>{escape(conflicts(r))}</p>" + (f"<table>{rows}</table>" if rows else "")


def _unseen(r: Rehearsal) -> str:
    if not r.unseen:
        return "<p>Somebody took every way.</p>"
    rows = "".join(
        f"<tr><td>{escape(each.state)}</td><td>{escape(each.branch)} → {escape(each.target)}"
        f"<br><small>{escape(each.why)}</small></td></tr>"
        for each in r.unseen
    )
    never = f"So nobody came to: {', '.join(r.never)}." if r.never else ""
    return f'<table>{rows}</table><p class="soft">{escape(never)}</p>'


def _costs(r: Rehearsal) -> str:
    rows = "".join(
        f'<tr><td>{escape(c.item)}</td><td class="n">{c.quantity:,.0f}</td>'
        f'<td class="n">${c.dollars:.4f}</td></tr>'
        for c in r.costs
    )
    sums: Sequence[tuple[str, float]] = (
        ("all of it", r.dollars),
        ("a thousand people", 1000 * r.dollars / max(1, r.people)),
        (f"besides: {many(r.days, 'day')} of schedules, whoever is there", r.fixed),
    )
    rows += "".join(
        f'<tr class="sum"><td>{escape(what)}</td><td></td><td class="n">${dollars:.4f}</td></tr>'
        for what, dollars in sums
    )
    return f'<table>{rows}</table><p class="soft">At list prices.</p>'


def _deeds(r: Rehearsal) -> str:
    rows = "".join(
        f'<tr><td class="n">{count:,}</td><td>{escape(deed)}</td></tr>'
        for deed, count in by_count(r.found.deeds)
    )
    said = "".join(f'<p class="soft">{escape(each)}</p>' for each in assumed(r))
    odd = "".join(
        f'<p class="note">{count:,} times: {escape(each)}</p>'
        for each, count in by_count(r.found.surprises)
    )
    return f"<table>{rows}</table>{said}{odd}"
