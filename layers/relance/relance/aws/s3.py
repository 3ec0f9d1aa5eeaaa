"""The files of operations, and those that forms give, in S3."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NoReturn

from botocore.exceptions import ClientError

from relance.errors import ServiceUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

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
        except ClientError as error:
            _translate(error, key)

    def read_lines(self, key: str) -> Iterator[str]:
        """The lines of a file."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            _translate(error, key)
        for line in answer["Body"].iter_lines():
            yield line.decode()

    def link(self, key: str) -> str:
        """Where the file is: `s3://<bucket>/<key>`."""
        return f"s3://{self._bucket}/{key}"


def _translate(error: ClientError, key: str) -> NoReturn:
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in _BUSY:
        raise ServiceUnavailable("S3 asked to try again later") from error
    if code in ("NoSuchKey", "404"):
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
            _translate(error, key)
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
