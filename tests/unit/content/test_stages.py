"""The ladder of stages: where a contact stands, and the steps between two stages."""

from collections.abc import Callable

import pytest
from relance.content.compiled import Content
from relance.content.stage_rules import Channel, Family, Intent, Stage, place, steps

LADDER = ["visitor", "lead", "nurtured", "qualified", "opportunity", "customer", "loyal"]


def holding(*names: str) -> Callable[[str], bool]:
    return lambda name: name in names


def walked(content: Content, before: str | None, after: str) -> list[str]:
    return [
        f"{each.before} {'>' if each.forward else '<'} {each.after}"
        for each in steps(content.rules.stages, before, after)
    ]


def test_the_shipped_stages_stand_in_their_families(shipped: Content) -> None:
    families = {each.name: each.family for each in shipped.rules.stages}
    assert list(families) == [*LADDER, "at_risk", "lost"]
    assert [name for name, family in families.items() if family is Family.RETENTION] == [
        "nurtured", "qualified", "opportunity", "at_risk", "lost",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("holds", "stage"),
    [
        ((), "visitor"),
        (("lead",), "lead"),
        (("lead", "opportunity"), "opportunity"),
        (("customer",), "customer"),
        (("customer", "at_risk"), "at_risk"),
        (("customer", "loyal", "at_risk", "lost"), "lost"),
        (("lead", "at_risk", "lost"), "lead"),
    ],
)
def test_a_contact_stands_on_the_furthest_stage_that_holds(
    shipped: Content, holds: tuple[str, ...], stage: str
) -> None:
    assert place(shipped.rules.stages, holding(*holds)) == stage


def test_a_visitor_who_buys_takes_every_step(shipped: Content) -> None:
    assert walked(shipped, "visitor", "customer") == [
        "visitor > lead",
        "lead > nurtured",
        "nurtured > qualified",
        "qualified > opportunity",
        "opportunity > customer",
    ]


@pytest.mark.parametrize(
    ("before", "after", "way"),
    [
        (None, "visitor", []),
        (None, "lead", ["visitor > lead"]),
        ("lead", "lead", []),
        ("customer", "lead", ["customer < lead"]),
        ("customer", "at_risk", ["customer < at_risk"]),
        ("loyal", "lost", ["loyal < lost"]),
        ("at_risk", "lost", ["at_risk < lost"]),
        ("at_risk", "customer", ["at_risk > customer"]),
        ("lost", "loyal", ["lost > customer", "customer > loyal"]),
        ("lost", "lead", ["lost < lead"]),
        ("a_stage_of_last_year", "lead", ["a_stage_of_last_year > lead"]),
        ("opportunity", "lost", ["opportunity > customer", "customer < lost"]),
    ],
)
def test_a_leap_takes_each_step_and_a_fall_is_one(
    shipped: Content, before: str | None, after: str, way: list[str]
) -> None:
    assert walked(shipped, before, after) == way


def test_who_still_gathers_information_is_not_sold_to(shipped: Content) -> None:
    allowed = {each.name: each.allows(Intent.SELL) for each in shipped.rules.stages}
    assert [name for name, sell in allowed.items() if not sell] == ["visitor", "lead"]
    visitor = shipped.rules.stages[0]
    assert visitor.allows(Intent.INFORM, Channel.WEB)
    assert not visitor.allows(Intent.INFORM, Channel.EMAIL)


def test_a_stage_may_let_into_some_journeys_only() -> None:
    free = Stage("a", "A", Family.ACQUISITION, None)
    bound = Stage("b", "B", Family.ACQUISITION, None, journeys=("welcome",))
    assert free.allows_journey("welcome")
    assert bound.allows_journey("welcome")
    assert not bound.allows_journey("win-back")


def test_without_stages_a_contact_stands_nowhere() -> None:
    assert place((), holding("visitor")) is None
