//! What each PDU is answered in each state.

use super::*;

const MODES: [BindMode; 3] = [BindMode::Transmitter, BindMode::Receiver, BindMode::Transceiver];

#[test]
fn a_bind_is_reported_and_answered_with_who_we_are_and_our_version() {
    for mode in MODES {
        let mut end = End::new(Role::Server, |_| {});
        let events = end.give(&bind(mode, 7));
        assert_eq!(events, [Seen::Bind(mode, 7, b"me".to_vec(), b"secret".to_vec(), 0x34)]);
        assert_eq!((end.session.state(), end.session.mode()), (State::Binding, None));
        end.session.accept_bind(0, 7);
        assert_eq!((end.session.state(), end.session.mode()), (State::Bound, Some(mode)));
        let octets = std::mem::take(end.session.output());
        assert_eq!(octets, raw(mode.command() | command::RESPONSE, 0, 7, b"centre\0\x02\x10\0\x01\x34"));
    }
}

#[test]
fn a_peer_of_version_3_3_gets_no_tlv() {
    let mut end = End::new(Role::Server, |_| {});
    end.give(&raw(command::BIND_TRANSMITTER, 0, 1, b"me\0secret\0\0\x33\0\0\0"));
    end.session.accept_bind(0, 1);
    assert!(!end.session.takes_tlvs());
    assert_eq!(*end.session.output(), raw(command::BIND_TRANSMITTER_RESP, 0, 1, b"centre\0"));
}

#[test]
fn a_refused_bind_has_a_body_for_a_transceiver_alone_and_ends_the_session() {
    for (mode, response, body) in [
        (BindMode::Transmitter, command::BIND_TRANSMITTER_RESP, &b""[..]),
        (BindMode::Receiver, command::BIND_RECEIVER_RESP, b""),
        (BindMode::Transceiver, command::BIND_TRANSCEIVER_RESP, b"centre\0"),
    ] {
        let mut end = End::new(Role::Server, |_| {});
        end.give(&bind(mode, 3));
        end.session.refuse_bind(3, st::ESME_RINVPASWD);
        assert_eq!(*end.session.output(), raw(response, st::ESME_RINVPASWD, 3, body));
        assert_eq!(end.wait().1, [Seen::Closed("bind_refused")]);
        assert_eq!(end.session.next_deadline(), None);
    }
}

#[test]
fn only_the_bind_that_was_asked_can_be_decided() {
    let mut end = End::new(Role::Server, |_| {});
    end.give(&bind(BindMode::Transceiver, 3));
    end.session.accept_bind(0, 4);
    end.session.refuse_bind(4, 8);
    assert_eq!(end.session.state(), State::Binding);
    assert!(end.session.output().is_empty());
}

#[test]
fn a_second_bind_is_refused_and_the_first_stands() {
    let mut end = End::bound_server(BindMode::Transceiver, |_| {});
    assert_eq!(end.give(&bind(BindMode::Receiver, 2)), [Seen::Bad("already_bound")]);
    assert_eq!(end.answers(), [(command::BIND_RECEIVER_RESP, st::ESME_RALYBND, 2)]);
    assert_eq!(end.session.mode(), Some(BindMode::Transceiver));
}

#[test]
fn a_malformed_bind_names_its_field_and_may_be_tried_again() {
    let mut end = End::new(Role::Server, |_| {});
    for (body, status) in [
        (&b"a name that is too long\0\0\0\x34\0\0\0"[..], st::ESME_RINVSYSID),
        (b"me\0a password that is too long\0", st::ESME_RINVPASWD),
        (b"me\0\0a system type too long\0", st::ESME_RINVSYSTYP),
        (b"me\0\0\0\x34", st::ESME_RINVCMDLEN),
    ] {
        assert_eq!(end.give(&raw(command::BIND_TRANSMITTER, 0, 1, body)), [Seen::Bad("malformed")]);
        assert_eq!(end.answers(), [(command::BIND_TRANSMITTER_RESP, status, 1)]);
    }
    assert!(matches!(end.give(&bind(BindMode::Transmitter, 2))[..], [Seen::Bind(..)]));
}

