"""Content of a test's own: what is shipped and some files more, built once for each set."""

import shutil
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

from relance.content.build import build

from local.world import ROOT

SHIPPED = ROOT / "layers" / "content"


def content_with(files: Mapping[str, str], folder: Path) -> Path:
    """The compiled content of what is shipped and these files."""
    return _built(tuple(sorted(files.items())), folder)


@cache
def _built(files: tuple[tuple[str, str], ...], folder: Path) -> Path:
    name = sha256(repr(files).encode()).hexdigest()[:12]
    source, target = folder / f"{name}-source", folder / name
    shutil.copytree(SHIPPED, source)
    for file, text in files:
        path = source / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    report = build(source, target)
    assert report.ok, str(report)
    return target
