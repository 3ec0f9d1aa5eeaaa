"""Campaigns, told as stories: counted, confirmed, sent once to each, held up, tried again."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from relance.campaigns import allow_again, campaign_key, send_id_in
from relance.reasons import Reason
from relance.storage import Delete, Table, Update

from local.faults import CallMade, Fault, FaultPlan, Rule
from local.permissions import missing
from local.services.ses_account import Quota
from tests.workflows.content import content_with
from tests.workflows.mailing import NAME, ROOT, TO, Gathered, Mailing, asked

SIZE = 70
SLOW = Quota(per_second=15)


@pytest.fixture(scope="module")
def gathered() -> Gathered:
    """Seventy people who agreed: two batches."""
    return Gathered.of(SIZE)


@pytest.fixture(scope="module")
def a_dozen() -> Gathered:
    """Twelve of them."""
    return Gathered.of(12)


@pytest.fixture
def mailing(gathered: Gathered) -> Iterator[Mailing]:
    """They are in a world of their own."""
    with gathered.somewhere() as mailing:
        yield mailing


@pytest.fixture
def few(a_dozen: Gathered) -> Iterator[Mailing]:
    """Twelve in a world of their own."""
    with a_dozen.somewhere() as mailing:
        yield mailing


def answered(
    code: str, *, status: int = 500, fault: Fault = Fault.FAIL_BEFORE, **more: Any
) -> Rule:
    return Rule(fault, function="send-batch", code=code, status=status, **more)


# -- counting and sending --------------------------------------------------------------------------


def test_a_marketer_counts_confirms_and_reads_what_became_of_everyone(few: Mailing) -> None:
    few.unsubscribes(1)
    few.unsubscribes(2)
    few.changes(3, suppressed={"reason": "bounced", "at": "2026-01-01T00:00:00.000Z"})
    few.changes(4, pause={"until": "2026-03-01T00:00:00.000Z", "at": "2026-01-01T00:00:00.000Z"})
    counted = few.asks("send-campaign", asked())["output"]
    assert counted["outcome"] == "counted"
    assert counted["summary"] == (
        "Counted: 12 people, a minute, less than a cent. 8 would get welcome. 4 would not: "
        '2 unsubscribed, 1 paused, 1 suppressed. To send it paste the same with "confirm": 12.'
    )
    assert len(few.world.mailbox) == 0
    assert few.ledger() == {}
    ended = few.asks("send-campaign", asked(confirm=12))
    assert ended["output"]["outcome"] == "sent"
    assert ended["output"]["summary"] == (
        "8 of 12 people were sent it. 4 were left out: 2 unsubscribed, 1 paused, 1 suppressed."
    )
    few.adds_up(ended)
    assert set(few.mails()) == {few.address(n) for n in (0, *range(5, 12))}


def test_who_is_held_out_gets_none_and_the_figures_say_so(mailing: Mailing) -> None:
    shipped = (ROOT / "layers/content/sending.yaml").read_text(encoding="utf-8")
    mailing.world.deploy_content(content_with({"sending.yaml": f"{shipped}hold_out: 20 %\n"}))
    ended = mailing.sends()
    held = ended["output"]["figures"]["skipped"]["held_out"]
    assert 6 <= held <= 24
    assert len(mailing.mails()) == SIZE - held
    mailing.adds_up(ended)


def test_a_second_start_sends_nothing_and_says_when_it_was_sent(few: Mailing) -> None:
    few.sends()
    again = few.sends()["output"]
    assert again["outcome"] == "already"
    assert again["summary"].startswith("Already sent on 5 January 2026")
    assert few.mails().total() == 12


def test_a_second_start_while_it_is_being_sent_sends_nothing(gathered: Gathered) -> None:
    with gathered.somewhere(quota=SLOW) as mailing:
        first = mailing.world.start("operation-send-campaign", asked(confirm=SIZE))
        mailing.world.run(for_=timedelta(seconds=4))
        second = mailing.sends(minutes=0.2)["output"]
        assert second["outcome"] == "already"
        assert second["summary"].startswith(f'Already being sent: "{NAME}", since 5 January')
        ended = mailing.ending(first, minutes=60)
        mailing.adds_up(ended)
        assert ended["output"]["figures"]["sent"] == SIZE


def test_who_came_since_the_count_makes_it_ask_again(few: Mailing) -> None:
    far = few.asks("send-campaign", asked(confirm=35))["output"]
    assert "That is far fewer than the 35 confirmed. To send it paste" in far["summary"]
    ended = few.asks("send-campaign", asked(confirm=11))["output"]
    assert ended["outcome"] == "counted"
    assert "That is more than the 11 confirmed." in ended["summary"]
    assert len(few.world.mailbox) == 0


def test_what_a_marketer_wrote_is_checked_looked_at_published_and_sent(few: Mailing) -> None:
    bucket = few.world.stack.resources["ContentBucket"].name
    few.world.client("s3").put_object(
        Bucket=bucket, Key="drafts/newsletter-12.md", Body=LETTER.encode()
    )
    letter = {"campaign": NAME, "message": "newsletter-12", "to": TO}
    early = few.asks("preview-message", {"message": "newsletter-12", "draft": True})
    assert '{"check": "newsletter-12"} first' in early["cause"]
    assert few.asks("publish-content", {"check": "newsletter-12"})["status"] == "SUCCEEDED"
    shown = few.asks("preview-message", {"message": "newsletter-12", "draft": True})["output"]
    assert shown["summary"].startswith('newsletter-12 for a sample: "Sample, a letter"')
    unknown = few.asks("send-campaign", letter)
    assert 'There is no message "newsletter-12".' in unknown["cause"]
    assert few.asks("publish-content", {"publish": "newsletter-12"})["status"] == "SUCCEEDED"
    few.world.run(for_=timedelta(minutes=2))  # senders look for what is new once a minute
    ended = few.asks("send-campaign", {**letter, "confirm": 12})
    assert ended["output"]["figures"]["sent"] == 12
    assert {mail.subject for mail in few.world.mailbox.mails} == {"Hello, a letter"}
    told = few.asks("report-sending", {"message": "newsletter-12", "month": "2026-01"})["output"]
    assert told["outcome"] == "reported"
    assert missing(few.world.stack, few.world.recorder.uses) == []


LETTER = """---
subject: "{{ contact.first_name or 'Hello' }}, a letter"
preheader: What is new this month.
class: marketing
intent: inform
topic: newsletter
---
# What is new

