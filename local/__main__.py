"""`python -m local`: the embedded AWS and the demo, from the command line."""

import sys
from pathlib import Path

# The product's layer is not installed; functions find it on their path, and so do we.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "layers" / "relance"))

_OURS = {"local", "relance"}
_HELP = "Run `make demo` first, or use .venv/bin/python.\n"


def _main() -> int:
    try:
        from local.cli.main import main  # noqa: PLC0415

        return main(sys.argv[1:])
    except ModuleNotFoundError as missing:
        package = str(missing.name).partition(".")[0]
        if package in _OURS:
            raise
        sys.stderr.write(f'This Python ({sys.executable}) lacks the package "{package}". {_HELP}')
        return 2


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever types `python` may get an older one
        sys.exit(f"This is Python {sys.version.split()[0]}; Relance needs 3.11 or newer. {_HELP}")
    sys.exit(_main())
