"""What the files of operations promise, on moto and on the embedded AWS."""

from datetime import timedelta
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.response import StreamingBody
from relance.aws import s3
from relance.aws.s3 import S3Files
from relance.errors import ServiceUnavailable
from relance.ports import Files

from local.emulator.s3 import S3
from local.hook import Answer, AwsError, Call, Hook
from local.identifiers import REGION
from local.storage import client


@pytest.fixture
def files(s3: None) -> Files:
    return made()


def made() -> S3Files:
    client("s3").create_bucket(Bucket="operations")
    signing = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    return S3Files(boto3.client("s3", region_name=REGION, config=signing), "operations")


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
    blocks = list(files.read_blocks("a", about))
    assert len(blocks) > 1
    assert b"".join(blocks).decode() == f"{'x' * 99_999}\n{'y' * 99_999}\n"
    files.write_lines("a", ["x"])
    assert files.about("a").tag != about.tag
    for key, ask in (
        ("nothing", files.about),
        ("nothing", lambda key: list(files.read_blocks(key, about))),
        ("a", lambda key: list(files.read_blocks(key, about))),  # replaced since
    ):
        with pytest.raises(FileNotFoundError):
            ask(key)


def test_a_long_file_is_read_in_parts(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "PART", 1000)
    files.write_lines("a", ["x" * 2999, "y" * 500])
    blocks = list(files.read_blocks("a", files.about("a")))
    assert [len(each) for each in blocks] == [1000, 1000, 1000, 501]
    files.write_lines("a", [])
    assert list(files.read_blocks("a", files.about("a"))) == []


class BrokenOff:
    """An S3 whose answers stop in the middle, so many times."""

    def __init__(self, whole: S3, times: int) -> None:
        self._whole, self._times = whole, times

    def call(self, call: Call) -> Answer:
        """Answer, or begin to."""
        answer = self._whole.call(call)
        if call.operation == "GetObject" and self._times:
            self._times -= 1
            raw = answer["Body"].read()
            answer["Body"] = StreamingBody(BytesIO(raw[: len(raw) // 2]), len(raw))
        return answer


@pytest.mark.parametrize("times", [3, 4])
def test_an_answer_that_breaks_off_is_asked_for_again(
    times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    with Hook() as hook:
        hook.register("s3", BrokenOff(S3(), times))
        files = made()
        files.write_lines("a", ["x" * 99])
        if times < 4:
            assert b"".join(files.read_blocks("a", files.about("a"))) == b"x" * 99 + b"\n"
        else:
            with pytest.raises(ServiceUnavailable):
                list(files.read_blocks("a", files.about("a")))


class AnswerLost:
    """An S3 that carries out the first call and answers with an error."""

    def __init__(self, whole: S3) -> None:
        self._whole = whole
        self.attempts = 0

    def call(self, call: Call) -> Answer:
        """Carry it out; the first answer is an error."""
        answer = self._whole.call(call)
        if call.operation == "PutObject":
            self.attempts += 1
            if self.attempts == 1:
                raise AwsError("InternalError", "come back later", 500)
        return answer


def test_a_file_that_is_sent_again_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    storage = AnswerLost(S3())
    with Hook() as hook:
        hook.register("s3", storage)
        files = made()
        files.write_lines("a", ["1", "2"])
        assert list(files.read_lines("a")) == ["1", "2"]
    assert storage.attempts == 2


def test_a_person_is_told_where_a_file_is(files: Files) -> None:
    assert files.link("a/b.jsonl") == "s3://operations/a/b.jsonl"


def test_a_link_for_everybody_is_signed_and_expires(files: Files) -> None:
    link = files.expiring_link("a/b.json", lasts=timedelta(hours=1))
    assert "/a/b.json?" in link
    assert "operations" in link
    asked = parse_qs(urlsplit(link).query)
    assert asked["X-Amz-Expires"] == ["3600"]
    assert asked["X-Amz-Signature"]


@pytest.mark.parametrize("code", ["SlowDown", "InternalError"])
def test_what_can_pass_is_said_to_pass(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Busy:
        def call(self, call: Call) -> Answer:
            raise AwsError(code, "come back later", 503)

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    once = Config(retries={"total_max_attempts": 1})
    with Hook() as hook:
        hook.register("s3", Busy())
        files = S3Files(boto3.client("s3", region_name=REGION, config=once), "operations")
        with pytest.raises(ServiceUnavailable):
            files.write_lines("a", ["1"])
        with pytest.raises(ServiceUnavailable):
            list(files.read_lines("a"))
