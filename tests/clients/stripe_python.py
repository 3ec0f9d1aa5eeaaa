"""Checks a signature with Stripe's own library, and prints one that the library makes."""

import sys
import time
from pathlib import Path

import stripe

body, header, secret = Path(sys.argv[1]).read_text(encoding="utf-8"), sys.argv[2], sys.argv[3]
stripe.WebhookSignature.verify_header(body, header, secret, tolerance=300)
stamp = int(time.time())
made = stripe.WebhookSignature._compute_signature(f"{stamp}.{body}", secret)
print(f"t={stamp},v1={made}")
