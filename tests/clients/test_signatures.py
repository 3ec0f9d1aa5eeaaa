"""Stripe's own library takes what is signed here, and what it signs is taken here."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from relance.hooks.schemes import SCHEMES
from relance.hooks.signatures import Signable, sign, verify

from tests.clients.test_clients import HERE, PYTHON

pytestmark = pytest.mark.clients

SAMPLE = HERE.parents[1] / "layers" / "content" / "hooks" / "payments" / "checkout.json"
SECRET = "whsec_sample"


def test_stripes_library_and_this_one_agree(tmp_path: Path) -> None:
    body, scheme = tmp_path / "body.json", SCHEMES["stripe"]
    body.write_bytes(SAMPLE.read_bytes())
    (header,) = sign(scheme, SECRET, Signable(body.read_bytes()), datetime.now(UTC)).values()
    made = subprocess.run(
        [str(PYTHON), str(HERE / "stripe_python.py"), str(body), header, SECRET],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    request = Signable(body.read_bytes(), {"stripe-signature": made})
    verify(scheme, [SECRET], request, datetime.now(UTC))
