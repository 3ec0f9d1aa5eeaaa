"""How a provider asks by GET whether an address is ours, and what it is answered."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relance.content.hooks import Challenge
from relance.hooks.signatures import Unsigned

# Only what has the form of a challenge is answered: LinkedIn's is signed with the very secret that
# signs its notifications, so whoever could have any text signed could sign notifications.
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_META = re.compile(r"[A-Za-z0-9_-]{1,256}")


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered, and as what."""

    body: str
    content_type: str


def reply(
    challenge: Challenge, query: Mapping[str, str], secrets: Sequence[str], tokens: Sequence[str]
) -> Reply:
    """The answer to a challenge; `tokens` are those that Meta was given to prove itself.

    Raises:
        Unsigned: this is no challenge, or does not prove where it comes from.
    """
    return _to_meta(query, tokens) if challenge is Challenge.META else _to_linkedin(query, secrets)


def _to_meta(query: Mapping[str, str], tokens: Sequence[str]) -> Reply:
    """The answer to Meta.

    https://developers.facebook.com/docs/graph-api/webhooks/getting-started
    """
    challenge = query.get("hub.challenge", "")
    if query.get("hub.mode") != "subscribe" or not _META.fullmatch(challenge):
        raise Unsigned('This address is asked with "hub.mode=subscribe" and "hub.challenge".')
    given = query.get("hub.verify_token", "").encode(errors="surrogatepass")
    found = [hmac.compare_digest(given, each.encode()) for each in tokens]
    if not any(found):
        raise Unsigned('"hub.verify_token" is missing or not known.')
    return Reply(challenge, "text/plain; charset=utf-8")


def _to_linkedin(query: Mapping[str, str], secrets: Sequence[str]) -> Reply:
    """The answer to LinkedIn, made with the first of several secrets.

    https://learn.microsoft.com/en-us/linkedin/shared/api-guide/webhook-validation
    """
    code = query.get("challengeCode", "")
    if not _UUID.fullmatch(code):
        raise Unsigned('This address is asked with "challengeCode", a UUID.')
    if not secrets:
        raise Unsigned("This challenge cannot be answered yet.")
    response = hmac.new(secrets[0].encode(), code.encode(), hashlib.sha256).hexdigest()
    return Reply(
        json.dumps({"challengeCode": code, "challengeResponse": response}), "application/json"
    )
