"""Turns what pydantic found into sentences that name the state, the field and what to write."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from relance.states_language import maps, model

JSONPATH_FIELDS = {
    "InputPath": 'use "{% $states.input... %}" where the value is needed',
    "OutputPath": "write Output",
    "ResultPath": "keep results with Assign, or shape them with Output",
    "ResultSelector": "write Output",
    "Parameters": "write Arguments (for the items of a Map: ItemSelector)",
    "Result": "write Output",
    "ItemsPath": "write Items",
    "SecondsPath": "write Seconds with an expression",
    "TimestampPath": "write Timestamp with an expression",
    "TimeoutSecondsPath": "write TimeoutSeconds with an expression",
    "HeartbeatSecondsPath": "write HeartbeatSeconds with an expression",
    "MaxConcurrencyPath": "write MaxConcurrency with an expression",
    "ErrorPath": "write Error with an expression",
    "CausePath": "write Cause with an expression",
    "ToleratedFailureCountPath": "write ToleratedFailureCount with an expression",
    "ToleratedFailurePercentagePath": "write ToleratedFailurePercentage with an expression",
    "MaxItemsPath": "write MaxItems with an expression",
    "MaxItemsPerBatchPath": "write MaxItemsPerBatch with an expression",
    "MaxInputBytesPerBatchPath": "write MaxInputBytesPerBatch with an expression",
    "Variable": "write Condition with an expression",
}
"""Fields of the older JSONPath mode, and what to write in JSONata mode instead."""

_PARTS: dict[str, type[BaseModel]] = {
    "Retry": model.Retrier,
    "Catch": model.Catcher,
    "Choices": model.ChoiceRule,
    "ItemProcessor": model.ItemProcessor,
    "ProcessorConfig": model.ProcessorConfig,
    "Credentials": model.Credentials,
    "Branches": model.Branch,
    "ItemReader": maps.ItemReader,
    "ReaderConfig": maps.ReaderConfig,
    "ItemBatcher": maps.ItemBatcher,
    "ResultWriter": maps.ResultWriter,
    "WriterConfig": maps.WriterConfig,
}


def closest(name: str, names: Collection[str]) -> str:
    """Return ' Did you mean "x"?' for the nearest names, or '' when none is near."""
    by_lower = {known.lower(): known for known in names}
    near = difflib.get_close_matches(name.lower(), list(by_lower), n=2, cutoff=0.6)
    return f" Did you mean {' or '.join(quoted(by_lower[each]) for each in near)}?" if near else ""


def quoted(name: str) -> str:
    """Return a name in quotation marks."""
    return f'"{name}"'


def sentence(error: ErrorDetails) -> str:
    """Return one sentence for one error of pydantic's, without the file's name."""
    state, owner, path = _place(error["loc"])
    subject = f"state {quoted(state)}: " if state else "the machine: "
    field = _path(path)
    kind = error["type"]
    if kind == "extra_forbidden":
        return subject + _unknown(str(path[-1]), field, owner)
    if kind == "missing":
        return f"{subject}{field} is missing."
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return subject + _type(error)
    return f"{subject}{field} {_message(error)}."


def _place(loc: tuple[int | str, ...]) -> tuple[str, type[BaseModel], list[int | str]]:
    """Split a location into the innermost state, the model it is read with, the path within."""
    state, path = "", list(loc)
    found: type[BaseModel] = model.StateMachine
    index = 0
    while index < len(path) - 1:
        if path[index] == "States" and isinstance(path[index + 1], str):
            state = str(path[index + 1])
            kind = str(path[index + 2]) if index + 2 < len(path) else ""
            found = model.TYPES.get(kind, model.Branch)
            path = path[index + 3 :]
            index = 0
        else:
            index += 1
    return state, _owner(found, path), path


def _owner(found: type[BaseModel], path: list[int | str]) -> type[BaseModel]:
    """Return the model of the object whose field is at fault."""
    for part in path[:-1]:
        if part in _PARTS:
            found = _PARTS[str(part)]
    return found


def _path(path: list[int | str]) -> str:
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text or "it"


def _unknown(name: str, field: str, owner: type[BaseModel]) -> str:
    kind = owner.__name__
    if name in JSONPATH_FIELDS and kind != "StateMachine":
        return (
            f"{field} belongs to JSONPath, and machines here use JSONata: {JSONPATH_FIELDS[name]}."
        )
    article = "an" if kind[0] in "AEIOU" else "a"
    article = "a state machine" if kind == "StateMachine" else f"{article} {_spoken(kind)}"
    known = model.fields_of(owner)
    return f"{field} is not a field of {article}.{closest(name, known)}"


def _spoken(kind: str) -> str:
    names = {"Retrier": "retrier", "Catcher": "catcher", "ChoiceRule": "rule of a Choice"}
    return names.get(kind, f"{kind} state" if kind in model.TYPES else kind)


def _type(error: ErrorDetails) -> str:
    kinds = ", ".join(model.TYPES)
    if error["type"] == "union_tag_not_found":
        return f"Type is missing. Write one of {kinds}."
    tag = str(error.get("ctx", {}).get("tag", ""))
    return f"Type {quoted(tag)} does not exist. Write one of {kinds}.{closest(tag, model.TYPES)}"


_MESSAGES = {
    "string_type": "must be text in quotation marks",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "list_type": "must be an array, in square brackets",
    "dict_type": "must be an object, in curly brackets",
    "model_type": "must be an object, in curly brackets",
    "model_attributes_type": "must be an object, in curly brackets",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}


def _message(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in _MESSAGES:
        return _MESSAGES[kind]
    if kind == "literal_error":
        return f"must be {context['expected']}".replace("'", '"')
    if kind == "value_error":
        return str(context["error"])
    for name, words in (
        ("ge", "at least"),
        ("le", "at most"),
        ("gt", "more than"),
        ("lt", "less than"),
    ):
        if name in context:
            return f"must be {words} {context[name]}"
    return error["msg"][:1].lower() + error["msg"][1:]
