"""`python -m relance.content SOURCE TARGET`: build the content, or say what is wrong with it."""

import argparse
import sys
from pathlib import Path

from relance.content.build import build


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0 when the content was written, else 1."""
    parser = argparse.ArgumentParser(
        prog="python -m relance.content",
        description="Checks the content that marketers write and compiles it. With any mistake "
        "nothing is written; all mistakes are told with file, line and what to write instead.",
    )
    parser.add_argument("source", type=Path, help="the content folder, for example layers/content")
    parser.add_argument("target", type=Path, help="the folder to write; it is replaced")
    given = parser.parse_args(arguments)
    report = build(given.source, given.target)
    print(report, file=sys.stdout if report.ok else sys.stderr)
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
