"""`sns`: Publish."""

from __future__ import annotations

from typing import Any

from local.deliveries.topics import Topics
from local.hook import AwsError
from local.meter import Meter

_MOST_BYTES = 256 * 1024


class Sns:
    """Publishes to the topics of this stack."""

    def __init__(self, topics: Topics, meter: Meter) -> None:
        self._topics, self._meter = topics, meter

    def publish(self, params: dict[str, Any]) -> dict[str, Any]:
        """Publish one message to a topic."""
        if "TopicArn" not in params:
            raise AwsError("InvalidParameter", "Only topics can be published to here.")
        if len(params["Message"].encode()) > _MOST_BYTES:
            raise AwsError("InvalidParameter", "Invalid parameter: Message too long")
        if params["TopicArn"] not in self._topics.by_arn:
            raise AwsError("NotFound", "Topic does not exist", 404)
        self._meter.count("sns_requests")
        message_id = self._topics.publish(
            params["TopicArn"],
            params["Message"],
            subject=params.get("Subject"),
            attributes=params.get("MessageAttributes"),
        )
        return {"MessageId": message_id}
