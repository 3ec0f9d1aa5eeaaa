"""Leaves about amounts, from the source models to the canonical form."""

from relance.conditions import sources
from relance.conditions.places import Place
from relance.conditions.translate_ranges import Canonical, Translations, limits
from relance.conditions.vocabulary import Vocabulary


def score(source: sources.Leaf, vocabulary: Vocabulary, where: Place) -> Canonical | None:
    """`score:`, with `offer:` its part about one offer."""
    assert isinstance(source, sources.ScoreSource)  # noqa: S101 - by TRANSLATIONS
    found = limits(source, f"the score {source.score}", where)
    sentence = vocabulary.unknown("score", source.score)
    if sentence:
        (where / "score").wrong(sentence)
        return None
    if source.offer is None:
        return {"leaf": "score", "score": source.score, **found} if found else None
    if source.score not in vocabulary.per_offer:
        (where / "offer").wrong(
            f"the score {source.score} is not kept by offer. Leave this line out."
        )
        return None
    name = f"{source.score}/{source.offer}"
    return {"leaf": "score", "score": name, **found} if found else None


def interest(source: sources.Leaf, vocabulary: Vocabulary, where: Place) -> Canonical | None:
    """`interest:`."""
    assert isinstance(source, sources.InterestSource)  # noqa: S101
    found = limits(source, f"the interest {source.interest}", where)
    sentence = vocabulary.unknown("interest", source.interest)
    if sentence:
        (where / "interest").wrong(sentence)
        return None
    return {"leaf": "score", "score": f"interest/{source.interest}", **found} if found else None


def potential(source: sources.Leaf, vocabulary: Vocabulary, where: Place) -> Canonical | None:
    """`potential:`."""
    assert isinstance(source, sources.PotentialSource)  # noqa: S101
    found = limits(source, f"the potential {source.potential}", where)
    sentence = vocabulary.unknown("potential", source.potential)
    if sentence:
        (where / "potential").wrong(sentence)
        return None
    return {"leaf": "potential", "potential": source.potential, **found} if found else None


TRANSLATIONS: Translations = {
    sources.ScoreSource: score,
    sources.InterestSource: interest,
    sources.PotentialSource: potential,
}
"""How each model becomes canonical."""
