"""Type `make serve`, open its form and its inbox as a browser would, and stop it.

Usage: ``python .ci/check_serve.py``. Exits with 1 and a sentence when a page does not come within
a minute, or when Ctrl-C does not end with the world saved.
"""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_SECONDS = 60
PAGES = {"Sign up": "</form>", "Read the mail": "Inbox"}


def visit(url: str, expected: str) -> None:
    """Open a page; exit with a sentence when it is not the one that was expected."""
    with urlopen(url, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - printed by our own server
        page = answer.read().decode()
    if expected not in page:
        sys.exit(f"{url} answered, but {expected!r} is not in it.")
    print(f"{url}: {len(page):,} characters")


def main() -> None:
    """Start, visit, stop."""
    command = ["make", "serve", "PORT=0", "INBOX_PORT=0", "SPEED=3600"]
    with subprocess.Popen(  # noqa: S603 - make, on words of our own
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as server:
        printed = server.stdout or sys.exit("make serve prints nowhere.")
        signal.signal(signal.SIGALRM, lambda *_: os.killpg(server.pid, signal.SIGKILL))
        signal.alarm(PATIENCE_SECONDS)
        try:
            said, left = "", dict(PAGES)
            while not said.startswith("curl ") and (line := printed.readline()):
                said = line
                found = re.match(r"(.+?)\s+(http://127\.0\.0\.1:\d+/\S+)$", line)
                if found and found[1] in left:
                    visit(found[2], left.pop(found[1]))
        finally:
            os.killpg(server.pid, signal.SIGINT)
        rest = printed.read()
    if left:
        sys.exit(f"make serve named no address for: {', '.join(left)}.")
    if "Saved in .serve/" not in rest:
        sys.exit(f"make serve was interrupted, and said: {rest or 'nothing'}")
    print(rest.strip())


if __name__ == "__main__":
    main()
