"""Importing people from files, told as stories: a look, a confirmation, and what goes wrong."""

import csv
import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import pytest
from relance.aws.values import from_attributes
from relance.importing.job import DOLLARS_PER_ROW
from relance.register import RECORD
from relance.storage import Table, Update

from local.faults import not_allowed
from local.permissions import missing
from local.world import ROOT, World
from tests.workflows.content import content_with
from tests.workflows.crowd import Crowd
from tests.workflows.story import MONDAY, Story

NAMES = (
    "E-mail", "First name", "Last name", "Company", "Country", "Language", "Time zone",
    "Customer number", "CRM id", "Newsletter", "Agreed on", "Agreed where", "Agreed to", "Engaged",
)  # fmt: skip
AGREED = {
    "Newsletter": "yes",
    "Agreed on": "2025-11-03",
    "Agreed where": "Checkout of the old shop",
    "Agreed to": "Send me your newsletter.",
}
MACHINE = "operation-import-contacts"


def table(rows: Iterable[dict[str, str]], *, delimiter: str = ",") -> str:
    """A CSV file as the shop exports it."""
    written = io.StringIO()
    writer = csv.DictWriter(written, NAMES, restval="", delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def customers(count: int, **cells: str) -> list[dict[str, str]]:
    return [{"E-mail": f"p{n}@example.com", "First name": f"P{n}", **cells} for n in range(count)]


@dataclass
class Importing:
    """A world into which files are put."""

    world: World

    @cached_property
    def story(self) -> Story:
        """What people do in it."""
        return Story(self.world)

    @property
    def bucket(self) -> str:
        """The operations bucket."""
        return self.world.stack.resources["OperationsBucket"].name

    def put(self, name: str, body: str | bytes) -> None:
        """Upload a file."""
        raw = body.encode() if isinstance(body, str) else body
        key = f"people/imports/{name}"
        self.world.client("s3").put_object(Bucket=self.bucket, Key=key, Body=raw)

    def file(self, key: str) -> str:
        """What stands in a file."""
        answer = self.world.client("s3").get_object(Bucket=self.bucket, Key=key)
        return str(answer["Body"].read().decode("utf-8-sig"))

    def asks(self, data: object, *, minutes: float = 5) -> dict[str, Any]:
        """Start the import, let time pass, and say how it ended."""
        return self.ending(self.world.start(MACHINE, data), minutes=minutes)

    def ending(self, execution: str, *, minutes: float = 5) -> dict[str, Any]:
        """Let time pass, and say how an execution ended."""
        self.world.run(for_=timedelta(minutes=minutes))
        told = self.world.describe(execution)
        return {**told, "output": json.loads(told["output"]) if "output" in told else None}

    def imports(self, body: str | bytes, *, confirm: int = 10_000, **more: Any) -> dict[str, Any]:
        """Upload a file and import it: the output."""
        self.put("f.csv", body)
        data = {"file": "f.csv", "mapping": "customers", "confirm": confirm, **more}
        ended = self.asks(data)
        assert ended["output"] is not None, ended
        return dict(ended["output"])

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """All items of a table."""
        for item in self.world.dynamodb.items(self.world.stack.resources[name].name):
            yield from_attributes(item)

    def everything(self) -> Counter[str]:
        """Every item of every table but what time alone writes, as text."""
        return Counter(
            json.dumps(row, sort_keys=True, default=str)
            for name in ("Events", "Identities")
            for row in self.rows(name)
        )

    def events(self, name: str) -> list[dict[str, Any]]:
        """All events of a name."""
        return [row for row in self.rows("Events") if row["name"] == name]

    def refused(self, output: dict[str, Any]) -> list[dict[str, str]]:
        """The rows of the file of refused rows."""
        (link,) = output["refused_rows"]
        return list(csv.DictReader(io.StringIO(self.file(link.split("/", 3)[3]))))


@pytest.fixture
def importing() -> Iterator[Importing]:
    """A fresh world."""
    with World.build(start=MONDAY, seed=1) as world:
        yield Importing(world)


def add_up(output: dict[str, Any]) -> int:
    """How many rows there were, by each of the three ways to count them."""
    became = (
        "new", "known", "again", "suppressed", "unchanged", "erased", "refused", "other_channel",
    )  # fmt: skip
    found = sum(output["counts"][each] for each in became)
    assert output["refused"] == sum(output["reasons"].values())
    assert output["taken"] + output["unchanged"] + output["refused"] == found == output["read"]
    return int(found)


# -- the usual way ---------------------------------------------------------------------------------


def test_a_look_counts_and_writes_nothing_and_a_confirmation_imports(importing: Importing) -> None:
    importing.story.signs_up("p1@example.com")
    before = importing.everything()
    rows = [*customers(12, **AGREED, Engaged="yes"), {"E-mail": "nobody", "First name": "X"}]
    importing.put("spring.csv", table(rows))
    asked = {"file": "spring.csv", "mapping": "customers"}

    looked = importing.asks(asked)["output"]
    assert looked["outcome"] == "dry run"
    assert looked["summary"].startswith("Nothing was changed. Of 13 rows 12 would be imported.")
    assert "11 new and 1 known already" in looked["summary"]
    assert 'with "confirm": 13; it costs less than a cent' in looked["summary"]
    assert importing.everything() == before
    assert (
        importing.asks({**asked, "dry_run": True, "confirm": 13})["output"]["outcome"] == "dry run"
    )
    fewer = importing.asks({**asked, "confirm": 12})["output"]
    assert "more than the 12 rows confirmed" in fewer["summary"]
    assert importing.everything() == before

    done = importing.asks({**asked, "confirm": 13})["output"]
    assert done["outcome"] == "imported"
    assert done["counts"] == looked["counts"]
    assert add_up(done) == done["read"] == 13
    assert done["counts"]["consents_granted"] == 12
    assert len(importing.events("imported")) == 12
    assert len(importing.events("list_joined")) == 12
    profile = importing.story.profile("p5@example.com")
    assert profile["traits"]["first_name"][0] == "P5"
    assert profile["lists"]["engaged"][0] is True
    register = importing.story.register("p5@example.com")
    assert register["consent#newsletter"]["state"] == "granted"
    assert register["consent#newsletter"]["at"] == "2025-11-03T00:00:00.000Z"
    (change,) = importing.story.events("p5@example.com", "consent_changed")
    assert change["properties"]["proof"] == {
        "source": "Checkout of the old shop",
        "date": "2025-11-03T00:00:00.000Z",
        "text": "Send me your newsletter.",
    }


def test_the_same_file_again_writes_nothing_twice(importing: Importing) -> None:
    rows = customers(7, **AGREED, Engaged="yes")
    first = importing.imports(table(rows))
    before = importing.everything()
    data = {"file": "f.csv", "mapping": "customers", "confirm": 7}
    again = importing.asks(data)["output"]
    assert first["counts"]["new"] == again["counts"]["unchanged"] == 7
    assert importing.everything() == before


def test_rows_about_one_person_merge_and_the_later_row_has_the_last_word(
    importing: Importing,
) -> None:
    rows = [
        {"E-mail": "Ana@Example.com", "First name": "Anna", "Company": "Acme"},
        {"E-mail": " ana@example.COM ", "First name": "Ana", **AGREED},
        {"E-mail": "ana@example.com", "First name": "Ana"},
    ]
    done = importing.imports(table(rows))
    assert (done["counts"]["new"], done["counts"]["again"]) == (1, 2)
    traits = importing.story.profile("ana@example.com")["traits"]
    assert (traits["first_name"][0], traits["company"][0]) == ("Ana", "Acme")
    assert importing.story.register("ana@example.com")["consent#newsletter"]["state"] == "granted"
    assert (
        sum(1 for row in importing.rows("Identities") if row["identity"].startswith("email:")) == 1
    )


# -- what protects a person ------------------------------------------------------------------------


def test_whoever_withdrew_is_never_subscribed_again(importing: Importing) -> None:
    story = importing.story
    story.signs_up("p0@example.com")
    story.confirms("p0@example.com")
    story.unsubscribes("p0@example.com", 1)
    rows = customers(1, **{**AGREED, "Agreed on": "2026-01-05"}, Engaged="yes")
    done = importing.imports(table(rows))
    assert done["counts"]["consents_not_granted"] == 1
    assert story.register("p0@example.com")["consent#newsletter"]["state"] == "withdrawn"
    assert story.profile("p0@example.com")["consents"]["newsletter"][0] == "withdrawn"
    assert "consent_changed" not in story.names("p0@example.com")


def test_a_withdrawal_in_the_file_is_taken_and_a_consent_given_since_stays(
    importing: Importing,
) -> None:
    story = importing.story
    story.signs_up("p0@example.com")
    story.confirms("p0@example.com")
    older = {"Newsletter": "no", "Agreed on": "2025-06-01"}
    done = importing.imports(table(customers(2, **older)))
    assert done["counts"]["consents_withdrawn"] == 1
    assert story.register("p0@example.com")["consent#newsletter"]["state"] == "granted"
    assert story.register("p1@example.com")["consent#newsletter"]["state"] == "withdrawn"
    importing.imports(table(customers(2, **AGREED)))
    assert story.register("p1@example.com")["consent#newsletter"]["state"] == "withdrawn"


def test_a_suppressed_address_stays_suppressed_and_an_erased_person_stays_gone(
    importing: Importing,
) -> None:
    story = importing.story
    importing.imports(table(customers(3)))
    store = Crowd(importing.world, 0).store
    for address, change in (
        ("p0@example.com", {"suppressed": {"reason": "bounced", "at": "x"}}),
        ("p1@example.com", {"erased_at": "2026-01-05T09:00:00.000Z"}),
    ):
        store.write(Update(Table.CONTACTS, (story.contact(address), RECORD), set=change))
    done = importing.imports(table(customers(3, **AGREED)))
    assert add_up(done) == 3
    assert (done["counts"]["suppressed"], done["counts"]["erased"]) == (1, 1)
    assert done["counts"]["consents_granted"] == 1
    assert "suppressed" in story.register("p0@example.com")
    assert "consent#newsletter" not in story.register("p0@example.com")
    assert story.names("p1@example.com").count("imported") == 1


def test_nobody_is_put_on_a_list_again_that_they_left(importing: Importing) -> None:
    story = importing.story
    importing.imports(table(customers(1, Engaged="yes")))
    crowd = Crowd(importing.world, 1, people=[story.contact("p0@example.com")])
    crowd.happens(0, "list_left", "left", list="engaged")
    story.a_moment()
    importing.imports(table(customers(1, Engaged="yes", Company="New")))
    assert story.profile("p0@example.com")["lists"]["engaged"][0] is False


def test_an_id_leads_to_the_person_who_had_no_address_and_is_never_taken_from_another(
    importing: Importing,
) -> None:
    story = importing.story
    importing.imports(table([{"Customer number": "c1", "First name": "Ana"}]))
    importing.imports(table([{"Customer number": "c1", "E-mail": "ana@example.com"}]))
    assert story.profile("ana@example.com")["traits"]["first_name"][0] == "Ana"
    assert story.register("ana@example.com")["address"] == "ana@example.com"
    done = importing.imports(table([{"Customer number": "c1", "E-mail": "bob@example.com"}]))
    assert done["counts"]["ids_of_somebody_else"] == 1
    assert story.contact("bob@example.com") != story.contact("ana@example.com")


# -- broken files ----------------------------------------------------------------------------------

AWKWARD = [
    {"E-mail": "zoé@bücher.example".replace("é", "e"), "First name": "Zoé", "Country": "fr"},
    {"E-mail": "b@example.com", "First name": 'Bob "the boat", Jr.', "Company": "A;B\tC"},
    {"E-mail": "c@example.com", "First name": "two\nlines"},
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_a_file_is_read_however_it_was_saved(
    importing: Importing, delimiter: str, encoding: str, packed: bool
) -> None:
    raw = table(AWKWARD, delimiter=delimiter).encode(encoding)
    done = importing.imports(gzip.compress(raw) if packed else raw)
    assert done["counts"]["new"] == done["read"] == 3
    profile = importing.story.profile("zoe@xn--bcher-kva.example")
    assert profile["traits"]["first_name"][0] == "Zoé"
    assert importing.story.profile("b@example.com")["traits"]["company"][0] == "A;B\tC"


def test_a_row_that_is_wrong_is_told_with_what_to_write_and_the_rest_is_imported(
    importing: Importing,
) -> None:
    good = customers(1, **AGREED)
    header = table([]).strip()
    width = len(NAMES)
    rows = [
        table(good).splitlines()[1],
        "b@example.com" + "," * (width - 2),  # a cell too few
        ",".join(["c@example.com", *"x" * width]),  # too many
        "d@example" + "," * (width - 1),
        "e@example.com,,,,Frankreich" + "," * (width - 5),
        "f@example.com" + "," * 9 + "yes,," + "," * (width - 12),  # no proof
        "g@example.com" + "," * 9 + "perhaps" + "," * (width - 10),
        "h@example.com" + "," * 9 + "yes,2031-01-01,a,b" + "," * (width - 13),
        "," * (width - 1),  # blank: no row
        "," + "X" + "," * (width - 2),  # nobody
        '"=cmd@example.com' + "," * (width - 1),  # never closed
        "z@example.com" + "," * (width - 1),
    ]
    done = importing.imports("\n".join([header, *rows]))
    assert add_up(done) == done["read"] == 11
    assert (done["counts"]["new"], done["counts"]["refused"]) == (2, 9)
    told = importing.refused(done)
    assert Counter(each["row"] for each in told) == {
        "3": 1, "4": 1, "5": 1, "6": 1, "7": 3, "8": 1, "9": 1, "11": 1, "12": 1,
    }  # fmt: skip
    by_row = {each["row"]: each for each in told}
    assert by_row["3"]["what is wrong"] == f"it has {width - 1} cells where the first row has 14"
    assert (by_row["6"]["column"], by_row["6"]["what to write"]) == (
        "Country",
        "Write two letters, for example FR.",
    )
    assert by_row["6"]["E-mail"] == "e@example.com"
    assert by_row["9"]["what is wrong"] == "this date lies ahead"
    assert by_row["12"]["what is wrong"] == "a quotation mark is opened and never closed"
    assert "e@example.com" not in json.dumps(done)
    assert "people/import_contacts/" in done["summary"]


def test_the_file_of_refused_rows_is_mended_and_uploaded_again(importing: Importing) -> None:
    rows = customers(2, Company="=1+1", Country="Frankreich", **{"Customer number": "+7"})
    rows[1]["Country"] = "FR"
    body = table(rows).replace("First name", "found", 1)
    mapping = {
        "columns": {
            "E-mail": "email",
            "found": "first_name",
            "Company": "company",
            "Country": "country",
            "Customer number": "user_id",
        }
    }
    done = importing.imports(body, mapping=mapping)
    assert done["reasons"] == {"Country: this is no country code": 1}
    (told,) = importing.refused(done)
    assert (told["row"], told["column"], told["found (import)"]) == ("2", "Country", "Frankreich")
    assert told["what to write"] == "Write two letters, for example FR."
    mended = importing.file(done["refused_rows"][0].split("/", 3)[3]).replace("Frankreich", "FR")
    done = importing.imports(mended.replace("FR,this", "x,this"), mapping=mapping)
    assert (done["counts"]["new"], add_up(done)) == (1, 1)
    traits = importing.story.profile("p0@example.com")["traits"]
    assert {n: it[0] for n, it in traits.items()} == {
        "email": "p0@example.com", "first_name": "P0", "company": "=1+1", "country": "FR",
    }  # fmt: skip
    identities = {row["identity"] for row in importing.rows("Identities")}
    assert "user:+7" in identities


def test_a_character_that_is_none_refuses_its_row_alone(importing: Importing) -> None:
    rows = customers(3)
    rows[1]["First name"] = "P\x001"
    done = importing.imports(table(rows))
    assert done["reasons"] == {"First name: a character in it is none (zero)": 1}
    assert (done["taken"], add_up(done)) == (2, 3)


UNREADABLE: list[Any] = [
    pytest.param(b"", "The file is empty.", id="empty"),
    pytest.param(b"PK\x03\x04xxxx", 'save it as "CSV UTF-8"', id="workbook"),
    pytest.param(gzip.compress(b"x" * 9999)[:-9], "cut off", id="half a gz"),
    pytest.param(b"\x1f\x8bnothing of it", "damaged", id="damaged"),
    pytest.param(b"E-mail,\x81\xff\x00", "neither UTF-8 nor Windows-1252", id="binary"),
    pytest.param(b"E-mail\x00,x", "is no text", id="zeros"),
    pytest.param("ana@example.com,Ana\n", "holds an address", id="no names"),
    pytest.param("E-mail,Name,Name\n", "no two alike", id="names alike"),
    pytest.param("e-mail,First name\n", 'there is "e-mail"', id="another name"),
]


@pytest.mark.parametrize(("body", "sentence"), UNREADABLE)
def test_a_file_that_cannot_be_read_is_refused_with_what_to_do(
    importing: Importing, body: str | bytes, sentence: str
) -> None:
    importing.put("f.csv", body)
    ended = importing.asks({"file": "f.csv", "mapping": "customers"})
    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidInput")
    assert sentence in ended["cause"]
    assert "ana@example.com" not in ended["cause"]


WRONG: list[Any] = [
    pytest.param({"file": "f.csv", "mapping": "custommers"}, "Did you mean customers?", id="name"),
    pytest.param({"file": "g.csv", "mapping": "customers"}, "There is no such file", id="file"),
    pytest.param({"file": "f.csv"}, '"mapping" is missing', id="no mapping"),
    pytest.param({"file": "../f.csv", "mapping": "customers"}, "names no file", id="above"),
    pytest.param({"file": "ana@example.com", "mapping": "pinpoint"}, "not accepted", id="address"),
    pytest.param(
        {"file": "f.csv", "mapping": {"columns": {"E-mail": "emial"}}},
        'columns.E-mail: the trait "emial" is not declared in traits.yaml. Did you mean email?',
        id="trait",
    ),
    pytest.param(
        {"file": "f.csv", "mapping": {"columns": {"A": "email", "B": {"consent": "newsletter"}}}},
        "needs its proof: source, date, text are missing",
        id="proof",
    ),
    pytest.param(
        {"file": "f.csv", "mapping": {"columns": {"B": {"list": "engaged"}}}},
        "no column says who a row is about",
        id="nobody",
    ),
    pytest.param({"file": "f.csv", "mapping": {"colums": {}}}, "mapping.colums", id="key"),
    pytest.param({"file": "f.csv", "mapping": "customers", "confirm": "all"}, "number", id="all"),
]


@pytest.mark.parametrize(("data", "sentence"), WRONG)
def test_what_is_typed_wrongly_is_told_with_what_to_paste(
    importing: Importing, data: object, sentence: str
) -> None:
    importing.put("f.csv", table([]))
    ended = importing.asks(data)
    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidInput")
    assert sentence in ended["cause"]
    assert "ana@example.com" not in ended["cause"]
    assert "people/imports/" in ended["cause"]


def test_a_file_without_rows_and_an_empty_input_end_green(importing: Importing) -> None:
    importing.put("f.csv", table([]))
    assert (
        importing.asks({"file": "f.csv", "mapping": "customers"})["output"]["outcome"] == "no rows"
    )
    ended = importing.asks({"Comment": "Insert your JSON here"})["output"]
    assert ended["outcome"] == "nothing to do yet"
    assert '"mapping": "customers"' in ended["summary"]


# -- Amazon Pinpoint -------------------------------------------------------------------------------


def endpoint(address: str, **more: Any) -> dict[str, Any]:
    return {
        "Id": f"e-{address}",
        "ApplicationId": "0123",
        "Address": address,
        "ChannelType": "EMAIL",
        "OptOut": "NONE",
        "EffectiveDate": "2025-10-01T10:00:00.000Z",
        "Attributes": {"FirstName": ["Ana"], "Interests": ["a", "b"]},
        "Demographic": {"Timezone": "Europe/Paris", "Locale": "fr_FR", "Platform": "ios"},
        "Location": {"Country": "FRA"},
        "User": {"UserId": f"u-{address}", "UserAttributes": {"Company": ["Acme"]}},
        **more,
    }


ENDPOINTS = [
    endpoint("a@example.com"),
    endpoint("b@example.com", OptOut="ALL", Location={"Country": "FR"}),
    endpoint("+33600000000", ChannelType="SMS"),
    endpoint("A@example.com", Demographic={"Timezone": "Nowhere", "Locale": "x"}),
]


def in_csv(endpoints: list[dict[str, Any]]) -> str:
    """The same as the CSV export has it: paths for names."""
    rows = []
    for each in endpoints:
        row: dict[str, str] = {}
        for name, value in each.items():
            if isinstance(value, dict):
                for inner, some in value.items():
                    if isinstance(some, dict):
                        row.update({f"{name}.{inner}.{k}": v[0] for k, v in some.items()})
                    else:
                        row[f"{name}.{inner}"] = some[0] if isinstance(some, list) else some
            else:
                row[name] = value
        rows.append(row)
    written = io.StringIO()
    writer = csv.DictWriter(written, list(dict.fromkeys(k for row in rows for k in row)))
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_endpoints_of_pinpoint_come_with_what_they_opted_out_of(
    importing: Importing, form: str
) -> None:
    text = in_csv(ENDPOINTS) if form == "csv" else "\n".join(map(json.dumps, ENDPOINTS))
    done = importing.imports(gzip.compress(text.encode()), mapping="pinpoint")
    story = importing.story
    assert add_up(done) == done["read"] == 4
    assert {n: done["counts"][n] for n in ("new", "again", "other_channel")} == {
        "new": 2,
        "again": 1,
        "other_channel": 1,
    }
    traits = {n: it[0] for n, it in story.profile("a@example.com")["traits"].items()}
    assert traits == {
        "email": "A@example.com",
        "first_name": "Ana",
        "company": "Acme",
        "language": "fr-FR",
        "time_zone": "Europe/Paris",
    }
    assert story.profile("b@example.com")["traits"]["country"][0] == "FR"
    assert "consent#newsletter" not in story.register("a@example.com")
    withdrawn = story.register("b@example.com")["consent#newsletter"]
    assert (withdrawn["state"], withdrawn["at"]) == ("withdrawn", "2025-10-01T10:00:00.000Z")
    identities = {row["identity"] for row in importing.rows("Identities")}
    assert "user:u-a@example.com" in identities


def test_a_consent_of_everybody_at_pinpoint_is_granted_but_to_those_who_opted_out(
    importing: Importing,
) -> None:
    proof = {"source": "Sign-up form of 2024", "date": "2024-05-01", "text": "Send me news."}
    mapping = {
        "like": "pinpoint",
        "columns": {"Attributes.Interests": "ignore"},
        "everybody": {"lists": ["newsletter"], "consents": {"newsletter": proof}},
    }
    body = "\n".join([*map(json.dumps, ENDPOINTS), "{", "[]"])
    done = importing.imports(body, mapping=mapping)
    assert (done["counts"]["consents_granted"], done["counts"]["refused"]) == (1, 2)
    story = importing.story
    assert story.register("a@example.com")["consent#newsletter"]["state"] == "granted"
    assert story.register("b@example.com")["consent#newsletter"]["state"] == "withdrawn"
    assert [each["what is wrong"] for each in importing.refused(done)] == [
        "it is no JSON",
        "it is no JSON object",
    ]


# -- what fails ------------------------------------------------------------------------------------


def test_after_a_piece_failed_a_redrive_imports_the_rest_and_nothing_twice(
    importing: Importing,
) -> None:
    world = importing.world
    importing.put("f.csv", table(customers(600, **AGREED)))
    world.sandboxes.faults = not_allowed("import-piece", invocation=2)
    failed = importing.asks({"file": "f.csv", "mapping": "customers", "confirm": 600})
    assert failed["error"] == "States.ExceedToleratedFailureThreshold"
    world.sandboxes.faults = None
    world.client("stepfunctions").redrive_execution(executionArn=failed["executionArn"])
    done = importing.ending(failed["executionArn"])["output"]
    assert (done["read"], done["counts"]["new"]) == (600, 600)
    told = Counter(row["contact_id"] for row in importing.events("imported"))
    assert (len(told), set(told.values())) == (600, {1})
    assert len(importing.events("consent_changed")) == 600


def test_what_was_said_about_the_cost_is_what_it_costs(importing: Importing) -> None:
    dollars = importing.world.meter.total()
    importing.imports(table(customers(400, **AGREED, Engaged="yes")))
    each = (importing.world.meter.total() - dollars) / 400
    assert DOLLARS_PER_ROW / 3 < each < DOLLARS_PER_ROW


def test_somebody_new_takes_one_read_and_one_write(importing: Importing) -> None:
    rows = customers(42, **AGREED, Engaged="yes")
    importing.imports(table(rows[:2]))  # a secret is read once in a process
    before = Counter(importing.world.meter.calls_of("import-piece"))
    importing.imports(table(rows[2:]))
    made = Counter(importing.world.meter.calls_of("import-piece")) - before
    tables = {what: count for (service, what), count in made.items() if service == "dynamodb"}
    assert tables == {"BatchGetItem": 40, "TransactWriteItems": 40}


def test_every_call_is_allowed_by_the_template(importing: Importing) -> None:
    story = importing.story
    rows = [*customers(3, **AGREED, Engaged="yes"), {"E-mail": "x"}]
    importing.imports(table(rows))
    importing.imports(table([*rows, {"Customer number": "c", "Language": "en"}]))
    importing.imports(table([{"Customer number": "c", "E-mail": "c@example.com"}]))
    importing.asks({"file": "none.csv", "mapping": "customers"})
    importing.imports("\n".join(map(json.dumps, ENDPOINTS)), mapping="pinpoint")
    assert story.names("c@example.com").count("imported") == 2
    assert missing(importing.world.stack, importing.world.recorder.uses) == []


def test_no_address_is_in_histories_and_logs() -> None:
    lines: list[str] = []
    with World.build(start=MONDAY, seed=1, on_log=lambda _, __, line: lines.append(line)) as world:
        importing = Importing(world)
        importing.imports(table([*customers(3, **AGREED), {"E-mail": "broken@", "Country": "x"}]))
        client = world.client("stepfunctions")
        machine = world.machine_arn(MACHINE)
        told = "".join(lines)
        for each in client.list_executions(stateMachineArn=machine)["executions"]:
            history = client.get_execution_history(
                executionArn=each["executionArn"], maxResults=1000
            )
            told += str(history["events"]) + str(world.describe(each["executionArn"]))
        assert "Read and cut the file" in told
        for personal in ("p1@", "example.com", "P1", "broken@", "Checkout of"):
            assert personal not in told


def test_the_example_of_the_documentation_does_what_it_says() -> None:
    text = (ROOT / "docs" / "importing.md").read_text(encoding="utf-8")
    look, confirm = map(
        json.loads, re.findall(r"^```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    )
    (body,) = re.findall(r"^```csv\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (mapping,) = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    content = content_with({"imports/shop.yaml": mapping})
    with World.build(start=MONDAY, seed=1) as world:
        world.deploy_content(content)
        importing = Importing(world)
        importing.put("customers.csv", body)
        counts = {"new": 3, "consents_granted": 1, "consents_withdrawn": 1}
        for data, outcome in ((look, "dry run"), (confirm, "imported")):
            done = importing.asks({**data, "mapping": "shop"})["output"]
            assert done["outcome"] == outcome
            assert {name: count for name, count in done["counts"].items() if count} == counts
        story = importing.story
        assert story.profile("ana@example.com")["lists"]["engaged"][0] is True
        assert story.register("cleo@example.com")["language"] == "en"


SAMPLES = {
    "nothing": "nothing to do yet",
    "look": "dry run",
    "confirm": "imported",
    "pinpoint": "dry run",
    "written_out": "dry run",
    "an_address": "InvalidInput",
}


def test_every_sample_ends_as_it_should(importing: Importing) -> None:
    folder = ROOT / "events" / "executions" / MACHINE
    assert {path.stem for path in folder.glob("*.json")} == set(SAMPLES)
    importing.put("customers.csv", table(customers(3)))
    importing.put("endpoints.json.gz", gzip.compress(json.dumps(ENDPOINTS[0]).encode()))
    for sample, outcome in SAMPLES.items():
        data = json.loads((folder / f"{sample}.json").read_text(encoding="utf-8"))
        ended = importing.asks(data)
        assert (ended["output"] or {}).get("outcome", ended.get("error")) == outcome, sample


def test_every_branch_is_reached() -> None:
    taken: Counter[tuple[str, str, str]] = Counter()
    faults = ("cut-file", "import-piece", "sum-up-import")
    for plan in (None, *map(not_allowed, faults)):
        with World.build(start=MONDAY, seed=1, faults=plan) as world:
            importing = Importing(world)
            importing.put("none.csv", table([]))
            importing.put("f.csv", table(customers(2)))
            for data in (
                {},
                {"file": 7},
                {"file": "none.csv", "mapping": "customers"},
                {"file": "f.csv", "mapping": "customers"},
                {"file": "f.csv", "mapping": "customers", "confirm": 2},
            ):
                importing.asks(data)
            taken += Counter(world.machines.branches(f"relance-{MACHINE}"))
            ways = world.machines.branches(f"relance-{MACHINE}")
    missed = [" ".join(way) for way in ways if not taken[way]]
    assert all("default" in way.lower() or "Not complete" in way for way in missed), missed
