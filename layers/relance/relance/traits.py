"""Which traits a profile takes: those that content declares, of the declared kind, and no others.

What workflows may see of a contact stands in execution histories for 90 days, so what comes in is
checked before it becomes a trait, wherever it comes from.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from relance.content.rules import Trait
from relance.storage import Value

MAX_TEXT = 200
"""Characters of a trait that is a text."""


def accepted(declared: Iterable[Trait], given: object) -> dict[str, Value]:
    """The traits among what was given that are declared and fit; null takes one back."""
    if not isinstance(given, Mapping):
        return {}
    by_name = {trait.name: trait for trait in declared}
    return {
        str(name): value
        for name, value in given.items()
        if name in by_name and (value is None or fits(by_name[name], value))
    }


def fits(trait: Trait, value: object) -> bool:
    """Whether a value is of the trait's kind."""
    if trait.type == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if trait.type == "yes_no":
        return isinstance(value, bool)
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        return False
    if trait.options:
        return value in trait.options
    if trait.type == "date":
        return _is_date(value)
    return trait.type == "email" or not trait.visible_to_workflows or "@" not in value


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text[:10])
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
