"""Sign-up forms as the build leaves them: show one, and judge what a person sent.

Standard library only, until an address is judged. Nothing here stores or sends anything.
"""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from html import escape
from typing import Self, TypeAlias

from relance.addresses import address_to_send_to
from relance.content.pages import SafeHtml, fill
from relance.errors import InvalidInput
from relance.links import Purpose
from relance.storage import Value
from relance.touches import NOWHERE, TOUCH_FIELDS, Touch

CONSENT = "consent"
TRACKING = "tracking"
NONCE = "nonce"
HONEYPOT = "homepage"
SHOWN_IN = "shown_in"
ASKED = "asked"
VISITOR = "visitor"
RESERVED_FIELDS = frozenset(
    {CONSENT, TRACKING, NONCE, HONEYPOT, SHOWN_IN, ASKED, VISITOR, Purpose.LANDING, *TOUCH_FIELDS}
)
"""Names that no field of a form may have: we use them ourselves, `homepage` as the honeypot,
`visitor` for the browser's own id, which the script fills in, `rl` for the token of a link."""

FORM_WORDS = frozenset(
    {
        "agreement", "no_address", "no_ascii_address", "no_advertising", "please_choose_one",
        "please_enter_address", "please_fill_in", "please_tick", "something_missing", "too_long",
        "come_later", "too_quick", "no_number", "no_date",
    }
)  # fmt: skip
"""The texts that a form shows when something in it is wrong (`form:` in texts/<language>.yaml)."""

