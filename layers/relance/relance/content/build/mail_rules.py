"""What a mail may not be: names that nobody declared, marketing without a way out, and the like."""

import re

from relance.content.build.declared import Declared, Kind
from relance.content.build.mistakes import Findings
from relance.content.build.models import MessageSource
from relance.content.build.parts import Part
from relance.content.build.yaml_source import Path, Source
from relance.content.compiled import MessageClass

_PREHEADER = re.compile(r"\{\{-?\s*preheader\b")


def check_names(
    findings: Findings, declared: Declared, source: Source, message: MessageSource
) -> None:
    """Note every name in message.yaml that is not declared."""
    named: list[tuple[Path, Kind, str | None]] = [
        (("topic",), "topic", message.topic),
        (("language",), "language", message.language),
        (("brand",), "brand", message.brand),
    ]
    named += [(("requires", index), "trait", each) for index, each in enumerate(message.requires)]
    keys: set[tuple[str | None, str | None]] = set()
    for index, variant in enumerate(message.variants):
        at = ("variants", index)
        named.append(((*at, "persona"), "persona", variant.persona))
        named.append(((*at, "language"), "language", variant.language))
        key = (variant.persona, variant.language)
        if key in keys:
            findings.wrong(
                source.file,
                source.line(at),
                "there is a variant for the same people above. Keep one of the two.",
            )
        keys.add(key)
    for path, kind, name in named:
        sentence = None if name is None else declared.unknown(kind, name)
        if sentence:
            findings.wrong(source.file, source.line(path), sentence)
    if message.topic is None and message.message_class is MessageClass.MARKETING:
        findings.wrong(
            source.file,
            source.line(("class",)),
            'a marketing mail needs a topic, so that people can leave it. Add a line "topic: …".',
        )


def check_rules(
    findings: Findings, source: Source, message: MessageSource, layout: Part, body: Part
) -> None:
    """Note what the law and the mailbox providers do not allow (RFC 8058, CAN-SPAM, GDPR)."""
    specials = layout.specials | body.specials
    if not any(_PREHEADER.search(part.source) for part in (layout, body)):
        findings.warn(
            body.file,
            0,
            f"neither this text nor {layout.file} shows the preheader, so the inbox shows the "
            "first words of the text instead. Write {{ preheader }} where the mail begins.",
        )
    marketing = message.message_class is MessageClass.MARKETING
    if "confirm_url" in specials and marketing:
        findings.wrong(
            source.file,
            source.line(("class",)),
            "a mail that asks for confirmation goes to people who have not agreed yet, so it "
            'cannot be marketing. Write "class: transactional".',
        )
    elif {"confirm_url", "view_url"} <= specials:
        findings.wrong(
            source.file,
            source.line(("class",)),
            "a mail that asks for confirmation cannot be shown in a browser, where its button "
            "would be missing. Take out {{ view_url }}, or choose another layout.",
        )
    elif "confirm_url" in specials:
        _check_double_opt_in(findings, source, layout, body)
    elif marketing:
        _check_marketing(findings, layout, body, specials)


def _check_double_opt_in(findings: Findings, source: Source, layout: Part, body: Part) -> None:
    for part in (*body.files, *layout.files):
        instead = f" or choose another layout in {source.file}" if part is layout else ""
        for line, address in part.destinations:
            findings.wrong(
                part.file,
                line,
                f'this links to "{address}", but a mail that asks for confirmation may hold the '
                f"confirmation link only, no advertising. Remove the link{instead}.",
            )


def _check_marketing(
    findings: Findings, layout: Part, body: Part, specials: frozenset[str]
) -> None:
    if "unsubscribe_url" not in specials:
        findings.wrong(
            body.file,
            0,
            f"a marketing mail needs a way out, and neither this text nor {layout.file} has one. "
            'Write <a href="{{ unsubscribe_url }}">Unsubscribe</a>.',
        )
    if "preferences_url" not in specials:
        findings.wrong(
            body.file,
            0,
            "a marketing mail leads to the preference page, where people ask for fewer mails "
            f"instead of none, and neither this text nor {layout.file} does. Write "
            '<a href="{{ preferences_url }}">…</a>.',
        )
    if not (layout.prints_address or body.prints_address):
        findings.wrong(
            body.file,
            0,
            "a marketing mail must show the postal address of the sender, and neither this text "
            f"nor {layout.file} does. Write {{{{ company.postal_address }}}}.",
        )
