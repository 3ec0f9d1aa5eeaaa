"""Forms and landing pages as marketers write them, and their words in other languages."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from relance.content.build.models import NAME, Language, Model, Text, Website
from relance.content.forms import RESERVED_FIELDS


def _variant_name(name: str) -> str:
    if not NAME.fullmatch(name) or len(name) > 40:
        raise ValueError(f'"{name}" is no name for a variant. Use small letters, digits and -.')
    return name


def share(written: object) -> object:
    """A share as people write it, "95%", as a number; what is none is left to pydantic."""
    found = re.fullmatch(r"(\d{1,2}(?:\.\d+)?) ?%", written) if isinstance(written, str) else None
    if not found or not 50 < float(found[1]) < 100:
        raise ValueError(f'"{written}" is no such share. Write for example "95%".')
    return float(found[1]) / 100


class FieldSource(Model):
    """One field of a form."""

    trait: str
    label: Text
    required: bool = False
    options: dict[str, Text] = Field(default={})
    help: str = ""
    ask: Literal["always", "until known"] = "always"

    @model_validator(mode="after")
    def _not_one_of_ours(self) -> "FieldSource":
        if self.trait in RESERVED_FIELDS:
            raise ValueError(f'"{self.trait}" is a field of ours. Choose another name.')
        if self.trait == "email" and self.ask != "always":
            raise ValueError("the address is always asked for: it says who signs up.")
        return self


class ConsentSource(Model):
    """`consent:` of a form."""

    purpose: Literal["marketing"]
    topic: str
    text: Text
    version: Text


class TrackingConsentSource(Model):
    """`tracking_consent:` of a form."""

    text: Text
    version: Text


class ThanksSource(Model):
    """`thanks:` of a form: a page of ours, or the address of one of the company's own."""

    title: Text | None = None
    text: Text | None = None
    redirect: Website | None = None

    @model_validator(mode="after")
    def _a_page_or_an_address(self) -> "ThanksSource":
        is_page = self.title is not None and self.text is not None
        is_some = self.title is not None or self.text is not None
        if is_some == bool(self.redirect) or is_page != is_some:
            raise ValueError(
                'write either "title:" and "text:" for a page of ours, or "redirect:" with the '
                "address of a page of yours."
            )
        return self


class GivenFileSource(Model):
    """`file:` of a form."""

    name: str
    given: Literal["at once", "after confirming"] = "after confirming"


class FormSource(Model):
    """forms/<name>.yaml."""

    title: Text
    intro: str = ""
    language: Language | None = None
    fields: Annotated[list[FieldSource], Field(min_length=1)]
    consent: ConsentSource
    tracking_consent: TrackingConsentSource | None = None
    button: Text
    thanks: ThanksSource
    file: GivenFileSource | None = None
    at_once: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _some_to_choose_from(self) -> "FormSource":
        asked = sum(each.ask == "until known" for each in self.fields)
        if self.at_once is not None and self.at_once >= asked:
            raise ValueError(
                f"at_once: {self.at_once} leaves nothing for later: the fields with "
                f'"ask: until known" are {asked}. Write a smaller number, or take it out.'
            )
        return self

    @model_validator(mode="after")
    def _a_page_for_the_link(self) -> "FormSource":
        if self.file and self.file.given == "at once" and self.thanks.redirect:
            raise ValueError(
                "the link to the file stands on the page after the form. Give the file after "
                'confirming, or write "title:" and "text:" below "thanks:".'
            )
        return self


class FieldWordsSource(Model):
    """What one field of a form is called in another language."""

    label: Text
    options: dict[str, Text] = Field(default={})
    help: str = ""


class ConsentWordsSource(Model):
    """`consent:` or `tracking_consent:` of a form in another language."""

    text: Text
    version: Text


class FormWordsSource(Model):
    """forms/<name>.<language>.yaml: the form in another language; what it asks stays the same."""

    title: Text
    intro: str = ""
    fields: dict[str, FieldWordsSource]
    consent: ConsentWordsSource
    tracking_consent: ConsentWordsSource | None = None
    button: Text
    thanks: ThanksSource


class LandingVariantSource(Model):
    """One variant of a landing page, in `variants:`; what it does not say is as in the page."""

    name: Annotated[str, AfterValidator(_variant_name)]
    weight: Annotated[int, Field(ge=1, le=1000)] = 1
    title: Text | None = None
    description: Text | None = None


class WinnerSource(Model):
    """`winner:` of a landing page."""

    sure: Annotated[
        float,
        BeforeValidator(share),
        WithJsonSchema({"type": "string", "pattern": r"^\d{1,2}(\.\d+)? ?%$", "examples": ["95%"]}),
    ] = 0.95
    at_least: Annotated[int, Field(ge=10, le=100_000)] = 100
    counts: Literal["signed_up", "confirmed"] = "confirmed"


class LandingSource(Model):
    """landing/<name>/page.yaml."""

    title: Text
    description: str = ""
    form: str
    image: Website | None = None
    image_alt: str = ""
    listed: bool = False
    language: Language | None = None
    variants: list[LandingVariantSource] = Field(default=[])
    winner: WinnerSource = Field(default_factory=WinnerSource)

    @model_validator(mode="after")
    def _several_or_none(self) -> "LandingSource":
        names = [each.name for each in self.variants]
        if len(names) == 1 or len(set(names)) < len(names):
            raise ValueError("variants need two names or more, each another.")
        if self.image and not self.image_alt:
            raise ValueError('say what the picture shows: add a line "image_alt: …".')
        return self


class LandingVariantWordsSource(Model):
    """What a variant of a landing page is called in another language."""

    title: Text | None = None
    description: Text | None = None


class LandingWordsSource(Model):
    """landing/<name>/page.<language>.yaml: the page in another language."""

    title: Text
    description: str = ""
    image_alt: str = ""
    variants: dict[str, LandingVariantWordsSource] = Field(default={})
