"""Whatever can be read can wait in a queue and comes out as it went in."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from relance.collecting.backlog import MAX_BODY, pack, unpack
from relance.collecting.delivery import MAX_EVENT, Delivery, Form
from relance.collecting.keys import Scope, WriteKeys
from relance.errors import InvalidInput

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**14), 10**14) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.dictionaries(st.text(), JSON, max_size=3)), st.sampled_from(Scope), JSON)
def test_what_waited_comes_out_as_it_went_in(
    items: list[dict[str, Any]], scope: Scope, sent_at: object
) -> None:
    delivery = Delivery(NOW, scope, Form.SEGMENT, sent_at)
    bodies = list(pack(items, delivery))
    found = [unpack(body) for body in bodies]
    assert [item for some, _ in found for item in some] == items
    assert all((each.received, each.scope) == (NOW, scope) for _, each in found)
    assert all(body.isascii() for body in bodies)


def test_no_body_is_larger_than_a_queue_takes() -> None:
    items = [{"note": "é" * (MAX_EVENT // 2 - 20)} for _ in range(20)]
    bodies = list(pack(items, Delivery(NOW, Scope.SERVER)))
    assert max(map(len, bodies)) <= MAX_BODY + 1_000
    assert sum(len(json.loads(body)["items"]) for body in bodies) == 20


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"items": [], "delivery": {}}', "7"])
def test_what_is_no_batch_is_refused(body: str) -> None:
    with pytest.raises(InvalidInput):
        unpack(body)


def test_a_key_that_is_listed_as_both_is_public() -> None:
    keys = WriteKeys({"server": "same", "other": "x"}, {"browser": "same", "empty": ""})
    found = keys.find("same")
    assert found is not None
    assert (found.name, found.scope) == ("browser", Scope.BROWSER)
    assert keys.find("") is None
