"""What the files of operations promise, on moto and on the embedded AWS."""

from collections.abc import Iterator

import pytest
from moto import mock_aws
from relance.aws.s3 import S3Files
from relance.errors import ServiceUnavailable
from relance.ports import Files

from local.emulator.s3 import S3
from local.hook import Answer, AwsError, Call, Hook
from local.storage import client


@pytest.fixture(params=["moto", "embedded"])
def files(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    if request.param == "moto":
        with mock_aws():
            yield made()
        return
    with Hook() as hook:
        hook.register("s3", S3())
        yield made()


def made() -> S3Files:
    client("s3").create_bucket(Bucket="operations")
    return S3Files(client("s3"), "operations")


def test_lines_come_back_as_they_were_written(files: Files) -> None:
    lines = ['{"a": 1}', "žluťoučký 🐎", "", "x" * 70_000, '{"b": "\\n"}']
    files.write_lines("a/b.jsonl", lines)
    assert list(files.read_lines("a/b.jsonl")) == lines


def test_an_empty_file_has_no_lines(files: Files) -> None:
    files.write_lines("a/empty.jsonl", [])
    assert list(files.read_lines("a/empty.jsonl")) == []


def test_a_file_is_replaced_as_a_whole(files: Files) -> None:
    files.write_lines("a", ["1", "2"])
    files.write_lines("a", ["3"])
    assert list(files.read_lines("a")) == ["3"]


def test_there_is_no_file_where_none_was_written(files: Files) -> None:
    with pytest.raises(FileNotFoundError):
        list(files.read_lines("nothing"))


def test_a_file_is_read_in_blocks_and_known_by_size_and_hash(files: Files) -> None:
    files.write_lines("a", ["x" * 99_999, "y" * 99_999])
    about = files.about("a")
    assert about.size == 200_000
    assert about.written_at.tzinfo is not None
    blocks = list(files.read_blocks("a"))
    assert len(blocks) > 1
    assert b"".join(blocks).decode() == f"{'x' * 99_999}\n{'y' * 99_999}\n"
    files.write_lines("a", ["x"])
    assert files.about("a").tag != about.tag
    for ask in (files.about, lambda key: list(files.read_blocks(key))):
        with pytest.raises(FileNotFoundError):
            ask("nothing")


def test_a_person_is_told_where_a_file_is(files: Files) -> None:
    assert files.link("a/b.jsonl") == "s3://operations/a/b.jsonl"


@pytest.mark.parametrize("code", ["SlowDown", "InternalError"])
def test_what_can_pass_is_said_to_pass(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Busy:
        def call(self, call: Call) -> Answer:
            raise AwsError(code, "come back later", 503)

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with Hook() as hook:
        hook.register("s3", Busy())
        files = S3Files(client("s3"), "operations")
        with pytest.raises(ServiceUnavailable):
            files.write_lines("a", ["1"])
        with pytest.raises(ServiceUnavailable):
            list(files.read_lines("a"))
