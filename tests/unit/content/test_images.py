"""Pictures beside a text: what becomes of them."""

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from relance.content.build import build
from relance.content.compiled import Content

from .conftest import SMALL, Writer

BODY = "messages/hello/body.html.j2"
SHOWN = SMALL[BODY].replace("https://www.example.com/cup.png", "images/cup.png")


def drawn(
    kind: str = "PNG", size: tuple[int, int] = (300, 200), mode: str = "RGB", **how: object
) -> bytes:
    body = BytesIO()
    colour = (120, 70, 30, 128) if mode == "RGBA" else (120, 70, 30)
    Image.new(mode, size, colour).save(body, kind, **how)
    return body.getvalue()


Show = Callable[..., tuple[Content, str]]


@pytest.fixture
def show(write: Writer, tmp_path: Path) -> Show:
    """Builds the small folder with a picture; the content, and the element that shows it."""

    def shown(picture: bytes, body: str = SHOWN, file: str = BODY) -> tuple[Content, str]:
        source = write({BODY: None, file: body})
        folder = source / "messages/hello/images"
        folder.mkdir()
        (folder / "cup.png").write_bytes(picture)
        report = build(source, tmp_path / "target")
        assert (report.mistakes, report.warnings) == ((), ())
        content = Content.open(tmp_path / "target")
        (tag,) = re.findall("<img[^>]*>", content.message("hello").variants[0].html)
        return content, tag

    return shown


def test_a_picture_is_named_after_its_bytes_and_has_its_size(show: Show, tmp_path: Path) -> None:
    content, tag = show(drawn())
    (name,) = content.message("hello").images
    assert re.fullmatch(r"[0-9a-f]{24}\.png", name)
    assert f'src="{{{{ image_base }}}}/{name}"' in tag
    assert 'alt="A cup" width="300" height="200" style="max-width: 100%; height: auto"' in tag
    assert (tmp_path / "target" / "images" / name).is_file()


def test_a_large_one_is_made_twice_as_wide_as_a_mail(show: Show, tmp_path: Path) -> None:
    content, tag = show(drawn("JPEG", (3000, 1500)))
    (name,) = content.message("hello").images
    with Image.open(tmp_path / "target" / "images" / name) as made:
        assert (made.format, made.size) == ("JPEG", (1200, 600))
    assert 'width="600" height="300"' in tag


@pytest.mark.parametrize(
    ("written", "width", "height", "style"),
    [
        ('width="150"', 'width="150"', 'height="100"', "max-width: 100%; height: auto"),
        ('width="150" height="90"', 'width="150"', 'height="90"', "max-width: 100%"),
        ('style="border: 0"', 'width="300"', 'height="200"', "border: 0; max-width: 100%"),
        ('style="width: 50%"', 'width="300"', 'height="200"', 'style="width: 50%"'),
    ],
    ids=["width", "both", "style", "a width of its own"],
)
def test_what_is_written_about_its_size_stays(
    show: Show, written: str, width: str, height: str, style: str
) -> None:
    _, tag = show(drawn(), SHOWN.replace('alt="A cup"', f'alt="A cup" {written}'))
    assert width in tag
    assert height in tag
    assert style in tag
    assert tag.count("width=") == tag.count("style=") == 1


def test_where_it_was_taken_is_not_sent(show: Show, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010F] = "A camera"
    content, tag = show(drawn("JPEG", (300, 200), exif=exif.tobytes()))
    (name,) = content.message("hello").images
    body = (tmp_path / "target" / "images" / name).read_bytes()
    assert b"camera" not in body
    assert 'width="200" height="300"' in tag


@pytest.mark.parametrize(
    ("picture", "kind"),
    [
        (drawn("WEBP"), "jpg"),
        (drawn("WEBP", mode="RGBA"), "png"),
        (drawn("GIF"), "png"),
        (drawn("PNG", mode="RGBA"), "png"),
        (drawn("JPEG"), "jpg"),
    ],
    ids=["webp", "see-through webp", "a gif that stands still", "see-through png", "jpeg"],
)
def test_every_kind_becomes_one_that_mail_programs_show(
    show: Show, picture: bytes, kind: str
) -> None:
    content, _ = show(picture)
    assert content.message("hello").images[0].endswith(f".{kind}")


