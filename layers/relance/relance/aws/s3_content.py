"""Versions of messages, pictures and drafts in one versioned bucket.

```
versions/<hash>.json     a compiled message        written by us, never changed
images/<hash>.<kind>     a picture in mails        likewise
drafts/<name>/…          a message as a folder     written by marketers
drafts/<name>.md         or as one Markdown file   likewise
drafts/<name>.asl.json   a journey as it was drawn likewise
```
"""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from relance.aws.passing import FAILURES, code_of
from relance.aws.s3 import translate_s3
from relance.content.pictures import media_type

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_DRAWING = ".asl.json"
MOST_FILES = 100
MOST_BYTES = 20_000_000
"""How large a draft may be, all its files together."""


class S3ContentFiles:
    """The bucket of content."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def version(self, version: str) -> Mapping[str, object] | None:
        """A compiled message, or None."""
        body = self._read(f"versions/{version}.json")
        found: dict[str, object] | None = json.loads(body) if body is not None else None
        return found

    def keep_version(self, version: str, compiled: Mapping[str, object]) -> None:
        """Keep a compiled message."""
        body = json.dumps(compiled, ensure_ascii=False).encode()
        self._write(f"versions/{version}.json", body, "application/json")

    def image(self, name: str) -> bytes | None:
        """A picture, or None."""
        return self._read(f"images/{name}")

    def keep_image(self, name: str, body: bytes) -> None:
        """Keep a picture."""
        self._write(f"images/{name}", body, media_type(name) or "application/octet-stream")

    def draft(self, name: str) -> Mapping[str, bytes] | None:
        """The files of a draft: of its folder, and the Markdown file of its name."""
        single = f"drafts/{name}.md"
        listed = [
            *self._listed(f"drafts/{name}/"),
            *(each for each in self._listed(single) if each[0] == single),
        ]
        files = [(key, size) for key, size in listed if not key.endswith("/")]
        if len(files) > MOST_FILES or sum(size for _, size in files) > MOST_BYTES:
            return None
        found = {key.removeprefix("drafts/"): self._read(key) for key, _ in files}
        return {key: body for key, body in found.items() if body is not None}

    @property
    def bucket(self) -> str:
        """The name of the bucket."""
        return self._bucket

    def drawing(self, name: str, *, most: int) -> bytes | None:
        """The definition of a journey, a byte more than `most` at most."""
        return self._read(f"drafts/{name}{_DRAWING}", first=most + 1)

    def drawings(self) -> tuple[str, ...]:
        """The names of the journeys that were drawn."""
        keys = [key.removeprefix("drafts/") for key, _ in self._listed("drafts/")]
        found = {each.removesuffix(_DRAWING) for each in keys if each.endswith(_DRAWING)}
        return tuple(sorted(each for each in found if "/" not in each))

    def drafts(self) -> tuple[str, ...]:
        """The names of the drafts."""
        listed = (key.removeprefix("drafts/") for key, _ in self._listed("drafts/"))
        keys = [each for each in listed if not each.endswith(_DRAWING)]
        return tuple(sorted({each.partition("/")[0].removesuffix(".md") for each in keys} - {""}))

    def _listed(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Keys and sizes, a few thousand at most."""
        token: str | None = None
        for _ in range(5):
            more = {"ContinuationToken": token} if token else {}
            try:
                answer = self._client.list_objects_v2(
                    Bucket=self._bucket,
                    Prefix=prefix,
                    **more,  # type: ignore[arg-type]
                )
            except FAILURES as error:
                translate_s3(error, prefix)
            yield from ((each["Key"], each["Size"]) for each in answer.get("Contents", []))
            token = answer.get("NextContinuationToken")
            if not token:
                return

    def _read(self, key: str, *, first: int | None = None) -> bytes | None:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read(first)
        except FAILURES as error:
            # Without the right to list, S3 calls what is missing forbidden.
            if isinstance(error, ClientError) and code_of(error) == "AccessDenied":
                return None
            try:
                translate_s3(error, key)
            except FileNotFoundError:
                return None

    def _write(self, key: str, body: bytes, content_type: str) -> None:
        try:
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType=content_type
            )
        except FAILURES as error:
            translate_s3(error, key)
