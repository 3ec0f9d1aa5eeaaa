"""What AWS charges: list prices of us-east-1, as of 21 November 2026, without free tiers.

Sources: the pricing pages of AWS Lambda (arm64), DynamoDB (on-demand), Step Functions (Standard),
SES (new accounts), API Gateway (HTTP APIs), SQS, SNS, EventBridge (and Scheduler), S3, Secrets
Manager, CloudWatch Logs.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for `per` units of something."""

    what: str
    unit: str
    dollars: float
    per: float

    def of(self, quantity: float) -> float:
        """Return the dollars for a quantity."""
        return quantity * self.dollars / self.per


AS_OF = "2026-11-21"

PRICES: Mapping[str, Price] = {
    "invocations": Price("Lambda invocations", "requests", 0.20, 1e6),
    "gb_seconds_arm64": Price("Lambda time, arm64", "GB-s", 0.0000133334, 1),
    "gb_seconds_x86_64": Price("Lambda time, x86", "GB-s", 0.0000166667, 1),
    "read_units": Price("DynamoDB reads", "read units", 0.125, 1e6),
    "write_units": Price("DynamoDB writes", "write units", 0.625, 1e6),
    "transitions": Price("Step Functions transitions", "transitions", 0.025, 1e3),
    "emails": Price("SES e-mails", "e-mails", 0.16, 1e3),
    "http_requests": Price("HTTP API requests", "requests", 1.00, 1e6),
    "sqs_requests": Price("SQS requests", "requests", 0.40, 1e6),
    "sns_requests": Price("SNS publishes", "requests", 0.50, 1e6),
    "custom_events": Price("EventBridge custom events", "events", 1.00, 1e6),
    "schedules": Price("EventBridge Scheduler invocations", "invocations", 1.00, 1e6),
    "s3_writes": Price("S3 PUT, COPY, POST, LIST", "requests", 0.005, 1e3),
    "s3_reads": Price("S3 GET and others", "requests", 0.0004, 1e3),
    "secret_reads": Price("Secrets Manager calls", "requests", 0.05, 1e4),
    "log_bytes": Price("CloudWatch Logs ingested", "bytes", 0.50, 1e9),
}
