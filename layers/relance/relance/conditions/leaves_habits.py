"""Leaves that hold what a contact does against its own habit: times the usual, and overdue.

All comparisons are between whole numbers, so that the instants come out exact.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from relance.conditions.facts import FOREVER, Done, Facts
from relance.conditions.needs import Depth, Needs
from relance.conditions.node import ALWAYS, NEVER, Canonical, Node, Verdict, ratio, text, whole


def usual(leaf: Canonical) -> Node:
    """`did: visited`, `within: 7 days`, `at_least_times_usual: 2`.

    Usual is how many events such a window held on average before this one began, counted from the
    first event on. There is no habit before a whole window lies between the first event and the
    beginning of this window, and without a habit it does not hold.
    """
    name, far = text(leaf, "behaviour"), whole(leaf, "within")
    least = "at_least" in leaf
    above, below = ratio(leaf, "at_least" if least else "at_most")
    asked = _Asked(far, above, below, _at_least if least else _at_most)

    def evaluate(facts: Facts, now: int) -> Verdict:
        done = facts.behaviours.get(name)
        return asked.verdict(done, now) if done is not None and done.times else NEVER

    return Node(evaluate, Needs(behaviours={name: Depth(window=far)}), cost=10)


@dataclass(frozen=True, slots=True)
class _Asked:
    """At least, or at most, above / below times the usual count of a window `far` ms long.

    With c events in the window and e before it, and span = now − far − first event, the usual
    count is e · far / span.
    """

    far: int
    above: int
    below: int
    compare: Callable[[int, int], bool]

    def verdict(self, done: Done, now: int) -> Verdict:
        """Stretch by stretch between events that leave; in each the usual count only falls."""
        acts, far = done.newest, self.far
        start = bisect_left(acts, (now - far + 1,))
        holds = self.holds(done, now, len(acts) - start)
        at = now
        while True:
            inside = len(acts) - start
            ends = acts[start][0] + far if inside else FOREVER
            for turn in (at, *self.turns(done, inside)):
                if at <= turn < ends and self.holds(done, turn, inside) is not holds:
                    return holds, turn
            if not inside:
                return holds, FOREVER
            at = ends
            while start < len(acts) and acts[start][0] + far <= at:
                start += 1

    def turns(self, done: Done, inside: int) -> tuple[int, ...]:
        """Where the verdict may turn while so many stay in the window, in order.

        c · below · span reaches above · e · far, and exceeds it a millisecond later.
        """
        habit = done.first + 2 * self.far
        if not inside:
            return (habit,)
        reached = self.above * (done.times - inside) * self.far
        even = done.first + self.far - (-reached // (self.below * inside))
        return (habit, even, even + 1) if habit < even else (even, even + 1, habit)

    def holds(self, done: Done, at: int, inside: int) -> bool:
        """Whether it holds at an instant at which so many are in the window."""
        span = at - self.far - done.first
        return span >= self.far and self.compare(
            self.below * inside * span, self.above * (done.times - inside) * self.far
        )


def _at_least(actual: int, wanted: int) -> bool:
    return actual >= wanted


def _at_most(actual: int, wanted: int) -> bool:
    return actual <= wanted


def overdue(leaf: Canonical) -> Node:
    """`overdue_by: 1.5`, `for: ordered`: the time since the last one against the usual gap.

    Usual gap = (population gap · weight + last − first) / (weight + times − 1): the contact's own
    mean gap, drawn towards the population's as if `weight` more gaps of that length had been seen.
    Without any gap it does not hold.
    """
    name = text(leaf, "behaviour")
    above, below = ratio(leaf, "by")

    def evaluate(facts: Facts, now: int) -> Verdict:
        done = facts.behaviours.get(name)
        if done is None or not done.times:
            return NEVER
        gap, weight = facts.population.get(name, (0, 0))
        gaps = weight + done.times - 1
        seen = gap * weight + done.last - done.first
        if gaps <= 0 or seen <= 0:
            return NEVER
        due = done.last - (-above * seen // (below * gaps))
        return ALWAYS if now >= due else (False, due)

    needs = Needs(behaviours={name: Depth()}, population=frozenset({name}))
    return Node(evaluate, needs)
