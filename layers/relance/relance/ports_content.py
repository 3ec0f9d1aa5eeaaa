"""The port behind which versions of messages, their pictures and drafts are kept."""

from collections.abc import Mapping
from typing import Protocol


class ContentFiles(Protocol):
    """Versions and pictures by hash, never changed; drafts by name, as marketers put them there."""

    def version(self, version: str) -> Mapping[str, object] | None:
        """A compiled message, or None.

        Raises:
            ServiceUnavailable: try again.
        """

    def keep_version(self, version: str, compiled: Mapping[str, object]) -> None:
        """Keep a compiled message; once more does no harm.

        Raises:
            ServiceUnavailable: try again.
        """

    def image(self, name: str) -> bytes | None:
        """A picture, or None.

        Raises:
            ServiceUnavailable: try again.
        """

    def keep_image(self, name: str, body: bytes) -> None:
        """Keep a picture; once more does no harm.

        Raises:
            ServiceUnavailable: try again.
        """

    def draft(self, name: str) -> Mapping[str, bytes] | None:
        """The files of a draft by their path below `drafts/`; None if it is too large to be read.

        Raises:
            ServiceUnavailable: try again.
        """

    @property
    def bucket(self) -> str:
        """The name of the bucket."""

    def drawing(self, name: str, *, most: int) -> bytes | None:
        """The definition of a journey that was drawn, or None; one byte more than `most` at most.

        Raises:
            ServiceUnavailable: try again.
        """

    def drawings(self) -> tuple[str, ...]:
        """The names of the definitions that there are.

        Raises:
            ServiceUnavailable: try again.
        """

    def drafts(self) -> tuple[str, ...]:
        """The names of the drafts that there are, some thousands at most.

        Raises:
            ServiceUnavailable: try again.
        """
