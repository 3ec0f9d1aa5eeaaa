"""The graph of a state machine as SVG, with how many went along each edge."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from local.graph import START, Edge, Graph, Placed, State, place, spread_endings

_LETTER = 7.3
_SMALL = 7.8
_LINE = 17
_WRAP = 21

STYLE = """
.graph { max-width: 100%; height: auto; font: 13px system-ui, "DejaVu Sans", sans-serif; }
.graph rect, .graph polygon { stroke-width: 1.5; }
.graph .task rect { fill: var(--paper); stroke: var(--line); }
.graph .plain rect, .graph .start rect { fill: var(--quiet); stroke: var(--line); }
.graph .pause rect { fill: var(--blue-pale); stroke: var(--blue); }
.graph .choice polygon { fill: var(--amber-pale); stroke: var(--amber); }
.graph .ending rect { fill: var(--green-pale); stroke: var(--green); }
.graph .failure rect { fill: var(--red-pale); stroke: var(--red); }
.graph text { fill: var(--ink); text-anchor: middle; }
.graph .many { font-weight: 650; font-variant-numeric: tabular-nums; }
.graph .unseen { opacity: .38; }
.graph path { fill: none; stroke: var(--line); }
.graph .error path { stroke: var(--red); stroke-dasharray: 5 4; }
.graph .label { font-size: 12px; }
.graph .ground { fill: var(--paper); stroke: none; }
.graph .head { fill: var(--line); stroke: none; }
.graph .error .head { fill: var(--red); }
"""


COLOURS = """
.graph { --paper: #fff; --quiet: #f2f2ef; --ink: #24242b; --line: #85858f; --blue: #2563a8;
  --blue-pale: #e5effa; --amber: #a16207; --amber-pale: #fdf3d8; --green: #2f7d4f;
  --green-pale: #e3f4e9; --red: #b3362c; --red-pale: #fbe6e3; }
"""
"""For a picture that stands alone; a page brings its own."""


def svg(graph: Graph, visits: Mapping[str, int], flows: Mapping[tuple[str, str], int]) -> str:
    """Draw it; `visits` by state, `flows` by edge. Ways that nobody took are pale."""
    flows = {way: flows.get(way, 0) for way in (e.ends for e in graph.edges)}
    graph, into = spread_endings(graph), flows
    flows = {e.ends: into[_original(e)] for e in graph.edges}
    copied = {e.target: flows[e.ends] for e in graph.edges if "\0" in e.target}
    visits = {**visits, **copied}
    sizes = {state.name: _size(state) for state in graph.states}
    labels = {e.ends: _label_width(e) for e in graph.edges}
    placed = place(graph, sizes, labels, rise=72)
    most = max(flows.values(), default=1) or 1
    parts = [_opening(placed)]
    edges = sorted(graph.edges, key=lambda e: flows.get(e.ends, 0))
    parts += [_edge(e, placed, flows.get(e.ends, 0), most) for e in edges]
    labelled = [_label(e, placed, flows.get(e.ends, 0)) for e in edges if e.ends in placed.routes]
    # Below the boxes and below every word, so that no label's ground hides another's words.
    parts += [ground for ground, _ in labelled]
    parts += [
        _box(s, placed.boxes[s.name], sizes[s.name], visits.get(s.name, 0)) for s in graph.states
    ]
    parts += [words for _, words in labelled]
    return "\n".join([*(part for part in parts if part), "</svg>"])


def picture(graph: Graph, title: str) -> str:
    """Draw it by itself, without anybody in it: a file that stands alone.

    What a step does when something is broken is left out: it is the same everywhere.
    """
    edges = tuple(e for e in graph.edges if e.kind != "error" or e.label == "InvalidInput")
    reached = {e.target for e in edges} | {START}
    graph = Graph(tuple(s for s in graph.states if s.name in reached), edges)
    graph = spread_endings(graph)
    sizes = {state.name: _size(state, lines=0) for state in graph.states}
    # Words stand three quarters of the way out: states are as far apart as these need.
    widths = {e.ends: _words_width(e) for e in graph.edges}
    room = {name: size[0] for name, size in sizes.items()}
    for edge in graph.edges:
        room[edge.target] = max(room[edge.target], widths[edge.ends] / 0.74 - 24)
    slots = {name: (room[name], size[1]) for name, size in sizes.items()}
    placed = place(graph, slots, widths, rise=72)
    drawn = [_edge(e, placed, None, 1) for e in graph.edges]
    labelled = [_label(e, placed, None) for e in graph.edges if e.kind == "branch"]
    drawn += [ground for ground, _ in labelled]
    drawn += [_box(s, placed.boxes[s.name], sizes[s.name], None) for s in graph.states]
    drawn += [words for _, words in labelled]
    return "\n".join(
        [
            _opening(placed),
            f"<title>{escape(title)}</title>",
            f"<style>{COLOURS}{STYLE}</style>",
            f'<rect class="ground" width="{placed.width:.0f}" height="{placed.height:.0f}"/>',
            *(part for part in drawn if part),
            "</svg>\n",
        ]
    )


def _opening(placed: Placed) -> str:
    width, height = f"{placed.width:.0f}", f"{placed.height:.0f}"
    return (
        f'<svg class="graph" xmlns="http://www.w3.org/2000/svg" role="img" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    )


def _original(edge: Edge) -> tuple[str, str]:
    return edge.source, edge.target.rpartition("\0")[2]


def wrap(name: str, width: int = _WRAP) -> list[str]:
    """Break a name into lines of about `width` letters, words whole where they fit."""
    lines: list[str] = []
    for word in name.split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines += [word[at : at + width] for at in range(0, len(word), width)]
    return lines


def _size(state: State, *, lines: int = 1) -> tuple[float, float]:
    """Of the box of a state, with so many lines besides its name."""
    named = wrap(state.title or state.name)
    widest = max(len(line) for line in named)
    room = 44 if state.kind == "choice" else 24
    return max(64, widest * _LETTER + room), (len(named) + lines) * _LINE + 14


def _label_width(edge: Edge) -> float:
    lines = wrap(edge.label, 16) if edge.kind == "branch" else []
    return (max((len(line) for line in lines), default=0) + 6) * _LETTER * 0.9


def _words_width(edge: Edge) -> float:
    """What is written on an edge, without a number."""
    lines = wrap(edge.label, 16) if edge.kind == "branch" else []
    return max((len(line) for line in lines), default=0) * _SMALL + 8


def _box(
    state: State, centre: tuple[float, float], size: tuple[float, float], visits: int | None
) -> str:
    """A state; `visits` is None where nobody is counted."""
    x, y = centre
    width, height = size
    left, top = x - width / 2, y - height / 2
    if state.kind == "choice":
        tip = 16
        points: Sequence[tuple[float, float]] = (
            (left, y), (left + tip, top), (left + width - tip, top),
            (left + width, y), (left + width - tip, top + height), (left + tip, top + height),
        )  # fmt: skip
        outline = f'<polygon points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in points)}"/>'
    else:
        round_ = height / 2 if state.kind in {"start", "ending", "failure"} else 7
        outline = (
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'rx="{min(round_, 22):.0f}"/>'
        )
    lines = wrap(state.title or state.name)
    first = top + 7 + _LINE * 0.8
    text = [
        f'<text x="{x:.1f}" y="{first + n * _LINE:.1f}">{escape(line)}</text>'
        for n, line in enumerate(lines)
    ]
    if visits is not None:
        below = first + len(lines) * _LINE
        text.append(f'<text class="many" x="{x:.1f}" y="{below:.1f}">{visits:,}</text>')
    seen = " unseen" if visits == 0 else ""
    title = f"<title>{escape(state.comment)}</title>" if state.comment else ""
    return f'<g class="{state.kind}{seen}">{title}{outline}{"".join(text)}</g>'


def _edge(edge: Edge, placed: Placed, count: int | None, most: int) -> str:
    points = placed.routes.get(edge.ends)
    if not points:
        return ""
    (x, y), *rest = points
    end_x, end_y = rest[-1]
    rest[-1] = (end_x, end_y - 7 if end_y > y else end_y + 7)
    path = [f"M{x:.1f} {y:.1f}"]
    for to_x, to_y in rest:
        middle = (y + to_y) / 2
        straight = abs(to_x - x) < 0.5
        path.append(
            f"L{to_x:.1f} {to_y:.1f}"
            if straight
            else f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}"
        )
        x, y = to_x, to_y
    width = 1.2 + (3.3 * math.sqrt(count / most) if count else 0)
    back = 1 if end_y > rest[-1][1] else -1
    head = f"{end_x:.1f},{end_y:.1f} {end_x - 5:.1f},{end_y - 9 * back:.1f} {end_x + 5:.1f},"
    seen = " unseen" if count == 0 else ""
    return (
        f'<g class="{edge.kind}{seen}"><path style="stroke-width:{width:.1f}" d="{"".join(path)}"/>'
        f'<polygon class="head" points="{head}{end_y - 9 * back:.1f}"/></g>'
    )


def _label(edge: Edge, placed: Placed, count: int | None) -> tuple[str, str]:
    """Return the ground that keeps lines away from the label, and the label."""
    (x, y), (to_x, to_y) = placed.routes[edge.ends][:2]
    # Branches leave from one point, so their words stand where they have drawn apart.
    share = 0.66 if edge.kind == "branch" else 0.5
    x = x + (to_x - x) * share * share * (3 - 2 * share)
    y = y + (to_y - y) * share
    said = wrap(edge.label, 16) if edge.kind == "branch" else []
    first = y + 4 - 13 * max(0, len(said) - 1)
    seen = " unseen" if count == 0 else ""
    rows = [
        f'<tspan x="{x:.1f}" y="{first + 13 * n:.1f}">{escape(line)}</tspan>'
        for n, line in enumerate(said)
    ]
    dot = " · " if rows and count is not None else ""
    number = "" if count is None else f"{count:,}"
    last = len(f"{said[-1]}{dot}" if said else "") * 0.93 + len(number)
    width = max([last, *(len(line) * 0.93 for line in said[:-1])]) * _SMALL + 8
    height = 13 * max(1, len(said)) + 4
    ground = (
        f'<rect class="ground" x="{x - width / 2:.1f}" y="{first - 12:.1f}" rx="3" '
        f'width="{width:.1f}" height="{height}"/>'
    )
    words = (
        f'<text class="label{seen}" x="{x:.1f}" y="{first:.1f}">{"".join(rows)}{dot}'
        f'<tspan class="many">{number}</tspan></text>'
    )
    return ground, words


def taken(graph: Graph, flows: Mapping[tuple[str, str], int]) -> tuple[Graph, tuple[str, ...]]:
    """Return the graph without ways after an error that nobody took, and the states then lost."""
    edges = tuple(e for e in graph.edges if e.kind != "error" or flows.get(e.ends))
    reached = {START}
    while more := {e.target for e in edges if e.source in reached} - reached:
        reached |= more
    kept = tuple(state for state in graph.states if state.name in reached)
    lost = tuple(state.name for state in graph.states if state.name not in reached)
    return Graph(kept, tuple(e for e in edges if e.source in reached)), lost
