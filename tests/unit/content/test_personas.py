"""Which persona a contact is: declared evidence first, then interests that fade."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from relance.conditions.facts import DAY, FOREVER, Facts
from relance.content.compiled import Content
from relance.content.people_rules import Concern, Persona
from relance.content.personas import Assigner, interest_key

HALF_LIFE = 60 * DAY
NOW = 1_780_000_000_000


def reading(persona: str, topics: dict[str, float], at_least: float) -> Persona:
    return Persona(persona, persona, Concern.AN_EASIER_DAY, "?", (), topics, at_least)


def facts(at: int = NOW, **amounts: float) -> Facts:
    return Facts(
        scores={interest_key(topic): (amount, at, HALF_LIFE) for topic, amount in amounts.items()}
    )


@pytest.mark.parametrize(
    ("role", "persona"),
    [
        ("owner", "profit"),
        ("senior_executive", "steering"),
        ("middle_manager", "ease"),
        ("other", None),
        (None, None),
    ],
)
def test_a_declared_role_tells_the_shipped_personas(
    shipped: Content, role: str | None, persona: str | None
) -> None:
    assigned = Assigner(shipped.rules.personas).assign(Facts(traits={"role": role}), NOW)
    assert assigned.persona == persona
    assert assigned.until == FOREVER
    assert assigned.reason == ("declared trait role" if persona else "nothing tells")


def test_what_is_declared_outweighs_what_is_read(shipped: Content) -> None:
    assigner = Assigner(shipped.rules.personas)
    read = facts(costs=1000.0)
    assert assigner.assign(read, NOW).persona == "profit"
    assert assigner.assign(read, NOW).reason == "reads about costs"
    read.traits = {"role": "middle_manager"}
    assert assigner.assign(read, NOW).persona == "ease"


def test_an_inferred_persona_is_let_go_at_the_very_millisecond() -> None:
    assigner = Assigner([reading("ease", {"comfort": 1.0}, 10.0)])
    read = facts(comfort=20.0)
    assigned = assigner.assign(read, NOW)
    assert assigned.persona == "ease"
    assert abs(assigned.until - (NOW + HALF_LIFE)) < 20_000  # a millionth of a point is given
    assert assigner.assign(read, assigned.until - 1).persona == "ease"
    assert assigner.assign(read, assigned.until).persona is None


def test_the_heaviest_persona_counts_and_another_takes_over_when_it_falls() -> None:
    assigner = Assigner(
        [reading("first", {"a": 1.0}, 8.0), reading("second", {"b": 1.0, "c": 0.5}, 2.0)]
    )
    read = facts(a=10.0, b=3.0, c=4.0)
    assigned = assigner.assign(read, NOW)
    assert assigned.persona == "first"
    later = assigner.assign(read, assigned.until)
    assert later.persona == "second"
    assert later.reason == "reads about b, c"


def test_of_two_that_weigh_the_same_the_one_declared_first_counts() -> None:
    equal = Assigner([reading("first", {"a": 1.0}, 1.0), reading("second", {"b": 1.0}, 1.0)])
    assert equal.assign(facts(a=0.3 * 3, b=0.9), NOW).persona is None
    assert equal.assign(facts(a=3.0, b=0.3 * 10), NOW).persona == "first"


def test_an_assigner_knows_what_it_looks_at(shipped: Content) -> None:
    needs = Assigner(shipped.rules.personas).needs
    assert needs.traits == {"role"}
    assert needs.scores == {interest_key(t) for t in ("costs", "operations", "daily_work")}


@settings(deadline=None)
@given(
    st.lists(st.floats(0.1, 1000), min_size=3, max_size=3),
    st.lists(st.integers(0, 400 * DAY), min_size=3, max_size=3),
)
def test_time_alone_changes_the_persona_at_until_and_not_before(
    amounts: list[float], ages: list[int]
) -> None:
    assigner = Assigner(
        [
            reading("one", {"a": 1.0, "b": 0.5}, 20.0),
            reading("two", {"b": 2.0}, 5.0),
            reading("three", {"c": 1.0}, 50.0),
        ]
    )
    read = Facts(
        scores={
            interest_key(topic): (amount, NOW - age, HALF_LIFE)
            for topic, amount, age in zip("abc", amounts, ages, strict=True)
        }
    )
    at = NOW
    for _ in range(5):
        assigned = assigner.assign(read, at)
        if assigned.until == FOREVER:
            break
        assert assigned.until > at
        assert assigner.assign(read, assigned.until - 1).persona == assigned.persona
        assert assigner.assign(read, assigned.until).persona != assigned.persona
        at = assigned.until
    else:
        pytest.fail("a sum that fades falls below each bound once")
