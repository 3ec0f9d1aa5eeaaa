"""Importing what is remembered of nobody: erased people, and suppressed addresses that move."""

from collections.abc import Iterator

import pytest

from local.permissions import missing
from local.world import World
from tests.workflows.privacy import erases
from tests.workflows.story import MONDAY
from tests.workflows.test_importing import AGREED, Importing, add_up, customers, table


@pytest.fixture
def importing() -> Iterator[Importing]:
    """A world in which somebody with an address and a customer number was erased."""
    with World.build(start=MONDAY, seed=1) as world:
        importing = Importing(world)
        row = {"E-mail": "p0@example.com", "Customer number": "c0"}
        importing.imports(table([row]))
        erases(importing.story, importing.story.contact("p0@example.com"))
        yield importing


@pytest.mark.parametrize(
    "row",
    [
        {"E-mail": "P0@Example.com"},
        {"Customer number": "c0"},
        {"E-mail": "new@example.com", "Customer number": "c0"},
    ],
    ids=["address", "number", "number with another address"],
)
def test_nobody_who_was_erased_is_brought_back(importing: Importing, row: dict[str, str]) -> None:
    before = importing.everything()
    done = importing.imports(table([{**row, "First name": "Back", **AGREED}]))
    assert (done["counts"]["erased"], done["taken"], add_up(done)) == (1, 0, 1)
    assert importing.everything() == before
    assert missing(importing.world.stack, importing.world.recorder.uses) == []


def test_whoever_was_erased_and_signs_up_anew_is_left_alone_until_they_confirm(
    importing: Importing,
) -> None:
    story = importing.story
    story.signs_up("p0@example.com")
    rows = table([{"E-mail": "p0@example.com", "First name": "Back"}])
    assert importing.imports(rows)["counts"]["erased"] == 1
    story.confirms("p0@example.com")
    done = importing.imports(table([{"E-mail": "p0@example.com", "First name": "Ana"}]))
    assert done["counts"]["known"] == 1


def test_a_suppressed_address_stays_so_for_whoever_gains_it(importing: Importing) -> None:
    story = importing.story
    importing.imports(table(customers(3)[1:]))
    world = importing.world
    for number in (1, 2):
        contact = story.contact(f"p{number}@example.com")
        world.client("dynamodb").update_item(
            TableName=world.stack.resources["Contacts"].name,
            Key={"contact_id": {"S": contact}, "record": {"S": "now#register"}},
            UpdateExpression="SET suppressed = :it",
            ExpressionAttributeValues={
                ":it": {"M": {"reason": {"S": "complained"}, "at": {"S": "2026-01-05"}}}
            },
        )
        erases(story, contact)
    importing.imports(table([{"Customer number": "c9"}]))
    rows = [
        {"E-mail": "p1@example.com", **AGREED},
        {"E-mail": "p2@example.com", "Customer number": "c9", **AGREED},
    ]
    done = importing.imports(table(rows))
    assert (done["counts"]["erased"], done["counts"]["suppressed"], add_up(done)) == (1, 1, 2)
    assert done["counts"]["consents_not_granted"] == 1
    register = story.register("p2@example.com")
    assert register["suppressed"]["reason"] == "complained"
    assert "consent#newsletter" not in register
