"""Where the contacts of a journey stand, and how those ended who are through it."""

from datetime import datetime, timedelta

from relance.funnels import Funnel, Standing
from relance.widgets.html import Frame, Html, element, join, note, table
from relance.widgets.person import step_name


def choice_page(journeys: tuple[str, ...], frame: Frame) -> Html:
    """Which journey to count."""
    if not journeys:
        return note("This stack has no journeys.")
    said = note(
        "Counts who is in a journey, at which step, and how the others ended. It reads the table "
        "of contacts for eight seconds at most, which costs less than a cent."
    )
    return join(
        (said, *(frame.button(step_name(each), "count", journey=each) for each in journeys))
    )


def funnel_page(funnel: Funnel, frame: Frame, *, paused_at: datetime | None) -> Html:
    """The figures of one journey; `paused_at` is since when people hold it up."""
    parts = [
        element("h3", step_name(funnel.journey)),
        frame.button("Another journey", "funnel"),
        frame.button("Count anew", "count", journey=funnel.journey),
        note(_whole(funnel)),
    ]
    if paused_at:
        since = f"Paused since {paused_at:%d %B %Y, %H:%M} UTC: "
        parts.append(note(since + "its messages wait, and so does whoever comes."))
    if funnel.inside:
        parts.append(element("h4", f"In it now: {sum(map(_count, funnel.inside.values())):,}"))
        rows = [(step_name(step), *_cells(it, funnel)) for step, it in funnel.inside.items()]
        parts.append(table(("Step", "Contacts", "Share", "In the journey for"), rows))
    if funnel.ended:
        parts.append(element("h4", f"Through: {sum(map(_count, funnel.ended.values())):,}"))
        rows = [(outcome, *_cells(it, funnel)) for outcome, it in funnel.ended.items()]
        parts.append(table(("Ending", "Times", "Share", "It took"), rows))
    return join(parts)


def _whole(funnel: Funnel) -> str:
    entered = f"{funnel.entered:,} {'entry' if funnel.entered == 1 else 'entries'}"
    read = f"{funnel.contacts:,} {'contact' if funnel.contacts == 1 else 'contacts'}"
    if funnel.is_complete:
        return f"{entered} of {read}; shares are of the entries, times are medians."
    return (
        f"The table is larger than can be read here: {entered} of the first {read}. They stand in "
        "no order, so the shares are those of a sample; the counts are not the whole."
    )


def _count(standing: Standing) -> int:
    return standing.count


def _cells(standing: Standing, funnel: Funnel) -> tuple[str, ...]:
    share = standing.count / funnel.entered
    bar = element("div", style=f"background:#2e7fb8;height:8px;width:{max(1, round(share * 100))}%")
    shown = join((f"{share:.0%}", bar))
    return f"{standing.count:,}", shown, _lasted(standing.median)


def _lasted(median: timedelta) -> str:
    """`3 days`, `5 hours`, `2 minutes`: as exact as somebody asks."""
    for name, unit in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = round(median.total_seconds() / unit)
        if count:
            return f"{count:,} {name}{'' if count == 1 else 's'}"
    return "less than a minute"
