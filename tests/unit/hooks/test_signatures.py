"""One verifier, many schemes: each by the provider's own formula, written out here once more."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relance.content.hooks import Encoding, Scheme, Unit
from relance.hooks.keys import HookSecrets
from relance.hooks.schemes import SCHEMES
from relance.hooks.signatures import Signable, Unsigned, sign, verify

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
STAMP = "1767603600"
BODY = '{"id": 1, "name": "é"}'.encode()
SECRET = "sample-secret"
OWN = Scheme(
    "X-Own-Signature", signed="{timestamp}.{body}", prefix="sha256=", timestamp="X-Own-Timestamp"
)


def digest(message: bytes, key: bytes = SECRET.encode()) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def check(scheme: Scheme, headers: dict[str, str], *, body: bytes = BODY, **more: object) -> None:
    lower = {name.lower(): value for name, value in headers.items()}
    secrets = more.get("secrets", [SECRET])
    now = more.get("now", NOW)
    assert isinstance(secrets, list)
    assert isinstance(now, datetime)
    verify(scheme, secrets, Signable(body, lower), now)


def test_the_vectors_of_rfc_4231_are_what_this_computes() -> None:
    # https://www.rfc-editor.org/rfc/rfc4231#section-4.3
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    plain = Scheme("X-S")
    check(plain, {"X-S": expected}, body=b"what do ya want for nothing?", secrets=["Jefe"])


def test_meta_signs_the_body() -> None:
    check(SCHEMES["meta"], {"X-Hub-Signature-256": f"sha256={digest(BODY).hex()}"})


def test_shopify_signs_the_body_in_base_64() -> None:
    signature = base64.b64encode(digest(BODY)).decode()
    check(SCHEMES["shopify"], {"X-Shopify-Hmac-Sha256": signature})


@pytest.mark.parametrize("before", ["", "hmacsha256="])
def test_linkedin_signs_the_body_with_a_text_before_it(before: str) -> None:
    signature = digest(b"hmacsha256=" + BODY).hex()
    check(SCHEMES["linkedin"], {"X-LI-Signature": before + signature})
    with pytest.raises(Unsigned):
        check(SCHEMES["linkedin"], {"X-LI-Signature": before + digest(BODY).hex()})


def test_stripe_signs_time_and_body_and_may_sign_several_times() -> None:
    right = digest(f"{STAMP}.".encode() + BODY).hex()
    for header in (
        f"t={STAMP},v1={right}",
        f"t={STAMP},v1={'0' * 64},v1={right},v0={'1' * 64}",
        f"t={STAMP}, v1={right}",
    ):
        check(SCHEMES["stripe"], {"Stripe-Signature": header})
    for header in (f"t={STAMP},v0={right}", f"v1={right}", f"t=1767603601,v1={right}", "t=,v1="):
        with pytest.raises(Unsigned):
            check(SCHEMES["stripe"], {"Stripe-Signature": header})


def test_the_example_of_standard_webhooks_is_right() -> None:
    # https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": (
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= "
            "v1,bm9ldHUjKzFob2VudXRob2VodWUzMjRvdWVvdW9ldQo= v2,MzJsNDk4MzI0K2VvdSMjMTEyMzQzMw=="
        ),
    }
    check(
        SCHEMES["standard"],
        headers,
        body=b'{"test": 2432232314}',
        secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        now=datetime.fromtimestamp(1614265330, UTC),
    )


@pytest.mark.parametrize("name", SCHEMES)
def test_what_is_signed_here_is_taken_and_what_is_changed_is_not(name: str) -> None:
    scheme = SCHEMES[name]
    headers = sign(scheme, SECRET, Signable(BODY), NOW)
    check(scheme, headers)
    check(scheme, headers, secrets=["new one", SECRET])
    for changed in (BODY + b" ", BODY.replace(b"1", b"2"), b""):
        with pytest.raises(Unsigned):
            check(scheme, headers, body=changed)
    for secrets in ([], [""], ["whsec_"], ["other"], [f"x{SECRET}"]):
        with pytest.raises(Unsigned):
            check(scheme, headers, secrets=secrets)


@pytest.mark.parametrize("unit", list(Unit))
def test_a_request_is_taken_for_five_minutes_either_side(unit: Unit) -> None:
    scheme = Scheme(OWN.header, OWN.signed, timestamp=OWN.timestamp, unit=unit)
    headers = sign(scheme, SECRET, Signable(BODY), NOW)
    for seconds, fits in ((-301, False), (-299, True), (0, True), (299, True), (301, False)):
        now = NOW + timedelta(seconds=seconds)
        if fits:
            check(scheme, headers, now=now)
        else:
            with pytest.raises(Unsigned, match="300 seconds"):
                check(scheme, headers, now=now)


ODD_STAMPS = ["", "soon", "-1", "1e9", "9" * 15, "9" * 400, "٣", "1767603600.5", " 1767603600"]


@pytest.mark.parametrize("stamp", ODD_STAMPS)
def test_a_time_that_is_none_is_refused_even_if_it_is_signed(stamp: str) -> None:
    signature = digest(stamp.encode() + b"." + BODY).hex()
    headers = {"X-Own-Signature": f"sha256={signature}", "X-Own-Timestamp": stamp}
    with pytest.raises(Unsigned):
        check(OWN, headers)


def test_a_secret_that_says_nothing_signs_nothing() -> None:
    headers = {**sign(SCHEMES["standard"], SECRET, Signable(BODY), NOW)}
    signed = f"{headers['webhook-id']}.{STAMP}.".encode() + BODY
    headers["webhook-signature"] = "v1," + base64.b64encode(digest(signed, b"")).decode()
    for secret in ("", "whsec_", "==", "----"):
        with pytest.raises(Unsigned):
            check(SCHEMES["standard"], headers, secrets=[secret])


def test_the_order_of_what_is_signed_is_the_templates() -> None:
    scheme = Scheme(
        "X-S", signed="{method}{url}{body}{timestamp}", encoding=Encoding.BASE64, timestamp="X-T",
        unit=Unit.MILLISECONDS,
    )  # fmt: skip
    url = "https://links.example.com/hooks/crm"
    stamp = f"{STAMP}000"
    signature = base64.b64encode(digest(f"POST{url}".encode() + BODY + stamp.encode())).decode()
    request = Signable(BODY, {"x-s": signature, "x-t": stamp}, "POST", url)
    verify(scheme, [SECRET], request, NOW)
    # What stands in a body is no place of the template.
    odd = Signable(b"{timestamp}{body}")
    verify(scheme, [SECRET], Signable(odd.body, sign_lower(scheme, odd)), NOW)


def sign_lower(scheme: Scheme, request: Signable) -> dict[str, str]:
    return {name.lower(): value for name, value in sign(scheme, SECRET, request, NOW).items()}


@given(st.binary(max_size=200), st.text(max_size=80), st.sampled_from(sorted(SCHEMES)))
def test_no_signature_of_a_stranger_is_taken_and_none_breaks_anything(
    body: bytes, signature: str, name: str
) -> None:
    scheme = SCHEMES[name]
    headers = {scheme.header: signature, "webhook-timestamp": STAMP, "webhook-id": signature}
    with pytest.raises(Unsigned) as refused:
        check(scheme, headers, body=body)
    assert SECRET not in str(refused.value)


def test_a_refusal_repeats_nothing_that_was_sent() -> None:
    with pytest.raises(Unsigned) as refused:
        check(SCHEMES["meta"], {"X-Hub-Signature-256": "sha256=<script>"})
    assert "script" not in str(refused.value)


def test_secrets_are_found_by_the_name_of_their_hook() -> None:
    known = HookSecrets(
        {"shop": "a", "shop.2027": "b", "shop-2": "c", "meta": "", "meta.verify_token": "t",
         "meta.verify_token-2": "u", "meta.new": "d"}
    )  # fmt: skip
    assert known.of("shop") == ["a", "b"]
    assert known.of("shop-2") == ["c"]
    assert (known.of("meta"), known.tokens_of("meta")) == (["d"], ["t", "u"])
    assert known.of("") == known.of("nobody") == []
    assert "a" not in repr(known).replace("HookSecrets", "")
