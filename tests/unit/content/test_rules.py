"""The shipped rules as the engine reads them."""

from datetime import timedelta

import pytest
from relance.conditions.needs import Depth
from relance.content.behaviours import plain
from relance.content.compiled import Content
from relance.content.people_rules import Readiness
from relance.content.rules import OpenTracking, Rules
from relance.content.score_rules import PointRule


def test_rules_come_back_from_json_as_they_were(shipped: Content) -> None:
    assert Rules.from_json(shipped.rules.to_json()) == shipped.rules


def test_the_shipped_rules_say_what_the_files_say(shipped: Content) -> None:
    rules = shipped.rules
    assert {each.name: each.half_life for each in rules.scores} == {
        "engagement": timedelta(days=30),
        "intent": timedelta(hours=6),
        "maturity": timedelta(days=90),
    }
    engagement = next(each for each in rules.scores if each.name == "engagement")
    assert engagement.rule_for("email_clicked", {}) == PointRule(
        plain("email_clicked"), 5.0, None, 3
    )
    assert {"role", "country", "language", "time_zone"} <= rules.visible_traits
    assert not any(each.personal and each.visible_to_workflows for each in rules.traits)
    assert rules.tracking_default.opens is OpenTracking.NONE
    assert rules.has_list("engaged")
    assert not rules.has_list("enraged")
    assert {each.name for each in rules.qualifications} == set(Readiness)
    assert rules.kept == timedelta(days=395)


def test_what_is_decided_comes_after_what_it_looks_at(shipped: Content) -> None:
    order = shipped.rules.order
    for before, after in (
        ("segment:warm", "qualification:marketing"),
        ("fit:customer", "qualification:marketing"),
        ("segment:hot", "qualification:sales"),
        ("potential:yearly", "qualification:sales"),
        ("qualification:sales", "stage"),
        ("segment:regulars", "stage"),
    ):
        assert order.index(before) < order.index(after)
    assert len(order) == len(set(order))


def test_as_much_of_the_past_is_kept_as_the_conditions_ask_for_and_no_more(
    shipped: Content,
) -> None:
    depths = shipped.rules.depths
    assert depths["ordered"] == Depth(newest=3)
    assert depths["answered_mail"] == Depth(newest=2)
    assert depths["visited"] == Depth(window=30 * 86_400_000)
    assert depths["left_details"] == Depth()
    assert "searched" not in depths


def test_every_event_is_a_behaviour_of_its_own_name(shipped: Content) -> None:
    rules = shipped.rules
    assert rules.behaviour("email_delivered") == plain("email_delivered")
    assert rules.behaviour("ordered").events == ("order_completed",)


def test_points_from_a_property_count_only_for_the_score_they_name(shipped: Content) -> None:
    engagement = next(each for each in shipped.rules.scores if each.name == "engagement")
    rule = engagement.rule_for("points_awarded", {"score": "engagement", "points": 12})
    assert rule is not None
    assert rule.worth({"score": "engagement", "points": 12}) == 12.0
    assert rule.worth({"score": "engagement", "points": "many"}) == 0.0
    assert rule.worth({"score": "engagement", "points": True}) == 0.0
    assert engagement.rule_for("points_awarded", {"score": "other", "points": 12}) is None


@pytest.mark.parametrize("event", ["email_clicked", "email_opened", "page_viewed"])
def test_what_a_machine_did_gives_no_points_and_is_no_behaviour(
    shipped: Content, event: str
) -> None:
    rules = shipped.rules
    said = {"actor": "machine", "path": "/pricing"}
    assert all(each.rule_for(event, said) is None for each in (*rules.scores, *rules.interests))
    assert not any(each.matches(event, said) for each in (*rules.behaviours, plain(event)))
    assert plain(event).matches(event, {"actor": "human"})
    assert plain(event).matches(event, {"actor": "unknown"})
