"""What every store promises: the same on dictionaries, on moto, and on the embedded AWS."""

import pytest
from relance.errors import ConditionFailed
from relance.storage import (
    UNSETTLED,
    Absent,
    AllOf,
    AnyOf,
    AtLeast,
    Below,
    Check,
    Delete,
    Equals,
    Item,
    Missing,
    Present,
    Put,
    Store,
    Table,
    Update,
)

CONTACT = {"contact_id": "c1", "record": "now#register"}
KEY = ("c1", "now#register")

VALUES = [
    pytest.param("text", id="text"),
    pytest.param("", id="empty text"),
    pytest.param("žluťoučký 🐎", id="unicode"),
    pytest.param(0, id="zero"),
    pytest.param(-7, id="negative"),
    pytest.param(12345678901234, id="large whole number"),
    pytest.param(0.1, id="fraction"),
    pytest.param(1e-9, id="tiny fraction"),
    pytest.param(19.99, id="price"),
    pytest.param(True, id="yes"),
    pytest.param(False, id="no"),
    pytest.param([1, "two", [3.5]], id="list"),
    pytest.param({"a": {"b": [True, {"c": "d"}]}}, id="nested"),
    pytest.param({}, id="empty object"),
    pytest.param([], id="empty list"),
]


@pytest.mark.parametrize("value", VALUES)
def test_a_value_comes_back_as_it_went_in(store: Store, value: object) -> None:
    store.write(Put(Table.CONTACTS, {**CONTACT, "value": value}))
    item = store.get(Table.CONTACTS, KEY)
    assert item is not None
    assert item["value"] == value
    assert type(item["value"]) is type(value)


def test_none_is_not_stored(store: Store) -> None:
    store.write(Put(Table.CONTACTS, {**CONTACT, "value": None}))
    assert store.get(Table.CONTACTS, KEY) == CONTACT


def test_what_was_read_cannot_change_what_is_stored(store: Store) -> None:
    store.write(Put(Table.CONTACTS, {**CONTACT, "tags": ["a"]}))
    item = store.get(Table.CONTACTS, KEY)
    assert item is not None
    item["tags"].append("b")  # type: ignore[index,union-attr]
    assert store.get(Table.CONTACTS, KEY) == {**CONTACT, "tags": ["a"]}


def test_there_is_nothing_where_nothing_was_written(store: Store) -> None:
    assert store.get(Table.IDENTITIES, ("email:nobody@example.com",)) is None
    assert store.query(Table.EVENTS, "c1") == []


def test_many_items_are_read_at_once_and_those_that_are_not_there_left_out(store: Store) -> None:
    for number in range(0, 250, 2):
        store.write(Put(Table.IDENTITIES, {"identity": f"user:{number}", "contact_id": "c"}))
    keys = [(f"user:{number}",) for number in (*range(250), 0, 2)]
    found = store.get_many(Table.IDENTITIES, keys)
    assert set(found) == {(f"user:{number}",) for number in range(0, 250, 2)}
    assert found["user:4",] == {"identity": "user:4", "contact_id": "c"}
    assert store.get_many(Table.CONTACTS, []) == {}


def test_many_items_of_a_table_with_two_part_keys_are_read_at_once(store: Store) -> None:
    store.write(Put(Table.CONTACTS, {**CONTACT, "value": 1}))
    assert store.get_many(Table.CONTACTS, [KEY, ("c1", "now#profile")]) == {
        KEY: {**CONTACT, "value": 1}
    }


def test_a_query_reads_one_partition_in_the_order_of_its_keys(store: Store) -> None:
    for contact, event in [("c1", "E3"), ("c2", "E1"), ("c1", "E1"), ("c1", "E2")]:
        store.write(Put(Table.EVENTS, {"contact_id": contact, "event_id": event}))
    assert [item["event_id"] for item in store.query(Table.EVENTS, "c1")] == ["E1", "E2", "E3"]
    assert [item["event_id"] for item in store.query(Table.EVENTS, "c1", start="E2")] == [
        "E2",
        "E3",
    ]


