"""Sign-up forms: shown, judged, shown again."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from relance.content.build import build
from relance.content.compiled import Company, Content
from relance.content.forms import Field, Form, FormErrors, Submission, form_page, validate
from relance.http import html_answer

from .conftest import SMALL

GOOD = {"email": "Ada@Example.COM", "first_name": " Ada ", "role": "owner", "consent": "yes"}


@pytest.fixture(scope="module")
def form(shipped: Content) -> Form:
    found = shipped.form("newsletter")
    assert found is not None
    return found


def _refused(form: Form, **changes: str) -> dict[str, str]:
    verdict = validate(form, {**GOOD, **changes})
    assert isinstance(verdict, FormErrors)
    return dict(verdict.errors)


def test_a_right_submission_gives_traits_and_consents(form: Form) -> None:
    verdict = validate(form, {**GOOD, "nonce": "0123456789abcdef", "utm": "x", "tracking": "yes"})
    assert verdict == Submission(
        traits={"email": "Ada@example.com", "first_name": "Ada", "role": "owner"},
        tracking=True,
        nonce="0123456789abcdef",
    )
    assert verdict.email == "Ada@example.com"


def test_what_is_optional_may_be_left_empty(form: Form) -> None:
    verdict = validate(form, {"email": "a@example.com", "consent": "yes", "role": ""})
    assert isinstance(verdict, Submission)
    assert verdict.traits == {"email": "a@example.com"}
    assert verdict.tracking is False
    assert verdict.nonce == ""


NUMBERS = [("12", 12), ("12.50", 12.5), ("0,5", 0.5), ("-3", -3), ("1e3", None), ("nan", None)]
DAYS = [
    ("1990-05-31", "1990-05-31"),
    ("1990-02-30", None),
    ("31.05.1990", None),
    ("19900531", None),
]


@pytest.mark.parametrize(
    ("trait", "typed", "kept"),
    [("employees", *each) for each in NUMBERS] + [("birth_date", *each) for each in DAYS],
)
def test_numbers_and_days_are_kept_as_such_or_told(
    form: Form, trait: str, typed: str, kept: object
) -> None:
    kind, word = {"employees": ("number", "no_number"), "birth_date": ("date", "no_date")}[trait]
    asking = replace(form, fields=(*form.fields, Field(trait, "?", kind, required=False)))
    verdict = validate(asking, {**GOOD, trait: typed})
    if kept is None:
        assert isinstance(verdict, FormErrors)
        assert verdict.errors == {trait: form.words[word]}
    else:
        assert isinstance(verdict, Submission)
        assert verdict.traits[trait] == kept


def test_a_form_cannot_ask_yes_or_no(write: Callable[..., Path], tmp_path: Path) -> None:
    traits = SMALL["traits.yaml"] + "vip: {type: yes_no, personal: no, visible_to_workflows: no}\n"
    form = SMALL["forms/newsletter.yaml"].replace("trait: first_name", "trait: vip")
    report = build(write({"traits.yaml": traits, "forms/newsletter.yaml": form}), tmp_path / "to")
    assert str(report.mistakes[0]) == (
        "forms/newsletter.yaml, line 6: vip is yes or no, which a form cannot ask yet. Ask for a "
        'trait with "options:" in traits.yaml.'
    )


def test_a_form_that_does_not_ask_about_tracking_says_nothing_of_it(
    built: Callable[..., Content],
) -> None:
    text = "\n".join(
        line
        for line in SMALL["forms/newsletter.yaml"].splitlines()
        if not line.startswith("tracking_consent")
    )
    form = built({"forms/newsletter.yaml": text}).form("newsletter")
    assert form is not None
    assert 'name="tracking"' not in form_page(form, nonce="x" * 16)
    verdict = validate(form, {**GOOD, "tracking": "yes"})
    assert isinstance(verdict, Submission)
    assert verdict.tracking is None


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"email": ""}, {"email": "Please enter your e-mail address."}),
        (
            {"email": "ada@"},
            {"email": "This is no e-mail address. It should look like name@example.com."},
        ),
        ({"role": "king"}, {"role": "Please choose one of the answers."}),
        ({"first_name": "x" * 201}, {"first_name": "Please use at most 200 characters."}),
        (
            {"first_name": "Win now http://spam.example"},
            {"first_name": "Please leave out web addresses and the signs < and >."},
        ),
        (
            {"first_name": "<b>Ada"},
            {"first_name": "Please leave out web addresses and the signs < and >."},
        ),
        ({"consent": ""}, {"consent": "Please tick this box, so that we may write to you."}),
    ],
    ids=["no address", "bad address", "bad choice", "too long", "advert", "markup", "no consent"],
)
def test_a_wrong_field_gets_one_sentence(
    form: Form, changes: dict[str, str], errors: dict[str, str]
) -> None:
    assert _refused(form, **changes) == errors


def test_a_name_over_several_lines_becomes_one_line(form: Form) -> None:
    verdict = validate(form, {**GOOD, "first_name": "Ada\r\nBcc: x"})
    assert isinstance(verdict, Submission)
    assert verdict.traits["first_name"] == "Ada Bcc: x"


def test_a_malformed_nonce_counts_as_none(form: Form) -> None:
    verdict = validate(form, {**GOOD, "nonce": "a b"})
    assert isinstance(verdict, Submission)
    assert verdict.nonce == ""


def test_the_page_asks_each_question_once_with_a_label(form: Form) -> None:
    page = form_page(form, nonce="0123456789abcdef")
    assert "%%" not in page
    for name in ("email", "first_name", "role"):
        assert page.count(f'<label for="{name}">') == page.count(f' id="{name}" ') == 1
    assert 'name="nonce" value="0123456789abcdef"' in page
    assert 'aria-invalid="' not in page
    assert " selected" not in page


def test_a_refused_page_shows_what_was_typed_and_what_is_wrong(form: Form) -> None:
    verdict = validate(form, {"email": "ada@", "role": "owner", "tracking": "yes"})
    assert isinstance(verdict, FormErrors)
    page = form_page(form, nonce="0123456789abcdef", refused=verdict)
    assert 'value="ada@"' in page
    assert '<option value="owner" selected>' in page
    assert page.count('aria-invalid="true"') == 2
    assert 'role="alert"' in page
    assert re.search(r'id="tracking"[^>]* checked>', page)


def test_the_page_of_a_form_that_leads_elsewhere_lets_the_browser_follow(
    built: Callable[..., Content],
) -> None:
    text = SMALL["forms/newsletter.yaml"].replace(
        "{title: Thanks, text: Look into your mailbox}",
        '{redirect: "https://go.example.com/a?b=c"}',
    )
    form = built({"forms/newsletter.yaml": text}).form("newsletter")
    assert form is not None
    assert form.redirect == "https://go.example.com/a?b=c"
    policy = html_answer("", leads_to=form.redirect)["headers"]["content-security-policy"]
    assert "form-action 'self' https://go.example.com;" in policy


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://www.example.com/thanks", True),
        ("https://shop.example.com", True),
        ("https://events.example.org/2027", True),
        ("http://www.example.com/thanks", False),
        ("https://example.com.evil.org/", False),
        ("https://evil.org/?https://www.example.com", False),
        ("https://www.example.com@evil.org/", False),
        ("https://evil.org\\@www.example.com/", False),
        ("//evil.org", False),
        ("javascript:alert(1)", False),
    ],
)
def test_people_are_led_nowhere_but_to_the_company_s_own_pages(
    address: str, *, allowed: bool
) -> None:
    hosts = ("events.example.org",)
    company = Company(
        "A", "A", "B", "https://www.example.com", ("en",), {}, allowed_redirects=hosts
    )
    assert company.leads_to(address) is allowed


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(name for name, _ in attrs)))


def _tags(page: str) -> list[tuple[str, tuple[str, ...]]]:
    reader = _Tags()
    reader.feed(page)
    return reader.seen


@settings(deadline=None)
@given(typed=st.text(alphabet=st.sampled_from("<>\"'&%:/=abVALUENONCE "), min_size=1, max_size=40))
def test_nothing_typed_becomes_markup_or_a_mark(shipped: Content, typed: str) -> None:
    form = shipped.form("newsletter")
    assert form is not None

    def page(name: str) -> str:
        refused = FormErrors({"email": "wrong"}, {"email": name, "first_name": name})
        return form_page(form, nonce="0123456789abcdef", refused=refused)

    assert _tags(page(typed)) == _tags(page("Ada"))
    assert page("%%NONCE%%").count("%%NONCE%%") == 2
