"""`python -m relance.tracker.minify`: write `relance.min.js` anew; no function runs this.

Names stay as they are, so what a browser's debugger shows is what stands in the source.
"""

import sys

import rjsmin

from relance.tracker import MINIFIED, SOURCE


def minified(source: str) -> str:
    """The script without comments and blanks, ending in a line break."""
    return f"{rjsmin.jsmin(source).strip()}\n"


def main() -> int:
    """Write the file."""
    MINIFIED.write_text(minified(SOURCE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
