"""Compiles one message folder: checks it, inlines its CSS, makes the text part, numbers links."""

import re
from collections.abc import Mapping
from dataclasses import replace
from html import escape

import css_inline
from jinja2 import TemplateError

from relance.content.build.colours import with_colours
from relance.content.build.declared import SAMPLE_TEXT, Declared
from relance.content.build.images import Pictures
from relance.content.build.links import LinkTable
from relance.content.build.locale_data import locale_data
from relance.content.build.mail_css import check_css
from relance.content.build.mail_rules import check_names, check_rules
from relance.content.build.masks import mask
from relance.content.build.mistakes import Findings
from relance.content.build.models import MessageSource, VariantSource
from relance.content.build.parts import BODIES, Part, PartReader
from relance.content.build.reading import Reader
from relance.content.build.sending_parts import check_hours
from relance.content.build.template_checks import Anything, TemplateCheck, Vocabulary, samples
from relance.content.build.text_part import text_part
from relance.content.build.trials import trial
from relance.content.build.utm import Tags, tags_of
from relance.content.build.yaml_source import Source
from relance.content.compiled import Variant
from relance.content.jsonable import encode
from relance.content.names import suggestion
from relance.content.sending_rules import SendingRules
from relance.content.templates import NAMES, URL_NAMES

WARN_BYTES = 90_000
REFUSE_BYTES = 102_000
"""Gmail cuts a body off at about 102 KB; the unsubscribe link stands at the end."""

LONGEST = 200
"""Characters of the longest text in a profile that a mail is tried with."""

_CONTENT = re.compile(r"\{%-?\s*block content\s*-?%\}\s*\{%-?\s*endblock(?: content)?\s*-?%\}")
_STYLESHEET = re.compile(r'<link rel="stylesheet" href="([a-z0-9-]+\.css)">')
_WRITTEN = re.compile(r"\|\s*(?:date|money|number)\b")
_LANGUAGE = re.compile(r'(?<=\s)lang="(?:und)?"')
"""A layout leaves the language of the mail open; MJML writes that it is undetermined."""
_DEFAULT = frozenset({"body.html.j2", "body.md", "body.mjml"})
_WHOLE = Part("the blocks in it", "{% block content %}{% endblock %}")
"""Stands for the layout of a text that is a whole mail."""
_INLINER = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


