"""What steps share that tell people or other systems: where each is reached, and how.

Addresses stand in the secret of connections, by name, so that neither state machines nor their
histories hold one: `"sales": "sales@example.com"`, or `"sales": "https://hooks.slack.com/…"`.
"""

import json

from relance.contacts import Contact
from relance.errors import InvalidInput, SendOutcomeUnknown, ServiceUnavailable
from relance.ports import Mail, Services
from relance.usecases.inputs import ADDRESS

WEB = "https://"

_TOLD = ("first_name", "last_name", "email", "company", "role", "country", "language", "employees")


def reached_at(name: str, services: Services) -> str | None:
    """Where somebody or something is reached; None if the secret names no such connection.

    Raises:
        InvalidInput: what the secret names can be used neither as an address of mail nor of the
            web; it is not echoed.
        ServiceUnavailable: the secret cannot be read now.
    """
    found = services.connections.get(name)
    if not found:
        return None
    if found.startswith(WEB) or ADDRESS.search(found):
        return found
    raise InvalidInput(
        f'The connection "{name}" is neither an e-mail address nor begins with {WEB}. Mend it in '
        "the secret of connections (its name is an output of the stack)."
    )


def person_of(contact: Contact) -> list[str]:
    """Who somebody is, in lines: for mails, and never for a chat."""
    known = contact.profile.trait_values() | {"email": contact.register.address}
    return [f"{name.replace('_', ' ')}: {known[name]}" for name in _TOLD if known.get(name)]


def tell(where: str, mail: Mail, services: Services) -> None:
    """Mail it, or post its text to a webhook that takes `{"text": …}` as Slack's do.

    Raises:
        ServiceUnavailable, SendRateExceeded: try again.
        SendRefused, RecipientRefused: SES does not take it.
        InvalidInput: the webhook refused it.
    """
    if not where.startswith(WEB):
        try:
            services.notices.send(mail)
        except SendOutcomeUnknown as error:  # told twice is better than not at all
            raise ServiceUnavailable("SES broke off; the mail is sent again") from error
        return
    answer = services.web.post(where, json.dumps({"text": f"{mail.subject}\n{mail.text}"}), {})
    if answer.is_trouble:
        raise ServiceUnavailable(f"The webhook answered {answer.status}.")
    if not answer.accepted:
        raise InvalidInput(f"The webhook refused the message with status {answer.status}.")
