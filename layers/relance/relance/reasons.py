"""Why a message was not sent, or not yet: one list that people, reports and workflows share.

The words stand in the ledger, in what a step answers and in reports; each has its sentence, which
is said as it stands wherever a person reads why.
"""

from collections.abc import Mapping
from enum import StrEnum


class Reason(StrEnum):
    """Why a message was not sent, or not yet."""

    ERASED = "erased"
    NO_ADDRESS = "no_address"
    SUPPRESSED = "suppressed"
    LEFT = "left"
    NOT_PENDING = "not_pending"
    NO_CONSENT = "no_consent"
    UNCONFIRMED = "unconfirmed"
    UNSUBSCRIBED = "unsubscribed"
    PAUSED = "paused"
    STILL_INFORMING = "still_informing"
    INTENT_NOT_ALLOWED = "intent_not_allowed"
    LEFT_IN_PEACE = "left_in_peace"
    HELD_OUT = "held_out"
    CHANNEL_NOT_ALLOWED = "channel_not_allowed"
    NOT_ON_ALLOW_LIST = "not_on_allow_list"
    NOT_IN_LANGUAGE = "not_in_language"
    TOO_FREQUENT = "too_frequent"
    CAPPED = "capped"
    GIVES_WAY = "gives_way"
    QUIET_HOURS = "quiet_hours"
    OUTSIDE_BUSINESS_HOURS = "outside_business_hours"
    PREFERRED_HOUR = "preferred_hour"
    BRAKED = "braked"
    JOURNEY_PAUSED = "journey_paused"
    TOO_LATE = "too_late"
    REFUSED_BY_SES = "refused_by_ses"
    CONTENT_INVALID = "content_invalid"
    OUTCOME_UNKNOWN = "outcome_unknown"
    NOT_TRIED_AGAIN = "not_tried_again"
    RETRIED = "retried"
    SAME_PERSON = "same_person"
    GONE = "gone"
    CANCELLED = "cancelled"

    @property
    def sentence(self) -> str:
        """What it means, for whoever reads a report or a timeline."""
        return _SENTENCES[self]

    @property
    def is_passing(self) -> bool:
        """Whether it is about this message or this time: another one may go to the same contact."""
        return self in _PASSING


_PASSING = frozenset(
    {
        Reason.PAUSED,
        Reason.STILL_INFORMING,
        Reason.INTENT_NOT_ALLOWED,
        Reason.LEFT_IN_PEACE,
        Reason.HELD_OUT,
        Reason.CHANNEL_NOT_ALLOWED,
        Reason.NOT_IN_LANGUAGE,
        Reason.NOT_PENDING,
        Reason.TOO_FREQUENT,
        Reason.CAPPED,
        Reason.GIVES_WAY,
        Reason.BRAKED,
        Reason.TOO_LATE,
        Reason.OUTCOME_UNKNOWN,
        Reason.NOT_TRIED_AGAIN,
    }
)

_SENTENCES: Mapping[Reason, str] = {
    Reason.ERASED: "The contact was erased.",
    Reason.NO_ADDRESS: "No e-mail address of the contact is known.",
    Reason.SUPPRESSED: "The address takes no mail: it bounced for good, or mail to it was reported "
    "as spam, or it was erased.",
    Reason.LEFT: "The contact had left the workflow before the message could go.",
    Reason.NOT_PENDING: "Nothing waits for a confirmation, so there is nothing to confirm.",
    Reason.NO_CONSENT: "The contact was never asked whether it wants mail about this topic.",
    Reason.UNCONFIRMED: "The contact has not confirmed that it wants mail about this topic.",
    Reason.UNSUBSCRIBED: "The contact has unsubscribed.",
    Reason.PAUSED: "The contact asked for a pause that is not over.",
    Reason.STILL_INFORMING: "The message sells, and the contact's stage still gathers information.",
    Reason.INTENT_NOT_ALLOWED: "The contact's stage does not allow a message of this intent.",
    Reason.LEFT_IN_PEACE: "The contact is in a segment that sending.yaml leaves in peace.",
    Reason.HELD_OUT: "The contact is among those who get no marketing, so that what mail brings "
    "about can be seen by comparing.",
    Reason.CHANNEL_NOT_ALLOWED: "The contact's stage does not allow e-mail.",
    Reason.NOT_ON_ALLOW_LIST: "Mail goes to the allow-list only, and the address is not on it. Set "
    "the stack's parameter SendMode to live when you are sure.",
    Reason.NOT_IN_LANGUAGE: "The message is written in none of the languages that the contact "
    "reads.",
    Reason.TOO_FREQUENT: "The contact wants fewer mails than this would make.",
    Reason.CAPPED: "The contact had got as many messages as are allowed in this time.",
    Reason.GIVES_WAY: "A more important message waits for the room that is left in the contact's "
    "day.",
    Reason.QUIET_HOURS: "These are quiet hours where the contact lives.",
    Reason.OUTSIDE_BUSINESS_HOURS: "These are no business hours where the contact lives.",
    Reason.PREFERRED_HOUR: "The message waits for the hour at which the contact responds most.",
    Reason.BRAKED: "The message was stopped, since too many of its mails came back or were "
    "reported as spam. Mend it or its audience, then release it with check_setup.",
    Reason.JOURNEY_PAUSED: "The journey is paused. The message waits until somebody resumes the "
    "journey, and is decided afresh then.",
    Reason.TOO_LATE: "The message would have come too late: it may not wait so long.",
    Reason.REFUSED_BY_SES: "SES does not take this message to this address.",
    Reason.OUTCOME_UNKNOWN: "Maybe sent: the sender broke off, and SES has said nothing of it. It "
    "is not repeated unless a person asks for it, so that nobody gets it twice.",
    Reason.CONTENT_INVALID: "The message could not be made: it needs or prints what is not known "
    "of the contact, or what is kept of the contact cannot be read.",
    Reason.NOT_TRIED_AGAIN: "Not sent: SES or the tables said that it was not the time, and nobody "
    "tried again.",
    Reason.RETRIED: "A person asked that it be tried again.",
    Reason.SAME_PERSON: "The contact turned out to be another one, who gets the message.",
    Reason.GONE: "There is no such contact any more.",
    Reason.CANCELLED: "The campaign was cancelled before it came to this contact.",
}
