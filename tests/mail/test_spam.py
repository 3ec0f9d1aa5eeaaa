"""What SpamAssassin makes of a mail from each shipped message (`make test-mail`)."""

import pytest

from local.spam import Verdict, judge
from tests.mail.letters import Letter, letters

pytestmark = pytest.mark.mail

LIMIT = 2.0


def judged(mime: bytes) -> Verdict:
    verdict = judge(mime)
    assert verdict, "SpamAssassin is not installed: apt-get install spamassassin"
    return verdict


@pytest.mark.parametrize("letter", list(letters()), ids=lambda each: each.name)
def test_a_shipped_mail_scores_low(letter: Letter) -> None:
    verdict = judged(letter.mime)
    print(f"{letter.name}: {verdict.points + 0.0} points")
    assert verdict.points < LIMIT, verdict.report


def test_the_checker_knows_spam_when_it_sees_it() -> None:
    gtube = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
    assert judged(b"Subject: x\r\nFrom: a@b.example\r\n\r\n" + gtube + b"\r\n").points > 100
