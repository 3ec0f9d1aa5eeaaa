"""What SpamAssassin makes of a mail from each shipped message (`make test-mail`).

Without the network: what depends on the sending host and on the DNS is not judged.
"""

import re
import shutil
import subprocess

import pytest

from tests.mail.letters import Letter, letters

pytestmark = pytest.mark.mail

LIMIT = 2.0
"""Points; at 5 SpamAssassin calls a mail spam."""


def points(mime: bytes) -> tuple[float, str]:
    """The points, and the report that says for what."""
    program = shutil.which("spamassassin")
    assert program, "SpamAssassin is not installed: apt-get install spamassassin"
    done = subprocess.run(
        [program, "-L", "-t"], input=mime, capture_output=True, timeout=120, check=True
    )
    said = done.stdout.decode(errors="replace")
    found = re.search(r"Content analysis details:\s+\((-?[0-9.]+) points", said)
    assert found, said
    return float(found[1]), said[found.start() :]


@pytest.mark.parametrize("letter", list(letters()), ids=lambda each: each.name)
def test_a_shipped_mail_scores_low(letter: Letter) -> None:
    score, report = points(letter.mime)
    print(f"{letter.name}: {score} points")
    assert score < LIMIT, report


def test_the_checker_knows_spam_when_it_sees_it() -> None:
    gtube = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
    score, _ = points(b"Subject: x\r\nFrom: a@b.example\r\n\r\n" + gtube + b"\r\n")
    assert score > 100