#[test]
fn messages_are_answered_once_their_owner_says_so() {
    let mut end = End::bound_server(BindMode::Transceiver, |_| {});
    let events = end.give(&[sm(command::SUBMIT_SM, 10, b"one"), sm(command::SUBMIT_SM, 11, b"two")].concat());
    assert_eq!(
        events,
        [
            Seen::Message(command::SUBMIT_SM, 10, b"one".to_vec()),
            Seen::Message(command::SUBMIT_SM, 11, b"two".to_vec())
        ]
    );
    assert_eq!((end.session.window_in_used(), end.session.output().len()), (2, 0));
    end.session.respond(11, command::SUBMIT_SM, st::ESME_ROK, b"id");
    end.session.respond(10, command::SUBMIT_SM, st::ESME_RSUBMITFAIL, b"");
    let octets = std::mem::take(end.session.output());
    let expected =
        [raw(command::SUBMIT_SM_RESP, 0, 11, b"id\0"), raw(command::SUBMIT_SM_RESP, st::ESME_RSUBMITFAIL, 10, b"")];
    assert_eq!(octets, expected.concat());
    assert_eq!(end.session.window_in_used(), 0);
}

#[test]
fn a_deliver_sm_resp_carries_its_one_nul_whatever_its_status() {
    let mut end = End::bound_client(BindMode::Transceiver, |_| {});
    for status in [st::ESME_ROK, st::ESME_RX_T_APPN] {
        end.give(&sm(command::DELIVER_SM, 5, b"hi"));
        end.session.respond(5, command::DELIVER_SM, status, b"ignored");
        assert_eq!(std::mem::take(end.session.output()), raw(command::DELIVER_SM_RESP, status, 5, b"\0"));
    }
}

/// 2.2: the table of who may send what, read from the peer's side; every request in every state.
#[test]
fn a_request_in_the_wrong_state_gets_its_own_response() {
    for role in [Role::Server, Role::Client] {
        for mode in MODES.map(Some).into_iter().chain([None]) {
            for row in command::TABLE.iter().filter(|row| !row.is_response()) {
                let mut end = match (role, mode) {
                    (_, None) => End::new(role, |_| {}),
                    (Role::Server, Some(mode)) => End::bound_server(mode, |_| {}),
                    (Role::Client, Some(mode)) => End::bound_client(mode, |_| {}),
                };
                if row.since > 0x34 || row.id == command::OUTBIND && mode.is_none() {
                    continue;
                }
                let bit = mode.map_or(command::OPEN, BindMode::bit);
                let column = if role == Role::Server { row.esme } else { row.smsc };
                if column & bit != 0 || BindMode::of(row.id).is_some() {
                    continue;
                }
                let events = end.give(&raw(row.id, 0, 9, b""));
                assert_eq!(events, [Seen::Bad("wrong_state")], "{role:?} {mode:?} {}", row.name);
                let expected: Vec<_> = row.response.map(|id| (id, st::ESME_RINVBNDSTS, 9)).into_iter().collect();
                assert_eq!(end.answers(), expected, "{role:?} {mode:?} {}", row.name);
            }
        }
    }
}

/// A body of the operation `id` in which every string is empty and every number 0.
fn empty(id: u32) -> Vec<u8> {
    Pdu::build(id, 0, 4, vec![], vec![]).unwrap().encode().unwrap()
}

#[test]
fn every_other_operation_is_reported_whole_and_answered_by_its_owner() {
    let mut end = End::bound_server(BindMode::Transceiver, |config| config.window_in = 1);
    for id in [command::QUERY_SM, command::CANCEL_SM, command::REPLACE_SM, command::SUBMIT_MULTI] {
        assert_eq!(end.give(&empty(id)), [Seen::Operation(id, 4)]);
        assert_eq!(end.session.window_in_used(), 1);
        assert_eq!(end.give(&empty(id)), [Seen::Bad("over_window")]);
        end.session.respond_with(4, id, st::ESME_ROK, |_| {});
        assert_eq!(end.answers(), [(id | command::RESPONSE, st::ESME_RTHROTTLED, 4), (id | command::RESPONSE, 0, 4)]);
        assert_eq!(end.session.window_in_used(), 0);
    }
    let mut end = End::bound_client(BindMode::Receiver, |_| {});
    assert_eq!(end.give(&empty(command::ALERT_NOTIFICATION)), [Seen::Operation(command::ALERT_NOTIFICATION, 4)]);
    assert_eq!((end.answers(), end.session.window_in_used()), (vec![], 0));
}

