"""What an SES account refuses, and what goes wrong with its reports: every switch, by name."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local import ses_events
from local.feedback_faults import FeedbackFaults, Path
from local.services.ses_account import SANDBOX, Identity, Quota, Refusal, SesAccount
from local.world import World
from tests.local.stack.harness import START

NEWS = "News <news@example.com>"
ADA = "ada@example.org"


def account(**switches: Any) -> SesAccount:
    return SesAccount(identities={"example.com": Identity()}, **switches)


def refused(found: Refusal | None) -> tuple[str, str] | None:
    return None if found is None else (found.code, found.entry)


STOPS: dict[str, tuple[Callable[[SesAccount], None], tuple[str, str]]] = {
    "suspended": (
        lambda ses: setattr(ses, "enforcement", "SHUTDOWN"),
        ("AccountSuspendedException", "ACCOUNT_SUSPENDED"),
    ),
    "paused": (
        lambda ses: setattr(ses, "sending_enabled", False),
        ("SendingPausedException", "ACCOUNT_SENDING_PAUSED"),
    ),
    "configuration set paused": (
        lambda ses: ses.paused_sets.add("mail"),
        ("SendingPausedException", "CONFIGURATION_SET_SENDING_PAUSED"),
    ),
    "in the sandbox": (
        lambda ses: setattr(ses, "production", False),
        ("MessageRejected", "MESSAGE_REJECTED"),
    ),
    "sender not verified": (
        lambda ses: setattr(ses, "identities", {"example.com": Identity(verified=False)}),
        ("MessageRejected", "MESSAGE_REJECTED"),
    ),
    "daily quota used up": (
        lambda ses: setattr(ses, "quota", Quota(per_day=0)),
        ("TooManyRequestsException", "ACCOUNT_DAILY_QUOTA_EXCEEDED"),
    ),
    "throttled whatever was sent": (
        lambda ses: setattr(ses, "throttled_until", 1.0),
        ("TooManyRequestsException", "ACCOUNT_THROTTLED"),
    ),
}


@pytest.mark.parametrize(("switch", "answer"), STOPS.values(), ids=STOPS)
def test_what_stands_in_the_way_is_told_by_its_code_and_counts_nothing(
    switch: Callable[[SesAccount], None], answer: tuple[str, str]
) -> None:
    ses = account()
    switch(ses)
    assert refused(ses.admit(NEWS, [ADA], "mail", now=0.0)) == answer
    assert ses.sent_at == []


def test_the_sandbox_takes_mail_to_verified_people_and_to_the_simulator() -> None:
    ses = account(production=False, verified={ADA})
    for known in (ADA, "me@example.com", "success@simulator.amazonses.com"):
        assert ses.admit(NEWS, [known], None, now=0.0) is None


@pytest.mark.parametrize(
    ("rate", "sent", "taken"),
    [
        pytest.param(14, [n * 0.0715 for n in range(28)], 28, id="evenly at the rate"),
        pytest.param(14, [0.0] * 14 + [0.99] * 14, 14, id="a burst just within the second"),
        pytest.param(14, [0.0] * 14 + [1.0] * 14, 28, id="bursts a second apart"),
        pytest.param(1, [0.0, 0.5, 1.0, 1.9, 2.0], 3, id="one a second"),
        pytest.param(0.5, [0.0, 1.0, 2.0, 3.9, 4.0], 3, id="one in two seconds"),
    ],
)
def test_the_rate_holds_in_every_second(rate: float, sent: list[float], taken: int) -> None:
    ses = account(quota=Quota(per_second=rate))
    answers = [ses.admit(NEWS, [ADA], None, now=at) for at in sent]
    assert answers.count(None) == taken
    assert ses.refused == len(sent) - taken
    assert ses.most_in_a_second() <= max(1, rate)


def test_every_recipient_counts_against_the_rate() -> None:
    ses = account(quota=Quota(per_second=4))
    assert ses.admit(NEWS, [ADA] * 3, None, now=0.0) is None
    assert refused(ses.admit(NEWS, [ADA] * 2, None, now=0.5)) is not None
    assert refused(ses.admit(NEWS, [ADA] * 5, None, now=9.0)) is not None, (
        "never more than the rate"
    )
    assert ses.admit(NEWS, [ADA], None, now=0.5) is None
    assert ses.most_in_a_second() == 4


DETAIL = {"mail": {"messageId": "m1"}, "eventType": "Delivery"}


def many(faults: FeedbackFaults, path: Path) -> list[list[float]]:
    return [
        faults.times(path, {"mail": {"messageId": f"m{n}"}, "eventType": "Delivery"})
        for n in range(1000)
    ]


def test_without_faults_a_report_comes_once_and_at_once() -> None:
    assert FeedbackFaults().times(Path.BUS, DETAIL) == [0.0]


def test_the_bus_alone_loses_reports() -> None:
    faults = FeedbackFaults(seed=3, lost_on_bus=0.3)
    assert all(many(faults, Path.TOPIC))
    assert 250 < many(faults, Path.BUS).count([]) < 350


def test_reports_come_late_twice_and_out_of_order_the_same_way_for_a_seed() -> None:
    faults = FeedbackFaults(seed=3, delayed=0.1, doubled=0.2, disordered=0.5)
    times = many(faults, Path.TOPIC)
    assert times == many(replace(faults), Path.TOPIC)
    assert times != many(replace(faults, seed=4), Path.TOPIC)
    assert 60 < sum(each[0] >= faults.delay for each in times) < 140
    assert 150 < sum(len(each) == 2 for each in times) < 250
    assert len({each[0] for each in times}) > 400


def send(world: World, to: str = ADA) -> str:
    answer = world.client("sesv2").send_email(
        FromEmailAddress="hello@example.com",
        Destination={"ToAddresses": [to]},
        ConfigurationSetName="relance",
        Content={"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
    )
    return str(answer["MessageId"])


@pytest.fixture(scope="module")
def shared() -> Any:
    with World.build(start=START, seed=1) as built:
        yield built


def test_boto_understands_the_account_its_refusals_and_the_set_up(shared: World) -> None:
    world, ses = shared, shared.client("sesv2")
    world.ses.quota, world.ses.production = SANDBOX, False
    assert ses.get_account()["SendQuota"]["MaxSendRate"] == 1
    with pytest.raises(ses.exceptions.MessageRejected, match="not verified"):
        send(world)
    world.ses.production, world.ses.sending_enabled = True, False
    assert ses.get_account()["SendingEnabled"] is False
    with pytest.raises(ses.exceptions.SendingPausedException):
        send(world)
    world.ses.sending_enabled, world.ses.enforcement = True, "SHUTDOWN"
    with pytest.raises(ses.exceptions.AccountSuspendedException):
        send(world)
    world.ses.enforcement, world.ses.quota = "HEALTHY", Quota()
    identity = ses.get_email_identity(EmailIdentity="example.com")
    assert identity["VerifiedForSendingStatus"]
    assert len(identity["DkimAttributes"]["Tokens"]) == 3
    with pytest.raises(ClientError, match="does not exist"):
        ses.get_email_identity(EmailIdentity="elsewhere.example")
    assert ses.get_configuration_set(ConfigurationSetName="relance")["SendingOptions"]
    found = ses.get_configuration_set_event_destinations(ConfigurationSetName="relance")
    kinds = {tuple(each)[-1] for each in found["EventDestinations"]}
    assert kinds == {"SnsDestination", "EventBridgeDestination"}
    assert "DELIVERY_DELAY" in found["EventDestinations"][0]["MatchingEventTypes"]


@pytest.mark.parametrize(
    ("fate", "kind"),
    [
        pytest.param(ses_events.RENDERING_FAILED, "Rendering Failure", id="rendering failure"),
        pytest.param(ses_events.REJECTED, "Reject", id="virus"),
        pytest.param(ses_events.FULL_FOR_HOURS, "DeliveryDelay", id="delay"),
    ],
)
def test_ses_may_take_a_message_and_fail_later(
    shared: World, fate: ses_events.Fate, kind: str
) -> None:
    world = shared
    world.mailbox.receiver = lambda _mail, _to: fate
    mail = world.mailbox.find(send(world))
    world.run(for_=timedelta(hours=1))
    world.mailbox.receiver = None
    assert mail is not None
    assert [event for _, event, _ in mail.events] == [kind]


def test_a_suppressed_address_is_taken_and_bounces(shared: World) -> None:
    world = shared
    world.mailbox.suppressed.add("gone@example.org")
    mail = world.mailbox.find(send(world, "gone@example.org"))
    world.run(for_=timedelta(seconds=30))
    assert mail is not None
    assert mail.events[0][1:] == ("Bounce", "Permanent/OnAccountSuppressionList")
