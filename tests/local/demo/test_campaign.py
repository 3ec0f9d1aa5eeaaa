"""`python -m local campaign`: every step of a campaign, with what was pasted and what was said."""

import pytest

from local.cli.main import main


def test_a_campaign_is_counted_sent_held_up_and_reported(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["campaign", "--people", "120"]) == 0
    told = capsys.readouterr().out
    assert "Counted: 120 people" in told
    assert "103 would get welcome. 17 would not: 17 unsubscribed." in told
    assert 'To send it paste the same with "confirm": 120.' in told
    assert "It is being sent: " in told
    assert '"spring-2026" is paused' in told
    assert '"spring-2026" goes on in the execution spring-2026-run-2.' in told
    assert "Already sent on 5 January 2026" in told
    assert "103 of 120 people were sent it. 17 were left out: 17 unsubscribed." in told
    assert told.rstrip().endswith("103 messages are in the mail box.")
