"""What docs/peers.md says is what is run here."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.peers.program import PEERS, PROGRAMS, peers

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `(\w+)`[^|]*\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
TABLE = {
    name: (version, esme, carrier) for name, version, esme, carrier in ROW.findall((ROOT / "docs/peers.md").read_text())
}


# What a row of the tables of operations is about: the commands that a peer must not lack where it says yes.
ESME_ROWS = {
    "query_sm": ("query",),
    "cancel_sm": ("cancel", "replace"),
    "data_sm": ("data",),
    "submit_multi": ("multi",),
    "SMPP 3.3": ("version",),
    "SMPP 5.0": ("version",),
    "TLS": ("ca",),
    "broadcast_sm": ("broadcast", "query_broadcast", "cancel_broadcast"),
}
CARRIER_ROWS: dict[str, tuple[str, ...]] = {
    "SMPP 3.3": (),
    "query_sm": (),
    "a batch": ("multi",),
    "cancel_sm": ("cancel", "replace"),
    "TLS": ("cert",),
    "outbind": ("outbind",),
    "alert_notification": ("alert",),
    "broadcasts": ("query_broadcast",),
}


@pytest.mark.parametrize(("role", "rows"), [("esme", ESME_ROWS), ("carrier", CARRIER_ROWS)])
def test_the_tables_of_operations_say_what_each_peer_can(role: str, rows: dict[str, tuple[str, ...]]) -> None:
    head = "| | " + " | ".join(f"`{peer.name}`" for peer in peers(role))
    [table] = [part for part in (ROOT / "docs/peers.md").read_text().split("\n\n") if part.startswith(head)]
    written = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    assert len(written) == len(rows)
    for (title, *cells), (begins, wanted) in zip(written, rows.items(), strict=True):
        assert title.startswith(begins)
        able = [peer.able(*wanted) for peer in peers(role)]
        assert [cell.startswith("yes") for cell in cells[: len(able)]] == able, title


def test_the_table_has_every_peer_with_its_roles() -> None:
    assert list(TABLE) == [peer.name for peer in PEERS]
    for peer in PEERS:
        _version, esme, carrier = TABLE[peer.name]
        assert (esme == "yes", carrier != "has no server") == ("esme" in peer.roles, "carrier" in peer.roles)


def test_the_table_has_the_versions_of_the_lock_files() -> None:
    npm = json.loads((PROGRAMS / "node_smpp/package-lock.json").read_text())["packages"]["node_modules/smpp"]["version"]
    maven = dict(
        re.findall(r"<artifactId>([\w-]+)</artifactId><version>([\w.]+)", (PROGRAMS / "java/pom.xml").read_text())
    )
    go = re.findall(r"gosmpp v([\d.]+)", (PROGRAMS / "gosmpp/go.mod").read_text())
    python = re.findall(r"^smpplib==([\d.]+)", (ROOT / "requirements/dev.txt").read_text(), re.MULTILINE)
    locked = {
        "node_smpp": npm,
        "jsmpp": maven["jsmpp"],
        "cloudhopper": maven["ch-smpp"],
        "gosmpp": go[0],
        "smpplib": python[0],
    }
    assert {name: TABLE[name][0] for name in locked} == locked
