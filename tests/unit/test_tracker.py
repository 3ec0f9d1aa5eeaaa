"""The script that web pages embed: small, current, and of nobody else's making."""

import re

import pytest
from relance.tracker import MINIFIED, SCRIPTS, SOURCE, minified_of, script, source_of
from relance.tracker.minify import minified

MOST = 3 * 1000
"""Bytes, packed with gzip."""


def test_the_served_script_is_made_of_its_source() -> None:
    assert minified(SOURCE.read_text(encoding="utf-8")) == MINIFIED.read_text(encoding="utf-8")


def test_the_script_is_under_3_kb_packed() -> None:
    assert len(script().packed) < MOST


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_is_made_of_its_source(name: str) -> None:
    text = source_of(name).read_text(encoding="utf-8")
    assert minified(text) == minified_of(name).read_text(encoding="utf-8")


def test_the_script_of_forms_is_under_1_kb_packed_and_stores_nothing() -> None:
    assert len(script("form").packed) < 1000
    text = minified_of("form").read_text(encoding="utf-8")
    assert not re.search(r"cookie\s*=|localStorage|sessionStorage|indexedDB|eval|https?://", text)


def test_the_script_is_whole_by_itself() -> None:
    text = MINIFIED.read_text(encoding="utf-8")
    assert re.findall(r"\b(?:import|require|importScripts|eval)\b", text) == []
    assert "http://" not in text
    assert "https://" not in text


def test_the_script_stores_nothing_but_its_cookie() -> None:
    text = MINIFIED.read_text(encoding="utf-8")
    assert re.findall(r"localStorage|sessionStorage|indexedDB|caches\.", text) == []
    assert text.count("d.cookie=") == 1
