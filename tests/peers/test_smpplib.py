"""smpplib as an ESME that breaks the rules, and one whose recipient opts out; `test_esme.py` has the session script."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import smpplib.client
import smpplib.consts

from tests.node.harness import HOST, NUMBER, PASSWORD, SYSTEM_ID, Node, wait_until

pytestmark = pytest.mark.peer

OPTED_OUT = 0x400


class Esme:
    """A bound smpplib session and what came over it."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.responses: dict[int, Any] = {}
        client.set_message_sent_handler(self._answered)
        client.set_error_pdu_handler(self._answered)

    def _answered(self, pdu: Any) -> None:
        self.responses[pdu.sequence] = pdu

    def read_until(self, condition: Callable[[], bool], what: str, *, seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"waited {seconds:g} s in vain for {what}"
            try:
                self.client.read_once(auto_send_enquire_link=False)
            except TimeoutError:
                continue

    def submit(self, to: str, octets: bytes) -> Any:
        """The response to one submit_sm."""
        request = self.client.send_message(
            source_addr_ton=smpplib.consts.SMPP_TON_NWSPEC,
            source_addr=NUMBER,
            dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
            dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
            destination_addr=to,
            registered_delivery=True,
            short_message=octets,
        )
        self.read_until(lambda: request.sequence in self.responses, f"the response to {request.sequence}")
        return self.responses[request.sequence]


@contextmanager
def session(node: Node, mode: str = "transceiver") -> Iterator[Esme]:
    client = smpplib.client.Client(HOST, node.smpp, timeout=1, allow_unknown_opt_params=True)
    client.connect()
    try:
        getattr(client, f"bind_{mode}")(system_id=SYSTEM_ID, password=PASSWORD)
        yield Esme(client)
        client.unbind()
    finally:
        client.disconnect()


@pytest.fixture
def esme(node: Node) -> Iterator[Esme]:
    with session(node) as esme:
        yield esme


def test_submit_before_bind_is_refused(node: Node) -> None:
    client = smpplib.client.Client(HOST, node.smpp, timeout=10, allow_unknown_opt_params=True)
    client.connect()
    try:
        client.state = smpplib.consts.SMPP_CLIENT_STATE_BOUND_TX  # else smpplib itself would not send it
        answer = Esme(client).submit("46702220007", b"not bound")
        assert answer.status == smpplib.consts.SMPP_ESME_RINVBNDSTS
    finally:
        client.disconnect()


def test_receiver_may_not_submit(node: Node) -> None:
    with session(node, "receiver") as esme:
        esme.client.state = smpplib.consts.SMPP_CLIENT_STATE_BOUND_TRX
        assert esme.submit("46702220008", b"from a receiver").status == smpplib.consts.SMPP_ESME_RINVBNDSTS


def test_stop_and_start(node: Node, esme: Esme) -> None:
    contact, text = "46703330002", b"An offer"
    assert esme.submit(contact, text).status == smpplib.consts.SMPP_ESME_ROK
    node.carriers["north"].mo(contact, NUMBER, "Stop")
    wait_until(lambda: esme.submit(contact, text).status == OPTED_OUT, "the opt-out to be in force")
    assert esme.submit("46703330003", text).status == smpplib.consts.SMPP_ESME_ROK  # nobody else's concern
    node.carriers["north"].mo(contact, NUMBER, "START")
    wait_until(lambda: esme.submit(contact, text).status == smpplib.consts.SMPP_ESME_ROK, "the opt-in")
