"""Leaves about amounts, from the source models to the canonical form."""

from relance.conditions import sources
from relance.conditions.places import Place
from relance.conditions.translate_ranges import Canonical, Translations, limits
from relance.conditions.vocabulary import Vocabulary


def score(source: sources.Leaf, vocabulary: Vocabulary, where: Place) -> Canonical | None:
    """`score:`, with `offer:` its part about one offer."""
    assert isinstance(source, sources.ScoreSource)  # noqa: S101 - by TRANSLATIONS
    found = limits(source, f"the score {source.score}", where)
    if not vocabulary.knows("score", source.score, where / "score") or not found:
        return None
    if source.offer is None:
        return {"leaf": "score", "score": source.score, **found}
    if source.score not in vocabulary.per_offer:
        (where / "offer").wrong(
            f"the score {source.score} is not kept by offer. Leave this line out."
        )
        return None
    return {"leaf": "score", "score": f"{source.score}/{source.offer}", **found}


def interest(source: sources.Leaf, vocabulary: Vocabulary, where: Place) -> Canonical | None:
    """`interest:`, a score under a name of its own."""
    assert isinstance(source, sources.InterestSource)  # noqa: S101
    found = limits(source, f"the interest {source.interest}", where)
    known = vocabulary.knows("interest", source.interest, where / "interest")
    name = f"interest/{source.interest}"
    return {"leaf": "score", "score": name, **found} if known and found else None


def potential(source: sources.Leaf, vocabulary: Vocabulary, where: Place) -> Canonical | None:
    """`potential:`."""
    assert isinstance(source, sources.PotentialSource)  # noqa: S101
    found = limits(source, f"the potential {source.potential}", where)
    known = vocabulary.knows("potential", source.potential, where / "potential")
    leaf = {"leaf": "potential", "potential": source.potential}
    return {**leaf, **found} if known and found else None


TRANSLATIONS: Translations = {
    sources.ScoreSource: score,
    sources.InterestSource: interest,
    sources.PotentialSource: potential,
}
"""How each model becomes canonical."""
