"""The scripts that web pages embed: their sources, and what is served of them.

`relance.js` follows visits, `form.js` shows a form. They are written by hand; `….min.js` is the
same without comments and blanks, made by `python -m relance.tracker.minify` and kept beside it, so
that nothing has to be built to deploy. A test keeps the two together.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent

SCRIPTS = ("relance", "form")
"""The scripts that there are."""

SOURCE = _HERE / "relance.js"
MINIFIED = _HERE / "relance.min.js"


def source_of(name: str) -> Path:
    """Where a script is written."""
    return _HERE / f"{name}.js"


def minified_of(name: str) -> Path:
    """Where what is served of it stands."""
    return _HERE / f"{name}.min.js"


@dataclass(frozen=True, slots=True)
class Script:
    """A script as it is served. `version` is a hash of it, 12 hex digits."""

    plain: bytes
    packed: bytes
    version: str


@cache
def script(name: str = "relance") -> Script:
    """A script of this release."""
    plain = minified_of(name).read_bytes()
    version = hashlib.sha256(plain).hexdigest()[:12]
    return Script(plain, gzip.compress(plain, compresslevel=9, mtime=0), version)
