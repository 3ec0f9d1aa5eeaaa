"""Every way of every state machine is taken by some test, or the run fails: `-p tests.ways`.

A way is a transition that a machine's text allows: a start, a next state, a choice and its default,
a catch. Each world that a test closes says which ways were taken in it; at the end those that
nobody took are printed. Only a run of all tests can tell, so only `make test` asks for it.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from local.world import ROOT, World

Way = tuple[str, str, str, str]
"""A machine's file, and in it a state, the field that names the next, and the next state."""

WAYS = pytest.StashKey["Ways"]()


class Ways:
    """The ways of this process, or of all."""

    def __init__(self) -> None:
        self.taken: set[Way] = set()
        self.there: set[Way] = set()

    def watch(self) -> None:
        """Look at every world before it is closed."""
        close = World.close

        def looked_at(world: World) -> None:
            if hasattr(world, "machines"):
                self.look(world)
            close(world)

        World.close = looked_at  # type: ignore[assignment,method-assign]

    def look(self, world: World) -> None:
        """Remember which ways of a world were taken."""
        for way, taken in ways_of(world):
            self.there.add(way)
            if taken:
                self.taken.add(way)

    def missed(self) -> list[str]:
        """What nobody took."""
        return [" > ".join(way) for way in sorted(self.there - self.taken)]


def ways_of(world: World) -> Iterator[tuple[Way, int]]:
    """The ways of the machines as they stand in the project's files; how often each was taken."""
    folder = ROOT / "statemachines"
    for machine in world.stack.machines.values():
        if machine.file is not None and machine.file.is_relative_to(folder):
            name, there = machine.file.stem.removesuffix(".asl"), states_of(machine.file)
            for way, taken in world.machines.branches(machine.name).items():
                if way[0] in there:  # a test may have drawn another machine in its place
                    yield (name, *way), taken


@cache
def states_of(file: Path) -> frozenset[str]:
    """The names of all states of a machine, those within others too; and where it starts."""

    def named(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            yield from value.get("States", {})
            for each in value.values():
                yield from named(each)
        elif isinstance(value, list):
            for each in value:
                yield from named(each)

    return frozenset({"(start)", *named(json.loads(file.read_text("utf-8")))})


def pytest_configure(config: pytest.Config) -> None:
    """Watch."""
    config.stash[WAYS] = Ways()
    config.stash[WAYS].watch()


def pytest_testnodedown(node: Any) -> None:
    """Hear what a process of pytest-xdist has seen."""
    there, taken = getattr(node, "workeroutput", {}).get("ways", ((), ()))
    ways = node.config.stash[WAYS]
    ways.there.update(map(tuple, there))
    ways.taken.update(map(tuple, taken))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Tell the process that started this one; or fail, where that is this one."""
    ways = session.config.stash[WAYS]
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["ways"] = (sorted(ways.there), sorted(ways.taken))
    elif exitstatus == pytest.ExitCode.OK and (ways.missed() or not ways.there):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print how many ways there are, and those that nobody took."""
    ways = config.stash[WAYS]
    missed = ways.missed()
    terminalreporter.section("ways of the state machines")
    terminalreporter.line(f"{len(ways.there)} ways, {len(missed)} not taken by any test")
    for each in missed:
        terminalreporter.line(f"  {each}")
