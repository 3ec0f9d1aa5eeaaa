"""Whatever stands in a file, reading it ends in a condition or in sentences, never in an error."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from relance.conditions import compile_condition, sources
from relance.conditions.language import GROUPS, parse
from relance.conditions.places import Sentences

from .examples import VOCABULARY, leaves

_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.sampled_from(
        ["7 days", "7d", "a year", "today", "tomorrow", "7 days ago", "2026-02-30", "10%", "0%",
         "A", "ordered", "city", "employees", "birth_date", "intent", 10**400, -0.0, float("nan")]
    ),
)  # fmt: skip
_keys = st.sampled_from(
    sorted(
        {
            field.alias or name
            for model in (*sources.LEAVES.values(), *sources.PARTS.values())
            for name, field in model.model_fields.items()
        }
        | {*GROUPS, "if", "where"}
    )
)
_junk = st.recursive(
    _scalars,
    lambda inside: st.one_of(
        st.lists(inside, max_size=3), st.dictionaries(_keys, inside, max_size=3)
    ),
    max_leaves=6,
)


def _read(raw: object) -> None:
    sentences = Sentences()
    canonical = parse(raw, VOCABULARY, sentences.place())
    assert (canonical is None) == bool(sentences.found)
    assert all(each.endswith((".", "?")) for each in sentences.found)
    if canonical is not None:
        again = json.loads(json.dumps(canonical, allow_nan=False))
        compile_condition(again)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(raw=_junk)
def test_junk_ends_in_sentences(raw: object) -> None:
    _read(raw)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(raw=leaves, key=_keys, value=_junk, many=st.data())
def test_a_leaf_with_one_thing_spoilt_ends_in_sentences(
    raw: dict[str, Any], key: str, value: object, many: st.DataObject
) -> None:
    spoilt = many.draw(st.sampled_from([*raw, key]))
    _read({**raw, spoilt: value})
