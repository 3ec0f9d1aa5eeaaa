"""A batch of the queue of companies: each company in it is brought up to date, once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from relance.ports import Services
from relance.usecases.update_company import Outcome, update_company


@dataclass(slots=True)
class Result:
    """What became of each company: what was done, or why it has to come again."""

    done: dict[str, Outcome] = field(default_factory=dict)
    again: dict[str, str] = field(default_factory=dict)


def update_companies(companies: Sequence[str], services: Services) -> Result:
    """Update each company once, however often it is named; one that fails stops no other."""
    result = Result()
    for company in dict.fromkeys(companies):
        try:
            result.done[company] = update_company(company, services)
        except Exception as error:  # noqa: BLE001 - one poisoned company must not stop the rest
            result.again[company] = type(error).__name__
    return result
