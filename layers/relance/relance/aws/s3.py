"""Files in S3: those of operations, and private ones."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

from botocore.exceptions import ClientError

from relance.errors import ServiceUnavailable

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


def _translate(error: ClientError, key: str) -> NoReturn:
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in _BUSY:
        raise ServiceUnavailable("S3 asked to try again later") from error
    if code in ("NoSuchKey", "404"):
        raise FileNotFoundError(key) from error
    raise error
