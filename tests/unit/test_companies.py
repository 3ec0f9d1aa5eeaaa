"""What the members of a company amount to, and when that is worth telling."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relance.companies import Member, Standing, Told, asked_for, differs, standing_of
from relance.conditions.facts import Fading
from relance.conditions.leaves_scores import value_at
from relance.content.people_rules import Segment
from relance.content.rules import OpenTracking, Rules, Tracking
from relance.content.score_rules import CompanyScore, PurchaseRole
from relance.engine.companies import company_of, take_company, told_of
from relance.events import Event, Name
from relance.ids import event_id, moment_of
from relance.profiles import Profile, from_text, to_text
from relance.register import Register
from relance.storage import Value
from relance.usecases.join_company import company_domain

DAY = 86_400_000
NOW = 20_000 * DAY
HALF_LIFE = 30 * DAY

RULES = CompanyScore(
    of="engagement",
    trait="role",
    roles=(
        PurchaseRole("owner", "", ("owner", "founder"), weight=2),
        PurchaseRole("executive", "", ("senior_executive",), weight=1.5),
        PurchaseRole("manager", "", ("middle_manager",), needed=False),
    ),
    other_weight=0.5,
    not_companies=("gmail.com",),
)


def standing(*members: Member) -> Standing:
    return standing_of(RULES, members, half_life=HALF_LIFE, now=NOW)


def member(name: str, role: str | None = None, score: Fading | None = None) -> Member:
    return Member(name, {} if role is None else {"role": role}, score)


def test_roles_are_there_and_missing_in_declared_order() -> None:
    found = standing(member("b", "middle_manager"), member("a", "Founder"), member("c", "intern"))
    assert (found.members, found.roles) == (3, ("owner", "manager"))
    assert found.roles_missing == ("executive",)


def test_a_role_that_is_not_needed_is_never_missing() -> None:
    assert standing().roles_missing == ("owner", "executive")


def test_a_member_counts_by_its_role_and_anybody_else_by_the_other_weight() -> None:
    score = (10.0, NOW, HALF_LIFE)
    roles = ("owner", "senior_executive", "middle_manager", "intern", None)
    amounts = [standing(member("a", role, score)).score[0] for role in roles]
    assert amounts == [20, 15, 10, 5, 5]


def test_a_company_of_which_nobody_has_points_has_none() -> None:
    assert standing(member("a")).score == (0.0, NOW, HALF_LIFE)


SCORES = st.none() | st.tuples(
    st.floats(-1000, 1000), st.integers(NOW - 400 * DAY, NOW), st.just(HALF_LIFE)
)


@given(
    st.lists(st.tuples(st.sampled_from(["owner", "middle_manager", "x", None]), SCORES)),
    st.integers(0, 400 * DAY),
)
def test_the_sum_fades_as_the_scores_of_the_members_do(
    people: list[tuple[str | None, Fading | None]], later: int
) -> None:
    members = [member(str(at), role, score) for at, (role, score) in enumerate(people)]
    weights = {"owner": 2.0, "middle_manager": 1.0}
    one_by_one = sum(
        weights.get(role or "", 0.5) * score[0] * 2.0 ** (-(NOW + later - score[1]) / HALF_LIFE)
        for role, score in people
        if score
    )
    found = value_at(standing(*members).score, NOW + later)
    assert found == pytest.approx(one_by_one, rel=1e-9, abs=1e-9)


def with_score(amount: float) -> Standing:
    return replace(standing(member("a")), score=(amount, NOW, HALF_LIFE))


@pytest.mark.parametrize(
    ("before", "after", "asked", "news"),
    [
        (10, 20, [], False),
        (10, 20, [(50.0, float("inf"))], False),
        (10, 60, [(50.0, float("inf"))], True),
        (60, 70, [(50.0, float("inf"))], True),
        (60, 60, [(50.0, float("inf"))], False),
        (60, 10, [(50.0, float("inf"))], True),
        (10, 20, [(float("-inf"), 15.0)], True),
    ],
    ids=[
        "no condition asks", "stays below", "crosses", "stays above for longer", "the same",
        "falls below", "too high",
    ],
)  # fmt: skip
def test_a_score_is_told_where_a_condition_can_see_it(
    before: float, after: float, asked: list[tuple[float, float]], news: bool
) -> None:
    assert differs(with_score(before), with_score(after), asked, NOW) is news


def test_another_member_is_told_even_if_all_numbers_are_the_same() -> None:
    one, other = standing(member("a", "owner")), standing(member("b", "owner"))
    assert one.told() == other.told()
    assert differs(one, other, [], NOW)


def test_every_company_score_in_the_rules_is_found_however_deep() -> None:
    deep = {"none": [{"any": [{"leaf": "company_score", "at_least": 50}]}]}
    rules = Rules(
        version="1",
        traits=(),
        lists=(),
        tracking_default=Tracking(OpenTracking.NONE, clicks=True),
        languages=("en",),
        segments=(
            Segment("deep", "", deep),
            Segment("other", "", {"leaf": "company", "about": "members", "test": {"equals": 1}}),
        ),
    )
    ((low, high),) = asked_for(rules)
    assert (round(low, 3), high) == (50.0, float("inf"))
    assert asked_for(replace(rules, segments=())) == []


def test_telling_the_same_again_is_the_same_event_and_another_version_is_not() -> None:
    told = Told("C", 3, NOW, standing(member("a", "owner")))
    assert told.event("a") == told.event("a")
    assert told.event("a").event_id != told.event("b").event_id
    assert told.event("a").event_id != replace(told, version=4).event("a").event_id


def about(name: Name, day: int, **properties: Value) -> Event:
    at = moment_of(NOW + day * DAY)
    ident = event_id(NOW + day * DAY, "test", f"{name}{day}{properties}")
    return Event("c", ident, name, at, at, "company", properties)


def profile_of(*events: Event) -> Profile:
    profile = Profile("c")
    for event in events:
        take_company(profile, event)
    return from_text("c", to_text(profile), 1)


JOINED = about(Name.COMPANY_JOINED, 0, company="A", by="domain")
MOVED = about(Name.COMPANY_JOINED, 2, company="B", by="crm:segment:7")
LEFT = about(Name.COMPANY_LEFT, 4, company="B", by="crm:segment:7")
TOLD: Mapping[str, Value] = {"version": 1, "members": 2, "score": [1.0, NOW, HALF_LIFE]}


def test_a_membership_goes_to_the_last_writer_in_whatever_order_it_is_told() -> None:
    assert company_of(profile_of(JOINED, MOVED)) == company_of(profile_of(MOVED, JOINED)) == "B"
    assert company_of(profile_of(LEFT, MOVED, JOINED)) is None


def test_what_is_told_of_another_company_does_not_count() -> None:
    told = about(Name.COMPANY_CHANGED, 1, company="A", **TOLD)
    assert (told_of(profile_of(JOINED, told)) or {})["members"] == 2
    assert told_of(profile_of(JOINED, told, MOVED)) is None
    assert told_of(profile_of(told)) is None


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("ana@Roastery.example", "roastery.example"),
        ("ana@GMAIL.com", None),
        ("ana@mail.gmail.com", "mail.gmail.com"),
        (None, None),
    ],
)
def test_a_domain_that_anybody_may_have_is_no_company(
    address: str | None, domain: str | None
) -> None:
    assert company_domain(Register("c", address=address), RULES) == domain


def test_the_bus_is_told_the_id_of_the_company_and_never_a_client_s_word_for_it() -> None:
    said = about(Name.ORDER_COMPLETED, 1, company="Roastery Ltd")
    assert "company" not in said.public()
    assert replace(said, company="A").public()["company"] == "A"
    assert JOINED.public()["company"] == "A"
    assert "by" not in JOINED.public()
