"""The queries of docs/store.md answer what they say, over files that a store has written."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from septet._septet import Page, SqliteStore
from septet.store import ConsentRow, MessageRow

TEXT = (Path(__file__).parents[2] / "docs" / "store.md").read_text(encoding="utf-8")
QUERIES = dict(re.findall(r"^```sql\n-- (.*?)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))
DAY = 86_400_000
TODAY = 1_795_564_800_000  # 2026-11-25
ID = "1A3N5Q0W2K7R9T4V6X8Z"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def id_of(at: int, number: int) -> str:
    """As the engine makes ids: 42 bits of milliseconds, then what tells messages apart."""
    value = at << 58 | number
    return "".join(ALPHABET[value >> 5 * place & 31] for place in reversed(range(20)))


def message(at: int, number: int, direction: str, status: str, error: int = 0) -> MessageRow:
    mo = direction == "mo"
    source, destination = ("46701234567", "12345") if mo else ("12345", "46701234567")
    carrier = "south" if number % 2 else "north"
    id = id_of(at, number)
    return MessageRow(id, direction, "acme", source, destination, carrier, 2, status, error, at, at + 3000, b"\x01")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of messages, folded, and some consent."""
    folder = tmp_path_factory.mktemp("store")
    (folder / "data").mkdir()
    store = SqliteStore(str(folder / "data" / "septet.db"), fold_rows=1, fold_pause=0)
    rows = [message(TODAY + 60_000 * n, n, "mt", "delivered") for n in range(3)]
    rows += [message(TODAY + DAY // 2, 3, "mt", "undeliverable", 27), message(TODAY + 5, 4, "mo", "dead")]
    rows += [message(TODAY - DAY, 5, "mt", "delivered"), message(TODAY - DAY, 6, "mt", "rejected", 11)]
    out = ConsentRow("12345", "46701234567", True, TODAY, "stop it")
    back = ConsentRow("12345", "46709999999", False, TODAY, "START")
    store.commit(Page(1, b"journal", log=rows, consent=[out, back]))
    deadline = time.monotonic() + 30
    while waiting(folder):
        assert time.monotonic() < deadline
    store.close()
    return folder


WAITING = """
import sqlite3, sys
live = sqlite3.connect(sys.argv[1])
pages, rows = live.execute("SELECT (SELECT count(*) FROM journal), (SELECT count(*) FROM ended)").fetchone()
sys.exit(1 if pages and not rows else 0)
"""


def waiting(folder: Path) -> bool:
    """Whether some messages have not left the live file, or have not come there yet.

    Asked by another process: two SQLite libraries in one would undo each other's locks.
    """
    command = [sys.executable, "-c", WAITING, str(folder / "data" / "septet.db")]
    return subprocess.run(command, check=False).returncode == 0


EXPECTED: dict[str, list[tuple[object, ...]]] = {
    "What happened to a number's messages, newest first?": [
        ("2026-11-25 12:00:00.000", "undeliverable", "12345", "south", 27),
        ("2026-11-25 00:02:00.000", "delivered", "12345", "north", 0),
        ("2026-11-25 00:01:00.000", "delivered", "12345", "south", 0),
        ("2026-11-25 00:00:00.000", "delivered", "12345", "north", 0),
    ],
    "What became of one message? (The API shows its text and events: GET /v1/messages/ID.)": [
        (
            id_of(TODAY, 0),
            *("mt", "acme", "12345", "46701234567", "north", 2, "delivered", 0),
            *("2026-11-25 00:00:00.000", "2026-11-25 00:00:03.000"),
        )
    ],
    "How did each carrier do?": [("north", 2, 4, 100.0), ("south", 2, 4, 50.0)],
    "Why did messages fail? (error: a command_status, or the error of a receipt)": [("south", "undeliverable", 27, 1)],
    "Which dead letters are there? (`septet dlq list` shows the same; `septet dlq replay` queues them again.)": [
        (id_of(TODAY + 5, 4), "2026-11-25 00:00:00.005", "mo", "acme", "12345", "north", "dead", 0),
    ],
    "What is each account to be charged for?": [("acme", "north", 2, 4), ("acme", "south", 2, 4)],
    "How long did delivery take, hour by hour?": [("00", 3, 3.0, 3)],
    "Who has opted out of a number, since when, and by which words?": [
        ("46701234567", "2026-11-25 00:00:00.000", "stop it")
    ],
    "How large is the journal, and how old is its oldest page?": [(1, 7)],
    "How many messages of an account ended how, in two days?": [
        ("delivered", 4),
        ("undeliverable", 1),
        ("rejected", 1),
        ("dead", 1),
    ],
}


def test_there_are_ten() -> None:
    assert list(QUERIES) == list(EXPECTED)
    assert len(QUERIES) == 10


@pytest.mark.parametrize("question", EXPECTED)
def test_the_answer(question: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    *before, query = QUERIES[question].replace(ID, id_of(TODAY, 0)).strip().rstrip(";").split(";\n")
    live = "FROM optout" in query or "FROM page" in query
    file = folder / "data" / ("septet.db" if live else "log-2026-11-25.db")
    connection = sqlite3.connect(":memory:" if before else file)
    for statement in before:
        connection.execute(statement)
    found = connection.execute(query).fetchall()
    connection.close()
    if "journal" in question:
        found = [row[:2] for row in found]
    assert sorted(found, key=repr) == sorted(EXPECTED[question], key=repr)
    if "newest first" in question:
        assert found == EXPECTED[question]
