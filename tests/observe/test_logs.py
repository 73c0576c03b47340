from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from septet.observe import logs as logging_of_the_package
from septet.observe.logs import EVENTS, mask, setup


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_one_json_object_a_line_from_both_kinds_of_logger(stream: io.StringIO) -> None:
    setup(stream)
    structlog.get_logger("septet.smpp").info("smpp.bound", account="demo", links=2)
    logging.getLogger("asyncio").warning("slow %s", "callback")
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["event"], first["account"], first["links"], first["level"]) == ("smpp.bound", "demo", 2, "info")
    assert (second["event"], second["logger"]) == ("slow callback", "asyncio")
    assert first["timestamp"].endswith("Z")


def test_an_exception_stays_on_its_line(stream: io.StringIO) -> None:
    setup(stream)
    try:
        raise ValueError("broken\nin two")
    except ValueError:
        structlog.get_logger("septet").exception("http.internal_error")
    (line,) = stream.getvalue().splitlines()
    assert "ValueError: broken" in json.loads(line)["exception"]


def test_the_level_holds_back(stream: io.StringIO) -> None:
    setup(stream, level="warning")
    structlog.get_logger("septet").info("node.ready")
    assert stream.getvalue() == ""


def test_the_form_for_people(stream: io.StringIO) -> None:
    setup(stream, json=False)
    structlog.get_logger("septet").info("node.ready", port=2775)
    assert "node.ready" in stream.getvalue()
    assert "port=2775" in stream.getvalue()


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("46701234567", "4670*****67"),
        ("+46701234567", "+4670*****67"),
        ("1234567", "12***67"),
        ("12345", "12345"),
        ("ACME", "ACME"),
        ("", ""),
    ],
)
def test_a_number_is_masked(number: str, masked: str) -> None:
    assert mask(number) == masked


@given(st.from_regex(r"\A[0-9]{9,15}\Z"))
def test_most_of_a_subscribers_number_is_hidden(number: str) -> None:
    assert len(mask(number)) == len(number)
    assert mask(number).count("*") >= 3


def test_the_table_names_every_event_that_is_logged_and_no_other() -> None:
    sources = Path(logging_of_the_package.__file__).parent.parent.rglob("*.py")
    named = re.compile(r"log\.(?:debug|info|warning|error|exception|critical)(?:\(|, )\s*\"([a-z_]+\.[a-z_]+)\"")
    logged = {name for source in sources for name in named.findall(source.read_text())}
    assert logged == set(EVENTS)
