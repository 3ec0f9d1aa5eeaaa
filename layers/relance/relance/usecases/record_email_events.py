"""A batch of the queue of SES events: each message is read and recorded by itself.

What is no SES event is passed over, since it would be none at the next delivery either: SES itself
writes a plain sentence to the topic when it is connected ("Successfully validated SNS topic …").
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from relance.errors import InvalidInput
from relance.feedback import Report, read_report, says_more
from relance.ports import Services
from relance.usecases.record_email_event import record_report


@dataclass(slots=True)
class Outcome:
    """What became of a batch; messages are named by the ids of the queue.

    `again` and `unreadable` say why: the name of an error, a sentence.
    """

    recorded: list[Report] = field(default_factory=list)
    again: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)


def record_email_events(bodies: Mapping[str, str], services: Services) -> Outcome:
    """Record the SES events in these messages of the queue.

    One that fails does not hold up the others: it comes again, and after some times it is kept
    with the dead letters.
    """
    outcome = Outcome()
    reports: dict[str, Report] = {}
    for message_id, body in bodies.items():
        try:
            report = read_report(_read(body))
        except InvalidInput as error:
            outcome.unreadable[message_id] = str(error)
        else:
            if report:
                reports[message_id] = report
    for message_id, report in reports.items():
        if not says_more(report, reports.values()):
            continue
        try:
            record_report(report, services)
        except Exception as error:  # noqa: BLE001 - one report that fails must not stop the rest
            outcome.again[message_id] = type(error).__name__
        else:
            outcome.recorded.append(report)
    return outcome


def _read(body: str) -> Mapping[str, object]:
    """The SES event in a message of the queue, with or without the envelope of SNS.

    Raises:
        InvalidInput: there is none.
    """
    value = _object(body)
    return _object(value.get("Message")) if value.get("Type") == "Notification" else value


def _object(text: object) -> Mapping[str, object]:
    try:
        value = json.loads(str(text))
    except (ValueError, RecursionError):
        raise InvalidInput("this is not an SES event: it is not JSON") from None
    if not isinstance(value, Mapping):
        raise InvalidInput("this is not an SES event: it is not a JSON object")
    return value
