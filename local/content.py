"""The compiled content, built once for each state of what marketers write and of the compiler."""

from __future__ import annotations

import hashlib
import os
import shutil
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from local.kept import is_kept, throw_away_beside
from local.template import TemplateError

LAYER_FOLDER = "/opt/content"
"""Where functions find the content in AWS."""


_NO_COMPILER = frozenset({"__pycache__", "aws", "usecases"})
"""The parts of the package that the compiler cannot import."""


def compiled_content(root: Path) -> Path:
    """Return the folder of the compiled content of the project at `root`.

    Raises TemplateError with the compiler's report when the content has mistakes.
    """
    source = root / "layers" / "content"
    if not source.is_dir():
        raise TemplateError(f"there is no content in {source}")
    return kept_as(root / ".build" / "content" / digest(root), source)


def kept_as(target: Path, source: Path) -> Path:
    """Compile `source` into `target` unless it is there, whoever else does so meanwhile.

    Raises TemplateError with the compiler's report when the content has mistakes.
    """
    if not is_kept(target):
        _compile(source, target)
        throw_away_beside(target)
    return target


def _compile(source: Path, target: Path) -> None:
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


def digest(root: Path) -> str:
    """Return a hash of all that the compiled content comes from, and of the year it is for.

    That is what marketers write, the compiler, and the locked packages. Files are read anew only
    when one of them was touched.
    """
    package = root / "layers" / "relance" / "relance"
    parts = sorted(each for each in package.iterdir() if each.name not in _NO_COMPILER)
    found = [*_states(root / "layers" / "content"), *_states(root / "requirements" / "dev.txt")]
    for each in parts:
        found += _states(each)
    return _read(root, datetime.now(UTC).year, tuple(found))


def _states(place: Path | os.DirEntry[str]) -> list[tuple[str, int, int, int]]:
    """Every file with its size and when it was changed, in an order of its own."""
    if place.is_dir():
        inside = [each for each in os.scandir(place) if each.name != "__pycache__"]
        return sorted(state for each in inside for state in _states(each))
    if not place.is_file():
        return []
    known = place.stat()
    return [(os.fspath(place), known.st_size, known.st_mtime_ns, known.st_ctime_ns)]


@lru_cache(maxsize=8)
def _read(root: Path, year: int, states: tuple[tuple[str, int, int, int], ...]) -> str:
    seen = hashlib.sha256(f"{year}\0".encode())
    for path, *_ in states:
        seen.update(f"{Path(path).relative_to(root)}\0".encode())
        seen.update(Path(path).read_bytes())
    return seen.hexdigest()[:24]
