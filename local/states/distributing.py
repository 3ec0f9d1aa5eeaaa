"""What a Distributed Map says, compiled: dataset, batches, tolerance, results.

What Step Functions has and this interpreter lacks is refused here, by name: Parquet files,
manifests, LOAD_AND_FLATTEN, and JSON Lines as the output of a state.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from relance.states_language import maps, model
from relance.states_language.model import wrote

from local.states import templates
from local.states.jsonata import Jsonata, Scope
from local.states.templates import Template, template

MOST_AT_ONCE = 10_000
"""How many children of a Map Run are at work at once, at most."""
MOST_BATCH_BYTES = 262_144
"""The most that the input of a child may take, in UTF-8 bytes (256 KiB)."""
_DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}

Number = Callable[[Scope], int]


@dataclass(frozen=True, slots=True)
class Reader:
    """Where items come from: one object (`kind` is JSON, JSONL or CSV) or a list of objects."""

    resource: str
    arguments: Callable[[Scope], dict[str, object]]
    kind: str
    delimiter: str
    headers: tuple[str, ...] | None
    """Given in the definition; None: the first row."""
    pointer: str
    most: Template | None
    """MaxItems, checked when it is known; 0 means all."""


@dataclass(frozen=True, slots=True)
class Batcher:
    """How many items one child gets."""

    items: Number | None
    bytes: Number | None
    given: Template | None
    """BatchInput."""


@dataclass(frozen=True, slots=True)
class Writer:
    """What becomes of the results; without `arguments` they are the output of the state."""

    arguments: Callable[[Scope], dict[str, object]] | None
    transformation: str
    lines: bool
    """JSON Lines rather than a JSON array."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """All of it."""

    state: str
    label: str | None
    express: bool
    reader: Reader | None
    batcher: Batcher | None
    writer: Writer
    tolerated_count: Number | None
    tolerated_share: Callable[[Scope], float] | None

    def label_in(self, machine: str) -> str:
        """Return the label within a machine: the one given, or one made of its place."""
        return self.label or derived_uuid(machine, self.state)


def derived_uuid(*parts: object) -> str:
    """Return a UUID that is made of a name, the same every time (as those of AWS, version 3)."""
    digest = hashlib.md5(":".join(map(str, parts)).encode(), usedforsecurity=False).digest()
    return str(UUID(bytes=digest, version=3))


def compile_distribution(name: str, state: model.Map, jsonata: Jsonata) -> Distribution:
    """Compile it. Raises ValueError for what cannot run here."""
    count, share = state.tolerated_failure_count, state.tolerated_failure_percentage
    return Distribution(
        state=name,
        label=state.label,
        express=state.item_processor.processor_config.execution_type == "EXPRESS",
        reader=None if state.item_reader is None else _reader(state.item_reader, jsonata),
        batcher=None if state.item_batcher is None else _batcher(state.item_batcher, jsonata),
        writer=_writer(state.result_writer, jsonata),
        tolerated_count=None
        if count is None
        else templates.integer(count, "ToleratedFailureCount", jsonata, least=0, most=10**9),
        tolerated_share=None
        if share is None
        else templates.share(share, "ToleratedFailurePercentage", jsonata),
    )


def _reader(reader: maps.ItemReader, jsonata: Jsonata) -> Reader:
    config = reader.reader_config or maps.ReaderConfig()
    if config.input_type in ("PARQUET", "MANIFEST") or config.manifest_type is not None:
        kind = config.manifest_type or config.input_type
        msg = f"ItemReader of {kind} is not supported here. Use JSON, JSONL or CSV."
        raise ValueError(msg)
    if config.transformation == "LOAD_AND_FLATTEN":
        raise ValueError("Transformation LOAD_AND_FLATTEN is not supported here.")
    listing = reader.resource == maps.LIST_OBJECTS
    return Reader(
        resource=reader.resource,
        arguments=templates.mapping(reader.arguments, "ItemReader/Arguments", jsonata),
        kind="LIST" if listing else str(config.input_type),
        delimiter=_DELIMITERS[config.csv_delimiter],
        headers=None if config.csv_headers is None else tuple(config.csv_headers),
        pointer=config.items_pointer or "",
        most=template(config.max_items, "ItemReader/ReaderConfig/MaxItems", jsonata)
        if wrote(config, "max_items")
        else None,
    )


def _batcher(batcher: maps.ItemBatcher, jsonata: Jsonata) -> Batcher:
    def number(value: int | str | None, field: str, most: int) -> Number | None:
        if value is None:
            return None
        return templates.integer(value, f"ItemBatcher/{field}", jsonata, least=1, most=most)

    size = batcher.max_input_bytes_per_batch
    return Batcher(
        items=number(batcher.max_items_per_batch, "MaxItemsPerBatch", 10**9),
        bytes=number(size, "MaxInputBytesPerBatch", MOST_BATCH_BYTES),
        given=template(batcher.batch_input, "ItemBatcher/BatchInput", jsonata)
        if wrote(batcher, "batch_input")
        else None,
    )


def _writer(writer: maps.ResultWriter | None, jsonata: Jsonata) -> Writer:
    if writer is None:
        return Writer(None, "COMPACT", lines=False)
    config = writer.writer_config or maps.WriterConfig()
    lines = config.output_type == "JSONL"
    if writer.resource is None:
        if lines:
            raise ValueError("OutputType JSONL without a bucket is not supported here. Use JSON.")
        return Writer(None, config.transformation or "COMPACT", lines=False)
    arguments = templates.mapping(writer.arguments, "ResultWriter/Arguments", jsonata)
    return Writer(arguments, config.transformation or "NONE", lines=lines)
