//! Unbinding, from either side.

use super::*;

#[test]
fn we_leave_after_our_window_is_empty() {
    let mut end = End::bound_client(BindMode::Transceiver, |_| {});
    let sequence = end.submit(1).unwrap();
    end.sent();
    end.session.unbind(0);
    assert_eq!(end.submit(2), Err(Refused::NotBound));
    assert!(end.session.output().is_empty());
    end.give(&raw(command::SUBMIT_SM_RESP, 0, sequence, b"id\0"));
    let unbind = end.sent();
    assert_eq!(unbind[0].command, command::UNBIND);
    assert_eq!(end.give(&raw(command::UNBIND_RESP, 0, unbind[0].sequence, b"")), [Seen::Closed("unbound")]);
    assert_eq!(end.session.state(), State::Closed);
}

#[test]
fn until_our_unbind_is_out_messages_are_still_taken_and_after_it_refused() {
    let mut end = End::bound_client(BindMode::Transceiver, |_| {});
    let sequence = end.submit(1).unwrap();
    end.session.unbind(0);
    assert!(matches!(end.give(&sm(command::DELIVER_SM, 5, b""))[..], [Seen::Message(..)]));
    end.give(&raw(command::SUBMIT_SM_RESP, 0, sequence, b"id\0"));
    let unbind = end.sent().pop().unwrap();
    assert_eq!(end.give(&sm(command::DELIVER_SM, 6, b"")), [], "it crossed the unbind");
    // The one that was taken is still answered before the session is over.
    assert_eq!(end.give(&raw(command::UNBIND_RESP, 0, unbind.sequence, b"")), []);
    end.session.respond(5, command::DELIVER_SM, 0, b"");
    assert_eq!(end.answers(), [(command::DELIVER_SM_RESP, st::ESME_RMSGQFUL, 6), (command::DELIVER_SM_RESP, 0, 5)]);
    assert_eq!(end.wait().1, [Seen::Closed("unbound")]);
}

#[test]
fn leaving_takes_no_longer_than_a_response_may() {
    let mut end = End::bound_client(BindMode::Transceiver, |_| {});
    end.now = SECOND;
    end.session.unbind(SECOND);
    assert_eq!(end.wait(), (61 * SECOND, vec![Seen::Closed("unbind_timeout")]));

    let mut end = End::bound_client(BindMode::Transceiver, |_| {});
    end.submit(7).unwrap();
    end.session.unbind(0);
    assert_eq!(end.wait(), (60 * SECOND, vec![Seen::TimedOut(7), Seen::Closed("unbind_timeout")]));
}

#[test]
fn a_peer_that_does_not_know_unbind_is_left_all_the_same() {
    let mut end = End::bound_server(BindMode::Transceiver, |_| {});
    end.session.unbind(0);
    let unbind = end.sent().pop().unwrap();
    assert_eq!(end.give(&raw(command::GENERIC_NACK, 3, unbind.sequence, b"")), [Seen::Closed("unbound")]);
}

#[test]
fn without_a_bind_leaving_is_at_once() {
    let mut end = End::new(Role::Server, |_| {});
    end.session.unbind(0);
    assert_eq!(end.wait(), (0, vec![Seen::Closed("unbound")]));
}

#[test]
fn a_peer_that_leaves_is_answered_at_once_if_nothing_is_open() {
    let mut end = End::bound_server(BindMode::Transceiver, |_| {});
    assert_eq!(end.give(&raw(command::UNBIND, 0, 8, b"")), [Seen::Unbound, Seen::Closed("peer_unbound")]);
    assert_eq!(end.answers(), [(command::UNBIND_RESP, 0, 8)]);
}

#[test]
fn a_peer_that_leaves_reads_its_responses_before_the_answer_to_its_unbind() {
    let mut end = End::bound_server(BindMode::Transceiver, |_| {});
    let octets = [sm(command::SUBMIT_SM, 1, b""), sm(command::SUBMIT_SM, 2, b""), raw(command::UNBIND, 0, 3, b"")];
    assert_eq!(end.give(&octets.concat()).last(), Some(&Seen::Unbound));
    assert_eq!(end.submit(1), Err(Refused::NotBound));
    end.session.respond(2, command::SUBMIT_SM, 0, b"b");
    end.session.respond(1, command::SUBMIT_SM, 0, b"a");
    let order: Vec<_> = end.answers().iter().map(|answer| answer.2).collect();
    assert_eq!(order, [2, 1, 3]);
    assert_eq!(end.wait(), (0, vec![Seen::Closed("peer_unbound")]));
}

#[test]
fn what_stays_unanswered_does_not_keep_a_leaving_peer() {
    let mut end = End::bound_server(BindMode::Transceiver, |_| {});
    end.submit(1).unwrap_err();
    end.deliver(5).unwrap();
    end.sent();
    end.give(&[sm(command::SUBMIT_SM, 1, b""), raw(command::UNBIND, 0, 3, b"")].concat());
    assert_eq!(end.wait(), (60 * SECOND, vec![Seen::TimedOut(5), Seen::Closed("peer_unbound")]));
    assert_eq!(end.answers(), [(command::UNBIND_RESP, 0, 3)]);
}

#[test]
fn both_may_leave_at_once() {
    let mut end = End::bound_server(BindMode::Transceiver, |_| {});
    end.session.unbind(0);
    end.sent();
    assert_eq!(end.give(&raw(command::UNBIND, 0, 3, b"")), [Seen::Unbound, Seen::Closed("peer_unbound")]);
    assert_eq!(end.answers(), [(command::UNBIND_RESP, 0, 3)]);
}

#[test]
fn after_the_end_nothing_happens() {
    let mut end = End::bound_client(BindMode::Transceiver, |_| {});
    end.submit(1).unwrap();
    end.give(&[0xFF; 16]);
    end.sent();
    assert_eq!(end.session.state(), State::Closed);
    assert_eq!(end.session.unanswered(), [1]);
    end.now = 1_000 * SECOND;
    assert_eq!((end.tick(), end.give(&sm(command::DELIVER_SM, 1, b""))), (vec![], vec![]));
    end.session.respond(1, command::DELIVER_SM, 0, b"");
    end.session.unbind(end.now);
    assert_eq!(end.submit(2), Err(Refused::NotBound));
    assert!(end.session.output().is_empty());
    assert_eq!(end.session.next_deadline(), None);
}

#[test]
fn a_request_that_is_open_at_the_end_does_not_time_out_after_it() {
    let mut end = End::bound_server(BindMode::Transceiver, |_| {});
    end.deliver(5).unwrap();
    end.sent();
    end.give(&[sm(command::SUBMIT_SM, 1, b""), raw(command::UNBIND, 0, 3, b"")].concat());
    end.session.respond(1, command::SUBMIT_SM, 0, b"id");
    end.now = 60 * SECOND;
    assert_eq!(end.tick(), [Seen::Closed("peer_unbound")]);
    assert_eq!(end.session.unanswered(), [5]);
}
