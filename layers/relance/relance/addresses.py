"""E-mail addresses that mail can be sent to.

SES takes 7-bit ASCII: an internationalised domain in Punycode, and no address that needs SMTPUTF8.
https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Destination.html
"""

from relance.errors import InvalidInput


def address_to_send_to(given: str) -> str:
    """The address in ASCII, as it is stored and handed to SES; no network is asked.

    `ana@bücher.example` is `ana@xn--bcher-kva.example`.

    Raises:
        InvalidInput: it is none; the message is a sentence for whoever typed it.
    """
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - 40 ms

    try:
        found = validate_email(given, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise InvalidInput(_sentence(given)) from None
    return found.ascii_email or found.normalized


def _sentence(given: str) -> str:
    if given.rpartition("@")[0].isascii():
        return "This is no e-mail address. It should look like name@example.com."
    return "Mail cannot be sent to letters such as ä before the @. Please use another address."
