"""smpplib, an ESME that nobody here wrote: binds, messages of every length, receipts, MOs and opt-out."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import smpplib.client
import smpplib.consts
import smpplib.exceptions
import smpplib.gsm

from tests.node.harness import HOST, NUMBER, PASSWORD, SYSTEM_ID, Node, wait_until

pytestmark = pytest.mark.peer

SHORT = "Hello from smpplib"
LONG = "All work and no play makes for a long message. " * 8
UNICODE = "Привет, 世界 \N{GRINNING FACE}"
OPTED_OUT = 0x400


class Esme:
    """A bound smpplib session and what came over it."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.responses: dict[int, Any] = {}
        self.delivered: list[Any] = []
        client.set_message_sent_handler(self._answered)
        client.set_error_pdu_handler(self._answered)
        client.set_message_received_handler(self._received)

    def _answered(self, pdu: Any) -> None:
        self.responses[pdu.sequence] = pdu

    def _received(self, pdu: Any) -> None:
        self.delivered.append(pdu)

    def read_until(self, condition: Callable[[], bool], what: str, *, seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"waited {seconds:g} s in vain for {what}"
            try:
                self.client.read_once(auto_send_enquire_link=False)
            except TimeoutError:
                continue

    def submit(self, to: str, octets: bytes, **fields: Any) -> Any:
        """The response to one submit_sm."""
        request = self.client.send_message(
            source_addr_ton=smpplib.consts.SMPP_TON_NWSPEC,
            source_addr=NUMBER,
            dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
            dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
            destination_addr=to,
            registered_delivery=True,
            **({"short_message": octets} if "message_payload" not in fields else {}),
            **fields,
        )
        self.read_until(lambda: request.sequence in self.responses, f"the response to {request.sequence}")
        return self.responses[request.sequence]

    def submit_text(self, to: str, text: str) -> list[str]:
        """Sends the text as smpplib would split it; the message_id of each part."""
        parts, coding, esm_class = smpplib.gsm.make_parts(text)
        answers = [self.submit(to, part, data_coding=coding, esm_class=esm_class) for part in parts]
        assert [answer.status for answer in answers] == [smpplib.consts.SMPP_ESME_ROK] * len(parts)
        return [_text(answer.message_id) for answer in answers]

    def wait_for_receipts(self, ids: list[str]) -> None:
        """Each id gets its receipt, whose TLV and text both name that id and say that it was delivered."""
        self.read_until(lambda: set(ids) <= {_receipt_id(pdu) for pdu in self.delivered}, f"receipts of {ids}")
        for pdu in self.delivered:
            if (id := _receipt_id(pdu)) in ids:
                assert _text(pdu.receipted_message_id) == id
                assert pdu.message_state == smpplib.consts.SMPP_MESSAGE_STATE_DELIVERED
                assert b"stat:DELIVRD" in pdu.short_message
                assert _text(pdu.destination_addr) == NUMBER


def _text(octets: bytes | str) -> str:
    return (octets.decode("ascii") if isinstance(octets, bytes) else octets).rstrip("\0")


def _receipt_id(pdu: Any) -> str | None:
    if not _is_receipt(pdu):
        return None
    found = re.match(rb"id:(\S+) ", pdu.short_message)
    return found[1].decode("ascii") if found else None


def _is_receipt(pdu: Any) -> bool:
    return bool((pdu.esm_class & 0x3C) == 0x04)  # other bits may stand beside the message type


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


@pytest.mark.parametrize(("to", "text"), [("46702220001", SHORT), ("46702220002", LONG), ("46702220003", UNICODE)])
def test_text_arrives_and_each_part_gets_its_receipt(node: Node, esme: Esme, to: str, text: str) -> None:
    ids = esme.submit_text(to, text)
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[0-9A-Za-z]{1,20}", id) for id in ids)
    esme.wait_for_receipts(ids)
    assert [m["text"] for m in node.received() if m["to"] == to] == [text]


def test_message_payload_is_split_by_the_node_and_gets_one_receipt(node: Node, esme: Esme) -> None:
    text = "x" * 250  # two segments, one id
    answer = esme.submit("46702220004", b"", message_payload=smpplib.gsm.gsm_encode(text), data_coding=0)
    assert answer.status == smpplib.consts.SMPP_ESME_ROK
    id = _text(answer.message_id)
    esme.wait_for_receipts([id])
    [message] = [m for m in node.received() if m["to"] == "46702220004"]
    assert (message["text"], message["parts"]) == (text, 2)
    assert [_receipt_id(pdu) for pdu in esme.delivered].count(id) == 1


def test_receipts_of_a_transmitter_go_to_a_receiver(node: Node) -> None:
    with session(node, "transmitter") as sender, session(node, "receiver") as receiver:
        ids = sender.submit_text("46702220005", "sent by one bind, told to another")
        receiver.wait_for_receipts(ids)


def test_receipts_wait_for_a_bind(node: Node) -> None:
    with session(node, "transmitter") as sender:
        [id] = sender.submit_text("46702220006", "nobody listens yet")
    wait_until(lambda: node.get(f"/v1/messages/{id}").json()["status"] == "delivered", "the carrier's receipt")
    with session(node, "receiver") as receiver:
        receiver.wait_for_receipts([id])


def test_wrong_password_refuses_the_bind(node: Node) -> None:
    client = smpplib.client.Client(HOST, node.smpp, timeout=10, allow_unknown_opt_params=True)
    client.connect()
    try:
        with pytest.raises(smpplib.exceptions.PDUError) as refused:
            client.bind_transceiver(system_id=SYSTEM_ID, password="wrong")
        assert refused.value.args[1] == smpplib.consts.SMPP_ESME_RINVPASWD
    finally:
        client.disconnect()


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


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("46703330011", "Is my parcel on its way?"),
        ("46703330012", "Спасибо \N{THUMBS UP SIGN}"),
        ("46703330013", "A long answer. " * 20),
    ],
)
def test_mo_arrives(node: Node, esme: Esme, source: str, text: str) -> None:
    node.carriers["north"].mo(source, NUMBER, text)
    esme.read_until(lambda: text == _reassembled(esme.delivered, source), "the MO")
    parts = [pdu for pdu in esme.delivered if _text(pdu.source_addr) == source]
    assert {_text(pdu.destination_addr) for pdu in parts} == {NUMBER}


