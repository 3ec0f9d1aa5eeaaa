"""SNS topics: what is published reaches queues (in an envelope or raw) and functions.

Source: "Amazon SNS message and JSON formats"
(https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import orjson

from local.deliveries.invocations import SendTo, iso_milliseconds
from local.deliveries.ports import Clockwork, JsonObject, new_id
from local.identifiers import REGION
from local.resources import Subscription
from local.template import function_name

TOPIC_DELAY = 0.05
"""Seconds from publishing to delivery."""


@dataclass(slots=True)
class Topic:
    """A topic with those who listen."""

    arn: str
    subscriptions: list[tuple[str, Subscription]] = field(default_factory=list)


class Topics:
    """All topics of the account."""

    def __init__(
        self, hub: Clockwork, send: SendTo, accept: Callable[[str, object], object]
    ) -> None:
        self._hub, self._send, self._accept = hub, send, accept
        self._chance = hub.chance("topics")
        self.by_arn: dict[str, Topic] = {}

    def create(self, arn: str) -> Topic:
        """Make a topic, or return the one there is."""
        return self.by_arn.setdefault(arn, Topic(arn))

    def subscribe(self, subscription: Subscription, *, name: str) -> None:
        """Add a listener; e-mail subscriptions (alarms to people) have no effect here."""
        arn = f"{subscription.topic_arn}:{name}"
        self.create(subscription.topic_arn).subscriptions.append((arn, subscription))

    def publish(
        self,
        topic_arn: str,
        message: str,
        *,
        subject: str | None = None,
        attributes: Mapping[str, Mapping[str, str]] | None = None,
    ) -> str:
        """Publish; returns the message id. KeyError if there is no such topic."""
        topic = self.by_arn[topic_arn]
        message_id = new_id(self._chance)
        for arn, subscription in topic.subscriptions:
            notice = self._notice(topic, message_id, message, subject, attributes)
            self._hub.after(TOPIC_DELAY, self._deliver_later(arn, subscription, notice))
        return message_id

    def _notice(
        self,
        topic: Topic,
        message_id: str,
        message: str,
        subject: str | None,
        attributes: Mapping[str, Mapping[str, str]] | None,
    ) -> JsonObject:
        notice: JsonObject = {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": topic.arn,
            "Message": message,
            "Timestamp": iso_milliseconds(self._hub.now),
            "SignatureVersion": "1",
            "Signature": "local",
            "SigningCertURL": f"https://sns.{REGION}.amazonaws.com/local.pem",
            "UnsubscribeURL": f"https://sns.{REGION}.amazonaws.com/?Action=Unsubscribe",
        }
        if subject is not None:
            notice["Subject"] = subject
        if attributes:
            notice["MessageAttributes"] = {
                name: {"Type": value.get("DataType"), "Value": value.get("StringValue")}
                for name, value in attributes.items()
            }
        return notice

    def _deliver_later(
        self, arn: str, subscription: Subscription, notice: JsonObject
    ) -> Callable[[], None]:
        if subscription.protocol == "sqs":
            raw = subscription.raw_message_delivery
            body = notice["Message"] if raw else orjson.dumps(notice).decode()
            return lambda: self._send(subscription.endpoint, body, {})
        if subscription.protocol == "lambda":
            record = {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": arn,
                "Sns": {"Subject": None, "MessageAttributes": {}, **notice},
            }
            function = function_name(subscription.endpoint)
            return lambda: _nothing(self._accept(function, {"Records": [record]}))
        return lambda: None


def _nothing(_value: object) -> None:
    return
