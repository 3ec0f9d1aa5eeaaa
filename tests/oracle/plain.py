"""The compiled conditions beside the oracle, without any engine between them.

At each checkpoint the facts are built anew from the raw history, no deeper than a condition says
it needs, and the compiled condition is evaluated. Its verdict must be the oracle's; its `until`
must be the first instant at which time alone changes the oracle's verdict. Earlier is harmless
and counted; later is a defect.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from relance.conditions.compile import Condition, compile_condition
from relance.conditions.facts import FOREVER, Done, Facts
from relance.conditions.language import parse
from relance.conditions.needs import Depth
from relance.conditions.places import Sentences
from relance.conditions.vocabulary import ValueWord, Vocabulary
from relance.events import Event

from tests.oracle.cases import Case, Source, World
from tests.oracle.disagreements import Disagreement
from tests.oracle.generate import case_of
from tests.oracle.instants import moment, ms
from tests.oracle.known import Known, duration
from tests.oracle.timeline import Timeline, timeline
from tests.oracle.values import at_path

TRAITS = {
    "country": ValueWord("country"),
    "role": ValueWord("text"),
    "city": ValueWord("text"),
    "employees": ValueWord("number"),
    "vip": ValueWord("yes_no"),
    "birth_date": ValueWord("date"),
    "renewal_date": ValueWord("date"),
    "time_zone": ValueWord("time_zone"),
}
"""The traits that generated histories tell of."""

EVENTS = ("page_viewed", "email_clicked", "email_opened", "order_completed", "product_added",
          "points_awarded", "list_joined", "list_left", "identified")  # fmt: skip


@dataclass
class Tally:
    """How much was compared. `early`: evaluations that would wake the contact for nothing."""

    verdicts: int = 0
    untils: int = 0
    early: int = 0
    examples: list[str] = field(default_factory=list)


def compare_plain(seed: int, tally: Tally | None = None) -> list[Disagreement]:
    """What the compiled conditions say otherwise than the oracle of this seed's case."""
    return compare_plain_case(case_of(seed), tally)


def compare_plain_case(case: Case, tally: Tally | None = None) -> list[Disagreement]:
    """What the compiled conditions say otherwise than the oracle of a case; each rule once."""
    truth = timeline(case.history, case.world)
    tally = tally or Tally()
    found = []
    for name, source in _rules(case.world).items():
        try:
            condition = compile_condition(canonical(source, case.world))
        except (ValueError, KeyError, TypeError) as wrong:
            found.append(Disagreement(case, name, 0, "a condition", f"{type(wrong)}: {wrong}"))
            continue
        first = next(_check(case, truth, name, condition, tally), None)
        if first:
            found.append(first)
    return found


def canonical(source: Source, world: World) -> dict[str, object]:
    """What the build makes of a condition.

    Raises:
        ValueError: the build refuses it.
    """
    mistakes = Sentences()
    found = parse(dict(source), vocabulary(world), mistakes.place())
    if found is None or mistakes.found:
        raise ValueError(f"{source}: {mistakes.found}")
    return found


def vocabulary(world: World) -> Vocabulary:
    """Every name that the rules declare."""
    return Vocabulary(
        traits=TRAITS,
        behaviours=frozenset({*world.acts, *EVENTS}),
        scores=frozenset(world.scores),
        per_offer=frozenset(name for name, score in world.scores.items() if score.per),
        grades=frozenset(world.fits),
        potentials=frozenset(world.potentials),
        stages=frozenset(stage.name for stage in world.stages),
        personas=frozenset(name for name, _ in world.personas),
        segments=frozenset(world.segments),
        qualifications=frozenset(world.qualifications),
        lists=frozenset({"newsletter", "engaged"}),
        topics=frozenset({"newsletter"}),
        interests=frozenset(world.interests),
    )


def _rules(world: World) -> Mapping[str, Source]:
    """The rules that are one condition each."""
    return {f"segment:{name}": source for name, source in world.segments.items()} | {
        f"qualified:{name}": source for name, source in world.qualifications.items()
    }


def _check(
    case: Case, truth: Timeline, name: str, condition: Condition, tally: Tally
) -> Iterator[Disagreement]:
    """The disagreements on one rule, in the order of time."""
    others = _other_changes(truth, name)
    holds = truth.rules[name]
    for known, part in truth.stretches:
        for index in _checkpoints(truth, name, part):
            if truth.doubtful[index]:
                continue
            now = int(truth.instants[index])
            verdict, until = condition.evaluate(facts_at(truth, known, index, condition), now)
            tally.verdicts += 1
            if verdict != holds[index]:
                yield Disagreement(case, name, now, f"{holds[index]}", f"{verdict}")
                return
            wrong = _until(_Look(case, truth, name, index), others, part.stop, until, tally)
            if wrong:
                yield wrong


@dataclass(frozen=True)
class _Look:
    """One look at one rule."""

    case: Case
    truth: Timeline
    name: str
    index: int

    @property
    def now(self) -> int:
        """The instant of it."""
        return int(self.truth.instants[self.index])

    def wrong(self, expected: str, found: str) -> Disagreement:
        """What is not as it should be."""
        return Disagreement(self.case, self.name, self.now, expected, found)