[Have a look]({{ company.website }}/news)
"""


def test_each_mail_is_the_person_s_own(few: Mailing) -> None:
    few.sends()
    seen = set()
    for mail in few.world.mailbox.mails:
        message, html, text = mail.parts()
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        seen.add(message["List-Unsubscribe"])
        assert html
        assert text
        tags = dict(mail.draft.tags)
        assert (tags["message"], tags["workflow"]) == ("welcome", "campaign")
    assert len(seen) == 12


def test_a_list_and_a_segment_are_audiences_too(few: Mailing) -> None:
    for number in range(3):
        few.happens(number, "list_joined", "join", list="engaged")
    few.world.run(for_=timedelta(minutes=2))
    ended = few.asks("send-campaign", asked(to={"list": "engaged"}, confirm=3))
    few.adds_up(ended)
    assert set(few.mails()) == {few.address(n) for n in range(3)}
    nobody = few.asks("send-campaign", {**asked(to={"segment": "hot"}), "campaign": "other"})
    assert nobody["output"]["outcome"] == "nobody"
    assert nobody["output"]["summary"] == "Nobody is in the audience (segment hot)."


def test_a_batch_takes_five_calls_beside_those_for_its_pace(mailing: Mailing) -> None:
    """With them it is a fifth of a call for each mail at most, as `make bench` shows."""
    mailing.adds_up(mailing.sends())
    trace: list[CallMade] = []
    mailing.world.sandboxes.trace = trace
    ended = mailing.sends(campaign="the-next")
    assert ended["output"]["figures"]["sent"] == SIZE
    calls = Counter(made.operation for made in trace if made.function.endswith("send-batch"))
    of_the_pace = ("UpdateItem", "GetItem")
    assert {name: count for name, count in calls.items() if name not in of_the_pace} == {
        "BatchGetItem": 4, "TransactWriteItems": 4, "SendBulkEmail": 2,
    }  # fmt: skip


# -- what other systems get wrong ------------------------------------------------------------------


def test_p2_paused_and_resumed_at_random_points_nobody_is_lost_or_doubled(
    gathered: Gathered,
) -> None:
    with gathered.somewhere(quota=SLOW) as mailing:
        execution = mailing.world.start("operation-send-campaign", asked(confirm=SIZE))
        for seconds in (1.3, 2.7, 0.4, 9.1):
            mailing.world.run(for_=timedelta(seconds=seconds))
            mailing.controls("pause", minutes=0.02)
            mailing.world.run(for_=timedelta(seconds=seconds / 2))
            mailing.controls("resume", minutes=0.02)
        mailing.ending(execution, minutes=120)
        ended = mailing.latest()
        assert mailing.ledger().total() == SIZE
        assert set(mailing.mails()) == {mailing.address(n) for n in range(SIZE)}
        mailing.adds_up(ended)


def test_a_paused_campaign_ends_as_such_and_goes_on_a_day_later(gathered: Gathered) -> None:
    with gathered.somewhere(quota=SLOW) as mailing:
        execution = mailing.world.start("operation-send-campaign", asked(confirm=SIZE))
        mailing.world.run(for_=timedelta(seconds=2))
        assert mailing.controls("pause", minutes=0.1)["output"]["outcome"] == "done"
        ended = mailing.ending(execution, minutes=60)
        assert ended["output"]["outcome"] == "paused"
        mailing.adds_up(ended)
        assert 0 < ended["output"]["figures"]["sent"] < SIZE
        mailing.unsubscribes(SIZE - 1)
        mailing.world.run(for_=timedelta(days=1))
        assert mailing.mails().total() == ended["output"]["figures"]["sent"]
        second = mailing.sends()["output"]
        assert '"do": "resume"' in second["summary"]
        mailing.controls("resume", minutes=90)
        ended = mailing.latest()
        assert ended["output"]["outcome"] == "sent"
        mailing.adds_up(ended)
        assert ended["output"]["figures"]["sent"] >= SIZE - 1


def test_p3_it_has_ended_only_when_every_outcome_is_known(few: Mailing) -> None:
    few.world.sandboxes.faults = FaultPlan([answered("InternalFailure", operation="SendBulkEmail")])
    execution = few.world.start("operation-send-campaign", asked(confirm=12))
    few.world.run(for_=timedelta(minutes=30))
    assert few.ledger() == {"unknown": 12}
    assert few.world.describe(execution)["status"] == "RUNNING"
    ended = few.ending(execution, minutes=90)
    assert ended["output"]["summary"] == "0 of 12 people were sent it. 12 failed: 12 given up."
    few.adds_up(ended)


def test_what_ses_took_though_its_answer_was_lost_is_settled_by_its_events(few: Mailing) -> None:
    lost = answered("InternalFailure", operation="SendBulkEmail", fault=Fault.FAIL_AFTER)
    few.world.sandboxes.faults = FaultPlan([lost])
    ended = few.sends(minutes=30)
    assert ended["output"]["figures"]["sent"] == 12
    few.adds_up(ended)


@pytest.mark.long
def test_p4_throttled_by_ses_nobody_is_lost_or_doubled(gathered: Gathered) -> None:
    with gathered.somewhere(quota=SLOW) as mailing:
        ended = mailing.sends(minutes=90)
        assert ended["output"]["figures"]["sent"] == SIZE
        mailing.adds_up(ended)


def test_p5_whoever_was_given_up_gets_it_on_a_person_s_word_and_nobody_else_does(
    few: Mailing,
) -> None:
    few.unsubscribes(3)
    few.world.sandboxes.faults = FaultPlan([answered("InternalFailure", operation="SendBulkEmail")])
    ended = few.sends(minutes=120)["output"]
    assert ended["figures"]["failed"] == {"given_up": 11}
    told = few.controls("retry")["output"]
    assert told["summary"].startswith(f'"{NAME}" is tried again for 11 in the execution')
    ended = few.latest()
    assert ended["output"]["summary"] == (
        "11 of 12 people were sent it. 1 was left out: 1 unsubscribed."
    )
    few.adds_up(ended)
    assert few.controls("retry")["output"]["outcome"] == "not possible"
    assert few.mails().total() == 11


def test_p5_what_ses_says_late_of_the_first_mail_stops_the_second(few: Mailing) -> None:
    lost = answered("InternalFailure", operation="SendBulkEmail", fault=Fault.FAIL_AFTER)
    few.world.sandboxes.faults = FaultPlan([lost])
    few.world.feedback.delayed, few.world.feedback.delay = 1, 3 * 3600
    ended = few.sends(minutes=120)["output"]
    assert ended["figures"]["failed"] == {"given_up": 12}
    for contact in few.people:  # a retry that is cut off before its run
        few.store.write(allow_again(send_id_in(NAME, contact)))
    assert few.ledger() == {"deferred": 12}
    few.world.run(for_=timedelta(hours=2))
    assert few.ledger() == {"delivered": 12}
    assert few.controls("retry")["output"]["outcome"] == "not possible"
    assert few.mails().total() == 12


BROKEN_PROFILE = {"body": "{"}


def test_p6_a_poison_contact_is_set_aside_and_the_others_get_it_once(mailing: Mailing) -> None:
    key = (mailing.people[17], "now#profile")
    execution = mailing.world.start("operation-send-campaign", asked(confirm=SIZE))
    mailing.world.run(for_=timedelta(seconds=0.5))
    mailing.store.write(Update(Table.CONTACTS, key, set=BROKEN_PROFILE))
    ended = mailing.ending(execution)
    assert ended["output"]["figures"]["skipped"] == {Reason.CONTENT_INVALID.value: 1}
    assert ended["output"]["figures"]["sent"] == SIZE - 1
    mailing.adds_up(ended)


def test_a_contact_that_is_gone_is_said_to_be(few: Mailing) -> None:
    execution = few.world.start("operation-send-campaign", asked(confirm=12))
    few.world.run(for_=timedelta(seconds=0.5))
    few.store.write(Delete(Table.CONTACTS, (few.people[5], "now#register")))
    few.store.write(Delete(Table.CONTACTS, (few.people[5], "now#profile")))
    ended = few.ending(execution)
    assert ended["output"]["figures"]["skipped"] == {"gone": 1}


def test_p7_two_senders_on_one_audience_send_one_copy(mailing: Mailing) -> None:
    first = mailing.world.start("operation-send-campaign", asked(confirm=SIZE))
    mailing.world.run(for_=timedelta(seconds=0.9))
    mailing.store.write(Update(Table.SENDS, campaign_key(NAME), set={"run": 2}))
    second = mailing.world.start("operation-send-campaign", {"campaign": NAME, "run": 2})
    ended = mailing.ending(first, minutes=90)
    other = mailing.ending(second, minutes=0)
    assert (ended["output"]["outcome"], other["output"]["outcome"]) == ("sent", "sent")
    assert ended["output"]["figures"]["sent"] == SIZE
    mailing.adds_up(ended)


@pytest.mark.parametrize("operation", ["BatchGetItem", "PutItem"])
def test_p8_an_unsubscribe_answered_before_the_claim_stops_it(few: Mailing, operation: str) -> None:
    late = Rule(Fault.DELAY, function="send-batch", operation=operation, seconds=5, times=2)
    few.world.sandboxes.faults = FaultPlan([late])
    execution = few.world.start("operation-send-campaign", asked(confirm=12))
    few.world.run(for_=timedelta(seconds=4))
    assert few.ledger() == {}
    few.unsubscribes(7)
    ended = few.ending(execution)
    assert few.address(7) not in few.mails()
    assert ended["output"]["figures"]["skipped"] == {"unsubscribed": 1}
    few.adds_up(ended)


PLAIN = {
    "messages/welcome/message.yaml": (
        "subject: Hello again\npreheader: A word\nclass: marketing\nintent: inform\n"
        "topic: newsletter\n"
    )
}
"""A message that says nothing of hours: it is not for the night."""


def test_whoever_sleeps_gets_it_in_the_morning_and_may_leave_until_then(few: Mailing) -> None:
    few.world.deploy_content(content_with(PLAIN))
    for number in (3, 4):
        few.happens(number, "identified", "zone", traits={"time_zone": "America/New_York"})
    few.world.run(for_=timedelta(minutes=2))
    counted = few.asks("send-campaign", asked())["output"]["summary"]
    assert "12 would get welcome. Not at once: 2 quiet hours." in counted
    execution = few.world.start("operation-send-campaign", asked(confirm=12))
    few.world.run(for_=timedelta(hours=3))
    assert few.ledger() == {"delivered": 10, "deferred": 2}
    assert few.world.describe(execution)["status"] == "RUNNING"
    few.unsubscribes(4)
    ended = few.ending(execution, minutes=3 * 60)
    assert few.address(3) in few.mails()
    assert ended["output"]["figures"]["skipped"] == {"unsubscribed": 1}
    few.adds_up(ended)
    (mail,) = few.world.mailbox.to(few.address(3))
    assert 8 <= mail.sent_at / 3600 % 24 - 5 < 8.2


# -- what else may happen --------------------------------------------------------------------------


def test_cancelled_nobody_gets_it_any_more_and_the_numbers_add_up(gathered: Gathered) -> None:
    with gathered.somewhere(quota=SLOW) as mailing:
        mailing.world.start("operation-send-campaign", asked(confirm=SIZE))
        mailing.world.run(for_=timedelta(seconds=3))
        mailing.controls("cancel", minutes=60)
        ended = mailing.latest()
        assert ended["output"]["outcome"] == "cancelled"
        figures = ended["output"]["figures"]
        assert figures["skipped"]["cancelled"] == SIZE - figures["sent"] > 0
        mailing.adds_up(ended)
        assert mailing.sends()["output"]["summary"].startswith(f'"{NAME}" was cancelled')
        assert mailing.controls("resume")["output"]["outcome"] == "not possible"


@pytest.mark.long
def test_stopped_in_the_console_it_goes_on_when_somebody_says_resume(gathered: Gathered) -> None:
    with gathered.somewhere(quota=SLOW) as mailing:
        execution = mailing.world.start("operation-send-campaign", asked(confirm=SIZE))
        mailing.world.run(for_=timedelta(seconds=2))
        mailing.world.client("stepfunctions").stop_execution(executionArn=execution)
        mailing.world.run(for_=timedelta(minutes=5))
        again = mailing.sends()["output"]["summary"]
        assert "its execution has ended" in again
        mailing.controls("resume", minutes=120)
        ended = mailing.latest()
        assert ended["output"]["outcome"] == "sent"
        assert mailing.ledger().total() == SIZE
        mailing.adds_up(ended)


def verified(mailing: Mailing, *, yes: bool) -> None:
    for identity in (mailing.world.ses.identities or {}).values():
        identity.verified = yes


def test_a_sender_that_ses_does_not_know_is_found_before_the_first_mail(few: Mailing) -> None:
    verified(few, yes=False)
    ended = few.sends()["output"]
    assert ended["outcome"] == "cannot be sent"
    assert "SES has not verified" in ended["summary"]
    assert few.ledger() == {}


def test_a_sender_that_ses_knows_no_more_holds_it_up_until_it_does(few: Mailing) -> None:
    few.world.start("operation-send-campaign", asked(confirm=12))
    few.world.run(for_=timedelta(seconds=0.9))
    verified(few, yes=False)
    few.world.run(for_=timedelta(minutes=10))
    ended = few.latest()["output"]
    assert ended["outcome"] == "paused"
    assert "SES refused the message (MESSAGE_REJECTED)" in ended["summary"]
    assert few.ledger() == {"released": 12}
    assert len(few.world.mailbox) == 0
    verified(few, yes=True)
    few.controls("resume")
    few.adds_up(few.latest())
    assert few.mails().total() == 12


def test_an_account_that_may_not_send_is_found_before_the_first_mail(few: Mailing) -> None:
    few.world.ses.sending_enabled = False
    ended = few.sends()["output"]
    assert ended["outcome"] == "cannot be sent"
    assert "SES has paused sending for this account" in ended["summary"]
    few.world.ses.sending_enabled, few.world.ses.production = True, False
    few.world.run(for_=timedelta(minutes=2))
    assert "sandbox" in few.sends()["output"]["summary"]
    few.world.ses.production = True
    few.world.ses.quota = Quota(per_second=14, per_day=5)
    few.world.run(for_=timedelta(minutes=2))
    counted = few.asks("send-campaign", asked())["output"]["summary"]
    assert "The quota of SES, or the warm-up in sending.yaml, leaves room for 4" in counted
    assert few.ledger() == {}


def test_a_message_that_was_changed_meanwhile_holds_it_up(gathered: Gathered) -> None:
    with gathered.somewhere(quota=SLOW) as mailing:
        execution = mailing.world.start("operation-send-campaign", asked(confirm=SIZE))
        mailing.world.run(for_=timedelta(seconds=0.9))
        mailing.world.deploy_content(content_with(PLAIN))
        ended = mailing.ending(execution, minutes=60)
        assert ended["output"]["outcome"] == "paused"
        assert 'The message "welcome" was changed' in ended["output"]["summary"]
        mailing.controls("resume", minutes=120)
        ended = mailing.latest()
        assert ended["output"]["figures"]["sent"] == SIZE
        mailing.adds_up(ended)


def test_two_people_who_turn_out_to_be_one_get_one_copy(few: Mailing) -> None:
    execution = few.world.start("operation-send-campaign", asked(confirm=12))
    few.world.run(for_=timedelta(seconds=0.5))
    _join(few, 3, into=4)
    ended = few.ending(execution)
    figures = ended["output"]["figures"]
    assert figures["sent"] == 11
    assert figures["skipped"] == {"same_person": 1}
    assert few.mails()[few.address(4)] + few.mails()[few.address(3)] == 1


def _join(mailing: Mailing, number: int, *, into: int) -> None:
    absorbed, survivor = mailing.people[number], mailing.people[into]
    at = "2026-01-05T09:00:00.000Z"
    key = (absorbed, "now#register")
    mailing.store.write(Update(Table.CONTACTS, key, set={"joined_to": survivor}))
    told: dict[str, Any] = {absorbed: {"into": survivor, "at": at, "quiet": True}}
    key = (survivor, "now#register")
    mailing.store.write(Update(Table.CONTACTS, key, set={"absorbed": told}))


def test_whoever_wants_few_mails_has_a_turn_like_with_any_other(few: Mailing) -> None:
    weekly = {"mode": "weekly", "at": "2026-01-01T00:00:00.000Z"}
    few.changes(1, frequency=weekly, turn={"day": "2026-01-04", "send_id": "OTHER"})
    few.changes(2, frequency=weekly)
    ended = few.sends()
    assert ended["output"]["figures"]["skipped"] == {"too_frequent": 1}
    assert few.address(2) in few.mails()
    few.adds_up(ended)


def test_an_address_that_ses_does_not_take_is_told_and_holds_up_nobody(few: Mailing) -> None:
    few.changes(6, address="not an address")
    ended = few.sends()
    assert ended["output"]["figures"]["skipped"] == {"refused_by_ses": 1}
    few.adds_up(ended)


def test_no_execution_holds_an_address(few: Mailing) -> None:
    few.sends()
    client = few.world.client("stepfunctions")
    arn = few.world.machine_arn("operation-send-campaign")
    for each in client.list_executions(stateMachineArn=arn)["executions"]:
        history = client.get_execution_history(executionArn=each["executionArn"], maxResults=1000)
        assert "@example" not in str(history["events"])


# -- what is typed ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"campaign": NAME}, '"message" is missing. Paste for example'),
        (asked(message="welcom"), 'There is no message "welcom". Did you mean'),
        (asked(message="confirm"), "asks somebody to confirm a sign-up"),
        (asked(to={"segment": "hott"}), 'There is no segment "hott". Did you mean hot'),
        (asked(to={"list": "engagd"}), 'There is no list "engagd". Did you mean engaged?'),
        (asked(to={}), '"to" names one of segment, list and condition.'),
        (asked(to={"condition": {"did": "confirmd"}}), "confirmd"),
        (asked(confirm="many"), "must be a number"),
        (asked(campaign="spring 2026"), '"campaign"'),
        (asked(messages="welcome"), '"messages" is not known here; did you mean "message"'),
        ({"campaign": "nothing", "run": 2}, 'There is no campaign "nothing".'),
    ],
    ids=[
        "nothing but a name", "a misspelt message", "a double opt-in mail", "a misspelt segment",
        "a misspelt list", "no audience", "a misspelt condition", "not a number", "a bad name",
        "an unknown word", "a run of nothing",
    ],
)  # fmt: skip
def test_a_wrong_input_says_what_to_paste(few: Mailing, typed: Any, said: str) -> None:
    ended = few.asks("send-campaign", typed)
    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidInput")
    assert said in ended["cause"]


SENDING = {
    "nothing": "nothing to do yet",
    "count": "counted",
    "confirm": "sent",
    "again": "already",
    "a_segment": "nobody",
    "a_list": "nobody",
    "misspelt": "InvalidInput",
    "an_address": "InvalidInput",
}
CONTROLLING = {
    "nothing": "nothing to do yet",
    "pause": "not possible",
    "resume": "not possible",
    "retry": "not possible",
    "cancel": "not possible",
    "misspelt": "InvalidInput",
    "an_address": "InvalidInput",
}


def test_every_sample_ends_as_it_should(few: Mailing) -> None:
    for operation, samples in (("send-campaign", SENDING), ("control", CONTROLLING)):
        folder = ROOT / "events" / "executions" / f"operation-{operation}"
        there = {path.stem: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")}
        assert {name for name, data in there.items() if "journey" not in data} == set(samples)
        for sample, outcome in samples.items():
            ended = few.asks(operation, there[sample])
            assert (ended["output"] or {}).get("outcome", ended.get("error")) == outcome, sample
            assert "ana@example.com" not in ended.get("cause", "")


def test_every_call_is_allowed_by_the_template(gathered: Gathered) -> None:
    with gathered.somewhere(quota=SLOW) as mailing:
        mailing.unsubscribes(3)
        mailing.world.start("operation-send-campaign", asked(confirm=SIZE))
        mailing.world.run(for_=timedelta(seconds=2))
        for do in ("pause", "resume", "cancel", "retry"):
            mailing.controls(do)
        assert missing(mailing.world.stack, mailing.world.recorder.uses) == []


def test_the_ids_of_a_campaign_are_those_of_its_people() -> None:
    assert send_id_in("a", "01KE6P4Z0NWNGTPJXJR5ESJA98") != send_id_in(
        "b", "01KE6P4Z0NWNGTPJXJR5ESJA98"
    )
