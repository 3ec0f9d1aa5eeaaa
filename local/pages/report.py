"""The report of a demo as one self-contained HTML page: no script, no font, no request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from local.demo.report import NO_VISITS, Ending, Report, many, price_parts
from local.pages import drawing

_SUM = ' class="sum"'
STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1d2330; --soft: #5c6577; --quiet: #f2f4f8;
  --line: #8a94a8; --blue: #2f6fd6; --blue-pale: #e8f0fd; --amber: #b97a00; --amber-pale: #fff5df;
  --green: #1d8a4e; --green-pale: #e6f6ec; --red: #c23b3b; --red-pale: #fdecec; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181f; --ink: #e6e9f0; --soft: #9aa4b8;
  --quiet: #1f2530; --line: #6b778f; --blue: #6ea1f2; --blue-pale: #1b2a45; --amber: #e0a93f;
  --amber-pale: #372a10; --green: #58c08a; --green-pale: #143022; --red: #ee7f7f;
  --red-pale: #3b1a1c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 78rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }
h1 { margin: 0 0 .3rem; font-size: 1.7rem; line-height: 1.2; }
h2 { margin: 2.6rem 0 .8rem; font-size: 1.15rem; }
p { margin: .3rem 0; max-width: 62rem; } .soft, small { color: var(--soft); }
table { border-collapse: collapse; width: 100%; } td, th { padding: .42rem .6rem; text-align: left;
  vertical-align: top; border-bottom: 1px solid color-mix(in srgb, var(--line) 30%, transparent); }
th { font-weight: 600; color: var(--soft); } tr:last-child td { border-bottom: 0; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { width: 22%; } .bar i { display: block; height: .8rem; margin-top: .35rem; min-width: 2px;
  border-radius: 3px; background: var(--green); } .bar i.failed { background: var(--red); }
.bar i.open { background: var(--blue); } .sum td { font-weight: 650; }
.figures { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.4rem 0 0; }
.figures div { flex: 1 1 9rem; padding: .8rem 1rem; border-radius: 8px; background: var(--quiet); }
.figures b { display: block; font-size: 1.45rem; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; text-align: center; } pre { overflow-x: auto; padding: 1rem;
  border-radius: 8px; background: var(--quiet); font: 13px/1.6 ui-monospace, "DejaVu Sans Mono",
  monospace; } .two { display: grid; grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr));
  gap: 0 2.5rem; } @media (max-width: 40rem) { .two { grid-template-columns: 1fr; } }
"""


def page(report: Report) -> str:
    """Return the page; the same report gives the same bytes."""
    people, days = many(report.people, "person", "people"), many(report.days, "day")
    title = f"{report.machine.capitalize()}: {people} in {days}"
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="soft">{report.start:%d %B %Y} to {report.end:%d %B %Y}, seed {report.seed}</p>',
        f"<p><b>Real:</b> {escape(report.real)}</p>",
        (
            "<p><b>Simulated:</b> what people do with their mail, the mailbox providers, and AWS "
            "itself. The template, the handlers and the state machine are those that go to AWS.</p>"
        ),
        _figures(report),
        "<h2>What became of the sign-ups</h2>",
        _endings(report),
        "<h2>The way through the workflow</h2>",
        _graph(report),
        _orders(report),
        _standing(report),
        f"<h2>One contact, day by day: {escape(report.person)}</h2>",
        f"<pre>{escape(chr(10).join(report.timeline))}</pre>",
        '<div class="two"><div>',
        "<h2>What it would have cost on AWS</h2>",
        _costs(report),
        "</div><div>",
        "<h2>What the simulated people did</h2>",
        _pairs(report),
        "</div></div>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}{drawing.STYLE}</style></head><body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _figures(report: Report) -> str:
    figures = [
        (f"{report.sign_ups:,}", "sign-ups over HTTP"),
        (f"{report.mails:,}", "e-mails"),
        (f"{report.orders_total:,}", "real orders tracked"),
        (f"${report.dollars:.2f}", "for the whole run"),
        (f"${report.per_thousand:.2f}", "a thousand contacts more"),
    ]
    return figures_of(figures)


def figures_of(figures: Iterable[tuple[str, str]]) -> str:
    """A row of figures, each with what it counts."""
    cells = "".join(f"<div><b>{b}</b>{escape(words)}</div>" for b, words in figures)
    return f'<div class="figures">{cells}</div>'


