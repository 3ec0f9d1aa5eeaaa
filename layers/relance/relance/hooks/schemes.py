"""How known providers sign: each is a configuration of the one verifier.

| name | source |
|---|---|
| `meta` | https://developers.facebook.com/docs/graph-api/webhooks/getting-started |
| `linkedin` | https://learn.microsoft.com/en-us/linkedin/shared/api-guide/webhook-validation |
| `stripe` | https://docs.stripe.com/webhooks#verify-manually |
| `shopify` | https://shopify.dev/docs/apps/build/webhooks/subscribe/https |
| `standard` | https://www.standardwebhooks.com |
"""

from collections.abc import Mapping

from relance.content.hooks import Challenge, Encoding, Scheme

SCHEMES: Mapping[str, Scheme] = {
    "meta": Scheme("X-Hub-Signature-256", prefix="sha256=", challenge=Challenge.META),
    # What is signed is the body with this text before it; the header may repeat the text.
    "linkedin": Scheme(
        "X-LI-Signature",
        signed="hmacsha256={body}",
        prefix="hmacsha256=",
        challenge=Challenge.LINKEDIN,
    ),
    "stripe": Scheme("Stripe-Signature", signed="{timestamp}.{body}", fields=("t", "v1")),
    "shopify": Scheme("X-Shopify-Hmac-Sha256", encoding=Encoding.BASE64, id="X-Shopify-Webhook-Id"),
    "standard": Scheme(
        "webhook-signature",
        signed="{id}.{timestamp}.{body}",
        encoding=Encoding.BASE64,
        prefix="v1,",
        timestamp="webhook-timestamp",
        id="webhook-id",
        secret=Encoding.BASE64,
    ),
}
"""By the name that content uses."""

OPTIONAL_PREFIX = frozenset({"hmacsha256="})
"""Prefixes that a provider's own documents leave open."""
