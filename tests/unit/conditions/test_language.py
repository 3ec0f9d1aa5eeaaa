"""What is written, its canonical form, and what evaluation may load."""

import subprocess
import sys
from pathlib import Path

import pytest
from relance.conditions.facts import DAY
from relance.conditions.language import parse
from relance.conditions.places import Sentences
from relance.conditions.vocabulary import Vocabulary
from relance.content.build.mistakes import Findings
from relance.content.build.yaml_source import read_yaml

from .examples import VOCABULARY, canonical_of

LAYER = Path(__file__).resolve().parents[3] / "layers" / "relance"


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        (
            "trait: country\nin: [FR, PT]",
            {"leaf": "trait", "trait": "country", "test": {"in": ["FR", "PT"]}},
        ),
        (
            "trait: country\nequals: FR",
            {"leaf": "trait", "trait": "country", "test": {"in": ["FR"]}},
        ),
        (
            "did: ordered",
            {"leaf": "count", "behaviour": "ordered", "at_least": 1},
        ),
        (
            "did: ordered\never: yes\nexactly: 2",
            {"leaf": "count", "behaviour": "ordered", "at_least": 2, "at_most": 2},
        ),
        (
            "did_not: ordered\nwithin: 2 weeks",
            {"leaf": "count", "behaviour": "ordered", "at_most": 0, "far": 14 * DAY, "near": 0},
        ),
        (
            "did: ordered\nat_least: 2\nsum: {of: revenue, at_least: 200}\nwithin: 90 days",
            {
                "all": [
                    {
                        "leaf": "count",
                        "behaviour": "ordered",
                        "at_least": 2,
                        "far": 90 * DAY,
                        "near": 0,
                    },
                    {
                        "leaf": "sum",
                        "behaviour": "ordered",
                        "of": "revenue",
                        "at_least": 200,
                        "far": 90 * DAY,
                        "near": 0,
                    },
                ]
            },
        ),
        (
            "trait: birth_date\nanniversary: today",
            {"leaf": "anniversary", "trait": "birth_date", "from": 0, "to": 0},
        ),
        (
            "trait: birth_date\nbefore: 2000-01-01",
            {"leaf": "day", "trait": "birth_date", "to": "1999-12-31"},
        ),
        (
            "did: visited\nwithin: 7 days\nat_least_times_usual: 1.1",
            {"leaf": "usual", "behaviour": "visited", "within": 7 * DAY, "at_least": [11, 10]},
        ),
        ("grade: fit\nat_least: B", {"leaf": "grade", "grade": "fit", "in": ["A", "B"]}),
        ("random: 12.5%\nnamed: x", {"leaf": "random", "share": [1, 8], "named": "x"}),
        ("stage: lead", {"leaf": "stage", "in": ["lead"]}),
        ("consent: news", {"leaf": "consent", "topic": "news", "is": "granted"}),
    ],
)
def test_the_canonical_form_has_no_synonyms(written: str, canonical: object) -> None:
    source = read_yaml(written, "segments/x.yaml", Findings())
    assert source is not None
    assert canonical_of(source.value) == canonical


def test_any_offer_goes_where_events_name_them() -> None:
    words = Vocabulary(scores=("intent",), per_offer=("intent",))
    sentences = Sentences()
    raw = {"score": "intent", "offer": "whatever", "at_least": 1}
    assert parse(raw, words, sentences.place()) == {
        "leaf": "score",
        "score": "intent/whatever",
        "at_least": 1,
    }


def test_every_kind_of_name_is_looked_up() -> None:
    raw = {
        "any": [
            {"grade": "x", "in": "A"},
            {"potential": "x", "at_least": 1},
            {"persona": "x"},
            {"in_list": "x"},
            {"qualified": "x"},
            {"interest": "x", "at_least": 1},
            {"overdue_by": 1, "for": "x"},
        ]
    }
    sentences = Sentences()
    assert parse(raw, VOCABULARY, sentences.place()) is None
    assert [each.split(": the ")[0] for each in sentences.found] == [
        "any[1].grade",
        "any[2].potential",
        "any[3].persona",
        "any[4].in_list",
        "any[5].qualified",
        "any[6].interest",
        "any[7].for",
    ]


def test_evaluating_loads_the_standard_library_alone() -> None:
    code = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "import relance.conditions.because\n"
        "from relance.conditions import compile_condition\n"
        "from relance.conditions.facts import Facts\n"
        "compile_condition({'leaf': 'score', 'score': 'x', 'at_least': 5}).evaluate(Facts(), 5)\n"
        "names = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(names - sys.stdlib_module_names - {'relance'}))\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(LAYER)},
    )
    assert printed.stdout.split() == []
