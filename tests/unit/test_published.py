"""Which message is in force, read once a minute, whatever the store does."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from relance.content.compiled import Content, MessageUnknown
from relance.errors import ConditionFailed, StoreBusy
from relance.published import AT_MOST_OLD, REMEMBERED, Index, Line, Messages
from relance.storage import Item, Table

from local.content import compiled_content
from local.memory import MemoryStore
from local.world import ROOT

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
CONTENT = Content.open(compiled_content(ROOT))


class Counting(MemoryStore):
    """Counts reads of the index; `busy` refuses them."""

    reads = 0
    busy = False

    def get(self, table: Table, key: tuple[str, ...]) -> Item | None:
        self.reads += 1
        if self.busy:
            raise StoreBusy("throttled")
        return super().get(table, key)


class Versions:
    """The bucket, as far as versions go."""

    def __init__(self) -> None:
        self.kept: dict[str, Mapping[str, object]] = {}
        self.reads = 0

    def keep(self, name: str, version: str, subject: str) -> None:
        compiled = dict(CONTENT.compiled_message("welcome") or {})
        variants = compiled["variants"]
        assert isinstance(variants, list)
        changed = [{**each, "subject": subject} for each in variants]
        self.kept[version] = {**compiled, "name": name, "version": version, "variants": changed}

    def version(self, version: str) -> Mapping[str, object] | None:
        self.reads += 1
        return self.kept.get(version)


class Bench:
    """A store, a bucket, a clock, and somebody who sends."""

    def __init__(self) -> None:
        self.store, self.versions, self.now = Counting(), Versions(), NOW
        self.messages = Messages(CONTENT, self.store, lambda: self.versions, lambda: self.now)  # type: ignore[arg-type,return-value]

    def write(self, name: str, line: Line) -> None:
        self.store.write(Index.read(self.store).put(name, line))

    def publish(self, name: str, version: str, subject: str) -> None:
        self.versions.keep(name, version, subject)
        self.write(name, Index.read(self.store).line(name).with_next(version))

    def subject(self, name: str) -> str:
        return self.messages.message(name).variants[0].subject


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_what_was_deployed_is_in_force_until_something_is_published(bench: Bench) -> None:
    assert bench.subject("welcome") == CONTENT.message("welcome").variants[0].subject
    assert bench.messages.names == tuple(sorted(CONTENT.messages))


def test_what_is_published_is_in_force_within_a_minute_and_not_read_more_often(
    bench: Bench,
) -> None:
    deployed = bench.subject("welcome")
    bench.publish("welcome", "a" * 12, "One")
    before = bench.store.reads
    bench.now += AT_MOST_OLD - timedelta(seconds=1)
    assert bench.subject("welcome") == deployed
    assert bench.store.reads == before
    bench.now += timedelta(seconds=1)
    assert [bench.subject("welcome") for _ in range(5)] == ["One"] * 5
    assert (bench.store.reads, bench.versions.reads) == (before + 1, 1)


def test_a_message_that_was_never_deployed_is_found(bench: Bench) -> None:
    bench.publish("letter", "a" * 12, "A letter")
    assert bench.subject("letter") == "A letter"
    assert "letter" in bench.messages.names
    with pytest.raises(MessageUnknown, match="Did you mean letter"):
        bench.messages.message("leter")


def test_going_back_to_what_was_deployed_and_on_again(bench: Bench) -> None:
    deployed = CONTENT.message("welcome").variants[0].subject
    bench.publish("welcome", "a" * 12, "One")
    bench.write("welcome", Index.read(bench.store).line("welcome").back_to(0))
    assert bench.subject("welcome") == deployed
    bench.publish("welcome", "b" * 12, "Two")
    assert Index.read(bench.store).line("welcome").number == 2


def test_who_knows_an_index_goes_on_with_it_while_it_cannot_be_read(bench: Bench) -> None:
    bench.publish("welcome", "a" * 12, "One")
    assert bench.subject("welcome") == "One"
    bench.now += timedelta(hours=1)
    bench.store.busy = True
    assert bench.subject("welcome") == "One"


def test_who_knows_none_sends_nothing_that_may_be_out_of_force(bench: Bench) -> None:
    bench.store.busy = True
    with pytest.raises(StoreBusy):
        bench.subject("welcome")


def test_a_draft_is_there_once_it_was_checked(bench: Bench) -> None:
    with pytest.raises(MessageUnknown):
        bench.messages.draft("letter")
    bench.versions.keep("letter", "c" * 12, "A draft")
    bench.write("letter", Line().with_draft("c" * 12))
    assert bench.messages.draft("letter").variants[0].subject == "A draft"
    assert "letter" not in bench.messages.names


def test_two_who_write_at_once_do_not_undo_each_other(bench: Bench) -> None:
    first, second = Index.read(bench.store), Index.read(bench.store)
    bench.store.write(first.put("a", Line().with_next("a" * 12)))
    with pytest.raises(ConditionFailed):
        bench.store.write(second.put("b", Line().with_next("b" * 12)))
    bench.publish("b", "b" * 12, "B")
    assert set(Index.read(bench.store).lines) == {"a", "b"}


def test_so_many_versions_are_remembered_and_numbers_go_on() -> None:
    line = Line()
    for number in range(1, REMEMBERED + 11):
        line = line.with_next(f"{number:012x}")
    assert (line.number, len(line.versions), min(line.versions)) == (
        REMEMBERED + 10, REMEMBERED, 11,
    )  # fmt: skip
    assert replace(line, number=0).in_force is None
