"""The words of the pages in every language: what is missing falls back, and is told."""

from collections.abc import Callable
from pathlib import Path

import pytest
from relance.choices import Frequency, Standing
from relance.content.build import build
from relance.content.compiled import Company, Content
from relance.content.forms import FormErrors, validate
from relance.content.pages import MARK
from relance.content.preference_page import PREFERENCES, preference_page
from relance.content.rules import OpenTracking, Tracking

from .conftest import SMALL, Writer

Opener = Callable[..., Content]
LANGUAGES = ("en", "fr", "pt", "de", "es")
COMPANY = "company.yaml"
TITLED = (
    '{% extends "frame.html.j2" %}{% block main %}<h1>{{ text.confirm.title }}</h1>{% endblock %}'
)
PAGES = {"pages/confirm.html.j2": TITLED}
FRENCH = SMALL["texts/fr.yaml"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_page_is_in_every_language_and_says_so(
    shipped: Content, language: str
) -> None:
    for name in ("confirm", "confirmed", "unsubscribe", "unsubscribed", "busy", PREFERENCES):
        assert f'<html lang="{language}">' in shipped.page(name, language)
    form = shipped.form("newsletter", language)
    assert form is not None
    assert form.language == language
    assert f'<html lang="{language}">' in form.pages["form"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_preference_page_is_filled_whole_and_names_each_of_its_fields(
    shipped: Content, language: str
) -> None:
    standing = Standing(
        frozenset({"newsletter"}), Frequency.WEEKLY, None,
        Tracking(OpenTracking.HYGIENE, clicks=True), language,
    )  # fmt: skip
    page = preference_page(
        shipped.page(PREFERENCES, language), shipped.company, standing, made_at=7
    )
    assert not MARK.search(page)
    assert page.count("<fieldset") == page.count("<legend") == page.count("</fieldset>")
    visible = page.count('type="checkbox"') + page.count('type="radio"')
    assert page.count('<label class="choice">') == visible
    assert 'value="weekly" checked' in page
    assert 'value="hygiene" checked' in page
    assert f'<option value="{language}" lang="{language}" selected>' in page
    assert "<script" not in page


def test_a_form_says_what_is_wrong_in_its_own_language(shipped: Content) -> None:
    form = shipped.form("newsletter", "de")
    assert form is not None
    verdict = validate(form, {"email": "ana"})
    assert isinstance(verdict, FormErrors)
    assert verdict.errors["email"].startswith("Das ist keine E-Mail-Adresse.")


@pytest.mark.parametrize(
    ("spoken", "language"),
    [
        (("fr",), "fr"),
        (("pt-BR",), "pt"),
        (("ca",), "es"),
        (("nl", "de"), "de"),
        ((None, "xx"), "en"),
        ((), "en"),
    ],
)
def test_a_language_leads_along_the_declared_chain_to_the_first(
    spoken: tuple[str | None, ...], language: str
) -> None:
    chain = {"ca": ("es", "fr"), "pt": ("es",)}
    company = Company("A", "A", "B", "https://a.example", LANGUAGES, {}, chain)
    assert company.language_for(*spoken) == language
    assert company.chain("ca") == ("es", "fr", "en")


def test_a_text_that_a_language_lacks_comes_from_the_chain_and_is_told(
    write: Writer, tmp_path: Path
) -> None:
    german = "language: {name: Deutsch}\nconfirm: {title: Ein Klick}\n"
    company = SMALL[COMPANY].replace(
        "languages: [en, fr]", "languages: [en, fr, de]\nfall_back: {fr: de}"
    )
    title = "  title: Un clic, et vous êtes sur la liste\n"
    assert title in FRENCH
    changed = {
        **PAGES, COMPANY: company, "texts/de.yaml": german,
        "texts/fr.yaml": FRENCH.replace(title, ""),
    }  # fmt: skip
    report = build(write(changed), tmp_path / "target")
    assert report.ok, str(report)
    told = [str(each) for each in report.warnings]
    assert "texts/fr.yaml: confirm.title is missing; people get de instead." in told
    assert any(each.startswith("texts/de.yaml: ") and "more are missing" in each for each in told)
    assert "Ein Klick" in Content.open(tmp_path / "target").page("confirm", "fr")


def test_a_language_without_a_file_is_told_and_read_in_another(
    write: Writer, tmp_path: Path
) -> None:
    report = build(write({**PAGES, "texts/fr.yaml": None}), tmp_path / "target")
    assert [str(each) for each in report.warnings] == [
        "texts/fr.yaml: this file is missing, so whoever reads fr gets the pages in en."
    ]
    assert "One press" in Content.open(tmp_path / "target").page("confirm", "fr")


MISTAKES = [
    pytest.param(
        {"pages/confirm.html.j2": TITLED.replace("title", "titel")},
        'texts/en.yaml: a page needs "titel" in confirm, which is not there. Did you mean title?',
        id="a text that no page can have",
    ),
    pytest.param(
        {"texts/fr.yaml": FRENCH.replace("  button: Oui, je confirme", "  buton: Oui")},
        'texts/fr.yaml, line 14: nothing shows "buton" in confirm. Did you mean button?',
        id="a mistyped text",
    ),
    pytest.param(
        {"texts/fr.yaml": FRENCH.replace("  newsletter:", "  newsleter:")},
        'texts/fr.yaml, line 5: nothing shows "newsleter" in topics. Did you mean newsletter?',
        id="a topic that there is not",
    ),
    pytest.param(
        {COMPANY: SMALL[COMPANY].replace("tracking:", "fall_back: {fr: de}\ntracking:")},
        'company.yaml, line 6: fall_back.fr: "de" is not among the languages above. '
        "There is en and fr.",
        id="falling back to a language that is not written",
    ),
    pytest.param(
        {"forms/newsleter.fr.yaml": "title: x\n"},
        'forms/newsleter.fr.yaml: there is no form "newsleter" to translate. '
        "Did you mean newsletter?",
        id="a translation of no form",
    ),
    pytest.param(
        {
            "forms/newsletter.fr.yaml": "title: T\nfields: {email: {label: A}}\n"
            "consent: {text: Oui, version: '1'}\nbutton: B\nthanks: {title: M, text: M}\n"
        },
        'forms/newsletter.fr.yaml, line 2: first_name is missing. Add a line "first_name: …".',
        id="a translation without a field",
    ),
]


@pytest.mark.parametrize(("changes", "sentence"), MISTAKES)
def test_what_is_written_wrong_is_told_by_file_and_line(
    changes: dict[str, str], sentence: str, write: Writer, tmp_path: Path
) -> None:
    report = build(write(changes), tmp_path / "target")
    assert sentence in [str(each) for each in report.mistakes]
    assert not (tmp_path / "target").exists()


def test_a_form_in_some_languages_and_not_in_others_is_told(
    write: Writer, tmp_path: Path, built: Opener
) -> None:
    company = SMALL[COMPANY].replace("languages: [en, fr]", "languages: [en, fr, de]")
    french = (
        "title: Inscription\nfields:\n  email: {label: Adresse}\n  first_name: {label: Prénom}\n"
        "  role: {label: Rôle, options: {owner: A, middle_manager: B}}\n"
        "consent: {text: Oui, version: '1'}\ntracking_consent: {text: Oui, version: '1'}\n"
        "button: Envoyer\nthanks: {title: Merci, text: Merci}\n"
    )
    changes = {COMPANY: company, "forms/newsletter.fr.yaml": french}
    report = build(write(changes), tmp_path / "target")
    assert report.ok, str(report)
    assert (
        "forms/newsletter.de.yaml: this file is missing, so whoever reads de gets another language."
    ) in [str(each) for each in report.warnings]
    content = Content.open(tmp_path / "target")
    for spoken, title in (("fr", "Inscription"), ("de", "Sign up"), (None, "Sign up")):
        form = content.form("newsletter", spoken)
        assert form is not None
        assert form.title == title
