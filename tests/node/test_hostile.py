"""Octets that no peer should send: each gets the answer SMPP prescribes, is counted, and harms no other session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.node.harness import NUMBER, Node, request, wait_until
from tests.node.wire import (
    ENQUIRE_LINK,
    GENERIC_NACK,
    RESPONSE,
    RINVBNDSTS,
    RINVCMDID,
    RINVCMDLEN,
    RINVPASWD,
    ROK,
    SUBMIT_SM,
    Wire,
    bind,
    bound,
    connected,
    cstr,
    pdu,
    submit,
)


@pytest.fixture
def neighbour(node: Node) -> Iterator[Wire]:
    """A well-behaved session that was bound before the harm, and still carries a message after it."""
    with bound(node.smpp) as wire:
        assert wire.ask(submit(2, "46700000001", "before")).status == ROK
        yield wire
        assert wire.is_alive()
        assert wire.ask(submit(3, "46700000001", "after")).status == ROK


@contextmanager
def counted(node: Node, peer: str) -> Iterator[None]:
    """What happens in the block makes `septet_bad_pdus_total` grow for this peer."""
    name = "septet_bad_pdus_total"
    before = node.metric(name, peer=peer)
    yield
    wait_until(lambda: node.metric(name, peer=peer) > before, f"{name} of {peer} to grow")


@pytest.mark.usefixtures("neighbour")
@pytest.mark.parametrize("length", [0, 15, 2**31, 2**32 - 1])
@pytest.mark.parametrize("is_bound", [False, True])
def test_impossible_length_is_nacked_and_closed(node: Node, length: int, *, is_bound: bool) -> None:
    with counted(node, "demo" if is_bound else "unauthenticated"), connected(node.smpp) as wire:
        if is_bound:
            wire.bind()
        wire.send(length.to_bytes(4) + pdu(SUBMIT_SM, 7)[4:])
        nack = wire.read()
        assert nack is not None
        assert (nack.command, nack.status) == (GENERIC_NACK, RINVCMDLEN)
        assert nack.sequence in {0, 7}  # "of the original, or NULL if it could not be read"
        assert wire.read() is None  # the stream has lost its frames: nothing more can be said on it


@pytest.mark.usefixtures("neighbour")
def test_unknown_command_is_nacked_and_the_session_goes_on(node: Node) -> None:
    with bound(node.smpp) as wire:
        with counted(node, "demo"):
            nack = wire.ask(pdu(0x00001234, 7, b"whatever"))
            assert (nack.command, nack.status, nack.sequence) == (GENERIC_NACK, RINVCMDID, 7)
        assert wire.is_alive()


@pytest.mark.usefixtures("neighbour")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0\0\0" + NUMBER.encode(),  # ends inside source_addr
        submit(0, "46700000002", "x" * 50)[16:-10],  # sm_length promises more than there is
        submit(0, "46700000002", "half a TLV")[16:] + b"\x04\x24\x00\x10ab",
    ],
    ids=["empty", "cut address", "cut text", "cut TLV"],
)
def test_malformed_submit_is_refused_and_the_session_goes_on(node: Node, body: bytes) -> None:
    with bound(node.smpp) as wire:
        with counted(node, "demo"):
            answer = wire.ask(pdu(SUBMIT_SM, 7, body))
            assert answer.command in {SUBMIT_SM | RESPONSE, GENERIC_NACK}
            assert answer.status != ROK
        assert wire.is_alive()


@pytest.mark.usefixtures("neighbour")
def test_wrong_password_is_refused(node: Node) -> None:
    with counted(node, "unauthenticated"), connected(node.smpp) as wire:
        assert wire.ask(bind(password="wrong")).status == RINVPASWD


@pytest.mark.usefixtures("neighbour")
def test_submit_before_bind_is_refused(node: Node) -> None:
    with counted(node, "unauthenticated"), connected(node.smpp) as wire:
        answer = wire.ask(submit(7, "46700000003", "not yet"))
        assert (answer.command, answer.status) == (SUBMIT_SM | RESPONSE, RINVBNDSTS)


@pytest.mark.usefixtures("neighbour")
def test_cut_in_the_middle_of_a_frame(node: Node) -> None:
    with bound(node.smpp) as wire:
        wire.send(submit(7, "46700000004", "never whole")[:-3])


def test_drip_feeding_delays_nobody_else(node: Node, neighbour: Wire) -> None:
    with connected(node.smpp) as slow:
        for octet in bind() + pdu(ENQUIRE_LINK, 2):
            slow.send(bytes([octet]))
            assert neighbour.is_alive()
        assert slow.response(1).status == ROK
        assert slow.response(2).status == ROK


@pytest.mark.usefixtures("neighbour")
def test_noise_is_survived(node: Node) -> None:
    with counted(node, "unauthenticated"), connected(node.smpp) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: example\r\n\r\n" + cstr("x" * 5000))
        while wire.read() is not None:
            pass  # whatever it says, it closes


@pytest.mark.usefixtures("neighbour")
@pytest.mark.parametrize(
    ("body", "status"),
    [(b'{"from": 5}', 422), (b"[]", 422), (b'{"messages": 5}', 422), (b"{", 400), (b"\xff", 400)],
)
def test_a_body_of_the_wrong_shape_is_a_problem_and_counted(node: Node, body: bytes, status: int) -> None:
    name = "septet_http_responses_total"
    before = node.metric(name, status=str(status))
    answer = request(node.http, "POST", "/v1/messages", body, node.api_key)
    assert answer.status == status
    assert answer.json()["code"]
    wait_until(lambda: node.metric(name, status=str(status)) > before, f"{name} to grow")
