"""Leaves about what somebody did and for how long they have been something."""

from collections.abc import Mapping
from fractions import Fraction

from relance.conditions import sources
from relance.conditions.places import Place
from relance.conditions.retention import is_kept
from relance.conditions.translate_ranges import Canonical, Translations, amount, moment, window
from relance.conditions.vocabulary import Kind, Vocabulary

MOST_TIMES = 100
"""How often can be asked within a window: so many instants a profile may have to keep."""

_COUNTS = ("at_least", "at_most", "exactly")
_HABITS = ("at_least_times_usual", "at_most_times_usual")
_KINDS: Mapping[str, Kind] = {
    "stage": "stage",
    "segment": "segment",
    "list": "list",
    "persona": "persona",
    "qualified": "qualification",
}


def did(source: sources.Leaf, vocabulary: Vocabulary, where: Place) -> Canonical | None:
    """`did:`; with several questions, all of them."""
    assert isinstance(source, sources.DidSource)  # noqa: S101 - by TRANSLATIONS
    given = source.given()
    known = vocabulary.knows("behaviour", source.did, where / "did")
    special = [key for key in (*_HABITS, "first", "last") if key in given]
    if special:
        found = _special(source, special[0], vocabulary, where)
    else:
        found = _counted(source, vocabulary, where)
    return found if known else None


def _special(
    source: sources.DidSource, key: str, vocabulary: Vocabulary, where: Place
) -> Canonical | None:
    """Against the habit, or the first or last time: questions that stand alone."""
    beside = set(source.given()) - {"did", key}
    if key in _HABITS:
        if beside != {"within"}:
            where.wrong(
                f'{key} needs "within:" and nothing else beside it, for example "within: 7 days".'
            )
            return None
        found = window(source, where)
        if found is None:
            return None
        factor = source.given()[key]
        assert isinstance(factor, Fraction)  # noqa: S101 - the model made it one
        usual = {"leaf": "usual", "behaviour": source.did}
        if not is_kept({**usual, **found}, vocabulary, where):
            return None
        bound = key.removesuffix("_times_usual")
        return {**usual, "within": found["far"], bound: [factor.numerator, factor.denominator]}
    if beside:
        where.wrong(
            f"{key} and {min(beside)} are two questions. Make two conditions of them, each "
            f'beginning with "did: {source.did}", below "all:".'
        )
        return None
    asked = source.first if key == "first" else source.last
    assert asked is not None  # noqa: S101 - it was given
    found = moment(asked, where / key)
    if found is None:
        return None
    leaf = "since" if "near" in found else "when"
    return {"leaf": leaf, "behaviour": source.did, "which": key, **found}


def _counted(source: sources.DidSource, vocabulary: Vocabulary, where: Place) -> Canonical | None:
    found = window(source, where)
    parts = []
    given = source.given()
    if any(key in given for key in _COUNTS) or not {"sum", "max"} & set(given):
        parts.append(_count(source, found or {}, where))
    for leaf, asked in (("sum", source.sum_), ("max", source.max_)):
        if asked is not None:
            limits = amount(asked.given(), f"{asked.of}", where / leaf)
            behaviour = {"leaf": leaf, "behaviour": source.did, "of": asked.of}
            parts.append({**behaviour, **limits, **(found or {})} if limits else None)
    whole = [each for each in parts if each is not None]
    if found is None or len(whole) < len(parts):
        return None
    if not all(is_kept(each, vocabulary, where) for each in whole):
        return None
    return whole[0] if len(whole) == 1 else {"all": whole}


def _count(
    source: sources.DidSource, found: Mapping[str, object], where: Place
) -> Canonical | None:
    least, most, exactly = source.at_least, source.at_most, source.exactly
    if exactly is not None and (least is not None or most is not None):
        other = "at_least" if least is not None else "at_most"
        where.wrong(f"exactly and {other} exclude each other. Keep one of the two.")
        return None
    if least == 0:
        (where / "at_least").wrong(
            'everybody did it 0 times or more. Write "at_least: 1", or "did_not:" for those who '
            "never did."
        )
        return None
    if least is not None and most is not None and least > most:
        where.wrong(
            f"nobody can do it at least {least} and at most {most} times. Write the smaller number "
            "with at_least."
        )
        return None
    limits = {"at_least": least, "at_most": most, "exactly": exactly}
    beyond = [key for key, limit in limits.items() if limit is not None and limit > MOST_TIMES]
    if found and beyond:
        (where / beyond[0]).wrong(
            f"within a time at most {MOST_TIMES} can be counted. Write a smaller number, or ask "
            "without a time."
        )
        return None
    if exactly is not None:
        least = most = exactly
    elif least is None and most is None:
        least = 1
    counts = {"at_least": least or None, "at_most": most}
    asked = {key: value for key, value in counts.items() if value is not None}
    return {"leaf": "count", "behaviour": source.did, **asked, **found}


def did_not(source: sources.Leaf, vocabulary: Vocabulary, where: Place) -> Canonical | None:
    """`did_not:`."""
    assert isinstance(source, sources.DidNotSource)  # noqa: S101
    known = vocabulary.knows("behaviour", source.did_not, where / "did_not")
    found = window(source, where)
    if not known or found is None:
        return None
    leaf = {"leaf": "count", "behaviour": source.did_not, "at_most": 0, **found}
    return leaf if is_kept(leaf, vocabulary, where) else None


def has_been(source: sources.Leaf, vocabulary: Vocabulary, where: Place) -> Canonical | None:
    """`has_been:`."""
    assert isinstance(source, sources.HasBeenSource)  # noqa: S101
    state = source.has_been.given()
    if len(state) != 1:
        (where / "has_been").wrong(
            'say what, once: stage, segment, list, persona or qualified, for example "{stage: '
            'lead}".'
        )
        return None
    asked = [source.for_ is not None, source.for_less_than is not None, bool(source.without)]
    if sum(asked) != 1:
        where.wrong(
            'say for how long, once: "for: 14 days" or "for_less_than: 14 days"; or since then '
            'without what, "without: ordered".'
        )
        return None
    (what,) = state
    name = str(state[what])
    if not vocabulary.knows(_KINDS[what], name, where / "has_been" / what):
        return None
    if source.without is not None:
        if not vocabulary.knows("behaviour", source.without, where / "without"):
            return None
        return {"leaf": "been", "what": what, "name": name, "without": source.without}
    if source.for_ is not None:
        return {"leaf": "been", "what": what, "name": name, "for": source.for_}
    return {"leaf": "been", "what": what, "name": name, "less_than": source.for_less_than}


def overdue(source: sources.Leaf, vocabulary: Vocabulary, where: Place) -> Canonical | None:
    """`overdue_by:`."""
    assert isinstance(source, sources.OverdueSource)  # noqa: S101
    if not vocabulary.knows("behaviour", source.for_, where / "for"):
        return None
    by = [source.overdue_by.numerator, source.overdue_by.denominator]
    return {"leaf": "overdue", "behaviour": source.for_, "by": by}


TRANSLATIONS: Translations = {
    sources.DidSource: did,
    sources.DidNotSource: did_not,
    sources.HasBeenSource: has_been,
    sources.OverdueSource: overdue,
}
"""How each model becomes canonical."""
