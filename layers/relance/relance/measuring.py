"""Figures for CloudWatch that travel in a log line: the embedded metric format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

A figure costs money by the month in which it is written, so what is zero is not written.
"""

from collections.abc import Mapping
from datetime import datetime

from relance.ids import milliseconds

NAMESPACE = "Relance"


def figures(
    now: datetime, about: Mapping[str, str], counts: Mapping[str, int]
) -> dict[str, object]:
    """The `extra` of a log line that makes metrics of these counts.

    `about` are the dimensions; the stack's name, which every line carries as `service`, is one.
    """
    named = {name: count for name, count in counts.items() if count}
    metrics = [{"Name": name, "Unit": "Count"} for name in named]
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [["service", *about]],
        "Metrics": metrics,
    }
    described = {"Timestamp": milliseconds(now), "CloudWatchMetrics": [directive]}
    return {**about, **named, **({"_aws": described} if named else {})}
