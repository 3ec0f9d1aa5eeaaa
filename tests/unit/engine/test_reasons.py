"""What sales reads when a lead is ready: why, in the words of the rules."""

from datetime import timedelta

from relance.conditions.facts import DAY, Done, Facts
from relance.content.people_rules import Qualification, Readiness, Segment
from relance.content.rules import OpenTracking, Rules, Tracking
from relance.engine.reasons import reason_for

NOW = 1_800_000_000_000
SEEN = {"leaf": "count", "behaviour": "viewed_pricing", "at_least": 1, "far": 14 * DAY, "near": 0}
FAR = {"leaf": "score", "score": "maturity", "at_least": 60}
OFTEN = {"leaf": "count", "behaviour": "visited", "at_least": 9}
RULES = Rules(
    version="1",
    traits=(),
    lists=(),
    tracking_default=Tracking(OpenTracking.NONE, clicks=True),
    languages=("en",),
    segments=(Segment("hot", "Hot", {"all": [SEEN, {"any": [FAR, OFTEN]}]}),),
    kept=timedelta(days=395),
)
SALES = Qualification(
    Readiness.SALES,
    "Ready for a talk",
    {"all": [{"leaf": "segment", "in": ["hot"]}, {"leaf": "grade", "grade": "fit", "in": ["A"]}]},
    "Grade {grade.fit}, about {potential.yearly} a year, {score.maturity} points, "
    "{potential.other}: {because}",
)


def contact() -> Facts:
    return Facts(
        behaviours={
            "viewed_pricing": Done(2, NOW - DAY, NOW, [(NOW - DAY, "a", {}), (NOW, "b", {})])
        },
        scores={"maturity": (80.0, NOW - DAY, DAY * 7)},
        grades={"fit": "A"},
        potentials={"yearly": 12_500.0},
        segments={"hot": NOW},
    )


def test_the_reason_goes_down_to_what_was_done_and_leaves_out_what_did_not_count() -> None:
    assert reason_for(SALES, RULES, contact(), NOW) == (
        "Grade A, about 12,500 a year, 72 points, unknown: viewed_pricing at least once within "
        "14 days: 2 times, last on 2027-01-15; the score maturity is at least 60: 72.46; "
        "the grade fit is A: A"
    )


def test_nothing_is_said_twice() -> None:
    twice = Qualification(
        Readiness.SALES, "Ready", {"all": [SEEN, {"leaf": "segment", "in": ["hot"]}]}
    )
    assert reason_for(twice, RULES, contact(), NOW).count("viewed_pricing") == 1