class MessageBuilder:
    """Builds messages; one for a whole build, so that a layout is checked once."""

    def __init__(
        self,
        reader: Reader,
        findings: Findings,
        declared: Declared,
        sending: SendingRules | None,
    ) -> None:
        self._reader = reader
        self._sending = sending
        self._findings = findings
        self._declared = declared
        self._layouts: dict[tuple[str, str | None], Part | None] = {}
        self.pictures = Pictures(reader.folder, findings)
        self._parts = PartReader(reader, findings, self.pictures)

    def build(self, name: str) -> dict[str, object] | None:
        """Return the compiled message without its version, or None after noting mistakes."""
        file = f"messages/{name}/message.yaml"
        read = self._reader.model(file, MessageSource)
        if read is None:
            return None
        before = len(self._findings.mistakes)
        source, message = read
        check_names(self._findings, self._declared, source, message)
        check_hours(self._findings, source, message, self._sending)
        files = self._bodies(name)
        default = self._default_body(name, files)
        variants = [VariantSource.model_construct(), *message.variants]
        uses: set[str] = set()
        bodies: dict[str, Part | None] = {}
        for position, variant in enumerate(variants, start=-1):
            uses |= self._check_headers(source, message, variant, position)
            body = self._body_file(source, variant, position, files, default)
            if body and body not in bodies:
                bodies[body] = self._parts.read(body, self._words(message, body))
        self._warn_of_unused(files, set(bodies))
        parts = [part for part in bodies.values() if part]
        framed = not parts or not all(part.whole for part in parts)
        layout = self._layout(source, message) if framed else _WHOLE
        for part in parts:
            frame = _WHOLE if part.whole else layout
            if frame is None:
                continue
            uses |= part.uses | frame.uses
            check_rules(self._findings, source, message, frame, part)
        spoken = {each.language for each in variants}
        frames = {each: self._layout_in(each, message, layout) for each in spoken}
        for variant in variants:
            own, text = frames[variant.language], bodies.get(_beside(default, variant))
            if own is not layout and own is not None and text is not None and not text.whole:
                uses |= own.uses
                check_rules(self._findings, source, message, own, text)
        tags = self._tags(name, source, message)
        if layout is None or tags is None or len(self._findings.mistakes) > before:
            return None
        table = LinkTable(tags)
        shown: dict[str, None] = {}
        compiled = [
            self._variant(
                message,
                variant,
                frames[variant.language] or layout,
                bodies[_beside(default, variant)],
                table=table,
                shown=shown,
            )
            for variant in variants
        ]
        self._check_size(source, message, compiled)
        self.pictures.warn_of_unused(f"messages/{name}")
        return {
            "name": name,
            "class": message.message_class.value,
            "intent": message.intent.value,
            "topic": message.topic,
            "at_most_per_day": message.at_most,
            "hours": message.hours.value if message.hours else None,
            "priority": message.priority.value if message.priority else None,
            "if_late": message.if_late.total_seconds() if message.if_late else None,
            "requires": sorted(message.requires),
            "uses": sorted(uses),
            "links": list(table.links),
            "variants": [
                {
                    "persona": each.persona,
                    "language": each.language,
                    "subject": each.subject,
                    "preheader": each.preheader,
                    "html": each.html,
                    "text": each.text,
                }
                for each in compiled
            ],
            "locales": _locales(compiled),
            "brand": self._brand(message),
            "images": list(shown),
        }

    def warn_of_unused(self) -> None:
        """Note what no message holds; call it when all are built."""
        self._parts.warn_of_unused()

    def _company(self, message: MessageSource) -> dict[str, str]:
        """What texts of the message see as `company`."""
        return self._declared.company.variables(brand=self._declared.brand(message.brand))

    def _brand(self, message: MessageSource) -> object:
        brand = self._declared.brand(message.brand)
        return encode(brand) if brand else None

    def _colours(self, message: MessageSource) -> Mapping[str, str]:
        written = self._declared.brands.get(message.brand or "")
        return written.colours if written else {}

    def _tags(self, name: str, source: Source, message: MessageSource) -> Tags | None:
        """What the links of the message carry; None after noting that it lacks a source."""
        websites = (self._declared.company.website, self._company(message)["website"])
        tags = tags_of(name, self._declared.utm, message.utm, websites=websites)
        if tags is None:
            self._wrong(
                source,
                ("utm",),
                'utm.source is missing, here and in company.yaml. Add a line like "source: '
                'newsletter".',
            )
        return tags

    def _layout(self, source: Source, message: MessageSource) -> Part | None:
        """The frame: the message's own, else its brand's, else `mail`."""
        name, names = self._layout_name(message), self._layout_names()
        if name not in names:
            sentence = f'there is no layout "{name}". {suggestion(name, names)}'
            if message.layout:
                self._wrong(source, ("layout",), sentence)
            else:
                self._findings.wrong(f"brands/{message.brand}.yaml", 0, f"layout: {sentence}")
            return None
        return self._frame(name, message)

    def _layout_name(self, message: MessageSource) -> str:
        brand = self._declared.brands.get(message.brand or "")
        return message.layout or (brand.layout if brand else None) or "mail"

    def _layout_names(self) -> set[str]:
        return {
            each.removeprefix("layouts/").removesuffix(".html.j2")
            for each in self._reader.names("layouts", "*.html.j2")
        }

    def _layout_in(
        self, language: str | None, message: MessageSource, layout: Part | None
    ) -> Part | None:
        """The frame in a language (`mail.fr.html.j2` beside `mail.html.j2`), if there is one."""
        name = f"{self._layout_name(message)}.{language}"
        if layout in (None, _WHOLE) or name not in self._layout_names():
            return layout
        return self._frame(name, message)

    def _frame(self, name: str, message: MessageSource) -> Part | None:
        key = (name, message.brand)
        if key not in self._layouts:
            words = Vocabulary(
                names=NAMES | URL_NAMES | {"pixel"},
                traits=self._declared.samples,
                company=self._company(message),
                required=frozenset({"email"}),
                blocks=True,
                colours=self._colours(message),
            )
            self._layouts[key] = self._checked_layout(f"layouts/{name}.html.j2", words)
        return self._layouts[key]

    def _checked_layout(self, file: str, words: Vocabulary) -> Part | None:
        part = self._parts.read(file, words)
        if part is None:
            return None
        if len(_CONTENT.findall(part.source)) != 1:
            self._findings.wrong(
                file, 0, "has no place for the text. Write {% block content %}{% endblock %} once."
            )
            return None
        source = part.source
        for sheet in _STYLESHEET.findall(source):
            css = self._reader.text(f"layouts/{sheet}")
            if css is None:
                return None
            css = with_colours(css, words.colours)
            check_css(self._findings, f"layouts/{sheet}", css)
            tag = f'<link rel="stylesheet" href="{sheet}">'
            source = source.replace(tag, f"<style>\n{css}</style>")
        return replace(part, source=source)

    def _words(self, message: MessageSource, body: str = "") -> Vocabulary:
        whole = {"pixel"} if body.endswith(".mjml") else set()
        return Vocabulary(
            names=NAMES | URL_NAMES | whole,
            traits=self._declared.samples,
            company=self._company(message),
            required=frozenset({"email", *message.requires}) & self._declared.traits,
            colours=self._colours(message),
        )

    def _check_headers(
        self, source: Source, message: MessageSource, variant: VariantSource, position: int
    ) -> set[str]:
        words = self._words(message)
        names = frozenset({"contact", "company", "event"})
        check = TemplateCheck(
            self._findings, Vocabulary(names, words.traits, words.company, words.required)
        )
        owner = message if position < 0 else variant
        prefix = () if position < 0 else ("variants", position)
        for key in ("subject", "preheader"):
            text = getattr(owner, key, None)
            if text is not None:
                check.check(text, source.file, line=source.line((*prefix, key)), html=False)
        return check.uses

    def _bodies(self, name: str) -> list[str]:
        """The files of a message that hold a text, as paths."""
        return sorted(
            file for kind in BODIES for file in self._reader.names(f"messages/{name}", kind)
        )

    def _default_body(self, name: str, files: list[str]) -> str:
        """The text for whoever no variant names another for."""
        written = f"messages/{name}/body.html.j2"
        there = [file for file in files if file.rpartition("/")[2] in _DEFAULT]
        if not there:
            sentence = (
                "this file is missing. It holds the text of the message; body.md (Markdown) or "
                "body.mjml (MJML) can stand for it."
            )
            self._findings.wrong(written, 0, sentence)
        for second in there[1:]:
            beside = there[0].rpartition("/")[2]
            sentence = f"{beside} holds the text of the message already. Keep one of the two."
            self._findings.wrong(second, 0, sentence)
        return there[0] if there else written

    def _warn_of_unused(self, files: list[str], used: set[str]) -> None:
        for file in files:
            if file not in used and file.rpartition("/")[2] not in _DEFAULT:
                sentence = "nobody gets this text. Name it as the body of a variant."
                self._findings.warn(file, 0, sentence)

    def _body_file(
        self,
        source: Source,
        variant: VariantSource,
        position: int,
        files: list[str],
        default: str,
    ) -> str | None:
        path = _beside(default, variant)
        if path in files:
            return path
        if position >= 0 and variant.body:
            names = [each.rpartition("/")[2] for each in files]
            self._wrong(
                source,
                ("variants", position, "body"),
                f'there is no file "{variant.body}" beside this one. '
                f"{suggestion(variant.body, names)}",
            )
        return None

    def _variant(
        self,
        message: MessageSource,
        variant: VariantSource,
        layout: Part,
        body: Part | None,
        *,
        table: LinkTable,
        shown: dict[str, None],
    ) -> Variant:
        if body is None:
            raise AssertionError("a body was checked before")
        language = variant.language or message.language or self._declared.company.languages[0]
        frame = _WHOLE if body.whole else layout
        whole = _CONTENT.sub(lambda _: body.source, frame.source)
        whole = _LANGUAGE.sub(f'lang="{escape(language)}"', whole)
        masked = mask(whole)
        page = _INLINER.inline(masked.html)
        page = table.number(page, masked, self._company(message)["website"])
        page, pictures = self.pictures.put_in(page, masked.hide)
        shown.update(dict.fromkeys(pictures))
        return Variant(
            persona=variant.persona,
            language=language,
            subject=variant.subject or message.subject,
            preheader=variant.preheader or message.preheader,
            html=masked.reveal(page),
            text=masked.reveal(text_part(masked.fold(page, {"pixel": ""}))),
        )

    def _check_size(self, source: Source, message: MessageSource, compiled: list[Variant]) -> None:
        """Render every variant whole, for people of whom all, the least or the longest is known."""
        largest = 0
        for each in compiled:
            try:
                made = trial(each.html, html=True)
                plain = trial(each.text, html=False)
                for contact in self._people(message):
                    seen = samples(contact, Anything(), self._company(message))
                    largest = max(largest, len(made.render(seen).encode()))
                    plain.render(seen)
            except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
                self._findings.wrong(source.file, 0, f"the finished mail cannot be made: {error}")
        kilobytes = f"{largest / 1000:.0f} KB"
        if largest > REFUSE_BYTES:
            self._findings.wrong(
                source.file,
                0,
                f"the mail has {kilobytes}; Gmail cuts off what is beyond 102 KB, the unsubscribe "
                "link with it. Shorten the text.",
            )
        elif largest > WARN_BYTES:
            self._findings.warn(
                source.file, 0, f"the mail has {kilobytes}; from 102 KB on Gmail cuts mails off."
            )

    def _people(self, message: MessageSource) -> list[dict[str, object]]:
        """Samples: of whom all is known, nothing but what must be, and with the longest texts."""
        every = dict(self._declared.samples)
        must = {"email", *message.requires}
        long = {
            name: "W" * LONGEST if value == SAMPLE_TEXT else value for name, value in every.items()
        }
        return [every, {name: it if name in must else None for name, it in every.items()}, long]

    def _wrong(self, source: Source, path: tuple[str | int, ...], sentence: str) -> None:
        self._findings.wrong(source.file, source.line(path), sentence)


def _beside(default: str, variant: VariantSource) -> str:
    """The path of a variant's text."""
    folder, _, name = default.rpartition("/")
    return f"{folder}/{variant.body or name}"


def _locales(variants: list[Variant]) -> dict[str, object]:
    """How the languages write that need it: those of variants with a date, a number or money."""
    return {
        each.language: locale_data(each.language)
        for each in variants
        if any(_WRITTEN.search(it) for it in (each.subject, each.preheader, each.html, each.text))
    }
