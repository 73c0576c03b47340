"""Octets that no peer should send: each gets the answer SMPP prescribes, is counted, and harms no other session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.node.harness import NUMBER, Node, request, wait_until
from tests.node.wire import (
    BIND_TRANSCEIVER,
    BROADCAST_SM,
    DELIVER_SM,
    ENQUIRE_LINK,
    GENERIC_NACK,
    QUERY_SM,
    RALYBND,
    RESPONSE,
    RINVBNDSTS,
    RINVCMDID,
    RINVCMDLEN,
    RINVDSTADR,
    RINVMSGID,
    RINVOPTPARSTREAM,
    RINVPASWD,
    RINVSERTYP,
    RINVSRCADR,
    RINVSYSID,
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
def counted(node: Node, peer: str, **reason: str) -> Iterator[None]:
    """What happens in the block makes `septet_bad_pdus_total` grow for this peer (and reason)."""
    name = "septet_bad_pdus_total"
    before = node.metric(name, peer=peer, **reason)
    yield
    wait_until(lambda: node.metric(name, peer=peer, **reason) > before, f"{name} of {peer} to grow")


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


LONG = b"7" * 80  # no NUL where one must be


@pytest.mark.usefixtures("neighbour")
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (LONG, RINVSERTYP),
        (b"\0\1\1" + LONG, RINVSRCADR),
        (b"\0\1\1" + cstr("12345") + b"\1\1" + LONG, RINVDSTADR),
        (submit(0, "46700000002", "a TLV past the end")[16:] + b"\x04\x24\xff\xffab", RINVOPTPARSTREAM),
        (submit(0, "46700000002", "half a tag")[16:] + b"\x04", RINVOPTPARSTREAM),
    ],
    ids=["service_type", "source_addr", "destination_addr", "TLV", "tag"],
)
def test_the_answer_to_a_malformed_submit_names_the_field(node: Node, body: bytes, status: int) -> None:
    with bound(node.smpp) as wire, counted(node, "demo", reason="malformed"):
        answer = wire.ask(pdu(SUBMIT_SM, 7, body))
        assert (answer.command, answer.status, answer.body) == (SUBMIT_SM | RESPONSE, status, b"")
        assert wire.is_alive()


@pytest.mark.usefixtures("neighbour")
def test_a_bind_without_its_nul_is_refused_and_may_be_tried_again(node: Node) -> None:
    with counted(node, "unauthenticated", reason="malformed"), connected(node.smpp) as wire:
        answer = wire.ask(pdu(BIND_TRANSCEIVER, 1, LONG))
        assert (answer.command, answer.status) == (BIND_TRANSCEIVER | RESPONSE, RINVSYSID)
        wire.bind()


@pytest.mark.usefixtures("neighbour")
def test_one_bad_pdu_costs_no_good_one_its_answer(node: Node) -> None:
    with bound(node.smpp) as wire:
        bad = [
            pdu(SUBMIT_SM, 100, LONG),
            pdu(0x00001234, 101, b"unknown"),
            pdu(BROADCAST_SM, 102, b"of 5.0"),
            bind(103),
            pdu(QUERY_SM, 104, cstr("no such id") + b"\0\0\0"),
            pdu(SUBMIT_SM | RESPONSE, 105, cstr("to nothing")),
            pdu(GENERIC_NACK, 106),
        ]
        good = [submit(sequence, f"4670000{sequence:04}", "good") for sequence in range(10, 17)]
        wire.send(b"".join(octets for pair in zip(bad, good, strict=True) for octets in pair))
        answers: dict[int, tuple[int, int]] = {}
        while len(answers) < 12:
            frame = wire.read()
            assert frame is not None
            if frame.command & RESPONSE:
                answers[frame.sequence] = (frame.command, frame.status)
        assert {answers[sequence] for sequence in range(10, 17)} == {(SUBMIT_SM | RESPONSE, ROK)}
        assert answers[100] == (SUBMIT_SM | RESPONSE, RINVSERTYP)
        assert answers[101] == answers[102] == (GENERIC_NACK, RINVCMDID)
        assert answers[103] == (BIND_TRANSCEIVER | RESPONSE, RALYBND)
        assert answers[104] == (QUERY_SM | RESPONSE, RINVMSGID)
        # Nothing answers a response: the next is that to what comes next.
        assert wire.is_alive()


@pytest.mark.usefixtures("neighbour")
@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (pdu(0x00001234, 9), "unknown_command"),
        (pdu(BROADCAST_SM, 9), "wrong_version"),
        (pdu(DELIVER_SM, 9, submit(0, "46700000002", "wrong way")[16:]), "wrong_state"),
        (bind(9), "already_bound"),
        (pdu(SUBMIT_SM | RESPONSE, 9, b"\0"), "unasked_response"),
        (pdu(GENERIC_NACK, 9), "unasked_nack"),
    ],
    ids=["unknown_command", "wrong_version", "wrong_state", "already_bound", "unasked_response", "unasked_nack"],
)
def test_each_oddity_is_counted_by_its_reason_and_ends_nothing(node: Node, octets: bytes, reason: str) -> None:
    with bound(node.smpp) as wire, counted(node, "demo", reason=reason):
        wire.send(octets)
        assert wire.is_alive()


@pytest.mark.usefixtures("neighbour")
def test_tlvs_that_nobody_knows_are_no_fault(node: Node) -> None:
    before = node.metric("septet_bad_pdus_total", peer="demo")
    unknown = b"\x16\x01\x00\x03abc" + b"\xff\xff\x00\x00"
    with connected(node.smpp) as wire:
        octets = bind() + unknown
        assert wire.ask(len(octets).to_bytes(4) + octets[4:]).status == ROK
        octets = submit(7, "46700000005", "with more") + unknown
        assert wire.ask(len(octets).to_bytes(4) + octets[4:]).status == ROK
    assert node.metric("septet_bad_pdus_total", peer="demo") == before


@pytest.mark.usefixtures("neighbour")
def test_a_flood_before_the_bind_is_cut_off(node: Node) -> None:
    with counted(node, "unauthenticated", reason="too_much_before_bind"), connected(node.smpp) as wire:
        wire.send(b"".join(pdu(ENQUIRE_LINK, sequence) for sequence in range(1, 2_000)))
        answers = 0
        while wire.read() is not None:
            answers += 1
        assert answers <= 64


@pytest.mark.usefixtures("neighbour")
def test_a_stranger_may_send_no_large_pdu(node: Node) -> None:
    with counted(node, "unauthenticated", reason="bad_length"), connected(node.smpp) as wire:
        wire.send((5_000).to_bytes(4) + pdu(BIND_TRANSCEIVER, 7)[4:])
        nack = wire.read()
        assert nack is not None and (nack.command, nack.status) == (GENERIC_NACK, RINVCMDLEN)
        assert wire.read() is None


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
