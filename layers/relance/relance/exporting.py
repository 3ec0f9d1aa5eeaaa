"""What writing contacts into files costs and how long it takes, as people say it."""

from relance.rescoring import in_minutes

CONTACTS_PER_SECOND = 500
"""How fast `export_contacts` goes at least: twenty batches of 200 at once (MaxConcurrency and
MaxItemsPerBatch in its file), each within eight seconds."""

DOLLARS_PER_CONTACT = 2e-6
"""What exporting one contact costs at most, in us-east-1.

DynamoDB: the list (half a read unit) and the contact's records (1 to 4); Lambda: 1 GB for 0.01 to
0.04 s; S3 and Step Functions: two hundredths of two files and a batch. Prices as of 21 November
2026.
"""


def price(contacts: int) -> str:
    """What exporting so many contacts costs."""
    dollars = contacts * DOLLARS_PER_CONTACT
    return "less than a cent" if dollars < 0.01 else f"at most ${dollars:,.2f}"


def duration(contacts: int) -> str:
    """How long it takes at most."""
    return in_minutes(contacts / CONTACTS_PER_SECOND)
