"""The files of operations in S3."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NoReturn

from botocore.exceptions import ClientError

from relance.errors import ServiceUnavailable
from relance.ports import FileAbout

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_BUSY = frozenset({"SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "503"})


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

    def about(self, key: str) -> FileAbout:
        """What is known of a file without reading it."""
        try:
            answer = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            _translate(error, key)
        return FileAbout(
            size=answer["ContentLength"],
            tag=answer["ETag"].strip('"'),
            written_at=answer["LastModified"],
        )

    def read_blocks(self, key: str) -> Iterator[bytes]:
        """The bytes of a file, 64 KB at a time."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            _translate(error, key)
        yield from answer["Body"].iter_chunks(1 << 16)

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