def test_a_query_by_prefix_leaves_out_what_is_past(store: Store) -> None:
    for record in ["now#profile", "now#wait#w", "past#enrolment#w", "nor"]:
        store.write(Put(Table.CONTACTS, {"contact_id": "c1", "record": record}))
    found = store.query(Table.CONTACTS, "c1", prefix="now#")
    assert [item["record"] for item in found] == ["now#profile", "now#wait#w"]


def test_a_query_reads_all_pages(store: Store) -> None:
    for number in range(60):
        store.write(
            Put(
                Table.EVENTS,
                {"contact_id": "c1", "event_id": f"E{number:03}", "text": "x" * 40_000},
            )
        )
    assert len(store.query(Table.EVENTS, "c1")) == 60


def test_an_item_is_created_once(store: Store) -> None:
    store.write(Put(Table.CONTACTS, {**CONTACT, "by": "first"}, when=Absent()))
    with pytest.raises(ConditionFailed) as refused:
        store.write(Put(Table.CONTACTS, {**CONTACT, "by": "second"}, when=Absent()))
    assert refused.value.failed == (0,)
    assert store.get(Table.CONTACTS, KEY) == {**CONTACT, "by": "first"}


CONDITIONS = [
    pytest.param(Present(), True, id="present"),
    pytest.param(Absent(), False, id="absent"),
    pytest.param(Equals("state", "open"), True, id="equals"),
    pytest.param(Equals("state", "shut"), False, id="equals something else"),
    pytest.param(Equals("count", 3), True, id="equals number"),
    pytest.param(Equals("missing", "x"), False, id="a missing attribute equals nothing"),
    pytest.param(Missing("missing"), True, id="missing"),
    pytest.param(Missing("state"), False, id="not missing"),
    pytest.param(Below("count", 4), True, id="below"),
    pytest.param(Below("count", 3), False, id="not below at the same number"),
    pytest.param(Below("missing", 4), False, id="a missing attribute is not below"),
    pytest.param(Below("nested.at", "2026-02"), True, id="below in a nested attribute"),
    pytest.param(Equals("nested.at", "2026-01"), True, id="equals in a nested attribute"),
    pytest.param(Missing("nested.by"), True, id="missing in a nested attribute"),
    pytest.param(Equals("consent#a-b.state", "granted"), True, id="a name with signs"),
    pytest.param(AnyOf((Absent(), Equals("state", "open"))), True, id="any of"),
    pytest.param(AllOf((Present(), Equals("state", "shut"))), False, id="all of"),
    pytest.param(
        AllOf((Present(), AnyOf((Missing("state"), Below("count", 9))))), True, id="nested"
    ),
]


@pytest.mark.parametrize(("condition", "holds"), CONDITIONS)
def test_a_write_is_carried_out_exactly_when_its_condition_holds(
    store: Store, condition: object, holds: bool
) -> None:
    before = {
        **CONTACT,
        "state": "open",
        "count": 3,
        "nested": {"at": "2026-01"},
        "consent#a-b": {"state": "granted"},
    }
    store.write(Put(Table.CONTACTS, before))
    update = Update(Table.CONTACTS, KEY, set={"touched": True}, when=condition)  # type: ignore[arg-type]
    if holds:
        store.write(update)
    else:
        with pytest.raises(ConditionFailed):
            store.write(update)
    after = store.get(Table.CONTACTS, KEY)
    assert after == ({**before, "touched": True} if holds else before)


def test_an_update_sets_adds_and_removes_and_creates(store: Store) -> None:
    store.write(Update(Table.CONTACTS, KEY, set={"a": 1, "b": "x"}, add={"n": 2}))
    store.write(Update(Table.CONTACTS, KEY, set={"a": None}, add={"n": -1, "m": 1}, remove=["b"]))
    assert store.get(Table.CONTACTS, KEY) == {**CONTACT, "n": 1, "m": 1}


