"""The errors of the suite.

Their class names are a contract: a state machine names them in `ErrorEquals`, so renaming one is
a breaking change.

```
RelanceError
├── Retryable                 the same call may succeed later
│   ├── SendRateExceeded      SES throttled the call or was not reached; nothing was sent
│   ├── StoreBusy             DynamoDB throttled, two writers met, or the connection broke
│   └── ServiceUnavailable    another AWS service asked us to come back, or was not reached
└── Permanent                 the same call will fail again
    ├── InvalidInput          what a person or a machine handed in is wrong; says what to paste
    ├── ContactNotFound       no such contact
    ├── ContentInvalid        a message or a rule cannot be used as it is
    ├── SendRefused           SES will not take this message (identity, account, content)
    ├── RecipientRefused      SES will not take this one address, whatever the message
    └── TokenInvalid          a link was forged, cut off or signed with a key long gone
```

`ConditionFailed` stands apart: it is an answer of the store, caught by the use case that asked.
"""

from collections.abc import Mapping


class RelanceError(Exception):
    """Anything that the suite itself raises."""


class Retryable(RelanceError):
    """The same call may succeed later."""


class SendRateExceeded(Retryable):
    """SES throttled the call or could not be reached, or has no room now; nothing was sent.

    `wait` is in how many seconds there may be room, 0 if nobody knows; `throttled` says that SES
    itself found the rate too high, and `stopped` that it says no for a reason of the account.
    """

    def __init__(
        self,
        message: str = "",
        *,
        wait: float = 0.0,
        throttled: bool = False,
        stopped: bool = False,
    ) -> None:
        super().__init__(message)
        self.wait = wait
        self.throttled = throttled
        self.stopped = stopped


class StoreBusy(Retryable):
    """The store throttled the call, two writers met, or the connection broke.

    A write whose answer was lost may have been made: every write is conditional or harmless twice.
    """


class ServiceUnavailable(Retryable):
    """Another AWS service could not answer now."""


class Permanent(RelanceError):
    """The same call will fail again."""


class InvalidInput(Permanent):
    """What was handed in is wrong; the message says what to paste instead."""


class ContactNotFound(Permanent):
    """There is no such contact."""


class ContentInvalid(Permanent):
    """A message or a rule cannot be used as it is."""


class SendRefused(Permanent):
    """SES will not take this message, now or later: identity, account or content.

    `stops_all`: it is not about the message, so that SES takes none at all.
    """

    stops_all = False


class RecipientRefused(Permanent):
    """SES will not take this address, now or later; every other recipient is served."""


class TokenInvalid(Permanent):
    """A link was forged, cut off, or signed with a key that is gone."""


class SendOutcomeUnknown(RelanceError):
    """The call to SES broke off: the message may or may not be under way."""


class ConditionFailed(RelanceError):
    """A conditional write was refused; `failed` holds the positions of the writes at fault.

    `item` is what stands there, where one item was to be changed and there is one.
    """

    def __init__(self, failed: tuple[int, ...], item: Mapping[str, object] | None = None) -> None:
        super().__init__(f"the condition of write {', '.join(map(str, failed))} does not hold")
        self.failed = failed
        self.item = item
