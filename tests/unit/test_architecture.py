"""Imports point one way, and a function loads no more than it needs."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "layers" / "relance" / "relance"
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))

PUBLIC = (
    "submit_form",
    "track_open",
    "track_click",
    "manage_subscription",
    "collect_events",
    "take_hook",
    "serve_tracker",
    "fill_slots",
    "manage_preferences",
    "give_file",
    "serve_image",
    "decide_lead",
)
HEAVY = ("jinja2", "pydantic", "yaml", "css_inline", "jsonatapy", "moto", "ministack")

MAY_IMPORT = {
    **dict.fromkeys(PUBLIC, frozenset()),
    **dict.fromkeys(
        ("send_email", "send_batch", "list_audience", "preview_message", "check_journey"),
        frozenset({"jinja2", "pydantic"}),
    ),
    "send_deferred": frozenset({"jinja2"}),
    "show_mail": frozenset({"jinja2"}),
    "publish_content": frozenset({"jinja2", "pydantic", "yaml", "css_inline"}),
    **dict.fromkeys(
        (
            "enter_workflow",
            "await_event",
            "award_points",
            "change_list",
            "check_condition",
            "find_moment",
            "set_trait",
            "split_contacts",
            "start_journey",
            "list_starts",
            "try_journey",
            "start_batch",
            "alert_people",
            "call_service",
            "hand_over",
            "list_contacts",
            "judge_contacts",
            "tell_rules_changed",
            "sum_up",
            "erase_contact",
            "export_contact",
            "cut_file",
            "import_piece",
            "sum_up_import",
            "export_batch",
            "report_leads",
            "check_setup",
            "join_contacts",
            "count_campaign",
            "control_campaign",
            "control_journey",
            "report_sending",
            "manage_suppressions",
            "refresh_address_ranges",
            "show_widget",
        ),
        frozenset({"pydantic"}),
    ),
}
"""The heavy packages that a function may load; one that is not named may load none."""


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def floor(path: Path) -> str:
    part = path.relative_to(PACKAGE).parts[0]
    return part if part in ("usecases", "aws") else "domain"


def test_nothing_that_ships_imports_what_does_not() -> None:
    shipped = [*PACKAGE.rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in shipped
        for name in imports(path)
        if name.split(".")[0] in ("local", "tests", "moto", "ministack")
    ]
    assert wrong == []


def test_the_domain_knows_neither_use_cases_nor_aws() -> None:
    wrong = []
    for path in PACKAGE.rglob("*.py"):
        if floor(path) != "domain" or path.name == "composition.py":
            continue
        wrong += [
            f"{path.relative_to(ROOT)}: {name}"
            for name in imports(path)
            if name.startswith(("relance.usecases", "relance.aws", "relance.composition", "boto"))
        ]
    assert wrong == []


def test_use_cases_know_no_adapter_and_adapters_no_use_case() -> None:
    forbidden = {
        "usecases": ("relance.aws", "relance.composition", "boto"),
        "aws": ("relance.usecases", "relance.composition"),
    }
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for part, names in forbidden.items()
        for path in (PACKAGE / part).rglob("*.py")
        for name in imports(path)
        if name.startswith(names)
    ]
    assert wrong == []


def test_only_the_composition_root_reads_environment_clock_and_chance() -> None:
    reads = ("os.environ", "os.getenv", "datetime.now(", "time.time(")
    chance = ("import random", "secrets.token")
    build = PACKAGE / "content" / "build"
    wrong = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in PACKAGE.rglob("*.py")
        if path.name != "composition.py" and build not in path.parents
        for word in reads + chance
        if word in path.read_text(encoding="utf-8")
    ]
    assert wrong == []


def test_a_handler_file_is_short_and_knows_no_aws() -> None:
    for name in FUNCTIONS:
        text = (ROOT / "functions" / name / "app.py").read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 80, name
        assert "boto3" not in text, name
        assert "os.environ" not in text, name


LOADS_APPS = """
import gc, importlib.util, os, sys
gc.disable()
heavy, allowed = sys.argv[1].split(), sys.argv[2].split()
for name in [*allowed, "aws_lambda_powertools.logging"]:
    importlib.import_module(name)
for path in map(str.strip, sys.stdin):
    if os.fork() == 0:
        spec = importlib.util.spec_from_file_location("app", path)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
        print("loaded", *(name for name in heavy if name in sys.modules), flush=True)
        os._exit(0)
    if os.wait()[1]:
        print("failed", flush=True)
"""
"""An interpreter that has loaded what functions of one kind may load, and nothing of ours.

Each function is loaded in a child of it: by itself, and without waiting for the packages again.
"""


class Loaders:
    """One such interpreter for every set of packages that functions may load."""

    def __init__(self) -> None:
        self._started: dict[frozenset[str], subprocess.Popen[str]] = {}

    def loaded_by(self, name: str) -> set[str]:
        """The heavy packages that are loaded once the function is, those it may load included."""
        allowed = MAY_IMPORT.get(name, frozenset())
        if allowed not in self._started:
            self._started[allowed] = subprocess.Popen(
                [sys.executable, "-c", LOADS_APPS, " ".join((*HEAVY, "boto3")), " ".join(allowed)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={"PYTHONPATH": str(ROOT / "layers" / "relance"), "PATH": "/usr/bin:/bin"},
            )
        process = self._started[allowed]
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{ROOT / 'functions' / name / 'app.py'}\n")
        process.stdin.flush()
        told, *loaded = process.stdout.readline().split() or ["failed"]
        assert told == "loaded", f"{name} cannot be loaded by itself; see the traceback"
        return set(loaded)

    def stop(self) -> None:
        for process in self._started.values():
            process.communicate(timeout=60)


@pytest.fixture(scope="module")
def loaders() -> Iterator[Loaders]:
    started = Loaders()
    yield started
    started.stop()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_loads_only_what_it_may(name: str, loaders: Loaders) -> None:
    assert loaders.loaded_by(name) <= MAY_IMPORT.get(name, frozenset())
