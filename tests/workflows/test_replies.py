"""Replies: recorded, forwarded to a person, able to end a wait; machines' answers are not."""

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from relance.aws.values import to_attributes
from relance.links import LinkSigner
from relance.replies import Coming, leaving_address, read_mail, reply_address
from relance.storage import Table
from relance.workflows import Awaited, Step, Wait, WaitKind

from local.faults import Fault, FaultPlan, Rule
from local.permissions import missing
from local.world import ROOT, World
from tests.stack import table_names
from tests.workflows.conftest import MakeStory
from tests.workflows.story import MONDAY, Story
from tests.workflows.test_promises import on_the_list

ANA, KIM, DOMAIN = "ana@example.com", "kim@example.com", "reply.example.com"
ON = {"ReplyDomain": DOMAIN, "ForwardRepliesTo": KIM}
MAILS = ROOT / "events" / "mails"
SIGNER = LinkSigner(secrets={"1": "a-secret"}, current="1")
SEND = "YNKNMRV5CO2U3SK2RPT2AVHPIE"


@pytest.fixture
def story(make_story: MakeStory) -> Story:
    """A world in which SES receives replies."""
    return make_story(**ON)


def header(story: Story, name: str) -> str:
    return str(story.mails(ANA)[-1].parts()[0][name] or "")


def comes(story: Story, sample: str, to: str = "", *, sender: str = ANA, **more: Any) -> None:
    """Let a sample come to an address, by default the one to reply to."""
    to = to or header(story, "Reply-To")
    ses_id = story.mails(ANA)[-1].message_id
    raw = (MAILS / f"{sample}.eml").read_bytes()
    raw = raw.replace(b"{to}", to.encode()).replace(b"{ses_id}", ses_id.encode())
    story.world.receive_mail(raw, to, sender=sender, **more)
    story.a_moment(60)


SORTED = {
    "reply_gmail": Coming.REPLY,
    "reply_outlook_html": Coming.REPLY,
    "reply_apple_base64": Coming.REPLY,
    "malformed_headers": Coming.REPLY,
    "malformed_body": Coming.REPLY,
    "away_exchange": Coming.AUTOMATIC,
    "away_gmail": Coming.AUTOMATIC,
    "away_by_subject": Coming.AUTOMATIC,
    "away_old_header": Coming.AUTOMATIC,
    "bounce_as_mail": Coming.BOUNCE,
    "leaves": Coming.LEAVING,
    "reply_to_the_sender": Coming.REPLY,
    "stray": Coming.STRAY,
}
TEXTS = {
    "reply_gmail": "wann können wir reden",
    "reply_outlook_html": "Bitte rückrufen",
    "reply_apple_base64": "Ja, gern 😀",
}


@pytest.mark.parametrize("sample", SORTED)
def test_every_sample_is_sorted(sample: str) -> None:
    leaves = sample == "leaves"
    to = (leaving_address if leaves else reply_address)(SIGNER, SEND, DOMAIN)
    if sample in ("reply_to_the_sender", "stray"):
        to = f"replies@{DOMAIN}"
    raw = (MAILS / f"{sample}.eml").read_bytes().replace(b"{to}", to.encode())
    raw = raw.replace(b"{ses_id}", b"0100019b8e0a0000-11111111-2222-3333-4444-555555555555-000000")
    for address in (to, to.upper()):
        mail = read_mail(raw, recipients=[address], envelope_sender=ANA, signer=SIGNER)
        assert mail.coming is SORTED[sample]
        assert mail.send_id == (SEND if "@" in to and not to.startswith("replies") else None)
        assert TEXTS.get(sample, "") in mail.text
    assert {path.stem for path in MAILS.glob("*.eml")} == set(SORTED)
    nobody = read_mail(raw, recipients=[to], envelope_sender="<>", signer=SIGNER)
    assert nobody.coming is Coming.BOUNCE


@given(st.binary(max_size=400), st.lists(st.text(max_size=80), max_size=3), st.text(max_size=20))
@settings(max_examples=150)
def test_no_mail_whatever_it_looks_like_is_a_defect(
    body: bytes, recipients: list[str], sender: str
) -> None:
    for raw in (body, b"Subject: =?utf-8?q?" + body, b"Content-Type: multipart/x; b=" + body):
        read_mail(raw, recipients=recipients, envelope_sender=sender, signer=SIGNER)


def test_an_address_that_was_changed_names_no_message() -> None:
    address = reply_address(SIGNER, SEND, DOMAIN)
    assert len(address.partition("@")[0]) <= 64
    forged = address[:10] + ("a" if address[10] != "a" else "b") + address[11:]
    other = LinkSigner(secrets={"1": "another"}, current="1")
    for to, signer in ((forged, SIGNER), (address, other), (address.replace("r-", "u-"), SIGNER)):
        mail = read_mail(b"", recipients=[to], envelope_sender=ANA, signer=signer)
        assert mail.send_id is None


