"""Records what the shipped journeys send to their steps, so that functions go on accepting it.

A pytest plugin: `make record RELEASE=2026-11-22` runs the stories of the journeys and writes into
`tests/recorded/<release>/<journey>.json` what each step was sent first. Ids, instants and tokens
are replaced; nothing in it is of a person. `tests/functions/test_recorded.py` holds the functions
to it.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.sandbox import InvokeResult, Sandboxes
from local.world import ROOT

CONTACT = "01J9Z3V8Q4T2M6K7B5N1X0C3DE"
INSTANT = "2026-01-05T09:00:00.000Z"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:relance-journey-any:any"

_ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z")
_LONG_ID = re.compile(r"[A-Za-z0-9]{27,}")
_FUNCTION = re.compile(r"\$\{(\w+)FunctionArn\}")

Recorded = dict[str, dict[str, Any]]
"""What was sent, by journey, and then by function and step."""


def plain(value: object) -> object:
    """What was sent, without what is of one person or one run."""
    if isinstance(value, dict):
        return {name: "token" if name == "token" else plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, str):
        return value
    if value.startswith("arn:"):
        return EXECUTION
    told = _INSTANT.sub(INSTANT, _ULID.sub(CONTACT, value))
    return _LONG_ID.sub(lambda found: "0" * len(found[0]), told)


def steps_of(machine: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every function that a machine calls, with the step: the first one has none."""
    for state in machine["States"].values():
        arguments = state.get("Arguments", {})
        found = _FUNCTION.search(str(arguments.get("FunctionName")))
        if found:
            name = re.sub(r"(?<!^)(?=[A-Z])", "_", found[1]).lower()
            yield name, str(arguments["Payload"].get("step", "enter"))


def machines() -> dict[str, dict[str, Any]]:
    """The journeys as they are shipped, by name."""
    return {
        path.name.removesuffix(".asl.json"): json.loads(path.read_text("utf-8"))
        for path in sorted((ROOT / "statemachines" / "journeys").glob("*.asl.json"))
    }


def missing_in(recorded: Recorded) -> list[str]:
    """The steps of shipped journeys of which nothing was recorded."""
    return [
        f"{journey}: {function}/{step}"
        for journey, machine in machines().items()
        for function, step in steps_of(machine)
        if f"{function}/{step}" not in recorded.get(journey, {})
    ]


class Recorder:
    """Listens to the sandboxes, and writes at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._recorded: Recorded = {}
        self._invoke = Sandboxes.invoke

    def listen(self, patch: pytest.MonkeyPatch) -> None:
        """Hear of every invocation."""
        recorder, invoke = self, self._invoke

        def heard(
            sandboxes: Sandboxes,
            name: str,
            event: object,
            done: Callable[[InvokeResult], None],
            **more: Any,
        ) -> None:
            recorder.hear(name, event)
            invoke(sandboxes, name, event, done, **more)

        patch.setattr(Sandboxes, "invoke", heard)

    def hear(self, name: str, event: object) -> None:
        """Keep what a step of a shipped journey is sent for the first time."""
        said = json.loads(event) if isinstance(event, bytes) else event
        if not isinstance(said, dict) or "workflow" not in said:
            return
        start = said.get("input", said)
        if not isinstance(start, dict) or not _ULID.fullmatch(str(start.get("contact"))):
            return  # somebody typed something else, which was refused
        function = name.partition(":function:")[2] or name
        function = function.removeprefix("relance-").replace("-", "_")
        key = f"{function}/{said.get('step', 'enter')}"
        self._recorded.setdefault(said["workflow"], {}).setdefault(key, plain(said))

    def write(self) -> None:
        """Write what was recorded of shipped journeys, and say what is missing."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for journey, machine in machines().items():
            known = {f"{function}/{step}" for function, step in steps_of(machine)}
            sent = self._recorded.get(journey, {})
            kept = {key: sent[key] for key in sorted(sent) if key in known}
            text = json.dumps(kept, indent=1, ensure_ascii=False) + "\n"
            (self._folder / f"{journey}.json").write_text(text, encoding="utf-8")
        for each in missing_in(self._recorded):
            print(f"Not recorded: {each}")


@pytest.fixture(scope="session", autouse=True)
def recording() -> Iterator[None]:
    """Record while the tests run."""
    recorder = Recorder(Path(os.environ["RECORD"]))
    with pytest.MonkeyPatch.context() as patch:
        recorder.listen(patch)
        yield
    recorder.write()