def _reassembled(delivered: list[Any], source: str) -> str:
    """The text of the MOs of one person, parts in order."""
    parts: dict[int, str] = {}
    for pdu in delivered:
        if _is_receipt(pdu) or _text(pdu.source_addr) != source:
            continue
        octets = pdu.short_message or getattr(pdu, "message_payload", None) or b""
        place = 1
        if pdu.esm_class & 0x40:
            place, octets = octets[octets[0]], octets[1 + octets[0] :]
        # The texts here have each septet where ASCII has it.
        parts[place] = octets.decode("utf-16-be" if pdu.data_coding == 8 else "ascii")
    return "".join(parts[place] for place in sorted(parts))


def test_stop_and_start(node: Node, esme: Esme) -> None:
    contact, text = "46703330002", b"An offer"
    assert esme.submit(contact, text).status == smpplib.consts.SMPP_ESME_ROK
    node.carriers["north"].mo(contact, NUMBER, "Stop")
    wait_until(lambda: esme.submit(contact, text).status == OPTED_OUT, "the opt-out to be in force")
    assert esme.submit("46703330003", text).status == smpplib.consts.SMPP_ESME_ROK  # nobody else's concern
    node.carriers["north"].mo(contact, NUMBER, "START")
    wait_until(lambda: esme.submit(contact, text).status == smpplib.consts.SMPP_ESME_ROK, "the opt-in")
