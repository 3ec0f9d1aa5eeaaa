"""What is kept in `.build` under a hash of what it comes from, for as long as somebody opens it."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

KEPT_SECONDS = 7 * 86_400
"""What nobody has opened for so long is thrown away when something is put beside it."""


def is_kept(path: Path) -> bool:
    """Whether it is there; then it stays for another week."""
    if not path.exists():
        return False
    with suppress(OSError):
        os.utime(path)
    return True


def throw_away_beside(path: Path) -> None:
    """Throw away what was last opened long ago; `make clean` throws away all."""
    # By the files' own times: the clock of this process may be that of a simulation.
    now = path.stat().st_mtime
    for each in path.parent.iterdir():
        with suppress(FileNotFoundError):
            if each.stat().st_mtime >= now - KEPT_SECONDS:
                continue
            if each.is_dir():
                shutil.rmtree(each, ignore_errors=True)
            else:
                each.unlink()
