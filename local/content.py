"""The compiled content, built once for each state of what marketers write and of the compiler."""

from __future__ import annotations

import hashlib
import os
import shutil
from functools import lru_cache
from pathlib import Path

from local.template import TemplateError

LAYER_FOLDER = "/opt/content"
"""Where functions find the content in AWS."""


def compiled_content(root: Path) -> Path:
    """Return the folder of the compiled content of the project at `root`.

    Raises TemplateError with the compiler's report when the content has mistakes.
    """
    source = root / "layers" / "content"
    compiler = root / "layers" / "relance" / "relance" / "content"
    if not source.is_dir():
        raise TemplateError(f"there is no content in {source}")
    return kept_as(root / ".build" / "content" / digest(source, compiler), source)


def kept_as(target: Path, source: Path) -> Path:
    """Compile `source` into `target` unless it is there, whoever else does so meanwhile.

    Raises TemplateError with the compiler's report when the content has mistakes.
    """
    if not target.is_dir():
        # Imported here because the compiler needs packages that a run does not.
        from relance.content.build import build  # noqa: PLC0415

        unfinished = target.with_name(f"{target.name}.{os.getpid()}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        report = build(source, unfinished)
        if not report.ok:
            raise TemplateError(str(report))
        try:
            unfinished.rename(target)
        except OSError:
            # Another process was faster.
            shutil.rmtree(unfinished, ignore_errors=True)
    return target


def digest(*folders: Path) -> str:
    """Return a hash of every file in the folders; read anew only when one of them was touched."""
    return _read(folders, tuple(state for folder in folders for state in _states(str(folder))))


def _states(folder: str) -> list[tuple[str, int, int, int]]:
    """Every file with its size and when it was changed, in an order of its own."""
    found = []
    for entry in os.scandir(folder):
        if entry.is_dir():
            found += _states(entry.path) if entry.name != "__pycache__" else []
        elif entry.is_file():
            known = entry.stat()
            found.append((entry.path, known.st_size, known.st_mtime_ns, known.st_ctime_ns))
    return sorted(found)


@lru_cache(maxsize=8)
def _read(folders: tuple[Path, ...], states: tuple[tuple[str, int, int, int], ...]) -> str:
    seen = hashlib.sha256()
    for path, *_ in states:
        folder = next(each for each in folders if Path(path).is_relative_to(each))
        seen.update(f"{Path(path).relative_to(folder)}\0".encode())
        seen.update(Path(path).read_bytes())
    return seen.hexdigest()[:24]
