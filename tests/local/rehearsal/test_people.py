"""The people of a file: what each kind brings, and how a broken one is refused."""

import gzip
import json
from pathlib import Path

import pytest
from relance.content.compiled import Content

from local.content import compiled_content
from local.rehearsal.people import FileRefused, Past, People, read_people
from local.world import ROOT

CONTENT = Content.open(compiled_content(ROOT))
EXPORTED = {
    "contact": "01J9Z3V8Q4T2M6K7B5N1X0C3DE",
    "address": "ana@example.com",
    "traits": {"email": "ana@example.com", "first_name": "Ana", "time_zone": "Europe/Paris"},
    "consents": {
        "newsletter": {"state": "granted", "at": "2025-03-01T10:00:00.000Z", "event": "e"}
    },
    "suppressed": None,
    "lists": ["engaged"],
    "prefers": {"channels": ["email"], "hour": 21, "because": "responses"},
}


def read(tmp_path: Path, body: str | bytes, mapping: str | None = None) -> People:
    path = tmp_path / "people.txt"
    path.write_bytes(body.encode() if isinstance(body, str) else body)
    return read_people(path, CONTENT, mapping=mapping)


def test_a_shop_s_table_is_read_by_the_mapping_that_fits(tmp_path: Path) -> None:
    people = read(
        tmp_path,
        "E-mail;First name;Country;Newsletter;Agreed on;Agreed where;Agreed to\n"
        "ana@example.com;Ana;FR;yes;2025-11-03;Checkout;Send it\n"
        "bob@example.com;Bob;DE;no;2025-11-03;;\n",
    )
    ana, bob = people.subjects
    assert ana.person is not None
    assert bob.person is not None
    assert [each.topic for each in ana.person.grants] == ["newsletter"]
    assert [each.topic for each in bob.person.withdrawals] == ["newsletter"]
    assert ana.person.traits["country"] == "FR"


@pytest.mark.parametrize("body", ["Courriel,x\na@example.com,1\n", "a,Vorname\na@example.com,Al\n"])
def test_any_table_with_addresses_will_do(tmp_path: Path, body: str) -> None:
    assert [each.address for each in read(tmp_path, body).subjects] == ["a@example.com"]


def test_an_export_brings_consent_list_zone_and_the_hour_that_was_learned(tmp_path: Path) -> None:
    (ana,) = read(tmp_path, json.dumps(EXPORTED)).subjects
    assert ana.person is not None
    assert [each.topic for each in ana.person.grants] == ["newsletter"]
    assert ana.person.lists == ("engaged",)
    assert ana.zone == "Europe/Paris"
    assert ana.past == Past(preferred=21)


def test_an_hour_that_is_everybody_s_is_nobody_s_habit(tmp_path: Path) -> None:
    told = {**EXPORTED, "prefers": {**EXPORTED["prefers"], "because": "habit"}}  # type: ignore[dict-item]
    (ana,) = read(tmp_path, json.dumps(told)).subjects
    assert ana.past == Past()


def test_lines_may_be_packed_and_pending_and_suppressed_are_kept(tmp_path: Path) -> None:
    pending = {
        **EXPORTED,
        "consents": {"newsletter": {"state": "pending", "at": "2025-03-01T10:00:00.000Z"}},
        "suppressed": "bounced",
    }
    body = gzip.compress(f"{json.dumps(EXPORTED)}\n{json.dumps(pending)}\n".encode())
    people = read(tmp_path, body)
    assert len(people.subjects) == 1  # the same address: the first line is believed
    assert people.notes == ("1 lines tell of somebody who stands in an earlier line.",)
    (one,) = read(tmp_path, gzip.compress(json.dumps(pending).encode())).subjects
    assert (one.pending, one.suppressed) == (("newsletter",), "bounced")


def test_pinpoint_is_read_when_it_is_named(tmp_path: Path) -> None:
    line = json.dumps({"ChannelType": "EMAIL", "Address": "ana@example.com"})
    assert len(read(tmp_path, f"{line}\n{{}}".replace("{}", line), "pinpoint").subjects) == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param("", "the file is empty", id="empty"),
        pytest.param("Name,Shoe\nAna,38\n", "no column holds e-mail addresses", id="no address"),
        pytest.param(
            "E-mail,Country\nana@example.com,FR\nbob@example.com,Frankreich\nx,FR\n",
            "2 mistakes. Nothing was rehearsed.\n   line 3: Country: this is no country code. "
            "Write two letters, for example FR.\n   line 4: E-mail: ",
            id="lines",
        ),
        pytest.param("E-mail,Country\nana@example.com\n", "line 2: it has 1 cells", id="cells"),
        pytest.param('{"a": 1}\n{"b"\n', "line 2: it is no JSON.", id="JSON"),
        pytest.param('{"a": 1}', "it is no exported contact. Name a mapping", id="other JSON"),
        pytest.param(
            json.dumps({"format": "relance-contact-1", "contacts": []}),
            'line 1: "identities" is missing',
            id="cut export",
        ),
        pytest.param(gzip.compress(b"E-mail\na@example.com\n" * 99)[:40], "people.txt: ", id="cut"),
        pytest.param(b"PK\x03\x04\x00\x00", "workbook or an archive", id="workbook"),
    ],
)
def test_a_broken_file_is_refused_whole_with_its_lines(
    tmp_path: Path, body: str | bytes, told: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        read(tmp_path, body)
    assert told in str(refused.value)


def test_a_hundred_mistakes_are_counted_and_ten_are_shown(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        read(tmp_path, "E-mail,Country\n" + "ana@example.com,Frankreich\n" * 100)
    assert "100 mistakes" in str(refused.value)
    assert str(refused.value).count("\n") == 11


def test_an_unknown_mapping_is_told_with_the_closest(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="Did you mean customers"):
        read(tmp_path, "E-mail\na@example.com\n", mapping="custmers")
