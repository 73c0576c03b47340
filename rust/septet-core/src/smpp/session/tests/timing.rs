//! Each timer (7.2), with a clock that is only a number.

use super::*;

#[test]
fn a_connection_that_does_not_bind_is_closed() {
    for role in [Role::Server, Role::Client] {
        let mut end = End::new(role, |config| config.session_init = 5 * SECOND);
        end.now = 5 * SECOND - 1;
        assert_eq!(end.tick(), []);
        assert_eq!(end.wait(), (5 * SECOND, vec![Seen::Closed("init_timeout")]));
    }
    let mut end = End::new(Role::Server, |config| config.session_init = 5 * SECOND);
    end.give(&bind(BindMode::Receiver, 1));
    assert_eq!(end.wait(), (5 * SECOND, vec![Seen::Closed("init_timeout")]));
}

#[test]
fn a_client_waits_for_its_bind_as_long_from_the_bind() {
    let mut end = End::new(Role::Client, |config| config.session_init = 5 * SECOND);
    end.session.bind(3 * SECOND, BindMode::Receiver, b"me", b"", b"", b"");
    assert_eq!(end.wait(), (8 * SECOND, vec![Seen::Closed("init_timeout")]));
}

#[test]
fn silence_is_asked_about_and_an_answer_is_enough() {
    let mut end = End::bound_client(BindMode::Transceiver, |_| {});
    assert_eq!(end.wait(), (30 * SECOND, vec![]));
    let asked = end.sent();
    assert_eq!(asked[0].command, command::ENQUIRE_LINK);
    end.now += 2 * SECOND;
    assert_eq!(end.give(&raw(command::ENQUIRE_LINK_RESP, 0, asked[0].sequence, b"")), []);
    assert_eq!(end.session.next_deadline(), Some(62 * SECOND));
}

#[test]
fn any_pdu_puts_the_question_off_and_an_unfinished_one_does_not() {
    let mut end = End::bound_server(BindMode::Transceiver, |_| {});
    end.now = 20 * SECOND;
    end.give(&raw(command::ENQUIRE_LINK, 0, 2, b""));
    assert_eq!(end.session.next_deadline(), Some(50 * SECOND));
    end.now = 40 * SECOND;
    end.give(&[0, 0, 0, 40, 0, 0]);
    assert_eq!(end.session.next_deadline(), Some(50 * SECOND));
}

#[test]
fn a_peer_that_stays_silent_is_given_up() {
    let mut end = End::bound_client(BindMode::Transceiver, |_| {});
    end.submit(9).unwrap();
    end.wait();
    let (at, events) = end.wait();
    assert_eq!((at, events), (60 * SECOND, vec![Seen::TimedOut(9)]));
    assert_eq!(end.wait(), (90 * SECOND, vec![Seen::Closed("enquire_timeout")]));
}

#[test]
fn a_peer_that_talks_but_does_not_answer_the_question_lives() {
    let mut end = End::bound_server(BindMode::Transceiver, |_| {});
    end.wait();
    assert_eq!(end.sent()[0].command, command::ENQUIRE_LINK);
    end.now = 80 * SECOND;
    end.give(&raw(command::ENQUIRE_LINK, 0, 2, b""));
    end.now = 90 * SECOND;
    assert_eq!(end.tick(), []);
    assert_eq!(end.session.next_deadline(), Some(110 * SECOND));
}

#[test]
fn enquire_link_does_not_wait_behind_a_full_window() {
    let mut end = End::bound_client(BindMode::Transceiver, |config| config.window_out = 1);
    end.submit(1).unwrap();
    end.sent();
    end.wait();
    assert_eq!(end.sent()[0].command, command::ENQUIRE_LINK);
    assert_eq!(end.session.window_used(), 1);
}

#[test]
fn the_timers_that_are_off_never_fire() {
    let mut end = End::bound_client(BindMode::Transceiver, |config| config.enquire_link = 0);
    assert_eq!(end.session.next_deadline(), None);
    end.now = 10_000_000 * SECOND;
    assert_eq!(end.tick(), []);
    assert_eq!(end.session.state(), State::Bound);
}

#[test]
fn a_request_times_out_frees_its_place_and_is_matched_once_when_late() {
    let mut end = End::bound_client(BindMode::Transceiver, |config| {
        (config.window_out, config.enquire_link) = (2, 0);
    });
    let first = end.submit(1).unwrap();
    end.now = SECOND;
    let second = end.submit(2).unwrap();
    assert_eq!(end.session.next_deadline(), Some(60 * SECOND));
    assert_eq!(end.wait(), (60 * SECOND, vec![Seen::TimedOut(1)]));
    assert_eq!((end.session.window_free(), end.session.unanswered()), (1, vec![2]));
    let answer = raw(command::SUBMIT_SM_RESP, 0, first, b"id\0");
    assert!(matches!(end.give(&answer)[..], [Seen::Response { token: 1, late: true, waited: 60_000_000, .. }]));
    assert_eq!(end.give(&answer), [Seen::Bad("unasked_response")]);
    assert_eq!(end.wait(), (61 * SECOND, vec![Seen::TimedOut(2)]));
    assert!(matches!(
        end.give(&raw(command::GENERIC_NACK, 8, second, b""))[..],
        [Seen::Response { token: 2, late: true, .. }]
    ));
}

#[test]
fn a_session_without_messages_unbinds() {
    let mut end = End::bound_server(BindMode::Transceiver, |config| {
        config.inactivity = 300 * SECOND;
    });
    while end.session.state() == State::Bound {
        end.wait();
        for pdu in end.sent().iter().filter(|pdu| pdu.command == command::ENQUIRE_LINK) {
            end.give(&raw(command::ENQUIRE_LINK_RESP, 0, pdu.sequence, b""));
        }
        assert!(end.now <= 300 * SECOND);
    }
    assert_eq!((end.now, end.session.state()), (300 * SECOND, State::Unbinding));
    let sequence = end.session.sequence;
    assert_eq!(end.give(&raw(command::UNBIND_RESP, 0, sequence, b"")), [Seen::Closed("inactive")]);
}

#[test]
fn a_message_that_is_still_open_is_activity() {
    let mut end = End::bound_server(BindMode::Transceiver, |config| {
        (config.inactivity, config.enquire_link) = (SECOND, 0);
    });
    end.give(&sm(command::SUBMIT_SM, 2, b""));
    assert_eq!(end.session.next_deadline(), None);
    end.session.respond(2, command::SUBMIT_SM, 0, b"id");
    assert_eq!(end.session.next_deadline(), Some(SECOND));
}
