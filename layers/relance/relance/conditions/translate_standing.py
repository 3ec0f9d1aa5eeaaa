"""Leaves about where somebody stands, from the source models to the canonical form."""

from collections.abc import Mapping

from relance.conditions import sources
from relance.conditions.places import Place
from relance.conditions.translate_ranges import Canonical, Translations
from relance.conditions.vocabulary import GRADES, Kind, Vocabulary
from relance.content.names import suggestion

CONSENTS = ("granted", "pending", "withdrawn")

_MEMBERS: Mapping[str, tuple[Kind, str]] = {
    "stage": ("stage", "stage"),
    "persona": ("persona", "persona"),
    "in_segment": ("segment", "segment"),
    "in_list": ("list", "list"),
    "qualified": ("qualification", "qualified"),
}


def grade(source: sources.Leaf, vocabulary: Vocabulary, where: Place) -> Canonical | None:
    """`grade:`."""
    assert isinstance(source, sources.GradeSource)  # noqa: S101
    given = dict(source.given())
    name = str(given.pop("grade"))
    if name in GRADES and name not in vocabulary.grades:
        example = f"{{grade: {min(vocabulary.grades, default='customer')}, equals: {name}}}"
        (where / "grade").wrong(
            f'"{name}" is a letter, and here stands the name of a fit. Write for example '
            f'"{example}".'
        )
        return None
    known = vocabulary.knows("grade", name, where / "grade")
    if len(given) != 1:
        where.wrong('say which grade, once: "in: [A, B]", equals, at_least or at_most.')
        return None
    (key,) = given
    wanted = source.in_ if key == "in" and source.in_ else (str(given[key]),)
    for each in wanted:
        if each not in GRADES:
            (where / key).wrong(f'"{each}" is not a grade. {suggestion(each.upper(), GRADES)}')
            return None
    if not known:
        return None
    if key == "at_least":
        wanted = GRADES[: GRADES.index(wanted[0]) + 1]
    elif key == "at_most":
        wanted = GRADES[GRADES.index(wanted[0]) :]
    return {"leaf": "grade", "grade": name, "in": list(wanted)}


def member(source: sources.Leaf, vocabulary: Vocabulary, where: Place) -> Canonical | None:
    """`stage:`, `persona:`, `in_segment:`, `in_list:`, `qualified:`: one name or several."""
    ((key, names),) = source.given().items()
    kind, leaf = _MEMBERS[key]
    wanted = [str(each) for each in names] if isinstance(names, tuple) else []
    known = [
        vocabulary.knows(kind, each, where / key / index if len(wanted) > 1 else where / key)
        for index, each in enumerate(wanted)
    ]
    return {"leaf": leaf, "in": wanted} if all(known) else None


def consent(source: sources.Leaf, vocabulary: Vocabulary, where: Place) -> Canonical | None:
    """`consent:`."""
    assert isinstance(source, sources.ConsentSource)  # noqa: S101
    state = source.is_ or "granted"
    known = vocabulary.knows("topic", source.consent, where / "consent")
    if state not in CONSENTS:
        (where / "is").wrong(
            f'"{state}" is not a state of a consent. {suggestion(state, CONSENTS)}'
        )
        return None
    return {"leaf": "consent", "topic": source.consent, "is": state} if known else None


def random(source: sources.Leaf, _: Vocabulary, __: Place) -> Canonical | None:
    """`random:`."""
    assert isinstance(source, sources.RandomSource)  # noqa: S101
    share = [source.random.numerator, source.random.denominator]
    return {"leaf": "random", "share": share, "named": source.named}


def everyone(_: sources.Leaf, __: Vocabulary, ___: Place) -> Canonical | None:
    """`everyone: yes`."""
    return {"leaf": "everyone"}


TRANSLATIONS: Translations = {
    sources.GradeSource: grade,
    **dict.fromkeys(
        (
            sources.StageSource,
            sources.PersonaSource,
            sources.SegmentSource,
            sources.ListSource,
            sources.QualifiedSource,
        ),
        member,
    ),
    sources.ConsentSource: consent,
    sources.RandomSource: random,
    sources.EveryoneSource: everyone,
}
"""How each model becomes canonical."""
