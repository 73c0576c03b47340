//! Our own requests: the bind, the window, and what counts as their response.

use super::*;

#[test]
fn a_client_learns_whether_it_is_bound() {
    let mut end = End::new(Role::Client, |_| {});
    end.session.bind(0, BindMode::Receiver, b"me", b"secret", b"type", b"46*");
    let octets = std::mem::take(end.session.output());
    assert_eq!(octets, raw(command::BIND_RECEIVER, 0, 1, b"me\0secret\0type\0\x34\0\0\x346*\0"));
    assert_eq!(end.give(&raw(command::BIND_RECEIVER_RESP, 0, 1, b"centre\0")), [Seen::Bound(b"centre".to_vec(), None)]);
    assert_eq!((end.session.peer_version(), end.session.takes_tlvs()), (0x33, false));

    for answer in [command::BIND_RECEIVER_RESP, command::GENERIC_NACK] {
        let mut end = End::new(Role::Client, |_| {});
        end.session.bind(0, BindMode::Receiver, b"me", b"secret", b"", b"");
        end.sent();
        let events = end.give(&raw(answer, st::ESME_RINVPASWD, 1, b""));
        assert_eq!(events, [Seen::BindRefused(st::ESME_RINVPASWD), Seen::Closed("bind_refused")]);
    }
}

#[test]
fn a_bind_response_that_answers_another_bind_is_not_ours() {
    let mut end = End::new(Role::Client, |_| {});
    end.session.bind(0, BindMode::Receiver, b"me", b"", b"", b"");
    for strange in [(command::BIND_TRANSMITTER_RESP, 1), (command::BIND_RECEIVER_RESP, 2)] {
        assert_eq!(end.give(&raw(strange.0, 0, strange.1, b"x\0")), [Seen::Bad("unasked_response")]);
    }
    assert_eq!(end.session.state(), State::Binding);
}

#[test]
fn responses_come_back_by_token_in_any_order_and_with_any_body() {
    let mut end = End::bound_client(BindMode::Transceiver, |_| {});
    let sequences: Vec<_> = (0..5).map(|token| end.submit(token).unwrap()).collect();
    end.now = 250;
    let long = [b'x'; 300];
    for (at, body, id) in [
        (3, &b"id-3\0"[..], &b"id-3"[..]),
        (0, b"", b""),
        (4, b"id-4", b"id-4"),
        (1, b"id-1\0\x04\x28\0\x01\x63", b"id-1"),
        (2, &long, b""),
    ] {
        let events = end.give(&raw(command::SUBMIT_SM_RESP, 0, sequences[at], body));
        let response = Seen::Response {
            token: at as u64,
            command: command::SUBMIT_SM_RESP,
            status: 0,
            id: id.to_vec(),
            waited: 250,
            late: false,
        };
        assert_eq!(events.last(), Some(&response));
    }
    assert_eq!(end.session.window_used(), 0);
}

#[test]
fn a_generic_nack_is_the_response_to_what_it_names() {
    let mut end = End::bound_client(BindMode::Transceiver, |_| {});
    let sequence = end.submit(42).unwrap();
    let events = end.give(&raw(command::GENERIC_NACK, st::ESME_RINVCMDID, sequence, b""));
    assert!(matches!(events[..], [Seen::Response { token: 42, command: command::GENERIC_NACK, status: 3, .. }]));
    assert_eq!(end.session.window_used(), 0);
}

#[test]
fn the_response_to_another_operation_is_not_the_answer() {
    let mut end = End::bound_client(BindMode::Transceiver, |_| {});
    let sequence = end.submit(1).unwrap();
    let events = end.give(&raw(command::DELIVER_SM_RESP, 0, sequence, b"\0"));
    assert_eq!(events, [Seen::Bad("unasked_response")]);
    assert_eq!(end.session.unanswered(), [1]);
}

#[test]
fn requests_are_refused_for_the_window_the_bind_and_the_direction() {
    let mut end = End::new(Role::Client, |config| config.window_out = 2);
    assert_eq!(end.submit(0), Err(Refused::NotBound));
    let mut end = End::bound_client(BindMode::Transmitter, |config| config.window_out = 2);
    let deliver = end.session.request(0, command::DELIVER_SM, 0, |_| {});
    assert_eq!(deliver, Err(Refused::NotAllowed));
    for own in [command::ENQUIRE_LINK, command::UNBIND, command::BIND_RECEIVER, 0x999] {
        assert_eq!(end.session.request(0, own, 0, |_| {}), Err(Refused::NotAllowed));
    }
    assert!(end.submit(1).is_ok() && end.submit(2).is_ok());
    assert_eq!(end.submit(3), Err(Refused::WindowFull));
    assert_eq!((end.session.window_free(), end.session.window_used()), (0, 2));
    assert_eq!(end.session.unanswered(), [1, 2]);
    assert_eq!(End::bound_client(BindMode::Receiver, |_| {}).submit(1), Err(Refused::NotAllowed));
    assert!(end.session.can_send(command::SUBMIT_SM) && !end.session.can_send(command::DELIVER_SM));
}
