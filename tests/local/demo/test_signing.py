"""`hook`: what becomes of a payload, and a call that is taken as it stands there."""

import json
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest
from relance.content.compiled import Content
from relance.hooks.signatures import Signable, verify

from local.cli.main import main
from local.content import compiled_content

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "layers" / "content" / "hooks"


@pytest.mark.parametrize(
    "case",
    ["shop/order", "payments/refund", "facebook/likes", "linkedin/activity", "booking/booked"],
)
def test_what_is_shown_is_the_sample_and_what_is_written_is_signed(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hook, file, body = case.partition("/")[0], SAMPLES / f"{case}.json", tmp_path / "body.json"
    arguments = ["hook", hook, str(file), "--secret", "sample", "--body", str(body)]
    assert main([*arguments, "--to", "https://api.example.com/"]) == 0
    told, _, call = capsys.readouterr().out.partition("\ncurl ")
    events, _ = json.JSONDecoder().raw_decode(told.removeprefix('"events": '))
    assert events == json.loads(file.read_text(encoding="utf-8"))["events"]
    url, *words = shlex.split(call)
    assert url == f"https://api.example.com/hooks/{hook}"
    assert words[-1] == f"@{body}"
    pairs = [each.split(": ", 1) for each in words if ": " in each]
    headers = {name.lower(): value for name, value in pairs}
    known = Content.open(compiled_content(ROOT)).hook(hook)
    assert known is not None
    verify(known.scheme, ["sample"], Signable(body.read_bytes(), headers), datetime.now(UTC))


def test_a_payload_by_itself_will_do_and_what_no_rule_wants_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "payload.json"
    file.write_text('{"type": "invoice.paid"}')
    assert main(["hook", "payments", str(file)]) == 0
    assert "No rule of this hook is for it." in capsys.readouterr().out
    file.write_text('{"type": "booking.created", "created_at": "soon", "booking": {"id": 1}}')
    assert main(["hook", "booking", str(file)]) == 0
    assert "1 of its entries name nobody." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("hook", "text", "said"),
    [
        ("shpo", "{}", "Did you mean shop?"),
        ("shop", "{", "is no JSON"),
        ("shop", None, "cannot be read"),
    ],
)
def test_a_mistake_is_a_sentence(
    hook: str, text: str | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "payload.json"
    if text is not None:
        file.write_text(text)
    assert main(["hook", hook, str(file)]) == 2
    assert said in capsys.readouterr().err
