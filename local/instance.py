"""One instance of a function: its modules, its environment, its output.

Only while the instance runs do `os.environ`, `sys.stdout` and the names of its private modules in
`sys.modules` show what is its own. Modules not listed as private are shared by all functions, so
they must hold no state that depends on the environment; in the product only the composition root
does.
"""

import importlib.util
import io
import logging
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, TextIO

from local.handler_errors import ImportFailedError

PRIVATE_MODULES = ("relance.composition",)

Handler = Callable[[Any, Any], Any]


class Output(io.TextIOBase):
    """A standard output that hands text on by line."""

    def __init__(self) -> None:
        self._rest = ""
        self.receive: Callable[[str], None] | None = None

    def writable(self) -> bool:
        """Return true: it can be written."""
        return True

    def write(self, text: str) -> int:
        """Hand on every whole line."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if self.receive is not None:
                self.receive(line)
        return len(text)


# Loggers made by one instance outlive it (logging keeps them for the process), so all share it.
_output = Output()


class Instance:
    """The state that Lambda keeps between the invocations of one sandbox."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        encode = os.environ.encodekey
        self._environment = {encode(k): os.environ.encodevalue(v) for k, v in environment.items()}
        self._private: dict[str, ModuleType | None] = dict.fromkeys(PRIVATE_MODULES)
        self._outside: tuple[Any, TextIO, dict[str, ModuleType | None]] | None = None
        self._handler: Handler | None = None

    @property
    def loaded(self) -> bool:
        """Whether the handler has been imported."""
        return self._handler is not None

    def enter(self, receive: Callable[[str], None]) -> None:
        """Show the instance's own environment, output and modules to the process."""
        environ: Any = os.environ
        self._outside = (environ._data, sys.stdout, _exchange(self._private))  # noqa: SLF001
        environ._data = self._environment  # noqa: SLF001 - seen by who holds os.environ already
        _output.receive = receive
        sys.stdout = _output

    def leave(self) -> None:
        """Show what was there before."""
        if self._outside is None:
            return
        environ: Any = os.environ
        environ._data, sys.stdout, modules = self._outside  # noqa: SLF001
        _output.receive = None
        self._private = _exchange(modules)
        self._outside = None

    def handler(self, path: str) -> Handler:
        """Return the handler of a path ("app.handler"), or raise ImportFailedError."""
        if self._handler is None:
            module_name, _, name = path.rpartition(".")
            module = self._load(module_name)
            handler = getattr(module, name, None)
            if handler is None:
                msg = f"Handler '{name}' missing on module '{module_name}'"
                raise ImportFailedError("Runtime.HandlerNotFound", msg)
            self._handler = handler
            self._take_over_logger()
        return self._handler

    def _take_over_logger(self) -> None:
        """A logger that somebody made outside before writes where the instances write."""
        encode = os.environ.encodekey
        service = self._environment.get(encode("POWERTOOLS_SERVICE_NAME"))
        if service is None:
            return
        for each in logging.getLogger(os.environ.decodevalue(service)).handlers:
            if isinstance(each, logging.StreamHandler):
                each.stream = _output  # setStream would flush one that may be closed

    def _load(self, module_name: str) -> ModuleType:
        file = self._folder / (module_name.replace(".", "/") + ".py")
        private_name = f"_function_{self._folder.name}_{module_name}"
        spec = importlib.util.spec_from_file_location(private_name, file)
        if spec is None or spec.loader is None or not file.exists():
            msg = f"Unable to import module '{module_name}': No module named '{module_name}'"
            raise ImportFailedError("Runtime.ImportModuleError", msg)
        module = importlib.util.module_from_spec(spec)
        previous = sys.modules.get(private_name)
        sys.modules[private_name] = module
        try:
            exec(_code(file, file.stat().st_mtime_ns), vars(module))  # noqa: S102 - the handler
        except SyntaxError as error:
            msg = f"Syntax error in module '{module_name}': {error}"
            raise ImportFailedError("Runtime.UserCodeSyntaxError", msg) from error
        except ImportError as error:
            msg = f"Unable to import module '{module_name}': {error}"
            raise ImportFailedError("Runtime.ImportModuleError", msg) from error
        finally:
            # Pydantic looks a model's module up by name while the class is made, not later.
            if previous is not None:
                sys.modules[private_name] = previous
        return module


@cache
def _code(file: Path, changed: int) -> CodeType:  # noqa: ARG001 - another file, once it changed
    """The compiled text of a module: every instance runs it anew, and need not read it anew."""
    return compile(file.read_bytes(), str(file), "exec", dont_inherit=True)


def _exchange(modules: dict[str, ModuleType | None]) -> dict[str, ModuleType | None]:
    """Put these modules in their places (None: nothing there); return those that were there."""
    before: dict[str, ModuleType | None] = {}
    for name, module in modules.items():
        before[name] = sys.modules.pop(name, None)
        parent_name, _, attribute = name.rpartition(".")
        parent = sys.modules.get(parent_name)
        if module is not None:
            sys.modules[name] = module
        if parent is not None:
            if module is not None:
                setattr(parent, attribute, module)
            elif attribute in vars(parent):
                delattr(parent, attribute)
    return before
