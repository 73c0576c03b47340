"""The tour's outcome as a table and as JSON."""

from __future__ import annotations

import json

import pytest
from rich.cells import cell_len
from rich.console import Console

from septet.demo.report import as_json, table
from septet.demo.tour import Outcome, Row

LONG = Row("long text", "HTTP", "12345", "46701000004", "Привет! 👋 " * 20, 4, "delivered", "delivered", 0.5126)
STOP = Row("opt-out", "phone", "46701000003", "12345", "STOP [bold]", 1, "handed_over", None, 0.05)
AGAIN = Row("opt-out", "HTTP", "12345", "46701000003", "Sale!", 0, "refused", None, 0.01)


def lines(outcome: Outcome, width: int) -> list[str]:
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(table(outcome, width))
    return captured.get().splitlines()


@pytest.mark.parametrize("width", [80, 100, 200])
def test_a_line_for_each_message_within_the_width(width: int) -> None:
    found = lines(Outcome([STOP, AGAIN, LONG]), width)
    assert len(found) == 4
    assert max(cell_len(line) for line in found) <= width
    assert found[0].split() == ["step", "from", "→", "to", "text", "seg", "status", "receipt", "s"]
    assert "Привет! 👋" in found[3] and found[3].endswith("0.51")


def test_texts_are_no_markup_and_a_step_is_named_once() -> None:
    found = lines(Outcome([STOP, AGAIN]), 80)
    assert "STOP [bold]" in found[1]
    assert [line.startswith("opt-out") for line in found] == [False, True, False]
    assert found[2].split() == ["12345", "→", "46701000003", "Sale!", "–", "refused", "–", "0.01"]


def test_json_has_every_column_under_the_names_of_the_api() -> None:
    answer = as_json(Outcome([STOP], ["opt-out: no answer"]), 1.23456)
    assert json.loads(json.dumps(answer)) == {
        "ok": False,
        "seconds": 1.235,
        "messages": [
            {
                "step": "opt-out",
                "via": "phone",
                "from": "46701000003",
                "to": "12345",
                "text": "STOP [bold]",
                "segments": 1,
                "status": "handed_over",
                "receipt": None,
                "seconds": 0.05,
            }
        ],
        "missing": ["opt-out: no answer"],
    }