def _until(
    look: _Look, others: NDArray[np.bool_], end: int, until: int, tally: Tally
) -> Disagreement | None:
    """Judge `until` by the oracle's next change, unless another rule changes before it.

    `others` is where another rule changes, `end` the index of the next arrival.
    """
    truth, holds = look.truth, look.truth.rules[look.name]
    after = look.index + 1
    change = _first(holds[after:end] != holds[look.index])
    disturbed = _first(others[after:end])
    stop = end
    if disturbed is not None and (change is None or change >= disturbed):
        change, stop = None, after + disturbed
    tally.untils += 1
    if until <= look.now:
        return look.wrong("an until after now", f"{moment(until)}")
    if change is None:
        if stop > after and until <= truth.instants[stop - 1]:
            _early(look, until, tally)
        return None
    at = after + change
    if truth.doubtful[at - 1 : at + 1].any():
        return None
    expected = int(truth.instants[at])
    if until > expected:
        found = "never" if until == FOREVER else f"{moment(until)}"
        return look.wrong(f"until {moment(expected)}", f"until {found}")
    if until < expected:
        _early(look, until, tally)
    return None


def _early(look: _Look, until: int, tally: Tally) -> None:
    tally.early += 1
    if len(tally.examples) < 20:
        at = f"seed {look.case.seed} {look.name} at {moment(look.now)}"
        tally.examples.append(f"{at}: {moment(until)}")


def _checkpoints(truth: Timeline, name: str, part: slice) -> Sequence[int]:
    """Where to look: at the arrival, around every change, and here and there."""
    width = part.stop - part.start
    holds = truth.rules[name][part]
    changed = np.flatnonzero(holds[1:] != holds[:-1]) + 1
    spread = np.linspace(0, width - 1, num=min(width, 12), dtype=np.int64)
    wanted = np.concatenate((spread, changed, changed - 1))
    return [int(part.start + each) for each in np.unique(wanted)]


def _other_changes(truth: Timeline, name: str) -> NDArray[np.bool_]:
    """Where another rule changes, which this one may look at."""
    changed = np.zeros(len(truth.instants), dtype=np.bool_)
    for other, holds in truth.rules.items():
        if other != name:
            changed[1:] |= holds[1:] != holds[:-1]
    for letters in truth.grades.values():
        changed[1:] |= letters[1:] != letters[:-1]
    return changed


def _first(truth: NDArray[np.bool_]) -> int | None:
    where = int(np.argmax(truth)) if len(truth) else 0
    return where if len(truth) and truth[where] else None


def facts_at(truth: Timeline, known: Known, index: int, condition: Condition) -> Facts:
    """The facts at one instant, no more of them than the condition needs."""
    now, world = int(truth.instants[index]), known.world
    needs = condition.needs

    def now_in(kind: str) -> dict[str, int]:
        return {
            rule.partition(":")[2]: int(truth.since[rule][index])
            for rule, holds in truth.rules.items()
            if rule.startswith(kind + ":") and holds[index]
        }

    company = known.company
    stage, persona = list(now_in("stage").items()), list(now_in("persona").items())
    return Facts(
        contact_id=known.contact_id,
        zone=ZoneInfo(known.zone),
        traits={name: value for name, value in known.traits.items() if name in needs.traits},
        behaviours={name: _done(known, name, d, now) for name, d in needs.behaviours.items()},
        scores=dict(_scores(known, needs.scores)),
        grades={name: str(letters[index]) for name, letters in truth.grades.items()},
        potentials=_potentials(known),
        segments=now_in("segment"),
        qualifications=now_in("qualified"),
        stage=stage[0][0] if stage else None,
        stage_since=stage[0][1] if stage else 0,
        persona=persona[0][0] if persona else None,
        persona_since=persona[0][1] if persona else 0,
        lists=known.lists,
        consents=known.consents,
        company={n: list(v) if isinstance(v, tuple) else v for n, v in company.facts.items()}
        if company
        else None,
        company_score=company.score if company else None,
        population={n: (duration(gap), weight) for n, (gap, weight) in world.population.items()},
    )


def _done(known: Known, name: str, depth: Depth, now: int) -> Done:
    """What is kept of a behaviour at `now`, if no more is kept than was asked for."""
    acts = known.acts(name)
    if not acts:
        return Done(0, 0, 0)
    times = [ms(event.occurred_at) for event in acts]
    kept = [
        (at, event.event_id, _numbers(event, depth.numbers))
        for place, (at, event) in enumerate(zip(times, acts, strict=True))
        if place >= len(acts) - depth.newest or at > now - depth.window or at >= depth.since
    ]
    return Done(
        times=len(acts),
        first=min(times),
        last=max(times),
        newest=kept,
        sums=_over_all(acts, depth.sums, sum),
        maxima=_over_all(acts, depth.maxima, max),
    )


def _numbers(event: Event, paths: frozenset[str]) -> dict[str, float]:
    found = {path: at_path(event.properties, path) for path in paths}
    return {
        path: float(value)
        for path, value in found.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _over_all(acts: Sequence[Event], paths: frozenset[str], what: object) -> dict[str, float]:
    assert callable(what)
    numbers = {path: [n[path] for n in (_numbers(e, paths) for e in acts) if path in n]
               for path in paths}  # fmt: skip
    return {path: what(found) for path, found in numbers.items() if found}


def _scores(known: Known, wanted: frozenset[str]) -> Iterator[tuple[str, tuple[float, int, int]]]:
    """Each score that is asked for, as of the newest event; none where there are no events."""
    at = ms(known.events[-1].occurred_at)
    for key in wanted:
        kind, _, part = key.partition("/")
        score = known.world.interests[part] if kind == "interest" else known.world.scores[kind]
        offer = None if kind == "interest" or not part else part
        amount = float(known.score(score, offer, np.array([at]))[0])
        if amount:
            yield key, (amount, at, duration(score.half_life))


def _potentials(known: Known) -> dict[str, float]:
    found = {}
    for name, ways in known.world.potentials.items():
        for trait, times in reversed(ways):
            value = known.traits.get(trait)
            if isinstance(value, int | float) and not isinstance(value, bool):
                found[name] = value * times
    return found