MAX_LENGTH = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_QUESTION = re.compile(r"%%ASK:([A-Za-z0-9_-]+)%%(.*?)%%ASKED:\1%%", re.DOTALL)
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:[.,][0-9]{1,6})?")
_ADVERTISING = re.compile(r"[<>]|://|\bwww\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Field:
    """One question. `options` (value, label) is empty for a field that is typed.

    One `until_known` is not put to whoever has answered it.
    """

    name: str
    label: str
    type: str
    required: bool
    options: tuple[tuple[str, str], ...] = ()
    until_known: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A form with its pages: `form` (with marks) and `thanks`.

    `part` and `thanks_part` are what stands of them in somebody else's page, `inside` what stands
    of the form in a landing page of ours.
    Whoever has sent it is led to `redirect`, a page of the company's own, if there is one, and
    gets `file`, if there is one: at once, or once the address is confirmed.
    Of the questions that are put until their answer is known, `at_once` are put at most.
    """

    name: str
    version: str
    title: str
    language: str
    fields: tuple[Field, ...]
    consent_purpose: str
    consent_topic: str
    consent_text: str
    consent_version: str
    tracking_text: str | None
    tracking_version: str | None
    words: Mapping[str, str] = field(repr=False, hash=False)
    pages: Mapping[str, str] = field(repr=False, hash=False)
    redirect: str | None = None
    file: str | None = None
    file_at_once: bool = False
    at_once: int | None = None

    @property
    def learns(self) -> bool:
        """Whether it asks some people less than others."""
        return any(each.until_known for each in self.fields)

    def asking(self, known: Iterable[str] = ()) -> Self:
        """The form for somebody of whom these traits are known: without those questions."""
        there = frozenset(known)
        left = [each.name for each in self.fields if each.until_known and each.name not in there]
        return self._with(left[: self.at_once])

    def as_sent(self, data: Mapping[str, str]) -> Self:
        """The form as the page that was sent had it, as that page says.

        A program that says nothing may answer every question, and has to answer those that a
        stranger is asked.
        """
        if ASKED in data:
            return self._with(data[ASKED].split())
        strangers = {each.name for each in self.asking().fields}
        return self._with({*strangers, *(name for name, value in data.items() if value.strip())})

    def _with(self, names: Iterable[str]) -> Self:
        put = frozenset(names)
        fields = tuple(each for each in self.fields if not each.until_known or each.name in put)
        return replace(self, fields=fields)

    @classmethod
    def from_json(cls, raw: Mapping[str, object]) -> Self:
        """Read what the build wrote; it has checked it."""
        consent, tracking, pages = raw["consent"], raw["tracking"], raw["pages"]
        words = raw["words"]
        if not (isinstance(consent, dict) and isinstance(pages, dict) and isinstance(words, dict)):
            raise TypeError("a compiled form was expected")
        return cls(
            name=str(raw["name"]),
            version=str(raw["version"]),
            title=str(raw["title"]),
            language=str(raw["language"]),
            fields=fields_of(raw),
            consent_purpose=consent["purpose"],
            consent_topic=consent["topic"],
            consent_text=consent["text"],
            consent_version=consent["version"],
            tracking_text=tracking["text"] if isinstance(tracking, dict) else None,
            tracking_version=tracking["version"] if isinstance(tracking, dict) else None,
            words=words,
            pages=pages,
            redirect=str(raw["redirect"]) if raw["redirect"] else None,
            file=str(raw["file"]) if raw["file"] else None,
            file_at_once=raw["file_at_once"] is True,
            at_once=raw["at_once"] if isinstance(raw["at_once"], int) else None,
        )


@dataclass(frozen=True, slots=True)
class Submission:
    """What a person sent, once it is right.

    `traits` holds only fields of the form that were filled in, each as its trait is kept (a number
    as one), the address (in ASCII) as `email` among them. `tracking` is None when the form does not
    ask. `nonce` is the hidden value that tells a double click from a second sign-up; empty when it
    is missing or malformed.
    """

    traits: Mapping[str, Value] = field(repr=False)
    tracking: bool | None
    nonce: str

    @property
    def email(self) -> str:
        """The address to send to, in ASCII."""
        return str(self.traits["email"])


@dataclass(frozen=True, slots=True)
class FormErrors:
    """One sentence per wrong field, in the order of the form, and what to show again.

    `note` is a sentence about the whole, where no field is wrong.
    """

    errors: Mapping[str, str]
    values: Mapping[str, str] = field(repr=False)
    note: str = ""

    @property
    def nonce(self) -> str:
        """The hidden value of the page that was sent: it stays, since nothing was written."""
        return _nonce(self.values)


Verdict: TypeAlias = Submission | FormErrors


def validate(form: Form, data: Mapping[str, str]) -> Verdict:
    """Judge a submission. Unknown fields are ignored; no network is asked."""
    errors: dict[str, str] = {}
    traits: dict[str, Value] = {}
    for each in form.fields:
        given = " ".join(_CONTROL.sub(" ", data.get(each.name, "")).split())
        error, value = _judge(each, given, form.words)
        if error:
            errors[each.name] = error
        elif value is not None:
            traits[each.name] = value
    if not _ticked(data, CONSENT):
        errors[CONSENT] = form.words["please_tick"]
    if errors:
        return FormErrors(errors=errors, values=dict(data))
    return Submission(
        traits=traits,
        tracking=None if form.tracking_text is None else _ticked(data, TRACKING),
        nonce=_nonce(data),
    )


def is_trapped(data: Mapping[str, str]) -> bool:
    """Whether a field was filled in that people do not see: whoever fills it in is a program."""
    return bool(data.get(HONEYPOT, "").strip())


def come_later(form: Form, data: Mapping[str, str]) -> FormErrors:
    """What to show to somebody whose network sent the form too often: all that was typed."""
    return FormErrors(errors={}, values=dict(data), note=form.words["come_later"])


def too_quick(form: Form, data: Mapping[str, str]) -> FormErrors:
    """What to show to somebody who was quicker than people are: all that was typed is kept."""
    return FormErrors(errors={}, values=dict(data), note=form.words["too_quick"])


@dataclass(frozen=True, slots=True)
class Showing:
    """How a form is shown: a fresh hidden value, where the person came from, what was refused.

    `prefix` stands before the ids of its elements where the page is somebody else's. A form that
    `learns` says which questions it put, and `landing` is the token of the link that led here.
    """

    nonce: str
    touch: Touch = NOWHERE
    refused: FormErrors | None = None
    prefix: str = ""
    learns: bool = False
    landing: str = ""


def prefix_of(name: str) -> str:
    """What stands before the ids of a form in somebody else's page."""
    return f"relance-{name}-"


def form_page(form: Form, *, nonce: str, refused: FormErrors | None = None) -> str:
    """Return the page with the form; after a refusal with what was typed and what is wrong."""
    return filled(form.pages["form"], form, Showing(nonce, refused=refused))


def form_part(form: Form, showing: Showing) -> str:
    """Return what stands of the form in somebody else's page."""
    return filled(form.pages["part"], form, replace(showing, prefix=prefix_of(form.name)))


def filled(page: str, form: Form, showing: Showing) -> str:
    """Return any page that holds the form, with the marks of the form filled."""
    refused, prefix = showing.refused, showing.prefix
    page = _with_questions(page, {each.name for each in form.fields})
    errors = refused.errors if refused else {}
    values = refused.values if refused else {}
    summary = _summary(form, errors, refused.note if refused else "", prefix)
    put = {ASKED: " ".join(each.name for each in form.fields if each.until_known)}
    token = {Purpose.LANDING.value: showing.landing} if showing.landing else {}
    hidden = _hidden({**showing.touch.fields(), **(put if showing.learns else {}), **token})
    marks: dict[str, str] = {"NONCE": showing.nonce, "ERRORS": summary, "HIDDEN": hidden}
    for each in form.fields:
        marks |= _error_marks(each.name, errors.get(each.name), prefix)
        typed = values.get(each.name, "")[:MAX_LENGTH]
        marks[f"VALUE:{each.name}"] = typed
        for value, _ in each.options:
            chosen = " selected" if value == typed else ""
            marks[f"SELECTED:{each.name}:{value}"] = SafeHtml(chosen)
    for box in (CONSENT, TRACKING):
        marks |= _error_marks(box, errors.get(box), prefix)
        marks[f"CHECKED:{box}"] = SafeHtml(" checked" if _ticked(values, box) else "")
    return fill(page, marks)


def form_marks(fields: tuple[Field, ...]) -> frozenset[str]:
    """Return every mark that `filled` fills for these fields; the build checks pages by it."""
    marks = {"NONCE", "ERRORS", "HIDDEN", f"CHECKED:{CONSENT}", f"CHECKED:{TRACKING}"}
    for name in (*(each.name for each in fields), CONSENT, TRACKING):
        marks |= set(_error_marks(name, None, ""))
    for each in fields:
        marks |= {f"VALUE:{each.name}", *(_around(each.name) if each.until_known else ())}
        marks |= {f"SELECTED:{each.name}:{value}" for value, _ in each.options}
    return frozenset(marks)


def _around(name: str) -> tuple[str, str]:
    """The marks before and after a question that is not put to everybody."""
    return f"ASK:{name}", f"ASKED:{name}"


def _with_questions(page: str, names: Container[str]) -> str:
    """Return the page with these of its questions that are not put to everybody."""
    return _QUESTION.sub(lambda found: found[2] if found[1] in names else "", page)


def _judge(field_: Field, given: str, words: Mapping[str, str]) -> tuple[str | None, Value]:
    """Return (what is wrong, None) or (None, the value to keep)."""
    if not given:
        return (words[_missing(field_)] if field_.required else None), None
    if len(given) > MAX_LENGTH:
        return words["too_long"].replace("{most}", str(MAX_LENGTH)), None
    if field_.options:
        known = any(given == value for value, _ in field_.options)
        return (None, given) if known else (words["please_choose_one"], None)
    if field_.type == "email":
        return _judge_address(given, words)
    if field_.type == "number":
        number = _number(given)
        return (words["no_number"] if number is None else None), number
    if field_.type == "date":
        return (None, given) if _is_day(given) else (words["no_date"], None)
    if _ADVERTISING.search(given):
        return words["no_advertising"], None
    return None, given


def _judge_address(given: str, words: Mapping[str, str]) -> tuple[str | None, str | None]:
    try:
        return None, address_to_send_to(given)
    except InvalidInput:
        is_ascii = given.rpartition("@")[0].isascii()
        return words["no_address" if is_ascii else "no_ascii_address"], None


def _number(given: str) -> int | float | None:
    """The number that was typed, with a point or a comma before its decimals, as browsers do."""
    if not _NUMBER.fullmatch(given):
        return None
    number = float(given.replace(",", "."))
    return int(number) if number.is_integer() else number


def _is_day(given: str) -> bool:
    try:
        return len(given) == len("2000-01-31") and bool(date.fromisoformat(given))
    except ValueError:
        return False


def _missing(field_: Field) -> str:
    """The name of the text that asks to fill in a field."""
    if field_.options:
        return "please_choose_one"
    return "please_enter_address" if field_.type == "email" else "please_fill_in"


def _ticked(data: Mapping[str, str], name: str) -> bool:
    return data.get(name) == "yes"


def _nonce(data: Mapping[str, str]) -> str:
    nonce = data.get(NONCE, "")
    return nonce if re.fullmatch(r"[A-Za-z0-9_-]{8,64}", nonce) else ""


def _hidden(fields: Mapping[str, str]) -> SafeHtml:
    return SafeHtml(
        "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in fields.items()
        )
    )


