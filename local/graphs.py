"""Draws every state machine for the documentation: `docs/graphs/<machine>.svg`.

Usage: ``python -m local.graphs docs/graphs``, which is what ``make graphs`` does. A picture bears a
hash of the definition that it was drawn from, by which a test sees that it is out of date; so how
it is drawn may become better without every picture having to be drawn anew at once.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from local.graph import read
from local.pages.drawing import picture

ROOT = Path(__file__).resolve().parents[1]
_MARK = "<!-- drawn from {} -->\n"


def machines(root: Path = ROOT) -> dict[str, Path]:
    """The definitions by name."""
    found = sorted((root / "statemachines").glob("*/*.asl.json"))
    return {path.name.removesuffix(".asl.json"): path for path in found}


def mark(path: Path) -> str:
    """What a picture of this definition says it was drawn from, whatever its line breaks."""
    definition = json.loads(path.read_text(encoding="utf-8"))
    text = json.dumps(definition, sort_keys=True, ensure_ascii=False)
    return _MARK.format(hashlib.sha256(text.encode()).hexdigest())


def draw(path: Path) -> str:
    """The picture of a definition."""
    definition: Mapping[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return picture(read(definition), str(definition.get("Comment", ""))) + mark(path)


def main(folder: Path) -> None:
    """Draw them all, and remove pictures of what is no more."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {f"{name}.svg": draw(path) for name, path in machines().items()}
    for old in folder.glob("*.svg"):
        if old.name not in drawn:
            old.unlink()
    for name, text in drawn.items():
        (folder / name).write_text(text, encoding="utf-8")
    print(f"{len(drawn)} pictures in {folder}.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