def test_a_delete_obeys_its_condition_and_forgives_absence(store: Store) -> None:
    store.write(Delete(Table.CONTACTS, KEY))
    store.write(Put(Table.CONTACTS, {**CONTACT, "token": "new"}))
    with pytest.raises(ConditionFailed):
        store.write(Delete(Table.CONTACTS, KEY, when=Equals("token", "old")))
    store.write(Delete(Table.CONTACTS, KEY, when=Equals("token", "new")))
    assert store.get(Table.CONTACTS, KEY) is None


def test_a_transaction_is_all_or_nothing_and_names_what_failed(store: Store) -> None:
    store.write(Put(Table.IDENTITIES, {"identity": "email:a", "contact_id": "c9"}))
    with pytest.raises(ConditionFailed) as refused:
        store.transact(
            [
                Put(Table.CONTACTS, CONTACT, when=Absent()),
                Put(Table.IDENTITIES, {"identity": "email:a"}, when=Absent()),
                Check(Table.CONTACTS, ("c2", "now#register"), when=Present()),
            ]
        )
    assert refused.value.failed == (1, 2)
    assert store.get(Table.CONTACTS, KEY) is None


def test_a_transaction_writes_to_several_tables(store: Store) -> None:
    store.transact(
        [
            Put(Table.CONTACTS, CONTACT, when=Absent()),
            Put(Table.IDENTITIES, {"identity": "email:a", "contact_id": "c1"}, when=Absent()),
            Update(Table.SENDS, ("S1",), set={"state": "claimed"}),
            Delete(Table.EVENTS, ("c1", "E1")),
        ]
    )
    assert store.get(Table.IDENTITIES, ("email:a",)) == {"identity": "email:a", "contact_id": "c1"}
    assert store.get(Table.SENDS, ("S1",)) == {"send_id": "S1", "state": "claimed"}


def test_a_sparse_index_holds_what_has_its_attributes_up_to_a_point(store: Store) -> None:
    for number in range(5):
        store.write(
            Update(
                Table.SENDS,
                (f"S{number}",),
                set={"unsettled_shard": "unsettled-1", "unsettled_at": f"2026-01-0{number + 1}"},
            )
        )
    store.write(Update(Table.SENDS, ("S1",), remove=["unsettled_shard", "unsettled_at"]))
    due = store.query_index(UNSETTLED, "unsettled-1", up_to="2026-01-04")
    assert [item["send_id"] for item in due] == ["S0", "S2", "S3"]
    every = store.query_index(UNSETTLED, "unsettled-1")
    assert [item["send_id"] for item in every] == ["S0", "S2", "S3", "S4"]
    assert list(store.query_index(UNSETTLED, "unsettled-2")) == []


def test_a_scan_finds_the_records_asked_for_of_every_partition(store: Store) -> None:
    for contact in ("c1", "c2", "c3"):
        for record in ("now#profile", "now#register", "now#wait#w", "segment#s"):
            item = {"contact_id": contact, "record": record, "rules": "r1", "body": "x" * 1000}
            store.write(Put(Table.CONTACTS, item))
    found = store.scan(
        Table.CONTACTS,
        records=("now#profile", "now#register"),
        attributes=("contact_id", "record", "rules", "erased_at"),
    )
    assert sorted(map(by_key, found)) == [
        (contact, record, {"contact_id": contact, "record": record, "rules": "r1"})
        for contact in ("c1", "c2", "c3")
        for record in ("now#profile", "now#register")
    ]


def test_a_scan_keeps_the_records_of_a_partition_together_and_in_order(store: Store) -> None:
    contacts = [f"c{number}" for number in range(20)]
    for record in ("now#register", "now#profile"):
        for contact in contacts:
            store.write(Put(Table.CONTACTS, {"contact_id": contact, "record": record}))
    found = list(
        store.scan(
            Table.CONTACTS,
            records=("now#profile", "now#register"),
            attributes=("contact_id", "record"),
        )
    )
    assert sorted({str(item["contact_id"]) for item in found}) == sorted(contacts)
    for profile, register in zip(found[::2], found[1::2], strict=True):
        assert profile["contact_id"] == register["contact_id"]
        assert (profile["record"], register["record"]) == ("now#profile", "now#register")


