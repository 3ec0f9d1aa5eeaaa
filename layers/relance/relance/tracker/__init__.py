"""`relance.js`, the script that web pages embed: its source, and what is served of it.

`relance.js` is written by hand; `relance.min.js` is the same without comments and blanks, made by
`python -m relance.tracker.minify` and kept beside it, so that nothing has to be built to deploy.
A test keeps the two together.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).with_name("relance.js")
MINIFIED = Path(__file__).with_name("relance.min.js")


@dataclass(frozen=True, slots=True)
class Script:
    """The script as it is served. `version` is a hash of it, 12 hex digits."""

    plain: bytes
    packed: bytes
    version: str


@cache
def script() -> Script:
    """The script of this release."""
    plain = MINIFIED.read_bytes()
    version = hashlib.sha256(plain).hexdigest()[:12]
    return Script(plain, gzip.compress(plain, compresslevel=9, mtime=0), version)
