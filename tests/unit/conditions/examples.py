"""The names, contacts and random conditions that these tests use."""

from collections.abc import Collection, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from relance.conditions import Condition, compile_condition
from relance.conditions.facts import DAY, Done, Facts
from relance.conditions.language import parse
from relance.conditions.places import Sentences
from relance.conditions.vocabulary import ValueWord, Vocabulary

HOUR = DAY // 24
NOW = 1_794_000_000_000
"""2026-11-06T20:00:00Z."""

VOCABULARY = Vocabulary(
    traits={
        "country": ValueWord("country"),
        "role": ValueWord("text", ("owner", "senior_executive", "other")),
        "city": ValueWord("text"),
        "employees": ValueWord("number"),
        "vip": ValueWord("yes_no"),
        "birth_date": ValueWord("date"),
        "trial_ends": ValueWord("date"),
    },
    behaviours=("viewed_pricing", "ordered", "visited"),
    scores=("intent", "maturity"),
    per_offer=("intent",),
    grades=("fit",),
    potentials=("yearly",),
    stages=("visitor", "lead", "customer"),
    personas=("profit", "ease"),
    segments=("hot", "regulars"),
    qualifications=("marketing", "sales"),
    lists=("newsletter", "engaged"),
    topics=("news",),
    interests=("brewing", "roasting"),
)


def canonical_of(raw: object, vocabulary: Vocabulary = VOCABULARY) -> Mapping[str, object]:
    """The canonical form of a condition without mistakes."""
    sentences = Sentences()
    canonical = parse(raw, vocabulary, sentences.place())
    assert sentences.found == []
    assert canonical is not None
    return canonical


def condition(raw: object) -> Condition:
    """A condition from plain data."""
    return compile_condition(canonical_of(raw))


def did(*at: int, **numbers: float) -> Done:
    """A behaviour done at these instants, each time with these numbers."""
    acts = tuple((each, f"{index:04}", numbers) for index, each in enumerate(sorted(at)))
    return Done(
        times=len(acts),
        first=acts[0][0],
        last=acts[-1][0],
        newest=acts,
        sums={name: value * len(acts) for name, value in numbers.items()},
        maxima=numbers,
    )


# -- Random contacts -------------------------------------------------------------------------------

ZONES = ("UTC", "Europe/Paris", "America/New_York", "Pacific/Apia", "Asia/Kolkata", "Africa/Cairo")

_instants = st.one_of(
    st.integers(0, 40 * DAY),
    st.sampled_from([0, 1, 2, 6, 7, 8, 13, 14, 23, 29, 30, 31, 60, 90, 91]).map(
        lambda days: days * DAY
    ),
    st.integers(0, 100).map(lambda hours: hours * HOUR),
).map(lambda back: NOW - back)