def test_without_a_reply_domain_nothing_of_it_is_there(make_story: MakeStory) -> None:
    story = make_story()
    on_the_list(story)
    assert header(story, "Reply-To") == ""
    assert "mailto:" not in header(story, "List-Unsubscribe")
    assert "RecordReplyFunction" not in {
        each.logical_id for each in story.world.stack.functions.values()
    }


def test_a_reply_is_recorded_once_and_forwarded_to_a_person(story: Story) -> None:
    on_the_list(story)
    for _ in range(2):
        comes(story, "reply_gmail")
    (reply,) = story.events(ANA, "email_replied")
    assert (reply["properties"]["message"], reply["properties"]["actor"]) == ("welcome", "human")
    assert "reden" not in str(story.rows("Events")) + str(story.rows("Sends"))
    (forwarded, *again) = story.mails(KIM)
    # Two deliveries of one mail are told apart by nothing but their time.
    assert again == []
    assert forwarded.subject == "Fwd: Re: Schön, dass du da bist"
    message, html, text = forwarded.parts()
    assert message["Reply-To"] == ANA
    assert message["Auto-Submitted"] == "auto-forwarded"
    assert "wann können wir reden" in (text or "")
    assert "wann können wir reden" in (html or "")
    assert missing(story.world.stack, story.world.recorder.uses) == []


def test_a_reply_to_another_address_of_the_domain_is_found_by_what_it_answers(
    story: Story,
) -> None:
    on_the_list(story)
    comes(story, "reply_to_the_sender", f"replies@{DOMAIN}")
    comes(story, "stray", f"replies@{DOMAIN}", sender="stranger@example.net")
    assert len(story.events(ANA, "email_replied")) == 1
    assert len(story.mails(KIM)) == 1
    assert missing(story.world.stack, story.world.recorder.uses) == []


@pytest.mark.parametrize(
    ("sample", "is_over"), [("reply_gmail", True), ("away_gmail", False)], ids=["reply", "away"]
)
def test_a_reply_ends_a_wait_for_it_and_an_automatic_answer_does_not(
    story: Story,
    sample: str,
    is_over: bool,
) -> None:
    on_the_list(story)
    now = story.world.now
    waiting = Wait(
        step=Step("nurture", story.contact(ANA), "E1", "wait_for_reply"),
        token="nobody waits with it",
        kind=WaitKind.EVENT,
        since=now,
        until=now + timedelta(days=3),
        awaited=(Awaited("email_replied"),),
    )
    story.world.client("dynamodb").put_item(
        TableName=table_names()[Table.CONTACTS], Item=to_attributes(waiting.to_item())
    )
    comes(story, sample)
    waits = story.records(ANA, "now#wait#nurture")
    assert (waits == []) is is_over


@pytest.mark.parametrize("sample", ["away_exchange", "away_gmail", "away_by_subject"])
def test_an_automatic_answer_is_kept_and_neither_counts_nor_reaches_anybody(
    story: Story, sample: str
) -> None:
    on_the_list(story)
    comes(story, sample)
    (reply,) = story.events(ANA, "email_replied")
    assert reply["properties"]["actor"] == "machine"
    assert story.mails(KIM) == []
    assert "email_replied" not in story.profile(ANA)["behaviours"]


def test_bounces_and_viruses_that_come_as_mails_leave_no_trace(story: Story) -> None:
    on_the_list(story)
    comes(story, "bounce_as_mail", sender="")
    comes(story, "reply_gmail", is_virus=True)
    assert story.events(ANA, "email_replied") == []
    assert story.mails(KIM) == []


def test_a_mail_to_the_address_in_list_unsubscribe_unsubscribes(story: Story) -> None:
    on_the_list(story)
    found = re.search(r"<mailto:([^>]+)>", header(story, "List-Unsubscribe"))
    assert found is not None
    comes(story, "leaves", found[1])
    assert story.register(ANA)["consent#newsletter"]["state"] == "withdrawn"
    assert story.events(ANA, "unsubscribed")[0]["properties"]["way"] == "mail"
    assert story.mails(KIM) == []


def test_whoever_answers_replies_is_never_forwarded_to_themselves(story: Story) -> None:
    on_the_list(story, KIM)
    to = str(story.mails(KIM)[-1].parts()[0]["Reply-To"])
    raw = (MAILS / "reply_gmail.eml").read_bytes().replace(b"{to}", to.encode())
    before = len(story.mails(KIM))
    story.world.receive_mail(raw.replace(ANA.encode(), KIM.encode()), to, sender=KIM)
    story.a_moment(60)
    assert len(story.events(KIM, "email_replied")) == 1
    assert len(story.mails(KIM)) == before


@pytest.mark.parametrize("index", range(2, 8))
def test_no_reply_is_lost_wherever_the_handler_dies(index: int) -> None:
    dies = Rule(Fault.STOP_BEFORE, function="record-reply", invocation=1, index=index)
    with World.build(start=MONDAY, seed=1, faults=FaultPlan([dies]), parameters=ON) as world:
        story = Story(world)
        on_the_list(story)
        comes(story, "reply_gmail")
        story.a_moment(800)
        assert len(story.events(ANA, "email_replied")) == 1
        assert len(story.mails(KIM)) in (1, 2)
