"""Compiles landing pages: an offer in files of its own, the form in its place."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from relance.content.build.declared import Declared
from relance.content.build.mistakes import Findings
from relance.content.build.models import NAME
from relance.content.build.page_models import LandingSource, LandingWordsSource
from relance.content.build.reading import Reader
from relance.content.build.site import SiteBuilder
from relance.content.build.yaml_source import Source
from relance.content.forms import fields_of, form_marks
from relance.content.names import suggestion

Forms = Mapping[str, Mapping[str, Mapping[str, object]]]
Compiled = dict[str, object]

_PLACE = "%%NONCE%%"
"""What shows that the form stands in the page."""


class LandingBuilder:
    """Builds the landing pages."""

    def __init__(
        self, reader: Reader, findings: Findings, declared: Declared, site: SiteBuilder
    ) -> None:
        self._reader = reader
        self._findings = findings
        self._declared = declared
        self._site = site

    def pages(self, forms: Forms) -> dict[str, dict[str, Compiled]]:
        """Return page → language → the compiled page, its own language first."""
        built = {}
        for folder in sorted(each.name for each in (self._reader.folder / "landing").glob("*/")):
            if not NAME.fullmatch(folder):
                sentence = f'"{folder}" is no name for a page. Use small letters, digits and -.'
                self._findings.wrong(f"landing/{folder}", 0, sentence)
                continue
            pages = self._page(folder, forms)
            if pages:
                built[folder] = pages
        return built

    def _page(self, name: str, forms: Forms) -> dict[str, Compiled] | None:
        read = self._reader.model(f"landing/{name}/page.yaml", LandingSource)
        if read is None:
            return None
        source, page = read
        form = forms.get(page.form)
        language = page.language or self._declared.company.languages[0]
        before = len(self._findings.mistakes)
        self._check_language(source, language)
        self._check_files(name, page)
        if form is None:
            sentence = f'form: there is no form "{page.form}". {suggestion(page.form, forms)}'
            self._findings.wrong(source.file, source.line(("form",)), sentence)
        if form is None or len(self._findings.mistakes) > before:
            return None
        found = {language: self._compiled(name, page, language, form, own=True)}
        for other, words in self._translations(name, page, language).items():
            translated = _in_words(page, words)
            found[other] = self._compiled(name, translated, other, form, own=False)
        return None if len(self._findings.mistakes) > before else found

    def _translations(
        self, name: str, page: LandingSource, own: str
    ) -> dict[str, LandingWordsSource]:
        found = {}
        for file in self._reader.names(f"landing/{name}", "page.*.yaml"):
            language = Path(file).stem.partition(".")[2]
            read = self._reader.model(file, LandingWordsSource)
            unknown = self._declared.unknown("language", language)
            if unknown or language == own:
                sentence = unknown or f"page.yaml is written in {own} already. Take this file out."
                self._findings.wrong(file, 0, sentence)
            elif read:
                names = {each.name for each in page.variants}
                for variant in read[1].variants.keys() - names:
                    sentence = f'there is no variant "{variant}". {suggestion(variant, names)}'
                    line = read[0].line(("variants", variant))
                    self._findings.wrong(file, line, sentence)
                found[language] = read[1]
        return found

    def _compiled(
        self,
        name: str,
        page: LandingSource,
        language: str,
        form: Mapping[str, Mapping[str, object]],
        *,
        own: bool,
    ) -> Compiled:
        shown = form.get(language) or next(iter(form.values()))
        website = self._declared.company.website
        host = website.partition("://")[2].partition("/")[0].removeprefix("www.")
        return {
            "name": name,
            "language": language,
            "form": page.form,
            "images": [f"https://{host}", f"https://*.{host}"],
            "is_listed": page.listed,
            "variants": [
                {
                    "name": variant,
                    "weight": weight,
                    "page": self._variant(name, variant, page, language, shown, own=own),
                }
                for variant, weight in _weights(page).items()
            ],
            "trial": {
                "id": _trial(page),
                "sure": page.winner.sure,
                "at_least": page.winner.at_least,
                "counts": page.winner.counts,
            },
        }

    def _variant(
        self,
        name: str,
        variant: str,
        page: LandingSource,
        language: str,
        form: Mapping[str, object],
        *,
        own: bool,
    ) -> str:
        file = body_file(name, variant, "" if own else language)
        pages = form["pages"]
        assert isinstance(pages, Mapping)  # noqa: S101 - compiled just before
        marks = form_marks(fields_of(form))
        body = self._site.render_body(file, language, {"form": Markup(pages["inside"])})  # noqa: S704 - ours
        if body is None:
            return ""
        if body.count(_PLACE) != 1:
            sentence = (
                "the page has no place for its form. Write {{ form }} where it shall stand."
                if _PLACE not in body
                else "the form stands here twice. Take one {{ form }} out."
            )
            self._findings.wrong(file, 0, sentence)
        self._site.check_marks(file, body, marks)
        said = next((each for each in page.variants if each.name == variant), None)
        about = {
            "title": (said and said.title) or page.title,
            "description": (said and said.description) or page.description,
            "image": page.image,
            "image_alt": page.image_alt,
            "is_listed": page.listed,
            "body": Markup(body),  # noqa: S704 - written by the company
        }
        return self._site.render("landing.html.j2", language, marks, {"page": about}) or ""

    def _check_language(self, source: Source, language: str) -> None:
        unknown = self._declared.unknown("language", language)
        if unknown:
            self._findings.wrong(source.file, source.line(("language",)), unknown)

    def _check_files(self, name: str, page: LandingSource) -> None:
        """Note files that no variant reads; a mistyped one would be forgotten."""
        names = set(_weights(page))
        languages = ("", *self._declared.company.languages)
        known = {body_file(name, variant, each) for variant in names for each in languages}
        for file in self._reader.names(f"landing/{name}", "*.html.j2"):
            if file not in known:
                short = {Path(each).name for each in known if ".j2" in each}
                sentence = f"nothing reads this. {suggestion(Path(file).name, short)}"
                self._findings.wrong(file, 0, sentence)


def body_file(name: str, variant: str, language: str) -> str:
    """Where the body of a variant stands: `body.html.j2`, `body.short.fr.html.j2`."""
    parts = ".".join(each for each in ("body", variant, language) if each)
    return f"landing/{name}/{parts}.html.j2"


def _weights(page: LandingSource) -> dict[str, int]:
    return {each.name: each.weight for each in page.variants} or {"": 1}


def _trial(page: LandingSource) -> str:
    """Names what is compared: other variants, shares or another form are counted anew."""
    about = json.dumps([page.form, _weights(page), page.winner.counts])
    return hashlib.sha256(about.encode()).hexdigest()[:8]


def _in_words(page: LandingSource, words: LandingWordsSource) -> LandingSource:
    variants = [
        each.model_copy(
            update={
                "title": words.variants[each.name].title if each.name in words.variants else None,
                "description": (
                    words.variants[each.name].description if each.name in words.variants else None
                ),
            }
        )
        for each in page.variants
    ]
    return page.model_copy(
        update={
            "title": words.title,
            "description": words.description,
            "image_alt": words.image_alt or page.image_alt,
            "variants": variants,
        }
    )
