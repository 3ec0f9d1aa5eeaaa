"""How fast a campaign goes, what brings it to a stand, and in which language it is written."""

from itertools import pairwise

import pytest
from relance.reasons import Reason

from local.faults import Fault, FaultPlan, Rule
from local.services.ses_account import Quota
from local.ses_events import HARD_BOUNCE
from tests.workflows.content import SHIPPED, content_with
from tests.workflows.mailing import MESSAGE, Gathered, Mailing, asked

SIZE = 55
RULES = (SHIPPED / "sending.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def gathered() -> Gathered:
    """People who agreed: two batches."""
    return Gathered.of(SIZE)


@pytest.fixture(scope="module")
def six() -> Gathered:
    """Six of them."""
    return Gathered.of(6)


def sent_at(mailing: Mailing, domain: str) -> list[float]:
    """When mails to a domain were handed to SES, in seconds."""
    mails = mailing.world.mailbox.mails
    return sorted(each.sent_at for each in mails if each.recipients[0].endswith(f"@{domain}"))


def test_a_domain_with_a_pace_of_its_own_gets_no_more_and_holds_up_nobody_else(
    gathered: Gathered,
) -> None:
    paced = {"sending.yaml": f"{RULES}\nper_domain: {{slow.example: 1, slower.example: 0.5}}\n"}
    with gathered.somewhere() as mailing:
        mailing.world.deploy_content(content_with(paced))
        for number in range(15):
            domain = "slow.example" if number < 10 else "slower.example"
            mailing.changes(number, address=f"person{number}@{domain}")
        ended = mailing.sends(minutes=60)
        assert mailing.ledger() == {"delivered": SIZE}
        mailing.adds_up(ended)
        others, slow, slower = (
            sent_at(mailing, domain) for domain in ("example.com", "slow.example", "slower.example")
        )
        assert others[-1] - others[0] < 2
        for times, rate in ((slow, 1), (slower, 0.5)):
            assert others[-1] < times[-1]
            most = max(sum(0 <= each - first < 10 for each in times) for first in times)
            assert most <= 10 * rate + 4, "on average over some seconds"
        assert max(later - before for before, later in pairwise(slower)) < 60, "nobody starves"


def test_at_a_mail_every_two_seconds_no_batch_is_cut_off_and_nobody_is_given_up(
    gathered: Gathered,
) -> None:
    with gathered.somewhere(quota=Quota(per_second=0.5)) as mailing:
        ended = mailing.sends(minutes=60)
        assert mailing.ledger() == {"delivered": SIZE}
        mailing.adds_up(ended)
        times = sent_at(mailing, "example.com")
        assert min(later - before for before, later in pairwise(times)) >= 2
        assert times[-1] - times[0] < 4 * SIZE


@pytest.mark.parametrize("seconds", [2.0, 5.0])
def test_a_batch_whose_claims_take_too_long_does_not_take_the_room_of_others(
    gathered: Gathered, seconds: float
) -> None:
    """Its instant has passed: it gives its claims back and asks for room again."""
    slow = Rule(
        Fault.DELAY,
        function="send-batch",
        invocation=1,
        operation="TransactWriteItems",
        seconds=seconds,
    )
    with gathered.somewhere(quota=Quota(per_second=5)) as mailing:
        mailing.world.sandboxes.faults = plan = FaultPlan([slow])
        ended = mailing.sends(minutes=30)
        assert plan.struck
        assert mailing.ledger() == {"delivered": SIZE}
        mailing.adds_up(ended)
        (rate,) = (row for row in mailing.rows("Sends") if row["send_id"] == "rate:account")
        assert rate["throttled_at"] == 0, "SES never had to say that this is too fast"


def test_too_many_bounces_hold_a_campaign_up_until_a_person_lets_it_go_on(
    gathered: Gathered,
) -> None:
    braked = {"sending.yaml": f"{RULES}\nbrake: {{bounces: 5 %, bounces_after: 10}}\n"}
    with gathered.somewhere(quota=Quota(per_second=1)) as mailing:
        mailing.world.deploy_content(content_with(braked))
        mailing.world.mailbox.receiver = lambda _mail, _to: HARD_BOUNCE
        execution = mailing.world.start("operation-send-campaign", asked(confirm=SIZE))
        ended = mailing.ending(execution, minutes=60)
        assert ended["output"]["outcome"] == "paused", ended
        assert f'The message "{MESSAGE}" was stopped: ' in ended["output"]["summary"]
        assert "mails came back for good" in ended["output"]["summary"]
        assert 'paste {"release": "welcome"} into check_setup' in ended["output"]["summary"]
        gone = mailing.ledger()["bounced"]
        assert 10 <= gone < 40
        assert mailing.ledger().total() - gone == mailing.ledger()["released"]
        again = mailing.asks("send-campaign", asked(campaign="another"))["output"]
        assert again["outcome"] == "cannot be sent"
        assert f'Nothing was sent: The message "{MESSAGE}" was stopped: ' in again["summary"]
        mailing.controls("resume", minutes=10)
        assert mailing.latest()["output"]["outcome"] == "paused", "nobody has let it go on"
        mailing.world.mailbox.receiver = None
        mailing.asks("check-setup", {"release": MESSAGE})
        mailing.controls("resume", minutes=60)
        ended = mailing.latest()
        assert mailing.ledger() == {"bounced": gone, "delivered": SIZE - gone}
        mailing.adds_up(ended)


IN_SPANISH_AND_FRENCH = {
    "messages/welcome/message.yaml": (
        "subject: Hola\npreheader: Unas palabras\nclass: marketing\nintent: inform\n"
        "topic: newsletter\nhours: any\nlanguage: es\n"
        "variants:\n  - language: fr\n    subject: Bonjour\n    body: body.fr.html.j2\n"
    ),
    "messages/welcome/body.fr.html.j2": (
        SHIPPED / "messages" / "welcome" / "body.html.j2"
    ).read_text(encoding="utf-8"),
}


def test_each_gets_it_in_the_language_decided_on_and_the_count_says_who_gets_another_or_none(
    six: Gathered,
) -> None:
    with six.somewhere(parameters={"Languages": "en,fr,pt,es"}) as mailing:
        mailing.world.deploy_content(content_with(IN_SPANISH_AND_FRENCH))
        for number, language in enumerate(("fr-CA", "es", "pt-BR", "pt")):
            mailing.changes(number, language=language)
        counted = mailing.asks("send-campaign", asked())["output"]
        assert counted["figures"]["would_not"] == {Reason.NOT_IN_LANGUAGE.value: 2}
        assert counted["figures"]["languages"] == {"es": 3, "fr": 1}
        other = "2 would get it in another language, since it is not written in theirs"
        assert f"{other}: 1 pt, 1 pt-BR." in counted["summary"]
        ended = mailing.sends()
        assert ended["output"]["figures"]["skipped"] == {"not_in_language": 2}
        mails = [mailing.world.mailbox.to(mailing.address(number)) for number in range(4)]
        assert [each.draft.subject for (each,) in mails] == ["Bonjour", "Hola", "Hola", "Hola"]
        mailing.adds_up(ended)
