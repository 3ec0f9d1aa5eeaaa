"""Splitting contacts over the branches of a journey: the same way every time, or by what works."""

from typing import Annotated

from pydantic import Field

from relance.contacts import read_contact
from relance.errors import ConditionFailed, InvalidInput, StoreBusy
from relance.events import Name
from relance.ports import Services
from relance.splitting import best_drawn, chance_of, counted, read_tallies, weighted
from relance.storage import AllOf, Equals, Missing, Table, Update, Value
from relance.usecases.inputs import StepRequest, Word
from relance.usecases.steps import append_and_view
from relance.workflows import Enrolment, split_attribute

_TRIES = 3


class SplitRequest(StepRequest):
    """The name of the split, and its branches with their weights.

    Splits of one name agree, in whichever journey they stand. With a `towards`, the reason of one
    of the journey's goals, more and more are sent down the branch that leads there most often; a
    branch of weight 0 gets nobody, and the other weights say nothing.
    """

    split: Word
    branches: Annotated[dict[Word, Annotated[float, Field(ge=0)]], Field(min_length=2)]
    towards: Word | None = None


def split_contacts(request: SplitRequest, services: Services) -> dict[str, Value]:
    """The branch, as `decision`; the history tells of it once, for reports.

    Raises:
        ContactNotFound: no such contact.
        InvalidInput: no branch has any weight, or the journey has no such goal.
        StoreBusy: try again.
    """
    try:
        branch = weighted(request.branches, chance_of(request.split, request.contact))
    except ValueError as error:
        raise InvalidInput(f'"branches": {error}.') from None
    if request.towards is not None:
        branch = _towards(request, request.towards, branch, services)
    about: dict[str, Value] = {"split": request.split, "branch": branch}
    answer = append_and_view(services, request.key, Name.BRANCH_CHOSEN, about)
    return {**answer, "decision": branch}


def _towards(request: SplitRequest, goal: str, by_chance: str, services: Services) -> str:
    """The branch of this entry: the one that it was sent down before, or the best as drawn now.

    Whoever has left meanwhile goes by chance, and is not counted.
    """
    for _ in range(_TRIES):
        contact = read_contact(services.store, request.contact)
        enrolment = contact.enrolment(request.workflow, request.entry)
        if enrolment is None:
            return by_chance
        chosen = next((each for each in enrolment.splits if each.split == request.split), None)
        if chosen:
            return chosen.name
        if goal not in {each.reason for each in enrolment.goals}:
            goals = ", ".join(f'"{each.reason}"' for each in enrolment.goals) or "none"
            raise InvalidInput(f'"towards": there is no goal "{goal}". The journey has {goals}.')
        open_branches = [name for name, weight in request.branches.items() if weight]
        tallies = read_tallies(services.store, request.split, open_branches)
        branch = best_drawn(tallies, f"{request.split}#{request.contact}#{request.entry}")
        if request.key.is_tryout:
            return branch
        try:
            services.store.transact(
                [
                    _kept(enrolment, request.split, branch, goal),
                    counted(request.split, branch, request.contact, "tried"),
                ]
            )
        except ConditionFailed:
            continue
        return branch
    raise StoreBusy(f"contact {request.contact} is changed by others all the time")


def _kept(enrolment: Enrolment, split: str, branch: str, goal: str) -> Update:
    """The write that keeps the branch with the enrolment, once."""
    place = split_attribute(split)
    return Update(
        Table.CONTACTS,
        enrolment.key,
        set={place: {"branch": branch, "goal": goal}},
        when=AllOf((Equals("entry", enrolment.entry), Missing(place))),
    )
