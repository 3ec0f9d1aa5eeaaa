"""`python -m local`: the embedded AWS and the demo, from the command line."""

import sys
from pathlib import Path

# The product's layer is not installed; functions find it on their path, and so do we.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "layers" / "relance"))

from local.cli.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
