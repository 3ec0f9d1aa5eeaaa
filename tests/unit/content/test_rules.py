"""Rules as the fold reads them."""

from datetime import timedelta

from relance.content.compiled import Content
from relance.content.rules import OpenTracking, PointRule, Rules


def test_rules_come_back_from_json_as_they_were(shipped: Content) -> None:
    assert Rules.from_json(shipped.rules.to_json()) == shipped.rules


def test_the_shipped_rules_say_what_the_files_say(shipped: Content) -> None:
    rules = shipped.rules
    (engagement,) = rules.scores
    assert engagement.half_life == timedelta(days=30)
    clicked = engagement.rule_for("email_clicked", {})
    assert clicked == PointRule("email_clicked", 5.0, None, 3)
    assert rules.visible_traits == {"role", "country", "language", "time_zone"}
    assert not any(each.personal and each.visible_to_workflows for each in rules.traits)
    assert rules.tracking_default.opens is OpenTracking.NONE
    assert rules.has_list("engaged")
    assert not rules.has_list("enraged")


def test_a_persona_follows_from_the_declared_role(shipped: Content) -> None:
    found = {
        role: persona.name if (persona := shipped.rules.persona_for({"role": role})) else None
        for role in ("owner", "senior_executive", "middle_manager", "other", None)
    }
    assert found == {
        "owner": "profit",
        "senior_executive": "steering",
        "middle_manager": "ease",
        "other": None,
        None: None,
    }


def test_points_from_a_property_count_only_for_the_score_they_name(shipped: Content) -> None:
    (engagement,) = shipped.rules.scores
    rule = engagement.rule_for("points_awarded", {"score": "engagement", "points": 12})
    assert rule is not None
    assert rule.worth({"score": "engagement", "points": 12}) == 12.0
    assert rule.worth({"score": "engagement", "points": "many"}) == 0.0
    assert rule.worth({"score": "engagement", "points": True}) == 0.0
    assert engagement.rule_for("points_awarded", {"score": "other", "points": 12}) is None


def test_a_yes_is_not_a_one() -> None:
    rule = PointRule("x", 1.0, None, None, (("paid", True),))
    assert rule.matches("x", {"paid": True})
    assert not rule.matches("x", {"paid": 1})
