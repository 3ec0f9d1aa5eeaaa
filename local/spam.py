"""What SpamAssassin makes of a mail, where it is installed.

Without the network: what depends on the sending host and on the DNS is not judged.
https://spamassassin.apache.org/full/4.0.x/doc/spamassassin.html
"""

import re
import shutil
import subprocess
from dataclasses import dataclass

_FOUND = re.compile(r"Content analysis details:\s+\((-?[0-9.]+) points")
_SECONDS = 120
SPAM_FROM = 5.0
"""Points at which SpamAssassin calls a mail spam, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The points, and the checker's own report that says for what."""

    points: float
    report: str

    def __str__(self) -> str:
        points = round(self.points, 1) + 0.0  # nobody reads "-0.0" well
        return f"SpamAssassin gives it {points:.1f} points; from {SPAM_FROM:.0f} on it is spam."


def judge(mime: bytes) -> Verdict | None:
    """What the checker says of a mail; None where none is installed.

    Raises:
        OSError, subprocess.SubprocessError: the checker did not work.
        ValueError: it said nothing that can be read.
    """
    program = shutil.which("spamassassin")
    if program is None:
        return None
    done = subprocess.run(  # noqa: S603 - the program that PATH names, and a mail of our own
        [program, "-L", "-t"], input=mime, capture_output=True, timeout=_SECONDS, check=True
    )
    said = done.stdout.decode(errors="replace")
    found = _FOUND.search(said)
    if found is None:
        raise ValueError(f"{program} said nothing of points")
    return Verdict(float(found[1]), said[found.start() :])
