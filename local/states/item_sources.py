"""Where the children of a Map Run get their inputs from: items read, selected, put in batches."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from local.states import datasets
from local.states.distributing import Batcher, Reader
from local.states.errors import ITEM_READER
from local.states.execution import Frame
from local.states.program import MapNode

Inputs = list[tuple[bytes, int]]
"""What each child gets, as JSON, and how many items that is."""
Answer = dict[str, object]
Ask = Callable[[str, Answer, Callable[[Answer], None], str], None]
"""Asks S3: resource, arguments, what to do with the answer, the error's name if it refuses."""
_COMPRESSED = (".gz", ".gzip", ".zst", ".zstd")


class ItemSource:
    """Reads what a Map state says, in the scope of the state."""

    def __init__(self, frame: Frame, node: MapNode, ask: Ask) -> None:
        self._frame = frame
        self._node = node
        self._ask = ask

    def read(self, given: list[object] | None, then: Callable[[Inputs], None]) -> None:
        """Hand the inputs of all children to `then`, now or when S3 has answered.

        Raises Failure, and NotImplementedError for a compressed file.
        """
        distribution = self._node.distribution
        reader = None if distribution is None else distribution.reader
        batcher = None if distribution is None else distribution.batcher

        def found(items: list[object]) -> None:
            then(self._batched(self._selected(items), batcher))

        if reader is None:
            found(given or [])
            return
        arguments = dict(reader.arguments(self._frame))
        most = None if reader.most is None else datasets.limit(reader.most(self._frame))
        if reader.kind == "LIST":
            self._list(reader, arguments, most, [], found)
            return
        key = str(arguments.get("Key", ""))
        if key.endswith(_COMPRESSED):
            msg = f"ItemReader of compressed files is not supported here: {key}"
            raise NotImplementedError(msg)

        def read(answer: Answer) -> None:
            found(datasets.items_of(reader, str(answer["Body"]), most))

        self._ask(reader.resource, arguments, read, ITEM_READER)

    def _list(
        self,
        reader: Reader,
        arguments: Answer,
        most: int | None,
        so_far: list[object],
        found: Callable[[list[object]], None],
    ) -> None:
        def read(answer: Answer) -> None:
            so_far.extend(datasets.listed(answer))
            following = answer.get("NextContinuationToken")
            if following and (most is None or len(so_far) < most):
                more = {**arguments, "ContinuationToken": following}
                self._list(reader, more, most, so_far, found)
            else:
                found(so_far[:most])

        self._ask(reader.resource, arguments, read, ITEM_READER)

    def _selected(self, items: list[object]) -> list[object]:
        selector, frame = self._node.selector, self._frame
        if selector is None:
            return items
        before = frame.item
        try:
            selected = []
            for index, item in enumerate(items):
                frame.item = {"Index": index, "Value": item}
                selected.append(selector(frame))
            return selected
        finally:
            frame.item = before

    def _batched(self, items: list[object], batcher: Batcher | None) -> Inputs:
        if batcher is None:
            return [(datasets.checked(orjson.dumps(item)), 1) for item in items]
        frame = self._frame
        return list(
            datasets.batches(
                items,
                most_items=None if batcher.items is None else batcher.items(frame),
                most_bytes=None if batcher.bytes is None else batcher.bytes(frame),
                given=None if batcher.given is None else batcher.given(frame),
                add=batcher.given is not None,
            )
        )
