"""Compiles pages and forms to plain HTML with marks (see pages.py)."""

from dataclasses import asdict
from pathlib import Path
from types import CodeType

from jinja2 import BytecodeCache, DictLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.bccache import Bucket
from jinja2.sandbox import ImmutableSandboxedEnvironment

from relance.content.build.declared import Declared, Kind
from relance.content.build.mistakes import Findings
from relance.content.build.page_models import FieldSource, FormSource, FormWordsSource, ThanksSource
from relance.content.build.reading import Reader
from relance.content.build.texts import Texts
from relance.content.build.yaml_source import Path as YamlPath
from relance.content.build.yaml_source import Source
from relance.content.forms import FORM_WORDS, Field, form_marks, prefix_of
from relance.content.names import listed, suggestion
from relance.content.pages import MARK, PAGES
from relance.content.preference_page import PREFERENCES, preference_marks

_AUTOCOMPLETE = {
    "email": "email",
    "first_name": "given-name",
    "last_name": "family-name",
    "company": "organization",
    "country": "country",
    "birth_date": "bday",
}


class _Compiled(BytecodeCache):
    """The pages that this process has compiled, by name and text.

    Most are as they were when it builds again: for the next draft, or the next test.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if len(self._kept) >= self._size:
            self._kept.clear()
        self._kept[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled(size=256)


class SiteBuilder:
    """Builds the public pages and the forms."""

    def __init__(
        self, reader: Reader, findings: Findings, declared: Declared, texts: Texts
    ) -> None:
        self._reader = reader
        self._findings = findings
        self._declared = declared
        self._texts = texts
        sources = {
            file.removeprefix("pages/"): reader.text(file) or ""
            for pattern in ("*.html.j2", "*.css")
            for file in reader.names("pages", pattern)
        }
        self._names = frozenset(sources)
        self._env = ImmutableSandboxedEnvironment(
            loader=DictLoader(sources),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            bytecode_cache=_COMPILED,
        )
        self._env.globals.clear()

    def pages(self) -> dict[str, dict[str, str]]:
        """Return page → language → HTML: every page in every language."""
        company = self._declared.company
        marks = {**PAGES, PREFERENCES: preference_marks(company)}
        return {
            name: {
                language: self._page(name, language, marks[name]) for language in company.languages
            }
            for name in sorted(marks)
        }

    def _page(self, name: str, language: str, marks: frozenset[str]) -> str:
        return self.render(self._template(name, language), language, marks) or ""

    def form(self, file: str) -> dict[str, dict[str, object]] | None:
        """Return language → the compiled form without its version, its own language first.

        None after noting mistakes.
        """
        read = self._reader.model(file, FormSource)
        if read is None:
            return None
        source, form = read
        before = len(self._findings.mistakes)
        name = file.removeprefix("forms/").removesuffix(".yaml")
        language = form.language or self._declared.company.languages[0]
        self._check(source, form, language)
        if len(self._findings.mistakes) > before:
            return None
        forms = {language: form, **self._translated(name, form, language)}
        return {each: self._compiled(name, written, each) for each, written in forms.items()}

    def check_translations(self, forms: frozenset[str]) -> None:
        """Note the translations of forms that there are not, and in languages nobody declared."""
        for file in self._reader.names("forms", "*.*.yaml"):
            name, _, language = Path(file).stem.partition(".")
            if name not in forms:
                sentence = f'there is no form "{name}" to translate. {suggestion(name, forms)}'
                self._findings.wrong(file, 0, sentence)
            unknown = self._declared.unknown("language", language)
            if unknown:
                self._findings.wrong(file, 0, unknown)

    def _translated(self, name: str, form: FormSource, own: str) -> dict[str, FormSource]:
        """The form in other languages.

        One in a single language is so on purpose; one in some of the company's languages and not
        in all of them is told.
        """
        found: dict[str, FormSource] = {}
        files = self._reader.names("forms", f"{name}.*.yaml")
        for language in self._declared.company.languages if files else ():
            file = f"forms/{name}.{language}.yaml"
            if language == own:
                continue
            if file not in files:
                sentence = (
                    f"this file is missing, so whoever reads {language} gets another language."
                )
                self._findings.warn(file, 0, sentence)
                continue
            read = self._reader.model(file, FormWordsSource)
            translated = self._in_words(form, *read) if read else None
            if translated:
                found[language] = translated
        return found

    def _in_words(
        self, form: FormSource, source: Source, words: FormWordsSource
    ) -> FormSource | None:
        """The form in these words, or None after noting what they lack or have too much."""
        before = len(self._findings.mistakes)
        fields = {each.trait: each for each in form.fields}
        for trait in words.fields.keys() - fields.keys():
            sentence = f'the form does not ask for "{trait}". {suggestion(trait, fields)}'
            self._wrong(source, ("fields", trait), sentence)
        for trait, field in fields.items():
            given = words.fields.get(trait)
            if given is None:
                self._wrong(source, ("fields",), f'{trait} is missing. Add a line "{trait}: …".')
            elif given.options.keys() != field.options.keys():
                there = listed(field.options) or "none"
                self._wrong(source, ("fields", trait), f"{trait} has other options: {there}.")
        if (words.tracking_consent is None) != (form.tracking_consent is None):
            sentence = "tracking_consent stands in one language of this form and not in the other."
            self._wrong(source, (), sentence)
        self._check_redirect(source, words.thanks)
        if len(self._findings.mistakes) > before:
            return None
        return form.model_copy(
            update={
                "title": words.title,
                "intro": words.intro,
                "fields": [
                    each.model_copy(update=dict(words.fields[each.trait])) for each in form.fields
                ],
                "consent": form.consent.model_copy(update=dict(words.consent)),
                "tracking_consent": words.tracking_consent,
                "button": words.button,
                "thanks": words.thanks,
            }
        )

    def _compiled(self, name: str, form: FormSource, language: str) -> dict[str, object]:
        fields = tuple(self._field(each) for each in form.fields)
        shown: dict[str, object] = {
            "prefix": "",
            "form": form,
            "fields": [
                {
                    **asdict(field),
                    "help": written.help,
                    "autocomplete": _AUTOCOMPLETE.get(field.name, "off"),
                }
                for field, written in zip(fields, form.fields, strict=True)
            ],
        }
        marks = form_marks(fields)
        page = self.render(self._template("form", language), language, marks, shown)
        inside = self.render("form-part.html.j2", language, marks, shown)
        there = {**shown, "prefix": prefix_of(name)}
        part = self.render("form-part.html.j2", language, marks, there)
        redirect = form.thanks.redirect
        thanks = thanks_part = None
        if not redirect:
            gift = frozenset({"FILE"})
            thanks = self.render(self._template("thanks", language), language, gift, shown)
            thanks_part = self.render("thanks-part.html.j2", language, gift, shown)
        words = self._texts.section(language, "form")
        section = self._texts.of(language)["form"]
        tracking = form.tracking_consent
        return {
            "name": name,
            "title": form.title,
            "language": language,
            "fields": [asdict(each) for each in fields],
            "consent": form.consent.model_dump(),
            "tracking": {"text": tracking.text, "version": tracking.version} if tracking else None,
            "words": {key: words.get(key) or section[key] for key in sorted(FORM_WORDS)},
            "pages": {
                "form": page or "",
                "inside": inside or "",
                "part": part or "",
                "thanks": thanks or "",
                "thanks_part": thanks_part or "",
            },
            "redirect": redirect,
            "file": form.file.name if form.file else None,
            "file_at_once": form.file is not None and form.file.given == "at once",
            "at_once": form.at_once,
        }

    def _check(self, source: Source, form: FormSource, language: str) -> None:
        checks: tuple[tuple[YamlPath, Kind, str], ...] = (
            (("consent", "topic"), "topic", form.consent.topic),
            (("language",), "language", language),
        )
        for path, kind, name in checks:
            sentence = self._declared.unknown(kind, name)
            if sentence:
                self._wrong(source, path, sentence)
        self._check_redirect(source, form.thanks)
        files = self._declared.files
        if form.file and form.file.name not in files:
            sentence = f'the file "{form.file.name}" is not declared in files.yaml. '
            self._wrong(source, ("file", "name"), f"{sentence}{suggestion(form.file.name, files)}")
        asked: set[str] = set()
        for index, each in enumerate(form.fields):
            self._check_field(source, each, index, asked)
            asked.add(each.trait)
        email = next((each for each in form.fields if each.trait == "email"), None)
        if email is None or not email.required:
            self._wrong(
                source,
                ("fields",),
                'a form must ask for the address. Write "trait: email" with "required: yes".',
            )

    def _check_redirect(self, source: Source, thanks: ThanksSource) -> None:
        company = self._declared.company
        if thanks.redirect and not company.leads_to(thanks.redirect):
            self._wrong(
                source,
                ("thanks", "redirect"),
                f'thanks.redirect: "{thanks.redirect}" is not below {company.website}, with https. '
                'Choose a page there, or name its host in company.yaml under "allowed_redirects:".',
            )

    def _check_field(self, source: Source, field: FieldSource, index: int, asked: set[str]) -> None:
        path = ("fields", index)
        unknown = self._declared.unknown("trait", field.trait)
        if unknown:
            self._wrong(source, (*path, "trait"), unknown)
            return
        if self._declared.trait(field.trait).type == "yes_no":
            sentence = (
                f"{field.trait} is yes or no, which a form cannot ask yet. Ask for a trait with "
                '"options:" in traits.yaml.'
            )
            self._wrong(source, (*path, "trait"), sentence)
        if field.trait in asked:
            self._wrong(source, (*path, "trait"), f"{field.trait} is asked for twice. Keep one.")
        options = self._declared.trait(field.trait).options
        for value in field.options:
            if value not in options:
                self._wrong(
                    source,
                    (*path, "options", value),
                    f'"{value}" is not one of the options of {field.trait} in traits.yaml. '
                    f"{suggestion(value, options)}",
                )
        if options and not field.options:
            self._wrong(
                source,
                path,
                f'{field.trait} is chosen from a list. Add "options:" with {listed(options)}, '
                "each with what people read.",
            )

    def _field(self, written: FieldSource) -> Field:
        return Field(
            name=written.trait,
            label=written.label,
            type=self._declared.trait(written.trait).type,
            required=written.required,
            options=tuple(written.options.items()),
            until_known=written.ask == "until known",
        )

    def _template(self, name: str, language: str) -> str:
        own = f"{name}.{language}.html.j2"
        return own if own in self._names else f"{name}.html.j2"

    def render(
        self,
        template: str,
        language: str,
        marks: frozenset[str],
        shown: dict[str, object] | None = None,
    ) -> str | None:
        """Return a page without Jinja, or None after noting mistakes; `marks` may stand in it."""
        file = f"pages/{template}"
        if template not in self._names:
            self._findings.wrong(file, 0, "this file is missing.")
            return None
        seen = self._seen(language, shown)
        try:
            page = self._env.get_template(template).render(seen)
        except TemplateSyntaxError as error:
            self._findings.wrong(
                f"pages/{error.name or template}", error.lineno, f"{error.message or error}"
            )
            return None
        except TemplateError as error:
            self._findings.wrong(file, 0, f"the page cannot be made: {error}.")
            return None
        self.check_marks(file, page, marks)
        return page

    def render_body(self, file: str, language: str, shown: dict[str, object]) -> str | None:
        """Return what stands in a file of its own, without Jinja; None after noting mistakes."""
        text = self._reader.text(file)
        if text is None:
            return None
        try:
            return self._env.from_string(text).render(self._seen(language, shown))
        except TemplateSyntaxError as error:
            self._findings.wrong(file, error.lineno, f"{error.message or error}")
        except TemplateError as error:
            self._findings.wrong(file, 0, f"the page cannot be made: {error}.")
        return None

    def check_marks(self, file: str, page: str, marks: frozenset[str]) -> None:
        """Note the marks that nothing fills."""
        for mark in sorted({found[1] for found in MARK.finditer(page)} - marks):
            self._findings.wrong(
                file, 0, f"nothing fills %%{mark}%% on this page. {_marks_hint(mark, marks)}"
            )

    def _seen(self, language: str, shown: dict[str, object] | None) -> dict[str, object]:
        return {
            "company": self._declared.company.variables(),
            "language": language,
            "text": self._texts.of(language),
            "topics": list(self._declared.company.topics),
            "channels": self._declared.company.channels,
            "languages": [
                (each, self._texts.text(each, ("language", "name")) or each)
                for each in self._declared.company.languages
            ],
            **(shown or {}),
        }

    def _wrong(self, source: Source, path: tuple[str | int, ...], sentence: str) -> None:
        self._findings.wrong(source.file, source.line(path), sentence)


def _marks_hint(mark: str, marks: frozenset[str]) -> str:
    return suggestion(mark, marks) if marks else "It has no marks: take this one out."
