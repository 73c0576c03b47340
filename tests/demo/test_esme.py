"""The tour's SMPP client against a running node."""

from __future__ import annotations

import socket
import threading

import pytest

from septet.demo.esme import Esme
from septet.errors import SeptetError
from tests.node.harness import HOST, NUMBER, PASSWORD, SYSTEM_ID, Node, wait_until


def test_a_message_and_its_receipt(node: Node) -> None:
    with Esme(node.smpp, SYSTEM_ID, PASSWORD) as esme:
        status, id = esme.submit(NUMBER, "46702220001", "Hello")
        assert status == 0
        assert wait_until(lambda: esme.receipt(id.upper()), "the receipt") == "DELIVRD"
        assert esme.receipt("another") is None


def test_a_persons_text_is_handed_over_once(node: Node) -> None:
    with Esme(node.smpp, SYSTEM_ID, PASSWORD) as esme:
        assert esme.was_handed("46702220002", "Hi") == 0
        node.carriers["north"].mo("46702220002", NUMBER, "Hi")
        wait_until(lambda: esme.was_handed("46702220002", "Hi") == 1, "the text")
        # A response that did not arrive would bring it again.
        found = "/v1/messages?from=46702220002&status=handed_over"
        wait_until(lambda: node.get(found).json()["messages"], "its acknowledgement")


def test_a_refused_bind_says_so(node: Node) -> None:
    with pytest.raises(SeptetError, match="0x0000000E") as caught:
        Esme(node.smpp, SYSTEM_ID, "wrong")
    assert caught.value.code == "demo.bind"


def test_a_peer_that_hangs_up_is_an_error_at_once() -> None:
    with socket.create_server((HOST, 0)) as server:
        server.listen()
        port = server.getsockname()[1]
        server.settimeout(10)

        def hang_up() -> None:
            server.accept()[0].close()

        peer = threading.Thread(target=hang_up)
        peer.start()
        with pytest.raises(OSError, match=r"bind_transceiver|reset|pipe"):
            Esme(port, SYSTEM_ID, PASSWORD)
        peer.join()
