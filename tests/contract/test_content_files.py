"""What the bucket of content promises, on moto and on the embedded AWS."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from relance.aws.s3_content import MOST_FILES, S3ContentFiles
from relance.errors import ServiceUnavailable
from relance.ports_content import ContentFiles

from local.hook import Answer, AwsError, Call, Hook
from local.identifiers import REGION
from local.storage import client


@pytest.fixture
def files(s3: None) -> ContentFiles:
    return made()


def made() -> S3ContentFiles:
    client("s3").create_bucket(Bucket="content")
    return S3ContentFiles(client("s3"), "content")


def put(key: str, body: bytes = b"x") -> None:
    client("s3").put_object(Bucket="content", Key=key, Body=body)


def test_versions_and_pictures_come_back_as_they_were_kept(files: ContentFiles) -> None:
    for _ in range(2):
        files.keep_version("0123456789ab", {"name": "žluťoučký 🐎", "links": []})
        files.keep_image("ab.png", b"\x89PNG\x00\xff")
    assert files.version("0123456789ab") == {"name": "žluťoučký 🐎", "links": []}
    assert files.image("ab.png") == b"\x89PNG\x00\xff"


def test_there_is_none_where_none_was_kept(files: ContentFiles) -> None:
    assert files.version("0123456789ab") is None
    assert files.image("ab.png") is None


def test_a_draft_has_its_own_files_and_no_other(files: ContentFiles) -> None:
    assert files.draft("letter") == {}
    for key in ("letter.md", "letter/", "letter/body.md", "letter/images/a.png"):
        put(f"drafts/{key}", key.encode())
    for key in ("letter-2.md", "letter.mdx", "letter.md.md", "letters/body.md", "other/letter.md"):
        put(f"drafts/{key}")
    draft = files.draft("letter")
    assert draft == {
        each: each.encode() for each in ("letter.md", "letter/body.md", "letter/images/a.png")
    }
    assert set(files.drafts()) == {
        "letter",
        "letter-2",
        "letter.md",
        "letter.mdx",
        "letters",
        "other",
    }


def test_a_draft_of_too_many_files_is_not_read(files: ContentFiles) -> None:
    for number in range(MOST_FILES + 1):
        put(f"drafts/letter/{number}.md")
    assert files.draft("letter") is None


@pytest.mark.parametrize(
    ("code", "status", "outcome"),
    [
        ("SlowDown", 503, ServiceUnavailable),
        ("AccessDenied", 403, None),
        ("NoSuchBucket", 404, ClientError),
    ],
)
def test_what_goes_wrong_is_told_apart(
    monkeypatch: pytest.MonkeyPatch, code: str, status: int, outcome: type[Exception] | None
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")

    once = Config(retries={"total_max_attempts": 1})

    class Refusing:
        def call(self, call: Call) -> Answer:
            raise AwsError(code, "no", status)

    with Hook() as hook:
        hook.register("s3", Refusing())
        files = S3ContentFiles(boto3.client("s3", region_name=REGION, config=once), "content")
        if outcome is None:
            assert files.image("ab.png") is None
            return
        with pytest.raises(outcome):
            files.image("ab.png")
