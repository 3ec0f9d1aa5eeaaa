"""What a leaf asks and what was found, in words (see `because`)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeAlias

from relance.conditions import spoken
from relance.conditions.acts import NOTHING, greatest_of, on_days
from relance.conditions.comparing import is_missing
from relance.conditions.facts import DAY, Act, Done, Facts, Fading
from relance.conditions.leaves_scores import value_at
from relance.conditions.node import Canonical, items, ratio, text, texts, whole

Told: TypeAlias = tuple[str, str]
"""What is asked, and what was found: empty where yes or no says it all."""

_Tell: TypeAlias = Callable[[Canonical, Facts, int], Told]

_TESTS: Mapping[str, str] = {
    "contains": "contains",
    "starts_with": "starts with",
    "ends_with": "ends with",
    "matches": "matches",
}


def tell(leaf: Canonical, facts: Facts, now: int, *, holds: bool) -> Told:
    """The words about one leaf, of which it is known whether it holds."""
    kind = text(leaf, "leaf")
    if kind in {"trait", "company", "day", "anniversary"}:
        return _value(kind, leaf, facts, holds=holds)
    return _TELL[kind](leaf, facts, now)


def _value(kind: str, leaf: Canonical, facts: Facts, *, holds: bool) -> Told:
    """Of a value it is told whether it is known, and whether it passes; never what it says."""
    if kind == "company":
        name = f"of the company, {text(leaf, 'about')}"
        value = (facts.company or {}).get(text(leaf, "about"))
    else:
        name = text(leaf, "trait")
        value = facts.traits.get(name)
    test = leaf.get("test")
    if isinstance(test, Mapping):
        asked = f"{name} {_test(test)}"
    elif kind == "day":
        asked = f"{name} is {spoken.days(leaf)}"
    else:
        asked = f"an anniversary of {name} is {spoken.days(leaf)}"
    if isinstance(test, Mapping) and "is_set" in test:
        return asked, ""
    if is_missing(value):
        return asked, "it is not known"
    return asked, "" if holds else "it is something else"


def _test(test: Canonical) -> str:
    if "in" in test:
        return f"is {spoken.one_of(items(test, 'in'))}"
    if "not_in" in test:
        return f"is not {spoken.one_of(items(test, 'not_in'))}"
    if "is_set" in test:
        return "is known" if test["is_set"] else "is not known"
    for key, words in _TESTS.items():
        if key in test:
            return f"{words} {spoken.one_of([test[key]])}"
    return f"is {spoken.bounds(test)}"


def _count(leaf: Canonical, facts: Facts, now: int) -> Told:
    name = text(leaf, "behaviour")
    done = facts.behaviours.get(name, NOTHING)
    asked = _joined(name, spoken.counts(leaf), spoken.window(leaf))
    if not done.times:
        return asked, "never"
    if "far" not in leaf and "from" not in leaf:
        return asked, f"{spoken.times(done.times)}, last on {spoken.day_of(done.last)}"
    inside = _inside(leaf, done.newest, facts, now)
    count = len(inside)
    if not count and _last_is_inside(leaf, done, facts, now):
        count = 1
    more = " or more" if count == max(len(done.newest), 1) < done.times else ""
    return asked, f"{spoken.times(count)}{more}, last on {spoken.day_of(done.last)}"


def _last_is_inside(leaf: Canonical, done: Done, facts: Facts, now: int) -> bool:
    return bool(_inside(leaf, [(done.last, "", {})], facts, now))


def _inside(leaf: Canonical, acts: Sequence[Act], facts: Facts, now: int) -> Sequence[Act]:
    """The acts in the leaf's window."""
    if "from" in leaf:
        start, end = on_days(leaf)(facts, acts)
        return acts[start:end]
    far, near = whole(leaf, "far"), whole(leaf, "near")
    return [act for act in acts if now - far < act[0] <= now - near]


def _measure(leaf: Canonical, facts: Facts, now: int) -> Told:
    name, of, kind = text(leaf, "behaviour"), text(leaf, "of"), text(leaf, "leaf")
    what = "the sum" if kind == "sum" else "the greatest"
    asked = _joined(f"{name}: {what} of {of}", spoken.window(leaf), f"is {spoken.bounds(leaf)}")
    done = facts.behaviours.get(name, NOTHING)
    if kind == "max":
        of = greatest_of(of)
    found: float | None
    if "far" in leaf or "from" in leaf:
        values = [act[2][of] for act in _inside(leaf, done.newest, facts, now) if of in act[2]]
        found = sum(values) if kind == "sum" else max(values, default=None)
    else:
        found = done.sums.get(of, 0) if kind == "sum" else done.maxima.get(of)
    return asked, "there is none" if found is None else spoken.plain(found)


def _moment(leaf: Canonical, facts: Facts, _: int) -> Told:
    name, first = text(leaf, "behaviour"), text(leaf, "which") == "first"
    asked = _joined(name, "for the first time" if first else "last", spoken.window(leaf))
    done = facts.behaviours.get(name, NOTHING)
    if not done.times:
        return asked, "never"
    return asked, f"on {spoken.day_of(done.first if first else done.last)}"


