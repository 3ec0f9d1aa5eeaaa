"""What reads the content for the public HTTP functions starts quickly."""

import subprocess
import sys
from pathlib import Path

import pytest
from relance.content.build import build

from .conftest import ROOT, SHIPPED

READS = """
import sys, pathlib
from relance.content.compiled import Content
from relance.content.forms import form_page, validate, FormErrors
from relance.content.pages import PAGES, fill
content = Content.open(pathlib.Path(sys.argv[1]))
form = content.form("newsletter")
assert isinstance(validate(form, {"email": ""}), FormErrors)
form_page(form, nonce="0123456789abcdef")
fill(content.page("unsubscribe", "en"), {"PREFERENCES": "../p/x"})
content.message("welcome"), content.rules
heavy = {"jinja2", "yaml", "pydantic", "markupsafe", "css_inline", "boto3", "email_validator"}
print(sorted(heavy & set(sys.modules)))
"""


RENDERS = READS + "import relance.content.render\nprint(sorted(heavy & set(sys.modules)))"


@pytest.mark.parametrize(
    ("program", "allowed"),
    [(READS, "[]"), (RENDERS, "[]\n['jinja2', 'markupsafe']")],
    ids=["public pages", "rendering"],
)
def test_reading_content_imports_only_what_it_needs(
    program: str, allowed: str, tmp_path: Path
) -> None:
    assert build(SHIPPED, tmp_path / "built").ok
    run = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "built")],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT / "layers" / "relance")},
    )
    assert run.stderr == ""
    assert run.stdout.strip() == allowed
