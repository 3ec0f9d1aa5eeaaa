"""Content of a test's own: what is shipped and some files more, built once for each set."""

import shutil
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from local.content import digest, kept_as
from local.world import ROOT

SHIPPED = ROOT / "layers" / "content"
COMPILER = ROOT / "layers" / "relance" / "relance" / "content"


def content_with(files: Mapping[str, str]) -> Path:
    """The compiled content of what is shipped and these files; nobody changes it."""
    return _built(tuple(sorted(files.items())), digest(SHIPPED, COMPILER))


@cache
def _built(files: tuple[tuple[str, str], ...], shipped: str) -> Path:
    name = sha256(repr((shipped, files)).encode()).hexdigest()[:24]
    target = ROOT / ".build" / "content" / name
    if target.is_dir():
        return target
    with TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        shutil.copytree(SHIPPED, source)
        for file, text in files:
            path = source / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return kept_as(target, source)