def _usual(leaf: Canonical, facts: Facts, now: int) -> Told:
    name, far = text(leaf, "behaviour"), whole(leaf, "within")
    key, words = ("at_least", "at least") if "at_least" in leaf else ("at_most", "at most")
    above, below = ratio(leaf, key)
    done = facts.behaviours.get(name, NOTHING)
    asked = (
        f"{name} within {spoken.duration(far)} {words} {spoken.plain(above / below)} times as "
        "often as usual"
    )
    inside = sum(act[0] > now - far for act in done.newest)
    span = now - far - done.first
    if not done.times or span < far:
        return asked, "there is no habit yet"
    habit = (done.times - inside) * far / span
    return asked, f"{spoken.times(inside)}, usually {spoken.plain(habit)} times"


def _overdue(leaf: Canonical, facts: Facts, _: int) -> Told:
    name = text(leaf, "behaviour")
    above, below = ratio(leaf, "by")
    asked = f"{name} is overdue by {spoken.plain(above / below)} times the usual gap"
    done = facts.behaviours.get(name, NOTHING)
    gap, weight = facts.population.get(name, (0, 0))
    gaps = weight + done.times - 1
    if not done.times:
        return asked, "never"
    last = f"last on {spoken.day_of(done.last)}"
    if gaps <= 0:
        return asked, f"{last}, no gap is known yet"
    usual = (gap * weight + done.last - done.first) / gaps / DAY
    return asked, f"{last}, usual gap {spoken.plain(usual)} days"


def _been(leaf: Canonical, facts: Facts, _: int) -> Told:
    what, name = text(leaf, "what"), text(leaf, "name")
    held: dict[str, Mapping[str, int]] = {
        "segment": facts.segments,
        "list": facts.lists,
        "qualified": facts.qualifications,
        "stage": {facts.stage: facts.stage_since} if facts.stage else {},
        "persona": {facts.persona: facts.persona_since} if facts.persona else {},
    }
    since = held[what].get(name)
    found = "is not now" if since is None else f"since {spoken.minute(since)}"
    if "without" in leaf:
        behaviour = text(leaf, "without")
        done = facts.behaviours.get(behaviour)
        last = f", last on {spoken.minute(done.last)}" if done and done.times else ", never"
        return f"{what} {name} without {behaviour} since", found + (last if since else "")
    long = (
        f"for less than {spoken.duration(whole(leaf, 'less_than'))}"
        if "less_than" in leaf
        else f"for {spoken.duration(whole(leaf, 'for'))}"
    )
    return f"{what} {name} {long}", found


def _score(leaf: Canonical, facts: Facts, now: int) -> Told:
    name = text(leaf, "score")
    fading = facts.scores.get(name, (0.0, now, 0))
    return f"the score {name} is {spoken.bounds(leaf)}", _amount(fading, now)


def _company_score(leaf: Canonical, facts: Facts, now: int) -> Told:
    asked = f"of the company, score is {spoken.bounds(leaf)}"
    fading = facts.company_score
    return asked, "there is none" if fading is None else _amount(fading, now)


def _amount(fading: Fading, now: int) -> str:
    return spoken.plain(value_at(fading, now))


def _potential(leaf: Canonical, facts: Facts, _: int) -> Told:
    name = text(leaf, "potential")
    found = facts.potentials.get(name)
    asked = f"the potential {name} is {spoken.bounds(leaf)}"
    return asked, "there is none" if found is None else spoken.plain(found)


def _grade(leaf: Canonical, facts: Facts, _: int) -> Told:
    name = text(leaf, "grade")
    found = facts.grades.get(name, "there is none")
    return f"the grade {name} is {spoken.one_of(texts(leaf, 'in'))}", found


def _stage(leaf: Canonical, facts: Facts, _: int) -> Told:
    return f"stage {spoken.one_of(texts(leaf, 'in'))}", facts.stage or "there is none"


def _persona(leaf: Canonical, facts: Facts, _: int) -> Told:
    return f"persona {spoken.one_of(texts(leaf, 'in'))}", facts.persona or "there is none"


def _among(words: str, there: Callable[[Facts], Collection[str]]) -> _Tell:
    def told(leaf: Canonical, facts: Facts, _: int) -> Told:
        wanted = texts(leaf, "in")
        found = [name for name in wanted if name in there(facts)]
        asked = f"{words} {spoken.one_of(wanted)}"
        return asked, spoken.one_of(found) if found and len(wanted) > 1 else ""

    return told


def _consent(leaf: Canonical, facts: Facts, _: int) -> Told:
    topic = text(leaf, "topic")
    found = facts.consents.get(topic, "never asked")
    return f"the consent to {topic} is {text(leaf, 'is')}", found


def _random(leaf: Canonical, _: Facts, __: int) -> Told:
    above, below = ratio(leaf, "share")
    return f"among the {spoken.plain(100 * above / below)}% named {text(leaf, 'named')}", ""


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


_TELL: Mapping[str, _Tell] = {
    "everyone": lambda _, __, ___: ("everyone", ""),
    "count": _count,
    "sum": _measure,
    "max": _measure,
    "since": _moment,
    "when": _moment,
    "usual": _usual,
    "overdue": _overdue,
    "been": _been,
    "score": _score,
    "company_score": _company_score,
    "potential": _potential,
    "grade": _grade,
    "stage": _stage,
    "persona": _persona,
    "segment": _among("in the segment", lambda facts: facts.segments),
    "list": _among("on the list", lambda facts: facts.lists),
    "qualified": _among("qualified for", lambda facts: facts.qualifications),
    "consent": _consent,
    "random": _random,
}
