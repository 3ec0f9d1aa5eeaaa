"""What rules make of payloads: every value as it is meant, every entry by itself."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relance.content.hooks import EventRule, Hook, Person, Scheme, Shape, Taken, Unit, When
from relance.hooks.mapping import MOST_ENTRIES, Call, Mapped, map_payload
from relance.hooks.money import currency_of, from_smallest_unit, number_of


def mapped(payload: object, headers: dict[str, str] | None = None, **rule: Any) -> Mapped:
    """What one rule makes of a payload."""
    given = {"event": "order_completed", "who": Person(user_id="user"), "id": ("id",), **rule}
    hook = Hook("shop", "Shop", Scheme("X-S", id="X-Delivery"), (EventRule(**given),))
    return map_payload(hook, Call(payload, headers or {}))


PAID = {
    "id": 7, "user": "u1", "amount": 2990, "currency": "eur", "paid": True, "total": "29.90",
    "seconds": 1768813180,
}  # fmt: skip


def value(taken: Taken, payload: dict[str, Any] = PAID) -> object:
    (item,) = mapped(payload, properties={"x": taken}).items
    properties = item["properties"]
    assert isinstance(properties, dict)
    return properties.get("x")


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        (Taken("total"), "29.90"),
        (Taken("total", shape=Shape.NUMBER), 29.9),
        (Taken("id", shape=Shape.TEXT), "7"),
        (Taken("amount", shape=Shape.MONEY, currency="currency"), 29.9),
        (Taken("currency", shape=Shape.CURRENCY), "EUR"),
        (Taken("seconds", shape=Shape.TIME), "2026-01-19T08:59:40.000Z"),
        (Taken(value="card"), "card"),
        (Taken("payload:amount"), 2990),
        (Taken("missing"), None),
        (Taken("missing", shape=Shape.NUMBER), None),
    ],
)
def test_a_value_is_what_the_rule_makes_of_it(taken: Taken, expected: object) -> None:
    assert value(taken) == expected


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (2990, "EUR", 29.9), (1, "USD", 0.01), (500, "JPY", 500.0), (1234, "KWD", 1.234),
        (-250, "EUR", -2.5), ("2990", "EUR", 29.9), (999999999999, "EUR", 9999999999.99),
        (0, "EUR", 0.0), ("x", "EUR", None), (True, "EUR", None), (float("inf"), "EUR", None),
        # Stripe counts these two in hundredths, though they have none.
        (500, "ISK", 5.0), (500, "UGX", 5.0),
    ],
)  # fmt: skip
def test_an_amount_in_the_smallest_unit_is_money(
    amount: object, currency: str, expected: float | None
) -> None:
    assert from_smallest_unit(amount, currency) == expected


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_no_cent_is_lost(cents: int) -> None:
    euros = from_smallest_unit(cents, "EUR")
    assert euros is not None
    assert round(euros * 100) == cents


@pytest.mark.parametrize("odd", ["", "1,5", "NaN!", "1e9", "٣", "--1", None, [], {}, "9" * 31])
def test_what_is_no_number_is_none(odd: object) -> None:
    assert number_of(odd) is None
    assert currency_of(odd) is None


@pytest.mark.parametrize(
    ("said", "when", "holds"),
    [
        ({"type": "paid"}, When("type", ("paid", "sent")), True),
        ({"type": "paid"}, When("type", ("sent",)), False),
        ({}, When("type", ("sent",)), False),
        ({"test": False}, When("test", (False,)), True),
        ({}, When("test", (False,)), True),
        ({"test": True}, When("test", (False,)), False),
        ({"email": "x"}, When("email || phone", (True,)), True),
        ({"n": 1}, When("n", (True,)), True),
        ({"n": True}, When("n", (1,)), False),
        ({"n": 1}, When("n", (1,)), True),
        ({}, When("header:X-Topic", ("orders/create",)), True),
        ({}, When("header:x-topic", ("orders/paid",)), False),
    ],
)
def test_a_rule_is_for_what_says_so(said: dict[str, Any], when: When, holds: bool) -> None:
    found = mapped({**PAID, **said}, {"x-topic": "orders/create"}, when=(when,))
    assert found.is_wanted is holds


NO_ID = "its id is missing, which tells a repeated delivery from a new event"


def test_every_entry_of_a_list_is_an_event_and_a_bad_one_spoils_no_other() -> None:
    entries = [{"id": 1, "user": "a"}, {"id": [], "user": "b"}, {"user": "c"}, {"id": 4}, None, 5]
    found = mapped({"list": entries}, for_each="list")
    assert [each["userId"] for each in found.items] == ["a"]
    assert found.problems == (
        'rule 1, order_completed: "id" is neither a text nor a whole number',
        f"rule 1, order_completed: {NO_ID}",
    )
    assert found.unnamed == 3


def test_an_endless_list_ends() -> None:
    found = mapped({"list": [{"id": n, "user": "a"} for n in range(3000)]}, for_each="list")
    assert len(found.items) == MOST_ENTRIES


def test_the_id_of_the_delivery_counts_where_a_rule_names_none() -> None:
    (item,) = mapped(PAID, {"x-delivery": "d-1"}, id=()).items
    assert item["messageId"] == "shop order_completed d-1"
    assert mapped(PAID, id=()).problems


def test_a_long_id_still_fits_and_still_differs() -> None:
    ids = {str(mapped({**PAID, "id": f"{'x' * 999}{n}"}).items[0]["messageId"]) for n in range(3)}
    assert len(ids) == 3
    assert max(map(len, ids)) <= 255


@pytest.mark.parametrize(
    ("written", "unit", "expected"),
    [
        (1767603600, Unit.SECONDS, "2026-01-05T09:00:00.000Z"),
        ("1767603600", Unit.SECONDS, "2026-01-05T09:00:00.000Z"),
        (1767603600123, Unit.MILLISECONDS, "2026-01-05T09:00:00.123Z"),
        ("2026-01-05T10:00:00+01:00", Unit.ISO, "2026-01-05T09:00:00.000Z"),
        ("2026-01-05T09:00:00", Unit.ISO, "2026-01-05T09:00:00.000Z"),
        (None, Unit.ISO, None),
    ],
)
def test_a_time_is_read_in_its_unit(written: object, unit: Unit, expected: str | None) -> None:
    (item,) = mapped({**PAID, "at": written}, time="at", unit=unit).items
    assert item.get("timestamp") == expected


@pytest.mark.parametrize("unit", list(Unit))
@pytest.mark.parametrize("odd", ["soon", [], True, 10**18, -1, "0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none_is_told(odd: object, unit: Unit) -> None:
    found = mapped({**PAID, "at": odd}, time="at", unit=unit)
    assert (found.items, len(found.problems)) == ((), 1)


def test_an_address_that_is_none_counts_only_where_nothing_else_is_known() -> None:
    who = Person(user_id="user", email="email")
    (item,) = mapped({**PAID, "email": "nonsense"}, who=who).items
    assert "traits" not in str(item)
    alone = mapped({"id": 1, "email": "nonsense"}, who=who)
    assert alone.problems
    assert "nonsense" not in alone.problems[0]


json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "user", "list", "at", "amount", "currency", "email"]), inner
    ),
    max_leaves=12,
)  # fmt: skip


@given(json)
def test_whatever_comes_is_an_item_or_a_sentence(payload: object) -> None:
    for for_each in (None, "list", "list[].list[]"):
        mapped(
            payload,
            for_each=for_each,
            time="at",
            unit=Unit.SECONDS,
            who=Person(user_id="user", email="email", phone="id", ids={"own": "id"}),
            properties={
                "revenue": Taken("amount", shape=Shape.MONEY, currency="currency"),
                "sum": Taken("sum(list[].to_number(amount))"),
            },
        )
