"""`septet load`: what it prints and how it exits."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from septet import cli
from tests.load.centre import INVALID_DESTINATION, OK, Centre, serving


@pytest.fixture
def centre() -> Iterator[Centre]:
    with serving(Centre()) as serves:
        yield serves


def load(address: str, *more: str) -> int:
    return cli.main(["load", "--connect", address, "--count", "100", "--timeout", "30", *more])


def test_the_report_is_for_people(centre: Centre, capsys: pytest.CaptureFixture[str]) -> None:
    assert load(centre.address, "--receipts") == 0
    shown = capsys.readouterr().out
    assert "100 of 100 submits" in shown and "receipts      100 of 100" in shown and "p99" in shown
    assert shown.endswith("all is well\n")


def test_json_has_it_all(centre: Centre, capsys: pytest.CaptureFixture[str]) -> None:
    assert load(centre.address, "--json", "--texts", "mixed", "--binds", "2", "--window", "10") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["success"] and report["acked"] == report["submits"] == len(centre.submits) > 100
    assert report["receipts_missing"] == 0 and report["acked_per_second"] > 0
    assert set(report["ack_latency"]) == {"p50", "p90", "p99", "p99.9", "max"}


def test_losses_fail_it(centre: Centre, capsys: pytest.CaptureFixture[str]) -> None:
    centre.status = lambda number: INVALID_DESTINATION if number < 3 else OK
    assert load(centre.address) == 1
    shown = capsys.readouterr().out
    assert "97 of 100 submits" in shown and "ESME_RINVDSTADR 3" in shown and "NOT everything went well" in shown


def test_a_receipt_too_many_fails_it(centre: Centre, capsys: pytest.CaptureFixture[str]) -> None:
    centre.receipts = lambda number: 2 if number == 0 else 1
    assert load(centre.address, "--receipts") == 1
    assert "1 receipts too many" in capsys.readouterr().out


def test_a_wrong_password_is_one_line(centre: Centre, capsys: pytest.CaptureFixture[str]) -> None:
    assert load(centre.address, "--password", "wrong") == 1
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1
    assert "ESME_RINVPASWD" in shown.err and centre.address in shown.err


def test_nobody_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        # Bound and not listening: nobody else gets the port, and a connection to it is refused.
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert load(address) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1
    assert address in shown.err and "refused" in shown.err


@pytest.mark.parametrize(
    "wrong",
    [
        ("--connect", "nowhere"),
        ("--connect", "host:0"),
        ("--count", "0"),
        ("--window", "x"),
        ("--rate", "-1"),
        ("--timeout", "nan"),
        ("--texts", "poems"),
    ],
)
def test_wrong_usage_is_exit_code_2(wrong: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["load", *wrong]) == 2
    assert capsys.readouterr().err.count("\n") == 1
