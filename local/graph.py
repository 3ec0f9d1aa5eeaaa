"""A state machine as a graph: what its states and branches are, and where each goes on paper.

The layout is the usual one for such graphs (Sugiyama, Tagawa, Toda 1981): loops are cut, states are
put into layers by their longest way from the start, long edges get a bend per layer, each layer is
ordered by the mean of its neighbours with fewest crossings kept, and positions follow from least
squares with a smallest distance (pool adjacent violators). Deterministic; standard library only.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

START = "Start"
OTHERWISE = "otherwise"
_LITERAL = re.compile(r"(?:!=|=)\s*['\"]([^'\"]{1,40})['\"]")
_NEGATED = re.compile(r"!=|\$not\(")
_CALLBACK = ".waitForTaskToken"


@dataclass(frozen=True, slots=True)
class State:
    """A box: its name, its kind (start, task, pause, choice, plain, ending, failure), comment.

    `title` is what is written in it, when that is not its name.
    """

    name: str
    kind: str
    comment: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow; `kind` is next, branch or error."""

    source: str
    target: str
    label: str = ""
    kind: str = "next"

    @property
    def ends(self) -> tuple[str, str]:
        """Where it begins and where it leads."""
        return self.source, self.target


@dataclass(frozen=True, slots=True)
class Graph:
    """States in the order of the file, and every way between two of them, once."""

    states: tuple[State, ...]
    edges: tuple[Edge, ...]


def read(definition: Mapping[str, object]) -> Graph:
    """Return the graph of a machine's top level."""
    states = _mapping(definition.get("States"))
    boxes = [State(START, "start")]
    edges = [Edge(START, str(definition.get("StartAt", "")))]
    for name, raw in states.items():
        state = _mapping(raw)
        boxes.append(State(name, _kind(state), str(state.get("Comment", ""))))
        edges += _edges(name, state, states)
    return Graph(tuple(boxes), tuple(_merged(e for e in edges if e.target in states)))


def spread_endings(graph: Graph) -> Graph:
    """Return the graph with a copy of an ending at each way that leads to it.

    A copy is named by its way, so that boxes stay unique; its title is the ending's name.
    """
    ends = {state.name: state for state in graph.states if state.kind in {"ending", "failure"}}
    ways = [edge for edge in graph.edges if edge.target in ends]
    copies = [
        replace(ends[edge.target], name=f"{edge.source}\0{edge.target}", title=edge.target)
        for edge in ways
    ]
    edges = [
        replace(edge, target=f"{edge.source}\0{edge.target}") if edge.target in ends else edge
        for edge in graph.edges
    ]
    kept = [state for state in graph.states if state.name not in ends]
    return Graph((*kept, *copies), tuple(edges))


def _kind(state: Mapping[str, object]) -> str:
    kind = str(state.get("Type"))
    if kind == "Task":
        return "pause" if str(state.get("Resource", "")).endswith(_CALLBACK) else "task"
    if kind == "Wait":
        return "pause"
    return {"Choice": "choice", "Succeed": "ending", "Fail": "failure"}.get(
        kind, "ending" if state.get("End") else "plain"
    )


def _edges(name: str, state: Mapping[str, object], states: Mapping[str, object]) -> list[Edge]:
    found = []
    if state.get("Type") == "Choice":
        found += _branches(name, state)
    elif "Next" in state:
        found.append(Edge(name, str(state["Next"])))
    for catcher in _items(state.get("Catch")):
        errors = catcher.get("ErrorEquals")
        named = ", ".join(str(e) for e in errors) if isinstance(errors, list) else ""
        target = str(catcher.get("Next", ""))
        broken = _mapping(states.get(target)).get("Type") == "Fail"
        late = named == "States.Timeout" and _kind(state) == "pause" and not broken
        label, kind = ("time is up", "branch") if late else (named, "error")
        found.append(Edge(name, target, label, kind))
    return found


def _branches(name: str, state: Mapping[str, object]) -> list[Edge]:
    rules = _items(state.get("Choices"))
    default = state.get("Default")
    first = str(rules[0].get("Condition", "")) if rules else ""
    yes_or_no = name.endswith("?") and len(rules) == 1 and default is not None
    asks = not _NEGATED.search(first)
    found = []
    for rule in rules:
        said = str(rule.get("Comment", "")) or _literal(str(rule.get("Condition", "")))
        label = ("yes" if asks else "no") if yes_or_no and "Comment" not in rule else said
        found.append(Edge(name, str(rule.get("Next", "")), label.rstrip("."), "branch"))
    if default is not None:
        answers = all("Comment" not in rule or _says_yes_or_no(rule) for rule in rules)
        label = ("no" if asks else "yes") if yes_or_no and answers else OTHERWISE
        found.append(Edge(name, str(default), label, "branch"))
    return found