def test_a_scan_goes_on_where_it_stopped_and_reads_all_pages(store: Store) -> None:
    for number in range(60):
        item = {"contact_id": f"c{number:02}", "record": "now#register", "text": "x" * 40_000}
        store.write(Put(Table.CONTACTS, item))

    def ids(after: tuple[str, ...] | None = None) -> list[str]:
        found = store.scan(
            Table.CONTACTS, records=("now#register",), attributes=("contact_id",), after=after
        )
        return [str(item["contact_id"]) for item in found]

    every = ids()
    assert len(set(every)) == len(every) == 60
    assert ids((every[24], "now#register")) == every[25:]


def test_a_scan_finds_records_by_what_they_begin_with(store: Store) -> None:
    for contact in ("c1", "c2"):
        for record in ("now#register", "now#wait#a", "past#enrolment#a#1", "past#enrolment#b#1"):
            store.write(Put(Table.CONTACTS, {"contact_id": contact, "record": record, "x": 1}))
    found = store.scan(
        Table.CONTACTS,
        records=("now#register",),
        prefixes=("now#wait#", "past#enrolment#a#"),
        attributes=("contact_id", "record"),
    )
    assert sorted((str(each["contact_id"]), str(each["record"])) for each in found) == [
        (contact, record)
        for contact in ("c1", "c2")
        for record in ("now#register", "now#wait#a", "past#enrolment#a#1")
    ]


def test_the_latest_items_of_a_partition_come_first_and_no_more_of_them(store: Store) -> None:
    for number in range(12):
        item = {"contact_id": "c1", "event_id": f"e{number:02}", "text": "x" * 100_000}
        store.write(Put(Table.EVENTS, item))
    store.write(Put(Table.EVENTS, {"contact_id": "c2", "event_id": "e99"}))

    def ids(most: int, before: str = "") -> list[str]:
        found = store.latest(Table.EVENTS, "c1", most=most, before=before)
        return [str(each["event_id"]) for each in found]

    assert ids(2) == ["e11", "e10"]
    assert ids(3, before="e02") == ["e01", "e00"]
    assert ids(50) == [f"e{number:02}" for number in range(11, -1, -1)], "more than one page"
    assert ids(1, before="e00") == []


def by_key(item: Item) -> tuple[str, str, Item]:
    return str(item["contact_id"]), str(item["record"]), item


@pytest.mark.parametrize(
    ("there", "holds"),
    [
        pytest.param(4, False, id="less"),
        pytest.param(5, True, id="as much"),
        pytest.param(6, True, id="more"),
        pytest.param(None, False, id="nothing"),
    ],
)
def test_at_least_holds_from_the_value_on(store: Store, there: int | None, holds: bool) -> None:
    store.write(Put(Table.SENDS, {"send_id": "s1", "count": there}))
    more = Update(Table.SENDS, ("s1",), add={"count": 1}, when=AtLeast("count", 5))
    if holds:
        store.write(more)
    else:
        with pytest.raises(ConditionFailed):
            store.write(more)


def test_a_change_tells_the_whole_item_as_it_is_afterwards(store: Store) -> None:
    update = Update(Table.SENDS, ("s1",), set={"plan": "a"}, add={"count": 3})
    assert store.change(update) == {"send_id": "s1", "plan": "a", "count": 3}
    assert store.change(update) == {"send_id": "s1", "plan": "a", "count": 6}
    with pytest.raises(ConditionFailed) as refused:
        store.change(Update(Table.SENDS, ("s1",), add={"count": 1}, when=Equals("plan", "b")))
    assert refused.value.item == {"send_id": "s1", "plan": "a", "count": 6}
    with pytest.raises(ConditionFailed) as refused:
        store.change(Update(Table.SENDS, ("s2",), add={"count": 1}, when=Present()))
    assert refused.value.item is None