def _error_marks(name: str, error: str | None, prefix: str) -> dict[str, str]:
    """Fill the place below a field, which `aria-describedby` names whether it is empty or not."""
    invalid = ' aria-invalid="true"' if error else ""
    hidden = "" if error else " hidden"
    text = f'<p class="error" id="{prefix}{name}-error"{hidden}>{escape(error or "")}</p>'
    return {f"INVALID:{name}": SafeHtml(invalid), f"ERROR:{name}": SafeHtml(text)}


def _summary(form: Form, errors: Mapping[str, str], note: str, prefix: str) -> SafeHtml:
    if not errors:
        return _alert(f"<p><strong>{escape(note)}</strong></p>") if note else SafeHtml("")
    labels = {each.name: each.label for each in form.fields} | {CONSENT: form.words["agreement"]}
    items = "".join(
        f'<li><a href="#{prefix}{escape(name)}">{escape(labels[name])}</a>: {escape(error)}</li>'
        for name, error in errors.items()
    )
    heading = escape(form.words["something_missing"])
    return _alert(f"<p><strong>{heading}</strong></p><ul>{items}</ul>")


def _alert(inner: str) -> SafeHtml:
    return SafeHtml(f'<div class="errors" role="alert" tabindex="-1" autofocus>{inner}</div>')


def fields_of(raw: Mapping[str, object]) -> tuple[Field, ...]:
    """Return the fields of a compiled form."""
    return tuple(_field_from_json(each) for each in _list(raw["fields"]))


def _field_from_json(raw: object) -> Field:
    if not isinstance(raw, dict):
        raise TypeError("a compiled field was expected")
    return Field(
        name=raw["name"],
        label=raw["label"],
        type=raw["type"],
        required=raw["required"],
        options=tuple((value, label) for value, label in raw["options"]),
        until_known=raw["until_known"],
    )


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("a list was expected")
    return value
