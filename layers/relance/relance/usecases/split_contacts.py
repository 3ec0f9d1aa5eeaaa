"""Splitting contacts over the branches of a journey, the same way every time."""

from typing import Annotated

from pydantic import Field

from relance.errors import InvalidInput
from relance.events import Name
from relance.ports import Services
from relance.splitting import chance_of, weighted
from relance.storage import Value
from relance.usecases.inputs import StepRequest, Word
from relance.usecases.steps import append_and_view


class SplitRequest(StepRequest):
    """The name of the split, and its branches with their weights.

    Splits of one name agree, in whichever journey they stand.
    """

    split: Word
    branches: Annotated[dict[Word, Annotated[float, Field(ge=0)]], Field(min_length=2)]


def split_contacts(request: SplitRequest, services: Services) -> dict[str, Value]:
    """The branch, as `decision`; the history tells of it once, for reports.

    Raises:
        ContactNotFound: no such contact.
        InvalidInput: no branch has any weight.
    """
    try:
        branch = weighted(request.branches, chance_of(request.split, request.contact))
    except ValueError as error:
        raise InvalidInput(f'"branches": {error}.') from None
    about: dict[str, Value] = {"split": request.split, "branch": branch}
    answer = append_and_view(services, request.key, Name.BRANCH_CHOSEN, about)
    return {**answer, "decision": branch}