_fading = st.tuples(
    st.one_of(st.floats(-200, 200), st.sampled_from([0.0, 50.0, 100.0, 333.3, -50.0, -70.0])),
    _instants,
    st.sampled_from([0, HOUR // 60, HOUR, 36 * HOUR, 30 * DAY, 180 * DAY]),
)


@st.composite
def _done(draw: st.DrawFn) -> Done:
    amounts = st.sampled_from([-20.0, 0.0, 40.0, 66.67, 100.0, 200.0])
    carried: st.SearchStrategy[dict[str, float]] = st.one_of(
        st.just({}), st.fixed_dictionaries({"revenue": amounts})
    )
    times = sorted(draw(st.lists(_instants, min_size=1, max_size=9)))
    acts = tuple((at, f"{index:04}", draw(carried)) for index, at in enumerate(times))
    paid = [act[2]["revenue"] for act in acts if "revenue" in act[2]]
    return Done(
        times=len(acts),
        first=times[0],
        last=times[-1],
        newest=acts,
        sums={"revenue": sum(paid)} if paid else {},
        maxima={"revenue": max(paid)} if paid else {},
    )


def _some(
    names: Collection[str], values: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(sorted(names)), values)


_dates = st.one_of(
    st.sampled_from(
        ["1984-02-29", "1990-11-07", "2026-11-06", "2026-11-13", "2027-02-28", "2026-12-31",
         "2026-11-08T03:30:00Z", "2026-11-07T00:30:00+02:00", "2026-11-10T10:00:00", "soon", ""]
    ),
    st.dates().map(str),
)  # fmt: skip

_traits = st.fixed_dictionaries(
    {},
    optional={
        "country": st.sampled_from(["FR", "fr", "PT", "DE", "", None]),
        "role": st.sampled_from(["owner", "other", ["owner", "other"], []]),
        "city": st.sampled_from(["Paris", " paris ", "Lyon", "São Paulo", 75, "  "]),
        "employees": st.one_of(st.integers(0, 500), st.sampled_from([12.5, True, "many", None])),
        "vip": st.sampled_from([True, False, None, 1, "yes"]),
        "birth_date": _dates,
        "trial_ends": _dates,
    },
)

_scores = (
    "intent", "maturity", "intent/espresso", "intent/filter", "interest/brewing",
    "interest/roasting",
)  # fmt: skip


_company = st.fixed_dictionaries(
    {"members": st.integers(0, 9)},
    optional={"roles_missing": st.lists(st.sampled_from(["owner", "finance"]))},
)
_population = st.tuples(st.integers(1, 90 * DAY), st.integers(0, 5))

FIELDS: Mapping[str, st.SearchStrategy[Any]] = {
    "contact_id": st.text("0123456789ABCDEF", min_size=1, max_size=4),
    "zone": st.one_of(st.none(), st.sampled_from(ZONES).map(ZoneInfo)),
    "traits": _traits,
    "behaviours": _some(VOCABULARY.behaviours, _done()),
    "scores": _some(_scores, _fading),
    "grades": _some(VOCABULARY.grades, st.sampled_from("ABCD")),
    "potentials": _some(VOCABULARY.potentials, st.sampled_from([0.0, 999.999, 1000.0, 5000.0])),
    "segments": _some(VOCABULARY.segments, _instants),
    "qualifications": _some(VOCABULARY.qualifications, _instants),
    "stage": st.sampled_from([None, "visitor", "lead", "customer"]),
    "stage_since": _instants,
    "persona": st.sampled_from([None, "profit", "ease"]),
    "persona_since": _instants,
    "lists": _some(VOCABULARY.lists, _instants),
    "consents": _some(VOCABULARY.topics, st.sampled_from(["granted", "pending", "withdrawn"])),
    "company": st.one_of(st.none(), _company),
    "company_score": st.one_of(st.none(), _fading),
    "population": _some(VOCABULARY.behaviours, _population),
}

facts: st.SearchStrategy[Facts] = st.builds(Facts, **FIELDS)


def _alike(
    names: Collection[str], values: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    return values.map(lambda value: dict.fromkeys(names, value))


_ABOUT_ACTS = st.builds(
    Facts,
    zone=FIELDS["zone"],
    behaviours=_alike(VOCABULARY.behaviours, _done()),
    population=_alike(VOCABULARY.behaviours, _population),
)
_ABOUT_AMOUNTS = st.builds(
    Facts,
    scores=_alike(_scores, _fading),
    potentials=FIELDS["potentials"],
    company=FIELDS["company"],
    company_score=FIELDS["company_score"],
)
_ABOUT_PEOPLE = st.builds(
    Facts,
    **{
        name: strategy
        for name, strategy in FIELDS.items()
        if name not in {"behaviours", "population", "scores", "company_score"}
    },
)


busy: st.SearchStrategy[Facts] = st.builds(
    Facts,
    zone=FIELDS["zone"],
    traits=_traits,
    behaviours=st.fixed_dictionaries(dict.fromkeys(VOCABULARY.behaviours, _done())),
    scores=_alike(_scores, _fading),
    stage=st.just("lead"),
    stage_since=_instants,
    segments=st.fixed_dictionaries({"hot": _instants}),
    population=_alike(VOCABULARY.behaviours, _population),
)
"""Contacts whom time alone moves in and out of much."""


def facts_for(kind: str) -> st.SearchStrategy[Facts]:
    """Contacts of whom much is known that leaves of this kind ask."""
    if kind.startswith(("did", "overdue")):
        return _ABOUT_ACTS
    if kind in {"score", "interest", "potential", "company"}:
        return _ABOUT_AMOUNTS
    return _ABOUT_PEOPLE


# -- Random conditions, as they are written --------------------------------------------------------

Raw = dict[str, Any]

_durations = st.sampled_from(
    ["45 minutes", "1 hour", "36 hours", "1 day", "7 days", "2 weeks", "30 days", "90 days"]
)
_whole_days = st.sampled_from(["1 day", "7 days", "2 weeks", "30 days", "90 days"])
_ago = st.sampled_from(
    [
        ["30 days ago", "7 days ago"],
        ["90 days ago", "30 days ago"],
        ["2 weeks ago", "36 hours ago"],
        ["2026-10-01", "2026-11-05"],
        ["2025-12-31", "2026-12-31"],
    ]
)
_bound = st.sampled_from(
    ["2026-11-06", "2026-11-07", "1984-02-29", "today", "7 days ago", "in 7 days", "2 weeks ago"]
)
_behaviour = st.sampled_from(sorted(VOCABULARY.behaviours))
_window = st.one_of(
    st.just({}),
    st.just({"ever": True}),
    st.builds(lambda it: {"within": it}, _durations),
    st.builds(lambda it: {"between": it}, _ago),
    st.builds(lambda it: {"since": it}, st.sampled_from(["2026-10-06", "2026-11-06"])),
)
_numbers = st.sampled_from([-50, -1, 0, 1, 40, 50, 66.67, 100, 200])
_limits = st.one_of(
    st.builds(
        lambda key, it: {key: it},
        st.sampled_from(["at_least", "at_most", "greater_than", "less_than"]),
        _numbers,
    ),
    st.builds(lambda a, b: {"between": sorted([a, b])}, _numbers, _numbers),
    st.builds(lambda a: {"between": [a, a]}, _numbers),
    st.builds(lambda a, b: {"at_least": min(a, b), "less_than": max(a, b) + 1}, _numbers, _numbers),
)
_counts = st.one_of(
    st.just({}),
    st.builds(lambda it: {"at_least": it}, st.integers(1, 4)),
    st.builds(lambda it: {"at_most": it}, st.integers(0, 4)),
    st.builds(lambda it: {"exactly": it}, st.integers(0, 4)),
    st.builds(lambda a, b: {"at_least": a, "at_most": a + b}, st.integers(1, 3), st.integers(0, 3)),
)
_moments = st.one_of(
    st.builds(
        lambda key, it: {key: it}, st.sampled_from(["within", "longer_ago_than"]), _durations
    ),
    st.builds(lambda key, it: {key: it}, st.sampled_from(["before", "after", "on"]), _bound),
    st.builds(lambda it: {"between": it}, _ago),
)
_days = st.one_of(
    st.builds(lambda key, it: {key: it}, st.sampled_from(["before", "after", "on"]), _bound),
    st.builds(
        lambda key, it: {key: it}, st.sampled_from(["within_next", "within_last"]), _whole_days
    ),
    st.sampled_from(
        [
            {"between": ["2026-11-01", "2026-11-10"]},
            {"between": ["today", "in 7 days"]},
            {"between": ["7 days ago", "2026-11-20"]},
            {"between": ["2026-11-01", "in 2 weeks"]},
            {"is_set": True},
            {"is_set": False},
            {"anniversary": "today"},
            {"anniversary": {"on": "in 7 days"}},
        ]
    ),
    st.builds(
        lambda key, it: {"anniversary": {key: it}},
        st.sampled_from(["within_next", "within_last"]),
        _whole_days,
    ),
)
_text_tests = st.sampled_from(
    [
        {"equals": "Paris"}, {"not": "Paris"}, {"in": ["Lyon", "São Paulo"]},
        {"not_in": ["lyon", "Porto"]}, {"contains": "ar"}, {"starts_with": "P"},
        {"ends_with": "is"}, {"matches": "[a-z]+"}, {"is_set": True}, {"is_set": False},
    ]
)  # fmt: skip


def _leaf(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Raw]:
    """A leaf of fixed keys; those that begin with + hold dictionaries to merge."""

    def merged(found: Raw) -> Raw:
        whole: Raw = {}
        for key, value in found.items():
            whole.update(value if key.startswith("more") else {key.rstrip("_"): value})
        return whole

    return st.fixed_dictionaries(parts).map(merged)


def _names(known: Collection[str]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(sorted(known))
    return st.one_of(names, st.lists(names, min_size=1, unique=True))


LEAVES: Mapping[str, st.SearchStrategy[Raw]] = {
    "trait, a text": _leaf(trait=st.just("city"), more=_text_tests),
    "trait, an option": _leaf(
        trait=st.just("role"), more=st.sampled_from([{"equals": "owner"}, {"not": "owner"}])
    ),
    "trait, a country": _leaf(
        trait=st.just("country"), more=st.sampled_from([{"in": ["FR", "PT"]}, {"not": "FR"}])
    ),
    "trait, a number": _leaf(trait=st.just("employees"), more=_limits),
    "trait, yes or no": _leaf(
        trait=st.just("vip"), more=st.sampled_from([{"equals": True}, {"is_set": False}])
    ),
    "trait, a date": _leaf(trait=st.sampled_from(["birth_date", "trial_ends"]), more=_days),
    "did": _leaf(did=_behaviour, more=_counts, more2=_window),
    "did, first or last": st.builds(
        lambda name, key, it: {"did": name, key: it},
        _behaviour,
        st.sampled_from(["first", "last"]),
        _moments,
    ),
    "did, sum or max": st.builds(
        lambda name, key, limits, window: {
            "did": name, key: {"of": "revenue", **limits}, **window
        },
        _behaviour,
        st.sampled_from(["sum", "max"]),
        _limits,
        _window,
    ),
    "did, against the habit": st.builds(
        lambda name, within, key, times: {"did": name, "within": within, key: times},
        _behaviour,
        _durations,
        st.sampled_from(["at_least_times_usual", "at_most_times_usual"]),
        st.sampled_from([0.3, 0.5, 1, 1.5, 2, 10]),
    ),
    "did_not": _leaf(did_not=_behaviour, more=_window),
    "overdue_by": _leaf(overdue_by=st.sampled_from([0.5, 1, 1.5, 3]), for_=_behaviour),
    "has_been": st.builds(
        lambda state, key, long: {"has_been": state, key: long},
        st.sampled_from(
            [
                {"stage": "lead"}, {"segment": "hot"}, {"list": "newsletter"},
                {"persona": "profit"}, {"qualified": "sales"},
            ]
        ),
        st.sampled_from(["for", "for_less_than"]),
        _durations,
    )
    | st.builds(
        lambda what, name: {"has_been": {"list": what}, "without": name},
        st.just("newsletter"),
        _behaviour,
    ),
    "score": st.one_of(
        _leaf(score=st.sampled_from(["intent", "maturity"]), more=_limits),
        _leaf(score=st.just("intent"), offer=st.sampled_from(["espresso", "filter"]), more=_limits),
    ),
    "interest": _leaf(interest=st.sampled_from(["brewing", "roasting"]), more=_limits),
    "potential": _leaf(potential=st.just("yearly"), more=_limits),
    "grade": _leaf(
        grade=st.just("fit"),
        more=st.sampled_from(
            [{"in": ["A", "B"]}, {"equals": "A"}, {"at_least": "C"}, {"at_most": "B"}]
        ),
    ),
    "stage": _leaf(stage=_names(VOCABULARY.stages)),
    "persona": _leaf(persona=_names(VOCABULARY.personas)),
    "in_segment": _leaf(in_segment=_names(VOCABULARY.segments)),
    "in_list": _leaf(in_list=_names(VOCABULARY.lists)),
    "qualified": _leaf(qualified=_names(VOCABULARY.qualifications)),
    "consent": _leaf(
        consent=st.just("news"), more=st.sampled_from([{}, {"is": "pending"}, {"is": "granted"}])
    ),
    "company": st.one_of(
        _leaf(company=st.just("score"), more=_limits),
        _leaf(company=st.just("members"), more=_limits),
        _leaf(
            company=st.just("roles_missing"),
            more=st.sampled_from([{"contains": "finance"}, {"is_set": False}]),
        ),
    ),
    "random": _leaf(random=st.sampled_from(["10%", "50%", "99.5%"]), named=st.sampled_from("ab")),
    "everyone": st.just({"everyone": True}),
}  # fmt: skip

leaves: st.SearchStrategy[Raw] = st.one_of(*LEAVES.values())


def _groups(parts: st.SearchStrategy[Raw]) -> st.SearchStrategy[Raw]:
    return st.builds(
        lambda kind, inside: {kind: inside},
        st.sampled_from(["all", "any", "none"]),
        st.lists(parts, min_size=1, max_size=4),
    )


trees: st.SearchStrategy[Raw] = st.recursive(leaves, _groups, max_leaves=8)

BY_TIME = (
    "trait, a date", "did", "did, first or last", "did, sum or max", "did, against the habit",
    "did_not", "overdue_by", "has_been", "score", "interest", "company",
)  # fmt: skip
"""The leaves that time alone can change."""

timed_trees: st.SearchStrategy[Raw] = _groups(
    st.recursive(st.one_of(*(LEAVES[name] for name in BY_TIME)), _groups, max_leaves=6)
)
