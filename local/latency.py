"""How long AWS takes, as a model: the virtual time of calls and the billed time of handlers.

Typical figures of a region in seconds; they shape the order of events and the bill, and promise
nothing about a particular day.
"""

from collections.abc import Mapping

COLD_START = 0.400
WARM_START = 0.003

_BY_SERVICE: Mapping[str, float] = {
    "dynamodb": 0.005,
    "sesv2": 0.050,
    "sns": 0.010,
    "sqs": 0.010,
    "events": 0.015,
    "stepfunctions": 0.020,
    "secretsmanager": 0.015,
    "s3": 0.020,
    "scheduler": 0.015,
    "lambda": 0.010,
}
_BY_OPERATION: Mapping[tuple[str, str], float] = {
    ("dynamodb", "TransactWriteItems"): 0.010,
    ("dynamodb", "TransactGetItems"): 0.010,
}
_OTHERS = 0.020


def latency(service: str, operation: str) -> float:
    """Return the seconds from a call to its answer."""
    special = _BY_OPERATION.get((service, operation))
    return _BY_SERVICE.get(service, _OTHERS) if special is None else special
