"""What the fields of a Map state must be to each other, and what its children may not do.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html (and the
pages on ItemReader, ItemBatcher, ResultWriter), and for Express children
https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from relance.states_language import maps, model
from relance.states_language.expressions import is_expression
from relance.states_language.graph import AnyState, Scope, scopes
from relance.states_language.sentences import quoted

_NO_LABEL = re.compile(r"[\s?*<>{}\[\]:;,\\|^~$#%&\"`\x00-\x1f\x7f-\x9f]")
_DISTRIBUTED_ONLY = (
    ("item_reader", "ItemReader"),
    ("item_batcher", "ItemBatcher"),
    ("result_writer", "ResultWriter"),
    ("tolerated_failure_count", "ToleratedFailureCount"),
    ("tolerated_failure_percentage", "ToleratedFailurePercentage"),
    ("label", "Label"),
)


def labels(machine: model.StateMachine) -> Iterator[str]:
    """Yield a sentence for every label that two Map states share."""
    used = Counter(
        state.label
        for scope in scopes(machine)
        for state in scope.states.values()
        if isinstance(state, model.Map) and state.label is not None
    )
    for label, times in used.items():
        if times > 1:
            yield f"the machine: {times} Map states have the Label {quoted(label)}. Use each once."


def of_map(state: model.Map) -> Iterator[str]:
    """Yield a sentence for everything of a Map state that does not hang together."""
    if not state.is_distributed:
        for attribute, field in _DISTRIBUTED_ONLY:
            if model.wrote(state, attribute):
                yield (
                    f"{field} belongs to a Distributed Map. "
                    'Write "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}.'
                )
        return
    if state.item_processor.processor_config.execution_type is None:
        yield 'ItemProcessor.ProcessorConfig.ExecutionType is missing. Write "STANDARD".'
    yield from _label(state.label)
    yield from _reader(state)
    yield from _batcher(state.item_batcher)
    yield from _writer(state)


def _label(label: str | None) -> Iterator[str]:
    if label is None:
        return
    if not 1 <= len(label) <= maps.MOST_LABEL_CHARACTERS:
        yield f"Label must have 1 to {maps.MOST_LABEL_CHARACTERS} characters, not {len(label)}."
    if found := _NO_LABEL.search(label):
        yield f"Label must not contain {found[0]!r}. Use letters, digits, - and _."


def _reader(state: model.Map) -> Iterator[str]:
    reader = state.item_reader
    if reader is None:
        return
    if model.wrote(state, "items"):
        yield "both Items and ItemReader. Keep one of them."
    of_one = reader.resource == maps.GET_OBJECT
    yield from _needs(reader.arguments, "ItemReader", ("Bucket", "Key") if of_one else ("Bucket",))
    config = reader.reader_config
    if config is None or config.input_type is None:
        # An inventory says by itself what its files are.
        if of_one and (config is None or config.manifest_type != "S3_INVENTORY"):
            yield 'ItemReader.ReaderConfig.InputType is missing. Write for example "CSV".'
        return
    location = config.csv_header_location
    if config.input_type == "CSV" and location is None:
        yield 'ItemReader.ReaderConfig.CSVHeaderLocation is missing. Write "FIRST_ROW" or "GIVEN".'
    if location == "GIVEN" and config.csv_headers is None:
        yield "ItemReader.ReaderConfig.CSVHeaders is missing: CSVHeaderLocation says GIVEN."
    if location != "GIVEN" and config.csv_headers is not None:
        yield 'CSVHeaders needs "CSVHeaderLocation": "GIVEN".'


def _batcher(batcher: maps.ItemBatcher | None) -> Iterator[str]:
    if batcher is None:
        return
    if batcher.max_items_per_batch is None and batcher.max_input_bytes_per_batch is None:
        yield "ItemBatcher needs MaxItemsPerBatch or MaxInputBytesPerBatch."
    most = batcher.max_input_bytes_per_batch
    if isinstance(most, int) and most > 262_144:
        yield f"ItemBatcher.MaxInputBytesPerBatch must be at most 262144 (256 KiB), not {most}."


def _writer(state: model.Map) -> Iterator[str]:
    writer = state.result_writer
    if writer is None:
        return
    wrote_arguments = model.wrote(writer, "arguments")
    if (writer.resource is None) != (not wrote_arguments):
        yield "ResultWriter needs both Resource and Arguments, or neither."
    elif writer.resource is None and writer.writer_config is None:
        yield "ResultWriter is empty. Say where to write (Resource, Arguments) or WriterConfig."
    elif writer.resource is not None:
        yield from _needs(writer.arguments, "ResultWriter", ("Bucket",))


def _needs(arguments: object, owner: str, names: tuple[str, ...]) -> Iterator[str]:
    if isinstance(arguments, str) and is_expression(arguments):
        return
    given = arguments if isinstance(arguments, dict) else {}
    missing = [name for name in names if name not in given]
    if missing:
        yield f"{owner}.Arguments has no {' and no '.join(missing)}."


def of_state_apart(state: AnyState, scope: Scope) -> Iterator[str]:
    """Yield a sentence for what an Express child may not do: wait for an answer, or fan out."""
    if not _is_express(scope):
        return
    if isinstance(state, model.Task) and (state.waits_for_token or ".sync" in state.resource):
        yield (
            "it waits for an answer, which an Express execution cannot. "
            'Write "ExecutionType": "STANDARD" in the Map.'
        )
    if isinstance(state, model.Map) and state.is_distributed:
        yield "an Express execution has no Distributed Map. Write STANDARD in the Map outside."


def _is_express(scope: Scope) -> bool:
    """Tell whether a level runs in an Express execution: itself, or a level it is part of."""
    inner = scope
    for level in reversed(scope.outer):
        owner = level.states.get(inner.owner)
        if isinstance(owner, model.Map) and owner.is_distributed:
            return owner.item_processor.processor_config.execution_type == "EXPRESS"
        inner = level
    return False
