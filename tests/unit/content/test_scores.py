"""Scores of all kinds, as values."""

from datetime import timedelta

import pytest
from relance.content.behaviours import Behaviour, Filter, plain
from relance.content.score_rules import (
    CompanyScore,
    EngagementScore,
    FitScore,
    Grade,
    Per,
    PointRule,
    PurchaseRole,
    Worth,
    score_key,
)

SCORE = EngagementScore(
    "interest",
    timedelta(hours=6),
    (
        PointRule(
            Behaviour("machines", ("product_viewed",), (Filter("category", {"in": ["m"]}),)), 4.0
        ),
        PointRule(plain("product_viewed"), 1.0),
        PointRule(plain("order_completed"), None, "products[].points"),
    ),
    per=Per("products[].id", 10),
)


def test_the_first_line_that_fits_counts() -> None:
    narrow = SCORE.rule_for("product_viewed", {"category": "m"})
    wide = SCORE.rule_for("product_viewed", {"category": "x"})
    assert narrow is not None
    assert wide is not None
    assert (narrow.points, wide.points) == (4.0, 1.0)
    assert SCORE.rule_for("page_viewed", {}) is None


def test_points_from_a_list_are_added_up() -> None:
    rule = SCORE.points[2]
    assert rule.worth({"products": [{"points": 3}, {"points": 4.5}, {"points": "x"}]}) == 7.5


def test_an_event_may_be_about_several_offers_each_once() -> None:
    said = {"products": [{"id": "b"}, {"id": "a"}, {"id": "b"}, {"id": 7}, {}]}
    assert SCORE.values(said) == ("7", "a", "b")
    assert score_key("interest", "a") == "interest/a"


@pytest.mark.parametrize(
    ("points", "letter"), [(90, "A"), (60, "A"), (59.9, "B"), (10, "C"), (9, "D"), (-50, "D")]
)
def test_a_grade_is_the_best_that_the_points_reach(points: float, letter: str) -> None:
    fit = FitScore("fit", (), (Grade("A", 60), Grade("B", 30), Grade("C", 10)))
    assert fit.grade(points) == letter


def test_a_potential_comes_from_a_number_that_is_known_or_is_fixed() -> None:
    by_size = Worth(trait="employees", times=90)
    assert by_size.of({"employees": 20}) == 1800
    assert by_size.of({"employees": "many"}) is None
    assert by_size.of({}) is None
    assert Worth(amount=300).of({}) == 300


def test_a_company_counts_its_members_by_their_part_in_the_purchase() -> None:
    company = CompanyScore(
        of="engagement",
        trait="role",
        roles=(
            PurchaseRole("owner", "The owner", ("owner",), 2.0),
            PurchaseRole("executive", "The executive", ("cfo", "ceo"), 1.5),
            PurchaseRole("manager", "The manager", ("manager",), needed=False),
        ),
        other_weight=0.5,
    )
    members = [({"role": "Owner"}, 10.0), ({"role": "ceo"}, 10.0), ({"role": "intern"}, 10.0)]
    assert company.total(members) == 40.0
    assert company.total([]) == 0
    role = company.role({"role": "cfo"})
    assert role is not None
    assert role.name == "executive"
    assert company.role({}) is None
    assert company.missing({"executive"}) == ("owner",)
    assert company.missing({"owner", "executive"}) == ()
