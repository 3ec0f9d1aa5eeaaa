"""Files in S3: those of operations, private ones, and those that forms give."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

from botocore.exceptions import ClientError

from relance.aws.passing import FAILURES, Failure, code_of, passes
from relance.errors import ServiceUnavailable
from relance.ports import FileAbout

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART = 8 << 20
"""How many bytes of a file are asked for at once."""

BLOCK = 1 << 16
"""How many are handed on at once."""

_TRIES = 4
"""How often a part is asked for whose bytes stop coming; botocore does not do it by itself."""

_BUSY = frozenset({"SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "503"})


ADDRESS_HOLDS = 300
"""Seconds for which the address of a file holds."""


class S3Files:
    """The files in one bucket, UTF-8, a line feed after each line."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def write_lines(self, key: str, lines: Iterable[str]) -> None:
        """Write a file."""
        body = "".join(f"{line}\n" for line in lines).encode()
        try:
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType="application/x-ndjson"
            )
        except FAILURES as error:
            translate_s3(error, key)

    def read_lines(self, key: str) -> Iterator[str]:
        """The lines of a file."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
        except FAILURES as error:
            translate_s3(error, key)
        try:
            for line in answer["Body"].iter_lines():
                yield line.decode()
        except FAILURES as error:
            translate_s3(error, key)

    def about(self, key: str) -> FileAbout:
        """What is known of a file without reading it."""
        try:
            answer = self._client.head_object(Bucket=self._bucket, Key=key)
        except FAILURES as error:
            translate_s3(error, key)
        return FileAbout(
            size=answer["ContentLength"],
            tag=answer["ETag"].strip('"'),
            written_at=answer["LastModified"],
        )

    def read_blocks(self, key: str, about: FileAbout) -> Iterator[bytes]:
        """The bytes of a file, read in parts, so that a long one never depends on one answer."""
        for start in range(0, about.size, PART):
            part = self._part(key, about.tag, start)
            for at in range(0, len(part), BLOCK):
                yield part[at : at + BLOCK]

    def _part(self, key: str, tag: str, start: int) -> bytes:
        """The part that begins at `start`; an answer that broke off is asked for again."""
        for _ in range(_TRIES):
            try:
                answer = self._client.get_object(
                    Bucket=self._bucket, Key=key, Range=f"bytes={start}-{start + PART - 1}"
                )
                if answer["ETag"].strip('"') != tag:
                    raise FileNotFoundError(key)
                return answer["Body"].read()
            except FAILURES as error:
                if isinstance(error, ClientError) or not passes(error):
                    translate_s3(error, key)
        raise ServiceUnavailable("S3 broke off again and again; try again later")

    def link(self, key: str) -> str:
        """Where the file is: `s3://<bucket>/<key>`."""
        return f"s3://{self._bucket}/{key}"

    def expiring_link(self, key: str, *, lasts: timedelta) -> str:
        """A signed address of the file; no call is made."""
        return self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": key},
            ExpiresIn=round(lasts.total_seconds()),
        )


def translate_s3(error: Failure, key: str) -> NoReturn:
    """Raise ServiceUnavailable, FileNotFoundError, or what it is."""
    code = code_of(error) if isinstance(error, ClientError) else ""
    if code in _BUSY or passes(error):
        raise ServiceUnavailable("S3 asked to try again later") from error
    if code in ("NoSuchKey", "404", "InvalidRange"):
        raise FileNotFoundError(key) from error
    raise error


class S3Downloads:
    """Files that people may fetch, in one bucket, each by an address that holds for minutes."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def address(self, key: str, *, saved_as: str) -> str:
        """A presigned address of a file that is there; browsers save it under this name."""
        try:
            self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            # Without the right to list, S3 calls what is missing forbidden.
            if error.response.get("Error", {}).get("Code") == "403":
                raise FileNotFoundError(key) from error
            translate_s3(error, key)
        return self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ResponseContentDisposition": f'attachment; filename="{saved_as}"',
                "ResponseCacheControl": "private, no-store",
            },
            ExpiresIn=ADDRESS_HOLDS,
        )
