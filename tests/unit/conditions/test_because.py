"""`because` says in one line per leaf what was asked and found, and nothing personal."""

from hypothesis import HealthCheck, given, settings
from relance.conditions.because import because
from relance.conditions.facts import DAY, Done, Facts
from relance.storage import Value

from .examples import NOW, Raw, condition, did, facts, trees


def lines(raw: Raw, **given: object) -> list[str]:
    return because(condition(raw), Facts(**given), NOW)  # type: ignore[arg-type]


def test_a_line_per_leaf_says_what_was_asked_and_found() -> None:
    raw = {
        "all": [
            {"trait": "country", "in": ["FR", "PT"]},
            {"did": "viewed_pricing", "at_least": 3, "within": "30 days"},
            {"did_not": "ordered", "within": "90 days"},
            {"any": [{"score": "intent", "at_least": 50}, {"stage": "lead"}]},
            {"none": [{"in_segment": "regulars"}, {"has_been": {"stage": "lead"}, "for": "1 day"}]},
            {"did": "ordered", "sum": {"of": "revenue", "at_least": 200}},
            {"overdue_by": 1.5, "for": "ordered"},
            {"random": "10%", "named": "holdout"},
        ]
    }
    told = lines(
        raw,
        traits={"country": "DE"},
        behaviours={
            "viewed_pricing": did(NOW - 3 * DAY, NOW - 2 * DAY, NOW - DAY),
            "ordered": Done(
                times=2, first=NOW - 40 * DAY, last=NOW - 20 * DAY, sums={"revenue": 5}
            ),
        },
        scores={"intent": (84.625, NOW, 0)},
        stage="lead",
        stage_since=NOW - DAY // 2,
        segments={"regulars": NOW},
        contact_id="1",
    )
    assert told == [
        "no: country is FR or PT: it is something else",
        (
            "yes: viewed_pricing at least 3 times within 30 days: 3 times, last on 2026-11-05, "
            "until 2026-12-03 21:20"
        ),
        (
            "no: ordered never within 90 days: once or more, last on 2026-10-17, "
            "until 2027-01-15 21:20"
        ),
        "yes: the score intent is at least 50: 84.62",
        "yes: stage lead: lead",
        "yes (as it must not be): in the segment regulars",
        "no (as it must be): stage lead for 1 day: since 2026-11-06 09:20, until 2026-11-07 09:20",
        "no: ordered: the sum of revenue is at least 200: 5",
        (
            "no: ordered is overdue by 1.5 times the usual gap: last on 2026-10-17, "
            "usual gap 20 days, until 2026-11-16 21:20"
        ),
        "no: among the 10% named holdout",
    ]


def test_a_trait_that_is_missing_is_told_from_one_that_is_something_else() -> None:
    asked = {"trait": "birth_date", "anniversary": {"within_next": "7 days"}}
    assert lines(asked) == [
        "no: an anniversary of birth_date is from today to in 7 days: it is not known"
    ]
    assert lines(asked, traits={"birth_date": "1990-01-01"}) == [
        (
            "no: an anniversary of birth_date is from today to in 7 days: it is something else, "
            "for now"
        ),
    ]


def _leaves(canonical: object) -> int:
    if not isinstance(canonical, dict):
        return 0
    for group in ("all", "any", "none"):
        if group in canonical:
            return sum(map(_leaves, canonical[group]))
    return 1


SECRETS: dict[str, Value] = {
    "city": "Zanzibar",
    "role": "archduke",
    "country": "ZZ",
    "employees": 918273,
    "birth_date": "1911-03-07",
    "trial_ends": "2044-08-09",
}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(raw=trees, contact=facts)
def test_every_leaf_has_one_line_and_no_trait_is_quoted(raw: Raw, contact: Facts) -> None:
    asked = condition(raw)
    contact.traits = SECRETS
    told = because(asked, contact, NOW)
    assert len(told) == _leaves(asked.canonical)
    assert not [line for line in told for secret in SECRETS.values() if str(secret) in line]


def test_since_when_somebody_is_on_a_list_and_what_it_did_last_are_told() -> None:
    raw = {"has_been": {"list": "newsletter"}, "without": "ordered"}
    on_it = {"newsletter": NOW - 2 * DAY}
    asked = "list newsletter without ordered since"
    ordered = {"ordered": did(NOW - DAY)}
    assert [
        lines(raw),
        lines(raw, lists=on_it),
        lines(raw, lists=on_it, behaviours=ordered),
    ] == [
        [f"no: {asked}: is not now"],
        [f"yes: {asked}: since 2026-11-04 21:20, never"],
        [f"no: {asked}: since 2026-11-04 21:20, last on 2026-11-05 21:20"],
    ]
