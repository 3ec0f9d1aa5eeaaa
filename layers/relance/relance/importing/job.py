"""An import as its steps pass it on, and where its files stand.

What tells of people stands below `people/`; the rest (which pieces there are, results) holds
numbers alone.
"""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from relance.content.compiled import Content
from relance.ids import moment_of
from relance.importing.mapping import ImportSource, Names, with_pinpoint
from relance.importing.person import Reader
from relance.rescoring import in_minutes

UPLOADS = "people/imports/"
"""Where a person puts files to import."""

ROWS_PER_SECOND = 200
"""How fast `import_contacts` goes at least: eight pieces at once, 25 rows a second each."""

DOLLARS_PER_ROW = 22e-6
"""What importing one new contact costs at most, in us-east-1.

DynamoDB: contact, identity and two or three events in one transaction (2 write units each, 10 in
all), the profile with its place in the index (6), memberships and conclusions (3), reads (4);
EventBridge: two or three events; Lambda: 0.1 s; S3 and Step Functions: a five-hundredth of a
piece. Prices as of 21 November 2026.
"""


class Mode(StrEnum):
    """Whether rows are written or only looked at."""

    LOOK = "look"
    WRITE = "write"


class Job(BaseModel):
    """An import.

    `file` tells this upload under this mapping from every other; `at` (ms) is when it was
    uploaded, which is when what it says counts as said.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    mode: Mode
    execution: Annotated[str, Field(pattern=r"^[^/\s]{1,80}$")]
    file: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    at: Annotated[int, Field(ge=0)]
    source: ImportSource

    @property
    def uploaded(self) -> datetime:
        """When the file was uploaded."""
        return moment_of(self.at)

    @property
    def folder(self) -> str:
        """Where its numbers stand."""
        return f"import_contacts/{self.execution}"

    @property
    def people_folder(self) -> str:
        """Where its rows stand."""
        return f"people/{self.folder}"

    def piece(self, number: int) -> str:
        """The file of a piece."""
        return f"{self.people_folder}/piece-{number}.jsonl"

    def refused(self, number: int) -> str:
        """The file of the rows of a piece that were refused."""
        return f"{self.people_folder}/refused-{number}.jsonl"

    def reader(self, content: Content) -> Reader:
        """Reads its rows."""
        names = names_of(content)
        return Reader(
            source=with_pinpoint(self.source, names),
            traits={each.name: each for each in content.rules.traits},
            topics=tuple(content.company.topics),
            uploaded=self.uploaded,
        )


def names_of(content: Content) -> Names:
    """What a mapping may name."""
    return Names(
        traits=[each.name for each in content.rules.traits],
        lists=[each.name for each in content.rules.lists],
        topics=list(content.company.topics),
    )


def fingerprint(tag: str, key: str, at: int, source: ImportSource) -> str:
    """Tells an upload under a mapping from every other (16 hex digits)."""
    name = "\0".join((tag, key, str(at), source.model_dump_json(exclude={"title"})))
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def price(rows: int) -> str:
    """What importing so many new contacts costs, as people say it."""
    dollars = rows * DOLLARS_PER_ROW
    return "less than a cent" if dollars < 0.01 else f"at most ${dollars:,.2f}"


def duration(rows: int) -> str:
    """How long importing so many rows takes at most, as people say it."""
    return in_minutes(rows / ROWS_PER_SECOND)


def in_rows(count: int) -> str:
    """So many rows."""
    return f"{count:,} row" if count == 1 else f"{count:,} rows"
