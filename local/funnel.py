"""The funnel of a journey on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from relance.funnel import FunnelStep


def funnel_lines(steps: Iterable[FunnelStep], executions: int) -> list[str]:
    """A line for each step that somebody came to."""
    rows = [f"{'':<42}{'came':>8}{'share':>10}{'there':>8}{'half stay':>12}{'wait since':>12}"]
    rows += [
        f"{each.name:<42}{each.came:>8,}{100 * each.came / max(1, executions):>8.1f} %"
        f"{each.here or '':>8}{length(each.median):>12}{length(each.waiting):>12}".rstrip()
        for each in steps
        if each.came
    ]
    return rows


def length(span: timedelta | None) -> str:
    """A length of time as people say it: 40 s, 12 min, 5.2 h, 3.0 days; nothing for none."""
    if span is None:
        return ""
    seconds = span.total_seconds()
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    if seconds < 86_400:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86_400:.1f} days"
