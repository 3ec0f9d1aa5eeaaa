"""The compiled content, built once for each state of what marketers write and of the compiler."""

from __future__ import annotations

import hashlib
import os
import shutil
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
    target = root / ".build" / "content" / _digest(source, compiler)
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


def _digest(*folders: Path) -> str:
    seen = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                seen.update(f"{path.relative_to(folder)}\0".encode())
                seen.update(path.read_bytes())
    return seen.hexdigest()[:24]