#[test]
fn an_operation_that_cannot_be_read_is_refused_by_the_field_that_is_wrong() {
    let mut end = End::bound_server(BindMode::Transceiver, |_| {});
    let long = [b'7'; 70];
    for (id, body, status) in [
        (command::QUERY_SM, &long[..], st::ESME_RINVMSGID),
        (command::QUERY_SM, b"id\0\x01", st::ESME_RINVCMDLEN),
        (command::CANCEL_SM, b"longer\0id\0", st::ESME_RINVSERTYP),
        (command::REPLACE_SM, b"id\0\0\x00\x37\0\0\0\x01\0\x09text", st::ESME_RINVMSGLEN),
        (command::SUBMIT_MULTI, b"\0\0\x00\x37\0\x01\x09", st::ESME_RINVDESTFLAG),
    ] {
        assert_eq!(end.give(&raw(id, 0, 4, body)), [Seen::Bad("malformed")]);
        assert_eq!(end.answers(), [(id | command::RESPONSE, status, 4)]);
    }
    assert_eq!(end.session.state(), State::Bound);
}

/// 3.4 lets the body be left out of a submit_sm_resp (4.4.2), not of these.
#[test]
fn a_refused_operation_is_answered_with_a_whole_body() {
    let mut end = End::new(Role::Server, |config| config.interface_version = 0x50);
    end.give(&raw(command::BIND_TRANSCEIVER, 0, 1, b"me\0secret\0\0\x50\0\0\0"));
    end.session.accept_bind(0, 1);
    end.answers();
    for (id, body) in [
        (command::QUERY_SM, &b"\0\0\x07\0"[..]),
        (command::SUBMIT_MULTI, b"\0\0"),
        (command::CANCEL_SM, b""),
        (command::BROADCAST_SM, b"\0"),
        (command::QUERY_BROADCAST_SM, b"\0\x04\x27\0\x01\x07"),
        (command::CANCEL_BROADCAST_SM, b""),
    ] {
        end.give(&empty(id));
        end.session.respond(4, id, st::ESME_RSYSERR, b"");
        assert_eq!(std::mem::take(end.session.output()), raw(id | command::RESPONSE, st::ESME_RSYSERR, 4, body));
        end.give(&raw(id, 0, 5, b"no NUL"));
        let octets = std::mem::take(end.session.output());
        assert_eq!(octets[16..], *body, "malformed");
    }
}

#[test]
fn enquire_link_is_answered_in_every_state_and_with_every_window_full() {
    let enquire = raw(command::ENQUIRE_LINK, 0, 77, b"");
    let answer = [(command::ENQUIRE_LINK_RESP, 0, 77)];
    let mut end = End::new(Role::Server, |config| {
        (config.window_in, config.window_out) = (1, 1);
    });
    assert_eq!(end.give(&enquire), []);
    assert_eq!(end.answers(), answer);
    end.give(&bind(BindMode::Transceiver, 1));
    end.give(&enquire);
    assert_eq!(end.answers(), answer);
    end.session.accept_bind(0, 1);
    end.give(&sm(command::SUBMIT_SM, 2, b""));
    end.deliver(1).unwrap();
    end.sent();
    end.give(&enquire);
    assert_eq!(end.answers(), answer);
    end.give(&raw(command::UNBIND, 0, 3, b""));
    assert_eq!(end.session.state(), State::Unbound);
    end.give(&enquire);
    assert_eq!(end.answers(), answer);
}

#[test]
fn one_message_over_the_window_is_throttled_by_the_session() {
    let mut end = End::bound_server(BindMode::Transceiver, |config| config.window_in = 2);
    let three: Vec<_> = (1..=3).flat_map(|n| sm(command::SUBMIT_SM, n, b"")).collect();
    assert_eq!(end.give(&three)[2], Seen::Bad("over_window"));
    assert_eq!(end.answers(), [(command::SUBMIT_SM_RESP, st::ESME_RTHROTTLED, 3)]);
    end.session.respond(1, command::SUBMIT_SM, 0, b"a");
    assert!(matches!(end.give(&sm(command::SUBMIT_SM, 4, b""))[..], [Seen::Message(_, 4, _)]));
}

