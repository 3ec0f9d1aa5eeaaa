"""`python -m relance.tracker.minify`: write the `….min.js` anew; no function runs this.

Names stay as they are, so what a browser's debugger shows is what stands in the source.
"""

import sys

import rjsmin

from relance.tracker import SCRIPTS, minified_of, source_of


def minified(source: str) -> str:
    """The script without comments and blanks, ending in a line break."""
    return f"{rjsmin.jsmin(source).strip()}\n"


def main() -> int:
    """Write the files."""
    for name in SCRIPTS:
        text = minified(source_of(name).read_text(encoding="utf-8"))
        minified_of(name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
