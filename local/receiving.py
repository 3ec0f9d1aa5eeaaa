"""Mail that SES receives: put into the bucket of the rule that takes it, and told to its topic.

Source: "Contents of notifications for Amazon SES email receiving"
(https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from local.deliveries.topics import Topics
from local.identifiers import REGION
from local.resources import ReceiptRule
from local.ses_events import timestamp
from local.storage import client
from local.template import Stack, TemplateError


class Receiving:
    """The receipt rules of a stack."""

    def __init__(self, stack: Stack, topics: Topics) -> None:
        self._rules = [found for _, found in stack.of(ReceiptRule) if found.rule.enabled]
        self._topics = topics
        self._received = 0

    def take(
        self, raw: bytes, recipients: Sequence[str], *, sender: str, now: float, is_virus: bool
    ) -> str:
        """Receive a mail; the id that SES gives it.

        Raises TemplateError if no rule takes mail for these recipients.
        """
        domains = {each.rpartition("@")[2].lower() for each in recipients}
        rule = next((r.rule for r in self._rules if domains & set(r.rule.recipients)), None)
        if rule is None:
            raise TemplateError(f"no receipt rule takes mail for {sorted(domains)}")
        self._received += 1
        name = hashlib.sha256(f"{self._received}{now}".encode()).hexdigest()[:40]
        for action in (each.s3_action for each in rule.actions):
            key = f"{action.object_key_prefix}{name}"
            client("s3").put_object(Bucket=action.bucket_name, Key=key, Body=raw)
            notice = _notice(name, recipients, sender, now)
            verdict = {"status": "FAIL" if is_virus else "PASS"}
            notice["receipt"] = {
                "timestamp": timestamp(now),
                "recipients": list(recipients),
                "spamVerdict": {"status": "PASS"},
                "virusVerdict": verdict,
                "action": {
                    "type": "S3",
                    "topicArn": action.topic_arn,
                    "bucketName": action.bucket_name,
                    "objectKeyPrefix": action.object_key_prefix,
                    "objectKey": key,
                },
            }
            subject = "Amazon SES Email Receipt Notification"
            self._topics.publish(action.topic_arn, json.dumps(notice), subject=subject)
        return name


def _notice(name: str, recipients: Sequence[str], sender: str, now: float) -> dict[str, object]:
    return {
        "notificationType": "Received",
        "mail": {
            "timestamp": timestamp(now),
            "source": sender,
            "messageId": name,
            "destination": list(recipients),
            "headersTruncated": False,
            "headers": [],
            "commonHeaders": {"to": list(recipients)},
        },
        "content": f"in the bucket ({REGION})",
    }
