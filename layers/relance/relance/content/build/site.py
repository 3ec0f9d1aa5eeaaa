"""Compiles pages and forms to plain HTML with marks (see pages.py)."""

from dataclasses import asdict

from jinja2 import DictLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from relance.content.build.declared import Declared, Kind
from relance.content.build.mistakes import Findings
from relance.content.build.models import FieldSource, FormSource
from relance.content.build.reading import Reader
from relance.content.build.yaml_source import Path, Source
from relance.content.forms import Field, form_marks
from relance.content.names import listed, suggestion
from relance.content.pages import MARK, PAGES

_AUTOCOMPLETE = {
    "email": "email",
    "first_name": "given-name",
    "last_name": "family-name",
    "company": "organization",
    "country": "country",
    "birth_date": "bday",
}


class SiteBuilder:
    """Builds the public pages and the forms."""

    def __init__(self, reader: Reader, findings: Findings, declared: Declared) -> None:
        self._reader = reader
        self._findings = findings
        self._declared = declared
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
        )
        self._env.globals.clear()

    def pages(self) -> dict[str, dict[str, str]]:
        """Return page → language → HTML; the company's first language is always there."""
        built: dict[str, dict[str, str]] = {}
        for name, marks in PAGES.items():
            first, *others = self._declared.company.languages
            built[name] = {}
            for language in (first, *others):
                template = self._template(name, language)
                if language == first or template != f"{name}.html.j2":
                    page = self._render(template, language, marks)
                    built[name][language] = page or ""
        return built

    def form(self, file: str) -> dict[str, object] | None:
        """Return the compiled form without its version, or None after noting mistakes."""
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
        fields = tuple(self._field(each) for each in form.fields)
        shown = {
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
        page = self._render(self._template("form", language), language, marks, shown)
        thanks = self._render(self._template("thanks", language), language, frozenset(), shown)
        return {
            "name": name,
            "title": form.title,
            "language": language,
            "fields": [asdict(each) for each in fields],
            "consent": form.consent.model_dump(),
            "tracking": form.tracking_consent.model_dump() if form.tracking_consent else None,
            "pages": {"form": page or "", "thanks": thanks or ""},
        }

    def _check(self, source: Source, form: FormSource, language: str) -> None:
        checks: tuple[tuple[Path, Kind, str], ...] = (
            (("consent", "topic"), "topic", form.consent.topic),
            (("language",), "language", language),
        )
        for path, kind, name in checks:
            sentence = self._declared.unknown(kind, name)
            if sentence:
                self._wrong(source, path, sentence)
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

    def _check_field(self, source: Source, field: FieldSource, index: int, asked: set[str]) -> None:
        path = ("fields", index)
        unknown = self._declared.unknown("trait", field.trait)
        if unknown:
            self._wrong(source, (*path, "trait"), unknown)
            return
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
        )

    def _template(self, name: str, language: str) -> str:
        own = f"{name}.{language}.html.j2"
        return own if own in self._names else f"{name}.html.j2"

    def _render(
        self,
        template: str,
        language: str,
        marks: frozenset[str],
        shown: dict[str, object] | None = None,
    ) -> str | None:
        file = f"pages/{template}"
        if template not in self._names:
            self._findings.wrong(file, 0, "this file is missing.")
            return None
        seen = {
            "company": self._declared.company.variables(),
            "language": language,
            **(shown or {}),
        }
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
        for mark in sorted({found[1] for found in MARK.finditer(page)} - marks):
            self._findings.wrong(
                file, 0, f"nothing fills %%{mark}%% on this page. {_marks_hint(mark, marks)}"
            )
        return page

    def _wrong(self, source: Source, path: tuple[str | int, ...], sentence: str) -> None:
        self._findings.wrong(source.file, source.line(path), sentence)


def _marks_hint(mark: str, marks: frozenset[str]) -> str:
    return suggestion(mark, marks) if marks else "It has no marks: take this one out."
