"""Kannel (Debian's): sendsms over HTTP to SMPP, with no store, its file store or its spool; keywords with replies."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.side.carrier import PASSWORD, SYSTEM_ID, Carrier
from bench.side.machine import HERE, PEER_CORES, Process, free_ports, listening, program, started, until

STORES = {
    "none": "",
    "file": 'store-type = file\nstore-location = "{folder}/kannel.store"\n',
    "spool": 'store-type = spool\nstore-location = "{folder}/spool"\n',
}

# Tuned as its guide says: logs of errors alone, a wide window, no throughput limit.
CONF = """\
group = core
admin-port = {admin}
admin-password = admin
smsbox-port = {boxes}
box-allow-ip = 127.0.0.1
dlr-storage = internal
log-file = "{folder}/bearerbox.txt"
log-level = 4
{store}
group = smsbox
bearerbox-host = {host}
sendsms-port = {sendsms}
log-file = "{folder}/smsbox.txt"
log-level = 4

group = sendsms-user
username = tester
password = tester
concatenation = true
max-messages = 10

group = smsc
smsc = smpp
smsc-id = carrier
host = {host}
port = {carrier}
transceiver-mode = true
smsc-username = {system_id}
smsc-password = {password}
system-type = ""
interface-version = 34
source-addr-ton = 0
source-addr-npi = 1
dest-addr-ton = 1
dest-addr-npi = 1
max-pending-submits = {window}
enquire-link-interval = 30

"""

SERVICE = """\
group = sms-service
keyword = {word}
text = "The answer to {word}."
max-messages = 1

"""

DEFAULT = """\
group = sms-service
keyword = default
max-messages = 0
text = "none"
"""


@dataclass
class Kannel:
    """Both boxes."""

    sendsms: int
    bearerbox: Process
    smsbox: Process

    @property
    def processes(self) -> dict[str, Process]:
        """By name."""
        return {"bearerbox": self.bearerbox, "smsbox": self.smsbox}


@contextmanager
def kannel(
    folder: Path, carrier: Carrier, store: str = "none", *, window: int = 1000, words: list[str] | None = None
) -> Iterator[Kannel]:
    """Kannel, bound to the carrier."""
    boxes = [program(name, "kannel") for name in ("bearerbox", "smsbox")]
    admin, between, sendsms = free_ports(3)
    (folder / "spool").mkdir()
    text = CONF.format(
        admin=admin,
        boxes=between,
        sendsms=sendsms,
        host=HERE,
        folder=folder,
        store=STORES[store].format(folder=folder),
        carrier=carrier.port,
        system_id=SYSTEM_ID,
        password=PASSWORD,
        window=window,
    )
    services = "".join(SERVICE.format(word=word) for word in words or []) + DEFAULT
    conf = folder / "kannel.conf"
    conf.write_text(text + services)

    def online() -> bool:
        try:
            with urllib.request.urlopen(f"http://{HERE}:{admin}/status.txt?password=admin", timeout=5) as answer:
                return re.search(rb"SMPP:\S+ \(online", answer.read()) is not None
        except OSError:
            return False

    with started("bearerbox", [boxes[0], "-v", "4", str(conf)], folder, cores=PEER_CORES) as bearerbox:
        until(online, "Kannel to be bound", bearerbox)
        with started("smsbox", [boxes[1], "-v", "4", str(conf)], folder, cores=PEER_CORES) as smsbox:
            until(lambda: listening(sendsms), "smsbox to listen", smsbox)
            yield Kannel(sendsms, bearerbox, smsbox)
