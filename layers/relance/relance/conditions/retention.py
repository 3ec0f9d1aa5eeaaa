"""Whether what a window looks at is still there. Build time only.

How often somebody did something, and when first and last, is kept for good. So it can be asked of
any time whether something was done at all, or not at all, from then until now. Everything else (a
count, a sum, a greatest value, a window that ended) looks at single acts, and those are kept for a
while: `Vocabulary.kept_of`.

Days in the calendar stand still while what is kept moves on, so single acts of such days are out
of reach one day, whatever day that is. They are refused from the beginning, unless they are kept
as long as the contact: what builds today builds tomorrow.
"""

from relance.conditions.acts import told_by_the_last
from relance.conditions.facts import FOREVER
from relance.conditions.node import Canonical, text, whole
from relance.conditions.places import Place
from relance.conditions.spoken import duration
from relance.conditions.vocabulary import Vocabulary


def is_kept(leaf: Canonical, vocabulary: Vocabulary, where: Place) -> bool:
    """Whether a leaf about acts looks at what is kept; if not, that is noted at its window."""
    name = text(leaf, "behaviour")
    kept = vocabulary.kept_of(name)
    if kept == FOREVER or told_by_the_last(leaf):
        return True
    if "from" in leaf:
        end = "between" if "to" in leaf else "since"
        (where / end).wrong(_days(name, kept, has_end="to" in leaf))
        return False
    far = whole(leaf, "far") if "far" in leaf else 0
    if far > kept:
        (where / ("between" if leaf.get("near") else "within")).wrong(
            f"{duration(far)} is longer than single acts are kept. Write {duration(kept)} or "
            "less, or ask without a time: how often somebody ever did it, and when first and "
            "last, is kept for good."
        )
        return False
    return True


def _days(name: str, kept: int, *, has_end: bool) -> str:
    other = (
        f'"did: {name}" with "last:" or "first:" and "between:" below it'
        if has_end
        else f'"did: {name}" and "since:" with nothing else'
    )
    return (
        f"single acts are kept for {duration(kept)}, and one day these days will be farther back. "
        f'Write "within: {duration(kept)}" or less; or, since the first and the last time are kept '
        f"for good, {other}."
    )
