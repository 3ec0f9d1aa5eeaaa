"""P4: however many senders there are, the rate is kept in every second, and nothing is lost."""

from datetime import timedelta
from functools import partial
from urllib.parse import urlencode

import pytest
from relance.content.pace_rules import PaceRules, WarmUp
from relance.errors import SendRateExceeded, SendRefused

from local.http_messages import Request
from local.services.ses_account import SANDBOX, Quota
from local.world import World
from tests.bench.sending_rate import Run, campaign, journeys
from tests.workflows.story import MONDAY, Story


def kept(run: Run) -> bool:
    return run.ses.refused == 0 and run.ses.most_in_a_second() <= max(1, run.quota.per_second)


def test_twenty_senders_of_a_campaign_keep_to_fourteen_a_second_and_use_them() -> None:
    run = campaign(senders=20, mails=2_800, rate=14)
    print(
        f"\nmost in any second {run.ses.most_in_a_second()} of 14, used {run.used:.1%}, "
        f"{run.calls_per_mail:.2f} calls of the limiter for a mail"
    )
    assert kept(run)
    assert run.sent["campaign"] == 2_800
    assert run.used >= 0.9


def test_a_few_senders_need_hardly_a_call_for_a_mail() -> None:
    run = campaign(senders=4, mails=2_800, rate=14)
    assert kept(run)
    assert run.used >= 0.9
    assert run.calls_per_mail < 0.2


def test_twenty_functions_that_send_single_mails_keep_to_it_too() -> None:
    run = journeys(senders=20, mails=4_000, rate=14)
    print(
        f"\nmost in any second {run.ses.most_in_a_second()} of 14, used {run.used:.1%}, "
        f"{run.calls_per_mail:.2f} calls of the limiter for a mail"
    )
    assert kept(run)
    assert run.sent["single"] == 4_000
    assert run.used >= 0.9
    assert run.calls_per_mail < 0.8


@pytest.mark.parametrize("seed", range(3))
def test_single_mails_go_first_while_a_campaign_is_sent(seed: int) -> None:
    run = Run(Quota(per_second=14), seed=seed, left=6_000)
    for _ in range(10):
        run.campaign()
    for every in (0.5, 2, 10):
        run.singles(every=every)
    run.go(400)
    late = sorted(run.waited)[int(len(run.waited) * 0.95)]
    assert kept(run)
    assert run.used >= 0.8, "a lane is kept for whoever sends one mail now and then"
    assert run.sent["single"] > 350
    assert late < 5, "seconds that 95 of 100 single mails waited"


@pytest.mark.parametrize(
    "quota", [SANDBOX, Quota(per_second=0.5), Quota(per_second=200)], ids=["1/s", "0.5/s", "200/s"]
)
def test_small_and_large_quotas_are_kept_as_well(quota: Quota) -> None:
    run = Run(Quota(per_day=-1, per_second=quota.per_second), left=int(quota.per_second * 100))
    for _ in range(5):
        run.campaign()
    run.singles(every=3)
    run.go()
    assert kept(run)
    assert run.used >= 0.85


def test_when_somebody_else_uses_the_account_too_everybody_slows_down_and_recovers() -> None:
    run = Run(Quota(per_second=14), left=14 * 60 * 15)
    for _ in range(8):
        run.campaign()
    run.go(60)
    run.ses.throttled_until = run.hub.now + 20
    run.go(20)
    refused, sent = run.ses.refused, run.sent.total()
    run.go(60)
    assert refused > 0
    assert run.ses.refused - refused <= 28, "what was leased when it went well is under way yet"
    assert run.sent.total() - sent > 0
    run.go(540)
    before = run.sent.total()
    run.go(60)
    assert (run.sent.total() - before) / 60 > 12, "mails a second, after ten minutes"
    run.go()
    assert run.sent.total() == 14 * 60 * 15, "none was lost"


