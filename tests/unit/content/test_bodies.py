"""A mail's text in Markdown or MJML, and blocks that several mails share."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from relance.content.build import build
from relance.content.build.markdown import markdown_page
from relance.content.compiled import Content, Variant

from .conftest import Writer

Opener = Callable[..., Content]
HTML = "messages/hello/body.html.j2"
MARKDOWN = "messages/hello/body.md"
MJML = "messages/hello/body.mjml"

LETTER = """# Good morning

Dear {{ contact.first_name or "reader" }},
see [our *shop*]({{ company.website }}/shop?a=1&b=2).

{% if contact.role == "owner" %}
Ten kilos travel for free.
{% endif %}

- one
- {% if contact.first_name %}two{% else %}three{% endif %}

| Coffee | Price |
|--------|-------|
| Huila  | 12    |

**[Read on](https://www.example.com/more)**

Kind <em>regards</em>
"""

MAIL = """<mjml>
  <mj-head>
    <mj-title>{{ subject }}</mj-title>
    <mj-preview>{{ preheader }}</mj-preview>
  </mj-head>
  <mj-body>
    {% if contact.first_name %}
    <mj-section><mj-column>
      <mj-text>Dear {{ contact.first_name }}, see <a href="https://www.example.com/a">this</a></mj-text>
    </mj-column></mj-section>
    {% endif %}
    <mj-section>
      <mj-column>
        <mj-image src="https://www.example.com/cup.png" alt="A cup" width="300px" />
        <mj-button href="{{ company.website }}/shop?a=1&amp;b=2">Buy</mj-button>
        <mj-text>
          <a href="{{ unsubscribe_url }}">Unsubscribe</a> or
          <a href="{{ preferences_url }}">choose</a><br>
          {{ company.postal_address }}
        </mj-text>
      </mj-column>
    </mj-section>
    <mj-raw>{{ pixel }}</mj-raw>
  </mj-body>
</mjml>
"""


def hello(built: Opener, changes: dict[str, str | None]) -> Variant:
    """The mail for everybody, its text in a file of ours."""
    return built({HTML: None, **changes}).message("hello").variants[0]


def mistakes(write: Writer, target: Path, changes: dict[str, str | None]) -> list[str]:
    """What the build says of the small folder with these changes."""
    return [str(each) for each in build(write({HTML: None, **changes}), target).mistakes]


def test_markdown_becomes_paragraphs_lists_tables_links_and_a_button(built: Opener) -> None:
    html = hello(built, {MARKDOWN: LETTER}).html
    assert "<h1>Good morning</h1>" in html
    assert '<p>Dear {{ contact.first_name or "reader" }},\nsee <a href="{{ link(0) }}">' in html
    assert '{% if contact.role == "owner" %}' in html
    assert "<li>{% if contact.first_name %}two{% else %}three{% endif %}</li>" in html
    assert "<td>Huila</td>" in html
    assert re.search(r'<p class="action"><a [^>]*href="{{ link\(1\) }}"', html)
    assert re.search(r'<a [^>]*class="button"', html)
    assert "Kind <em>regards</em>" in html


def test_the_text_part_of_markdown_reads_well(built: Opener) -> None:
    text = hello(built, {MARKDOWN: LETTER}).text
    assert "see our shop ({{ link(0) }})." in text
    assert "- one\n- {% if" in text
    assert "Read on: {{ link(1) }}" in text


def test_every_line_of_markdown_stays_in_its_line() -> None:
    page = markdown_page(LETTER)
    shown = page.html.split("\n")
    for number, line in enumerate(LETTER.split("\n")):
        for word in ("morning", "Dear", "see", "kilos", "one", "two", "Huila", "Read", "Kind"):
            if word in page.reveal(line):
                assert word in page.reveal(shown[number]), (number, word)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        (
            "Dear\n\n[x](shop)\n",
            (
                'line 3: the link "shop" is not a full web address. Write for example '
                '"https://www.example.com/shop".'
            ),
        ),
        (
            "- a\n- [x](javascript:alert(1))\n",
            (
                'line 2: a link that begins with "javascript:" does not work in a mail. Link to a '
                'web address, for example "https://www.example.com/shop".'
            ),
        ),
        (
            "Dear {{ contact.first_name\n or 'you' }}\n",
            "line 1: a {{ … }} or {% … %} goes on in the next line. Write it on one line.",
        ),
        (
            "a\n\nb\n{{ contact.nmae }}\n",
            (
                "line 4: contact.nmae is not declared in traits.yaml. Did you mean role, email or "
                "employees?"
            ),
        ),
        (
            "a\n\n<script>x</script>\n",
            "line 3: <script> does not work in mail programs. Link to a page instead.",
        ),
    ],
)
def test_a_mistake_in_markdown_is_told_by_its_line(
    write: Writer, tmp_path: Path, written: str, sentence: str
) -> None:
    told = mistakes(write, tmp_path / "target", {MARKDOWN: written})
    assert [each.partition(", ")[2].partition(": ")[0] for each in told] == [
        sentence.partition(": ")[0]
    ]
    assert sentence.partition(" Did")[0] in told[0]


def test_mjml_is_a_whole_mail_without_a_layout(built: Opener) -> None:
    mail = hello(built, {MJML: MAIL})
    assert mail.html.count("<html") == 1
    assert 'lang="en"' in mail.html
    assert "und" not in mail.html.partition("<style")[0]
    assert 'href="{{ link(0) }}"' in mail.html
    assert 'href="{{ link(1) }}"' in mail.html
    assert "{% if contact.first_name %}<!--[if mso | IE]>" in mail.html
    assert "{{ pixel }}" in mail.html
    assert "fonts.googleapis" not in mail.html
    assert "Buy: {{ link(1) }}" in mail.text
    assert "{{ preheader }}" not in mail.text


@pytest.mark.parametrize(
    ("written", "mistyped", "sentence"),
    [
        ("<mj-button", "<mj-botton", "line 15: <mj-botton> is no element of MJML. "),
        (
            'href="{{ company.website }}/shop?a=1&amp;b=2">Buy',
            ">Buy",
            'line 15: a link leads nowhere. Write <a href="https://…">.',
        ),
        (' alt="A cup"', "", "has no description. Write alt="),
        ("<mj-column>\n", "<mj-column>Buy\n", "line 8: a text stands in <mj-column>."),
        (
            "<mj-raw>{{ pixel }}</mj-raw>",
            '<mj-include path="x.mjml" />',
            'line 23: MJML files are not included. Write {% include "name" %} for a block.',
        ),
        ("    </mj-section>\n    <mj-raw", "    <mj-raw", "line 12: <mj-section> is never closed."),
        (
            "<mj-title>{{ subject }}</mj-title>",
            "<mj-title>{% if contact.role %}a{% endif %}</mj-title>",
            "line 3: this is no valid MJML (unexpected token).",
        ),
        ("<mj-raw>{{ pixel }}", "<mj-raw>{{ pixle }}", "pixle is not known here."),
        (
            '<a href="{{ unsubscribe_url }}">Unsubscribe</a> or',
            "",
            "a marketing mail needs a way out, and neither this text nor the blocks in it has one.",
        ),
    ],
)
def test_a_mistake_in_mjml_is_told_by_its_line(
    write: Writer, tmp_path: Path, written: str, mistyped: str, sentence: str
) -> None:
    assert written in MAIL
    told = mistakes(write, tmp_path / "target", {MJML: MAIL.replace(written, mistyped, 1)})
    assert any(sentence in each for each in told), told


def test_a_block_stands_in_several_mails_and_in_a_layout(built: Opener) -> None:
    include = '{% include "regards" %}'
    layout = (
        '<html lang=""><body>{% block content %}{% endblock %}{% include "foot" %}</body></html>'
    )
    content = built(
        {
            "blocks/regards.md": "Regards,\n[the people]({{ company.website }}/people)\n",
            "blocks/foot.html.j2": (
                '<p><a href="{{ unsubscribe_url }}">Leave</a> '
                '<a href="{{ preferences_url }}">Choose</a> {{ company.postal_address }}</p>'
            ),
            HTML: None,
            MARKDOWN: f"Hello\n\n{include}\n",
            "messages/hello/body.profit.html.j2": f"<p>Hello</p>{include}",
            "messages/hello/message.yaml": HELLO,
            "layouts/mail.html.j2": layout,
        }
    )
    first, second = content.message("hello").variants
    for each in (first, second):
        assert 'Regards,\n<a href="{{ link(0) }}">the people</a>' in each.html
        assert "{{ company.postal_address }}" in each.html
        assert "include" not in each.html


HELLO = """subject: Hello
preheader: A word
class: marketing
intent: inform
topic: newsletter
variants: [{persona: profit, body: body.profit.html.j2}]
"""


def test_a_block_of_mjml_is_part_of_its_mail(built: Opener) -> None:
    foot = MAIL[MAIL.index("    <mj-section>\n") : MAIL.index("    <mj-raw>")]
    mail = hello(
        built,
        {MJML: MAIL.replace(foot, '{% include "foot" %}\n'), "blocks/foot.mjml": foot},
    )
    assert mail.html == hello(built, {MJML: MAIL, "blocks/foot.mjml": foot}).html


def test_what_is_wrong_in_a_block_is_told_at_the_block(write: Writer, tmp_path: Path) -> None:
    told = mistakes(
        write,
        tmp_path / "target",
        {
            MARKDOWN: 'Hello\n{% include "regards" %}\n',
            "blocks/regards.md": "Regards\n\n{{ contact.first_name }}\n",
            "blocks/other.html.j2": '{% include "regards" %}',
        },
    )
    assert told == [
        (
            "blocks/regards.md, line 3: contact.first_name is not known of everybody. Write "
            '{{ contact.first_name or "there" }} with a word that fits, or put "requires: '
            '[first_name]" into message.yaml.'
        )
    ]


def test_a_block_that_no_mail_holds_is_warned_of(write: Writer, tmp_path: Path) -> None:
    report = build(write({"blocks/regards.md": "Regards\n"}), tmp_path / "target")
    assert [str(each) for each in report.warnings] == [
        'blocks/regards.md: no text holds this block. Write {% include "regards" %} where it goes.'
    ]


def test_a_block_holds_no_other_block(write: Writer, tmp_path: Path) -> None:
    told = mistakes(
        write,
        tmp_path / "target",
        {
            MARKDOWN: '{% include "one" %}\n',
            "blocks/one.md": 'One\n\n{% include "two" %}\n',
            "blocks/two.md": "Two\n",
        },
    )
    assert [each.partition(". ")[0] for each in told] == [
        "blocks/one.md, line 3: {% include %} cannot be used here"
    ]