#[test]
fn a_malformed_body_gets_its_own_response_and_the_bind_survives() {
    let mut end = End::bound_server(BindMode::Transceiver, |_| {});
    let good = sm(command::SUBMIT_SM, 2, b"text");
    let mut short = good[16..].to_vec();
    short.truncate(short.len() - 1);
    let mut tlv = good[16..].to_vec();
    tlv.extend_from_slice(&[4, 0x24, 0, 9, 1]);
    for (body, status) in [
        (short, st::ESME_RINVMSGLEN),
        (tlv, st::ESME_RINVOPTPARSTREAM),
        (b"toolong\0".to_vec(), st::ESME_RINVSERTYP),
        (b"\0\x01\x01467000000000000000000000001\0".to_vec(), st::ESME_RINVSRCADR),
        (Vec::new(), st::ESME_RINVSERTYP),
        (b"\0".to_vec(), st::ESME_RINVCMDLEN),
    ] {
        assert_eq!(end.give(&raw(command::SUBMIT_SM, 0, 5, &body)), [Seen::Bad("malformed")]);
        assert_eq!(end.answers(), [(command::SUBMIT_SM_RESP, status, 5)]);
    }
    assert!(matches!(end.give(&good)[..], [Seen::Message(_, 2, _)]));
}

#[test]
fn an_unknown_command_is_nacked_and_the_stream_goes_on() {
    let mut end = End::bound_server(BindMode::Transceiver, |_| {});
    let octets = [raw(0x0000_0999, 0, 6, b"whatever"), sm(command::SUBMIT_SM, 7, b"")].concat();
    let events = end.give(&octets);
    assert!(matches!(events[..], [Seen::Bad("unknown_command"), Seen::Message(_, 7, _)]));
    assert_eq!(end.answers(), [(command::GENERIC_NACK, st::ESME_RINVCMDID, 6)]);
}

#[test]
fn nothing_answers_a_response() {
    let mut end = End::bound_server(BindMode::Transceiver, |_| {});
    for (id, reason) in [
        (command::GENERIC_NACK, "unasked_nack"),
        (command::DELIVER_SM_RESP, "unasked_response"),
        (command::ENQUIRE_LINK_RESP, "unasked_response"),
        (command::UNBIND_RESP, "unasked_response"),
        (command::BIND_RECEIVER_RESP, "unasked_response"),
        (0x8000_0999, "unknown_command"),
    ] {
        assert_eq!(end.give(&raw(id, 3, 8, b"")), [Seen::Bad(reason)]);
    }
    assert!(end.session.output().is_empty());
}

#[test]
fn a_length_that_cannot_be_true_is_nacked_and_ends_the_session() {
    for length in [0u32, 15, 70_000, u32::MAX] {
        let mut end = End::bound_server(BindMode::Transceiver, |_| {});
        let mut octets = sm(command::SUBMIT_SM, 9, b"");
        octets[..4].copy_from_slice(&length.to_be_bytes());
        octets.extend(sm(command::SUBMIT_SM, 10, b""));
        assert_eq!(end.give(&octets), [Seen::Bad("bad_length"), Seen::Closed("bad_length")]);
        assert_eq!(end.answers(), [(command::GENERIC_NACK, st::ESME_RINVCMDLEN, 9)]);
        assert_eq!(end.give(&octets), []);
        assert!(end.session.output().is_empty());
    }
}

#[test]
fn a_stranger_costs_little() {
    let mut end = End::new(Role::Server, |_| {});
    assert_eq!(end.give(&raw(command::SUBMIT_SM, 0, 1, &[0; 5_000]))[1], Seen::Closed("bad_length"));
    let mut end = End::new(Role::Server, |_| {});
    let flood = raw(command::ENQUIRE_LINK, 0, 1, b"").repeat(65);
    assert_eq!(end.give(&flood), [Seen::Bad("too_much_before_bind"), Seen::Closed("too_much_before_bind")]);
    assert_eq!(end.sent().len(), 64);
}
