"""Chance for the whole process, seeded: handlers that draw ids draw the same ones in every run.

Covers `os.urandom`, what is built on it (`uuid.uuid4`, `secrets`, `random.SystemRandom`) and the
functions of `random`. A generator made without a seed, and C or Rust code, draw from the operating
system as before.
"""

import os
import random
from typing import Any


class Chance:
    """Takes the place of the operating system's randomness while installed."""

    def __init__(self, source: random.Random) -> None:
        self._source = source
        self._before: tuple[Any, Any, Any] | None = None

    def install(self) -> None:
        """Give everybody seeded chance."""
        if self._before is not None:
            return
        module: Any = random
        self._before = (os.urandom, module._urandom, random.getstate())  # noqa: SLF001
        os.urandom = module._urandom = self._source.randbytes  # noqa: SLF001
        random.seed(self._source.getrandbits(64))

    def remove(self) -> None:
        """Give the process its own chance back."""
        if self._before is None:
            return
        module: Any = random
        os.urandom, module._urandom, state = self._before  # noqa: SLF001
        random.setstate(state)
        self._before = None