def _says_yes_or_no(rule: Mapping[str, object]) -> bool:
    return str(rule.get("Comment")).rstrip(".").lower() in {"yes", "no"}


def _literal(condition: str) -> str:
    return ", ".join(word.replace("_", " ") for word in _LITERAL.findall(condition))


def _merged(edges: Iterable[Edge]) -> list[Edge]:
    """Make several ways between the same two states one, with all their labels."""
    found: dict[tuple[str, str], Edge] = {}
    for edge in edges:
        key = edge.source, edge.target
        before = found.get(key)
        if before is None:
            found[key] = edge
        elif before.kind == edge.kind:
            labels = [label for label in (before.label, edge.label) if label]
            found[key] = Edge(*key, ", ".join(dict.fromkeys(labels)), edge.kind)
        elif before.kind == "error":
            found[key] = edge
    return list(found.values())


# -- layout ------------------------------------------------------------------------------------

Node = str
_BEND = "\1"
_ASIDE = 22.0
"""How far a way back stands from the middle of a box, the narrowest of which are 64 wide."""


@dataclass(slots=True)
class Placed:
    """Where everything is: centres of boxes, bends of edges, and the size of the whole."""

    boxes: dict[str, tuple[float, float]] = field(default_factory=dict)
    routes: dict[tuple[str, str], list[tuple[float, float]]] = field(default_factory=dict)
    width: float = 0
    height: float = 0


def place(
    graph: Graph,
    sizes: Mapping[str, tuple[float, float]],
    labels: Mapping[tuple[str, str], float],
    *,
    gap: float = 30,
    rise: float = 58,
) -> Placed:
    """Lay a graph out from the top down.

    `sizes` are widths and heights of the boxes; `labels` the widths of what is written on edges,
    which a long edge keeps free where it begins.
    """
    names = [state.name for state in graph.states]
    forward = _without_loops(names, [(e.source, e.target) for e in graph.edges])
    depth = _depths(names, forward)
    layers, segments, chains = _with_bends(names, forward, depth)
    layers = _ordered(layers, segments)
    bend = (14.0, 0.0)
    widths = {node: sizes.get(node, bend)[0] for layer in layers for node in layer}
    widths |= {chain[0]: labels.get(ends, 14.0) for ends, chain in chains.items() if chain}
    x = _abscissae(layers, segments, widths, gap)
    placed = Placed()
    y = 10.0
    level: dict[Node, float] = {}
    bounds: dict[Node, tuple[float, float]] = {}
    for layer in layers:
        tallest = max(sizes.get(node, bend)[1] for node in layer)
        for node in layer:
            level[node] = y + tallest / 2
            bounds[node] = (y, y + tallest)
        y += tallest + rise
    left = min(x[n] - widths[n] / 2 for n in x)
    shift = 10 - left
    placed.height = y - rise + 10
    placed.width = max(x[n] + widths[n] / 2 for n in x) + shift + 10
    placed.boxes = {name: (x[name] + shift, level[name]) for name in names}
    for (source, target), chain in chains.items():
        points = [(x[source] + shift, level[source] + sizes[source][1] / 2)]
        for node in chain:
            points += [(x[node] + shift, bounds[node][0]), (x[node] + shift, bounds[node][1])]
        points.append((x[target] + shift, level[target] - sizes[target][1] / 2))
        placed.routes[source, target] = points
    for edge in graph.edges:
        key = edge.source, edge.target
        if key not in placed.routes and key[::-1] in placed.routes:
            placed.routes[key] = _back(placed.routes[key[::-1]])
    return placed


