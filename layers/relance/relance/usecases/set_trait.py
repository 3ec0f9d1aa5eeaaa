"""Setting a trait from a journey: an event like any other, of which the profile keeps the last."""

from relance.content.names import suggestion
from relance.errors import InvalidInput
from relance.events import Name
from relance.ports import Services
from relance.storage import Value
from relance.traits import accepted
from relance.usecases.inputs import StepRequest, Word
from relance.usecases.steps import append_and_view


class TraitRequest(StepRequest):
    """Which trait, and its new value; null takes it away."""

    trait: Word
    value: str | int | float | bool | None


def set_trait(request: TraitRequest, services: Services) -> dict[str, Value]:
    """Append `trait_changed` once, and answer with the contact as it is then.

    Raises:
        ContactNotFound: no such contact.
        InvalidInput: there is no such trait, it is personal (a state machine can be read for as
            long as it stands), or it does not take this value.
    """
    declared = {each.name: each for each in services.content.rules.traits}
    trait = declared.get(request.trait)
    if trait is None:
        near = suggestion(request.trait, list(declared))
        raise InvalidInput(f'There is no trait "{request.trait}" in traits.yaml. {near}')
    if trait.name not in services.content.rules.visible_traits:
        raise InvalidInput(
            f'The trait "{trait.name}" is not visible to workflows, so none may set it. Say '
            '"visible_to_workflows: yes" in traits.yaml, if it tells nothing personal.'
        )
    given = {request.trait: request.value}
    if request.value is not None and not accepted([trait], given):
        raise InvalidInput(f'The trait "{trait.name}" does not take this value; see traits.yaml.')
    return append_and_view(services, request.key, Name.TRAIT_CHANGED, {"traits": given})
