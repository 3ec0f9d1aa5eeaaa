"""What a condition says it needs is all it reads."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from hypothesis import given, settings
from relance.conditions.facts import DAY, FOREVER, Done, Facts
from relance.conditions.needs import Depth, Needs

from .examples import NOW, Raw, condition, facts, timed_trees, trees

MANY = settings(max_examples=100, deadline=None)


T = TypeVar("T")


def only(there: Mapping[str, T], names: frozenset[str]) -> dict[str, T]:
    """Those of these names."""
    return {name: value for name, value in there.items() if name in names}


def pruned(contact: Facts, needs: Needs) -> Facts:
    """The contact with no more than the needs ask to keep."""
    return replace(
        contact,
        zone=contact.zone if needs.zone else None,
        traits=only(contact.traits, needs.traits),
        behaviours={
            name: shallow(done, needs.behaviours[name])
            for name, done in contact.behaviours.items()
            if name in needs.behaviours
        },
        scores=only(contact.scores, needs.scores),
        grades=only(contact.grades, needs.grades),
        potentials=only(contact.potentials, needs.potentials),
        segments=only(contact.segments, needs.segments),
        qualifications=only(contact.qualifications, needs.qualifications),
        lists=only(contact.lists, needs.lists),
        consents=only(contact.consents, needs.consents),
        population=only(contact.population, needs.population),
        stage=contact.stage if needs.stages else None,
        persona=contact.persona if needs.persona else None,
        company=contact.company if needs.company else None,
        company_score=contact.company_score if needs.company else None,
    )


def shallow(done: Done, depth: Depth) -> Done:
    """As much of the past as the depth asks for."""
    newest = [
        (at, event, {name: value for name, value in numbers.items() if name in depth.numbers})
        for index, (at, event, numbers) in enumerate(done.newest)
        if index >= len(done.newest) - depth.newest or at > NOW - depth.window or at >= depth.since
    ]
    return Done(
        times=done.times,
        first=done.first,
        last=done.last,
        newest=newest,
        sums={name: value for name, value in done.sums.items() if name in depth.sums},
        maxima={name: value for name, value in done.maxima.items() if name in depth.maxima},
    )


@MANY
@given(raw=trees, contact=facts)
def test_what_is_not_needed_changes_nothing(raw: Raw, contact: Facts) -> None:
    asked = condition(raw)
    assert asked.evaluate(pruned(contact, asked.needs), NOW) == asked.evaluate(contact, NOW)


@MANY
@given(raw=timed_trees, contact=facts)
def test_a_past_no_deeper_than_needed_gives_the_same_verdict_and_horizon(
    raw: Raw, contact: Facts
) -> None:
    asked = condition(raw)
    assert asked.evaluate(pruned(contact, asked.needs), NOW) == asked.evaluate(contact, NOW)


def test_needs_of_several_conditions_join_to_the_deepest() -> None:
    asked = condition(
        {
            "any": [
                {"did": "ordered", "at_least": 3, "within": "30 days"},
                {"did": "ordered", "at_most": 4, "within": "10 days"},
                {"did": "ordered", "sum": {"of": "revenue", "at_least": 1}, "within": "90 days"},
                {"did": "ordered", "max": {"of": "margin", "at_least": 1}},
                {"did": "ordered", "at_least": 2, "since": "2026-01-02"},
                {"score": "intent", "at_least": 5},
                {"has_been": {"segment": "hot"}, "for": "1 day"},
                {"trait": "birth_date", "anniversary": "today"},
            ]
        }
    )
    assert asked.needs == Needs(
        behaviours={
            "ordered": Depth(
                newest=5,
                window=90 * DAY,
                since=1_767_312_000_000 - 16 * DAY // 24,
                numbers=frozenset({"revenue"}),
                maxima=frozenset({"margin"}),
            )
        },
        scores=frozenset({"intent"}),
        segments=frozenset({"hot"}),
        traits=frozenset({"birth_date"}),
        zone=True,
    )


def test_a_count_without_a_window_needs_no_events() -> None:
    asked = condition({"did": "ordered", "at_least": 5})
    assert asked.needs.behaviours == {"ordered": Depth(since=FOREVER)}
