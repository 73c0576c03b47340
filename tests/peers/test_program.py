"""What docs/peers.md says is what is run here."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.peers.program import PEERS, PROGRAMS

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `(\w+)`[^|]*\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
TABLE = {
    name: (version, esme, carrier) for name, version, esme, carrier in ROW.findall((ROOT / "docs/peers.md").read_text())
}


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