def _endings(report: Report) -> str:
    notes = "".join(f'<p class="soft">{escape(note)}</p>' for note in report.notes)
    return endings_of(report.endings, report.waiting, report.executions) + notes


def endings_of(ended: Sequence[Ending], waiting: Sequence[Ending], executions: int) -> str:
    """How many of the executions came to each ending, as a table with bars."""
    most = max((e.count for e in (*ended, *waiting)), default=1)

    def row(ending: Ending, kind: str) -> str:
        share = 100 * ending.count / max(1, executions)
        return (
            f'<tr><td class="n">{ending.count:,}</td><td class="n">{share:.1f} %</td>'
            f'<td class="bar"><i class="{kind}" style="width:{100 * ending.count / most:.1f}%"></i>'
            f"</td><td>{escape(ending.state)}<br><small>{escape(ending.sentence)}</small></td></tr>"
        )

    rows = [row(e, "failed" if e.failed else "") for e in ended]
    rows += [row(e, "open") for e in waiting]
    total = (
        f'<tr class="sum"><td class="n">{executions:,}</td><td class="n">100.0 %</td>'
        '<td class="bar"></td><td>all together</td></tr>'
    )
    return f"<table>{''.join(rows)}{total}</table>"


def _graph(report: Report) -> str:
    if report.graph is None:
        return ""
    graph, lost = drawing.taken(report.graph, report.flows)
    note = (
        "How many went along each way; ways that nobody took are pale. An ending stands wherever a "
        "way leads to it."
    )
    if any(edge.kind == "error" for edge in graph.edges):
        note += " Ways taken after an error are dashed."
    if lost:
        note += f" Not shown, because only an error leads there: {', '.join(lost)}."
    drawn = drawing.svg(graph, report.visits, report.flows)
    return f'<p class="soft">{escape(note)}</p><div class="wide">{drawn}</div>'


def _orders(report: Report) -> str:
    if not report.orders:
        return ""
    total = report.all_orders
    head = "".join(f'<th class="n">{h}</th>' for h in ("people", "bought", "orders", "dollars"))
    rows = "".join(
        f"<tr{_SUM if o is total else ''}><td>{escape(o.group)}</td>"
        f'<td class="n">{_or_nothing(o.people)}</td>'
        f'<td class="n">{_or_nothing(o.buyers)}</td><td class="n">{o.orders:,}</td>'
        f'<td class="n">{o.dollars:,.2f}</td></tr>'
        for o in (*report.orders, total)
    )
    return (
        "<h2>Real orders after the sign-up</h2>"
        f"<table><tr><th></th>{head}</tr>{rows}</table>"
        '<p class="soft">The clicks are simulated and know nothing of the orders, which are real: '
        "a difference between the groups is chance, not an effect of the mail.</p>"
    )


def _standing(report: Report) -> str:
    standing = report.standing
    if not standing.people:
        return ""
    rows = "".join(
        f'<tr><td>{escape(kind)}</td><td>{escape(title)}</td><td class="n">{count:,}</td></tr>'
        for kind, groups in standing.groups
        for title, count in groups
    )
    why = (
        f"The lead that was ready last, in the words that sales read: <q>{escape(standing.why)}</q>"
    )
    return (
        f"<h2>Where they stand on the last day</h2><table>{rows}</table>"
        f'<p class="soft">{escape(NO_VISITS)}</p>'
        f"{f'<p>{why}</p>' if standing.why else ''}"
    )


def _costs(report: Report) -> str:
    rows = "".join(
        f'<tr><td>{escape(c.item)}</td><td class="n">{c.quantity:,.0f}</td>'
        f'<td class="n">${c.dollars:.4f}</td></tr>'
        for c in report.costs
    )
    sums = [
        ("all together", report.dollars),
        *price_parts(report),
        ("a thousand contacts more", report.per_thousand),
    ]
    rows += "".join(
        f"<tr{'' if what.startswith(' ') else _SUM}><td>{escape(what)}</td><td></td>"
        f'<td class="n">${dollars:.4f}</td></tr>'
        for what, dollars in sums
    )
    return f'<table>{rows}</table><p class="soft">{escape(report.monthly)}</p>'


def _or_nothing(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _pairs(report: Report) -> str:
    deeds = "".join(
        f'<tr><td class="n">{count:,}</td><td>{escape(deed)}</td></tr>'
        for deed, count in report.deeds
    )
    habits = "; ".join(f"{share} {words}" for words, share in report.habits)
    return f'<table>{deeds}</table><p class="soft">Their habits: {escape(habits)}.</p>'
