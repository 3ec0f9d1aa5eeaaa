"""Commands as they are shown to somebody who will type them.

They name the Python that `make` set up: another one lacks the packages.
"""

from __future__ import annotations

from pathlib import Path

LOCAL = ".venv/bin/python -m local"
DEMO_FOLDER = Path(".demo")
SERVE_FOLDER = Path(".serve")
REHEARSAL_FOLDER = Path(".rehearsal")


def command(name: str, *words: str, folder: Path = DEMO_FOLDER) -> str:
    """Return the command that looks at the run saved in a folder."""
    where = () if folder == DEMO_FOLDER else ("--in", str(folder))
    return " ".join((LOCAL, name, *where, *words))
