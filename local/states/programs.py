"""The machines of one simulation, each compiled when something first asks for it.

Most simulations start a few of a stack's machines. That a definition is sound, and has nothing in
it that the interpreter lacks, is told when a machine is created; for a definition that was sound
before in this process it is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial

from relance.states_language import DefinitionInvalid, parse
from relance.states_language.model import StateMachine

from local.states.errors import StatesError
from local.states.jsonata import Jsonata
from local.states.program import Program, compile_program

_compiled_before: set[tuple[str, str]] = set()
"""Every definition that was compiled in this process, with the name it had."""


class Programs:
    """Machines by ARN."""

    def __init__(self, jsonata: Jsonata) -> None:
        self._jsonata = jsonata
        self._made: dict[str, Program] = {}
        self._waiting: dict[str, Callable[[], Program]] = {}
        self._arns: dict[str, str] = {}

    def create(self, name: str, definition: str, *, arn: str, role: str, now: float) -> None:
        """Take a machine, or another definition in its place.

        Raises StatesError `InvalidDefinition` with a sentence for each mistake, and for what this
        interpreter lacks.
        """
        make = partial(self._compile, name, definition, arn=arn, role=role, now=now)
        if (name, definition) in _compiled_before:
            self._waiting[arn] = make
            self._made.pop(arn, None)
        else:
            self._made[arn] = make()
            self._waiting.pop(arn, None)
            _compiled_before.add((name, definition))
        self._arns[name] = arn

    def get(self, arn: str) -> Program | None:
        """Return a machine ready to run, if there is one of this ARN."""
        if arn in self._waiting:
            self._made[arn] = self._waiting.pop(arn)()
        return self._made.get(arn)

    def named(self, name: str) -> Program:
        """Return the machine of this name; KeyError without one."""
        found = self.get(self._arns[name])
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[Program]:
        """Yield all of them, by name."""
        for name in sorted(self._arns):
            yield self.named(name)

    def _compile(self, name: str, definition: str, *, arn: str, role: str, now: float) -> Program:
        program = compile_program(
            _parsed(name, definition),
            self._jsonata,
            name=name,
            arn=arn,
            definition=definition,
            role=role,
        )
        program.created = now
        return program


@lru_cache(maxsize=256)
def _parsed(name: str, definition: str) -> StateMachine:
    """The model of a definition, which nobody changes."""
    try:
        return parse(definition, file=name)
    except DefinitionInvalid as error:
        raise StatesError("InvalidDefinition", str(error)) from None