def _back(route: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The way back from where a way leads: beside it at both ends, on the side it bends to."""
    aside = _ASIDE if route[1][0] >= route[0][0] else -_ASIDE
    (first, *middle, last) = route[::-1]
    return [(first[0] + aside, first[1]), *middle, (last[0] + aside, last[1])]


def _without_loops(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Turn the edges round that lead back to a state still being visited; drop self-loops."""
    following = defaultdict(list)
    for source, target in edges:
        following[source].append(target)
    state: dict[str, int] = {}
    turned: set[tuple[str, str]] = set()
    for root in names:
        stack = [(root, iter(following[root]))] if root not in state else []
        state.setdefault(root, 1)
        while stack:
            node, rest = stack[-1]
            child = next(rest, None)
            if child is None:
                state[node] = 2
                stack.pop()
            elif state.get(child) == 1:
                turned.add((node, child))
            elif child not in state:
                state[child] = 1
                stack.append((child, iter(following[child])))
    found = dict.fromkeys(
        (target, source) if (source, target) in turned else (source, target)
        for source, target in edges
        if source != target
    )
    return list(found)


def _depths(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    waiting = dict.fromkeys(names, 0)
    following = defaultdict(list)
    for source, target in edges:
        waiting[target] += 1
        following[source].append(target)
    depth = dict.fromkeys(names, 0)
    ready = [name for name in names if not waiting[name]]
    for node in ready:
        for target in following[node]:
            depth[target] = max(depth[target], depth[node] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return depth


def _with_bends(
    names: Sequence[str], edges: Sequence[tuple[str, str]], depth: Mapping[str, int]
) -> tuple[list[list[Node]], list[tuple[Node, Node]], dict[tuple[str, str], list[Node]]]:
    layers: list[list[Node]] = [[] for _ in range(max(depth.values()) + 1)]
    for name in names:
        layers[depth[name]].append(name)
    segments, chains = [], {}
    for source, target in edges:
        chain = []
        for row in range(depth[source] + 1, depth[target]):
            node = f"{_BEND}{source}\0{target}\0{row}"
            layers[row].append(node)
            chain.append(node)
        chains[source, target] = chain
        segments += list(pairwise([source, *chain, target]))
    return layers, segments, chains


def _ordered(layers: list[list[Node]], segments: Sequence[tuple[Node, Node]]) -> list[list[Node]]:
    above, below = _neighbours(segments)
    best, fewest = [list(layer) for layer in layers], _crossings(layers, below)
    layers = [list(layer) for layer in layers]
    for turn in range(30):
        down = turn % 2 == 0
        rows = range(1, len(layers)) if down else range(len(layers) - 2, -1, -1)
        for row in rows:
            near = layers[row - 1] if down else layers[row + 1]
            at = {node: n for n, node in enumerate(near)}
            links = above if down else below
            here = {node: n for n, node in enumerate(layers[row])}
            mean = {
                node: sum(at[m] for m in links[node]) / len(links[node])
                if links[node]
                else here[node] * len(near) / max(1, len(here))
                for node in layers[row]
            }
            layers[row].sort(key=lambda node: (mean[node], here[node]))
        crossings = _crossings(layers, below)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return best


def _neighbours(
    segments: Sequence[tuple[Node, Node]],
) -> tuple[dict[Node, list[Node]], dict[Node, list[Node]]]:
    above: dict[Node, list[Node]] = defaultdict(list)
    below: dict[Node, list[Node]] = defaultdict(list)
    for upper, lower in segments:
        above[lower].append(upper)
        below[upper].append(lower)
    return above, below


def _crossings(layers: Sequence[Sequence[Node]], below: Mapping[Node, list[Node]]) -> int:
    count = 0
    for upper, lower in pairwise(layers):
        at = {node: n for n, node in enumerate(lower)}
        ends = [sorted(at[m] for m in below.get(node, ())) for node in upper]
        flat = [end for group in ends for end in group]
        count += sum(1 for n, one in enumerate(flat) for other in flat[n + 1 :] if one > other)
    return count


def _abscissae(
    layers: Sequence[Sequence[Node]],
    segments: Sequence[tuple[Node, Node]],
    widths: Mapping[Node, float],
    gap: float,
) -> dict[Node, float]:
    above, below = _neighbours(segments)
    x: dict[Node, float] = {}
    for layer in layers:
        at = 0.0
        for node in layer:
            x[node] = at + widths[node] / 2
            at += widths[node] + gap
    for turn in range(80):
        down = turn % 2 == 0
        for layer in layers if down else layers[::-1]:
            wishes, weights = [], []
            for node in layer:
                near = above[node] + below[node] if turn > 40 else (above if down else below)[node]
                pulls = [_pull(node, other) for other in near]
                total = sum(p * x[m] for p, m in zip(pulls, near, strict=True))
                wishes.append(total / sum(pulls) if near else x[node])
                weights.append(sum(pulls) or 0.1)
            apart = [(widths[a] + widths[b]) / 2 + gap for a, b in pairwise(layer)]
            x.update(zip(layer, _spread(wishes, weights, apart), strict=True))
    return x


def _pull(one: Node, other: Node) -> float:
    """Long edges are to be straight: bends pull each other more than boxes do."""
    return (1.0, 2.0, 12.0)[one.startswith(_BEND) + other.startswith(_BEND)]


def _spread(
    wishes: Sequence[float], weights: Sequence[float], apart: Sequence[float]
) -> list[float]:
    """Return the places nearest to the wishes (least squares) that keep their distances."""
    offsets = [0.0]
    for distance in apart:
        offsets.append(offsets[-1] + distance)
    blocks: list[list[float]] = []  # weighted sum, weight, how many
    for wish, weight, offset in zip(wishes, weights, offsets, strict=True):
        blocks.append([weight * (wish - offset), weight, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    levels = [total / weight for total, weight, many in blocks for _ in range(int(many))]
    return [level + offset for level, offset in zip(levels, offsets, strict=True)]


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _items(value: object) -> list[Mapping[str, object]]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []
