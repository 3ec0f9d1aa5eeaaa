"""The fields of a Map state in Distributed mode: where items come from and where results go.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html and the pages it
leads to for ItemReader, ItemBatcher and ResultWriter. Whether fields suit each other is checked
in `structure_maps.py`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from relance.states_language.values import Arguments, ItemCount, Payload, PositiveCount, Strict

GET_OBJECT = "arn:aws:states:::s3:getObject"
LIST_OBJECTS = "arn:aws:states:::s3:listObjectsV2"
PUT_OBJECT = "arn:aws:states:::s3:putObject"

MOST_LABEL_CHARACTERS = 40


class ReaderConfig(Strict):
    """How to read what lies in the bucket."""

    input_type: Literal["CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"] | None = None
    transformation: Literal["NONE", "LOAD_AND_FLATTEN"] | None = None
    manifest_type: Literal["ATHENA_DATA", "S3_INVENTORY"] | None = None
    csv_delimiter: Literal["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"] = Field(
        default="COMMA", alias="CSVDelimiter"
    )
    csv_header_location: Literal["FIRST_ROW", "GIVEN"] | None = Field(
        default=None, alias="CSVHeaderLocation"
    )
    csv_headers: list[str] | None = Field(default=None, alias="CSVHeaders", min_length=1)
    max_items: ItemCount | None = None
    items_pointer: str | None = None


class ItemReader(Strict):
    """A dataset in S3: one object, or the list of many."""

    resource: Literal[
        "arn:aws:states:::s3:getObject",
        "arn:aws:states:::s3:listObjectsV2",
    ]
    arguments: Arguments = None
    reader_config: ReaderConfig | None = None


class ItemBatcher(Strict):
    """How many items one child gets: by number, by bytes, or both."""

    max_items_per_batch: PositiveCount | None = None
    max_input_bytes_per_batch: PositiveCount | None = None
    batch_input: Payload = None


class WriterConfig(Strict):
    """What results look like."""

    transformation: Literal["NONE", "COMPACT", "FLATTEN"] | None = None
    output_type: Literal["JSON", "JSONL"] | None = None


class ResultWriter(Strict):
    """Where the results of the children are written, and how."""

    resource: Literal["arn:aws:states:::s3:putObject"] | None = None
    arguments: Arguments = None
    writer_config: WriterConfig | None = None