def test_a_gif_that_moves_is_left_as_it_is(show: Show, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    body = BytesIO()
    frames[0].save(body, "GIF", save_all=True, append_images=frames[1:])
    content, _ = show(body.getvalue())
    (name,) = content.message("hello").images
    assert (tmp_path / "target" / "images" / name).read_bytes() == body.getvalue()


MJML = """<mjml><mj-body><mj-section><mj-column>
<mj-raw><div style="display:none">{{ preheader }}</div></mj-raw>
<mj-image src="images/cup.png" alt="A cup" />
<mj-text>Hello. <a href="{{ unsubscribe_url }}">Unsubscribe</a>,
<a href="{{ preferences_url }}">choose</a>. {{ company.postal_address }}</mj-text>
</mj-column></mj-section></mj-body></mjml>
"""


@pytest.mark.parametrize(
    ("body", "kind", "width"),
    [("![A cup](images/cup.png)\n", "md", "300"), (MJML, "mjml", "550")],
    ids=["Markdown", "MJML, as wide as its column"],
)
def test_pictures_stand_in_every_kind_of_text(show: Show, body: str, kind: str, width: str) -> None:
    content, tag = show(drawn(), body, f"messages/hello/body.{kind}")
    assert content.message("hello").images[0] in tag
    assert 'alt="A cup"' in tag
    assert f'width="{width}"' in tag


def test_a_layout_and_a_block_have_pictures_of_their_own(write: Writer, tmp_path: Path) -> None:
    layout = SMALL["layouts/mail.html.j2"].replace("<p>", '<img src="images/l.png" alt=""><p>', 1)
    source = write(
        {
            "layouts/mail.html.j2": layout,
            "blocks/sign.html.j2": '<img src="images/b.png" alt="">\n',
            BODY: SMALL[BODY] + '{% include "sign" %}\n',
        }
    )
    for folder, size in (("layouts", 40), ("blocks", 50)):
        (source / folder / "images").mkdir()
        path = source / folder / "images" / f"{folder[0]}.png"
        path.write_bytes(drawn(size=(size, size)))
    report = build(source, tmp_path / "target")
    assert report.ok, str(report)
    assert len(Content.open(tmp_path / "target").message("hello").images) == 2


def test_equal_sources_give_equal_bytes(show: Show, write: Writer, tmp_path: Path) -> None:
    content, _ = show(drawn("JPEG", (1300, 900)))
    assert build(tmp_path / "source", tmp_path / "again").version == content.version


@pytest.mark.parametrize(
    ("picture", "sentence"),
    [
        (b"no picture", "is no picture that can be read. Save it again as PNG, JPEG, GIF or WebP."),
        (drawn()[:60], "is no picture that can be read. Save it again as PNG, JPEG, GIF or WebP."),
        (drawn("BMP"), "is no picture that can be read. Save it again as PNG, JPEG, GIF or WebP."),
        (
            drawn("PNG", (8000, 6000), "RGB"),
            "has 8000 x 6000 pixels. Save it with at most 6000 x 6000.",
        ),
        (
            b"noise",
            " even when it is made small; 1000 KB are the most. Photographs are smaller as JPEG.",
        ),
    ],
    ids=["not one", "cut off", "of another kind", "a bomb", "heavy"],
)
def test_a_picture_that_cannot_be_sent_is_refused(
    write: Writer, tmp_path: Path, picture: bytes, sentence: str
) -> None:
    source = write({BODY: SHOWN})
    (source / "messages/hello/images").mkdir()
    if picture == b"noise":
        body = BytesIO()
        Image.effect_noise((1200, 1800), 200).save(body, "PNG")
        picture = body.getvalue()
    (source / "messages/hello/images/cup.png").write_bytes(picture)
    report = build(source, tmp_path / "target")
    (mistake,) = report.mistakes
    assert (mistake.file, mistake.line) == (BODY, 4)
    assert mistake.sentence.startswith('"images/cup.png" ')
    assert mistake.sentence.endswith(sentence)


def test_a_heavy_one_and_an_unused_one_are_warned_of(write: Writer, tmp_path: Path) -> None:
    source = write({BODY: SHOWN})
    folder = source / "messages/hello/images"
    folder.mkdir()
    Image.effect_noise((600, 600), 200).save(folder / "cup.png", "PNG")
    (folder / "old.png").write_bytes(drawn())
    first, second = build(source, tmp_path / "target").warnings
    assert first.file == "messages/hello/images/cup.png"
    assert "KB, which takes seconds on a telephone" in first.sentence
    assert str(second) == "messages/hello/images/old.png: no text shows this picture."