def test_a_higher_quota_is_used_within_two_minutes() -> None:
    run = Run(Quota(per_second=14), left=20_000)
    for _ in range(8):
        run.campaign()
    run.go(30)
    run.ses.quota = run.quota = Quota(per_second=50)
    run.go(120)
    before = run.sent.total()
    run.go(60)
    assert run.ses.refused == 0
    assert (run.sent.total() - before) / 60 > 43


def test_single_domains_have_a_pace_of_their_own() -> None:
    run = Run(Quota(per_second=14), rules=PaceRules(per_domain={"example.org": 2.0}), left=100)
    for _ in range(5):
        run.singles(every=0.1)
    run.go()
    seconds = run.ses.sent_at[-1] - run.ses.sent_at[0]
    assert run.sent["single"] == 100
    assert 100 / seconds <= 2.1, "mails a second to the domain"
    assert 100 / seconds >= 1.5


def test_the_quota_of_24_hours_ends_a_campaign_before_what_people_asked_for() -> None:
    run = Run(Quota(per_day=200, per_second=14), left=400)
    run.campaign()
    run.go(600)
    assert run.sent["campaign"] == 190
    limiter = run.limiter()
    with pytest.raises(SendRateExceeded, match="24 hours"):
        limiter.lease(1, patience=0)
    limiter.reach(limiter.wait_for_one(marketing=False), "ada@example.org")
    run.go(timedelta(hours=25).total_seconds())
    assert run.sent["campaign"] > 190, "it goes on as room comes back"


def test_a_warm_up_lets_so_many_out_a_day() -> None:
    rules = PaceRules(warm_up=WarmUp(since="2026-01-05", first_day=100, growth=2.0, days=20))
    run = Run(Quota(per_second=14), rules=rules, left=1_000)
    run.campaign()
    run.go(3_600)
    assert run.sent["campaign"] == 100
    run.go(timedelta(hours=24).total_seconds())
    assert run.sent["campaign"] == 300, "100 and, when those are a day old, 200 more"


def test_senders_are_told_in_a_sentence_and_without_a_call_why_nothing_leaves() -> None:
    run = Run(Quota(per_second=14), live=True)
    run.ses.production = False
    limiter = run.limiter()
    with pytest.raises(SendRefused, match="sandbox"):
        limiter.wait_for_one(marketing=False)
    calls = run.store.calls.total() + run.asked
    for _ in range(5):
        with pytest.raises(SendRefused, match="sandbox"):
            limiter.wait_for_one(marketing=False)
    assert run.store.calls.total() + run.asked - calls <= 5, "one read, for the news may be good"
    run.ses.production = True
    run.go(61)
    assert limiter.wait_for_one(marketing=False).at


def test_a_pause_of_ses_holds_mail_back_until_it_ends() -> None:
    run = Run(Quota(per_second=14), left=600)
    run.campaign()
    run.go(10)
    run.ses.sending_enabled = False
    run.limiter().renew()
    with pytest.raises(SendRateExceeded, match="paused"):
        run.limiter().lease(10, patience=0)
    run.go(120)
    run.ses.sending_enabled = True
    run.go()
    assert run.sent["campaign"] == 600


def test_thirty_journeys_at_once_keep_to_three_mails_a_second_and_each_gets_through() -> None:
    with World.build(start=MONDAY, seed=1, quota=Quota(per_second=3)) as world:
        for number in range(30):
            fields = {"email": f"p{number}@example.com", "first_name": "Ana", "consent": "yes"}
            request = Request(
                "POST",
                "/f/newsletter",
                "",
                (("content-type", "application/x-www-form-urlencoded"),),
                urlencode(fields).encode(),
                f"198.18.{number}.1",
            )
            world.hub.after(0, partial(world.handle, request, lambda _: None))
        world.run(for_=timedelta(minutes=10))
        assert len(world.mailbox) == 30
        assert world.ses.refused == 0
        assert world.ses.most_in_a_second() <= 3
        story = Story(world)
        states = {story.sends(f"p{number}@example.com")[0]["state"] for number in range(30)}
        assert states == {"delivered"}
