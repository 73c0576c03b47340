//! What a version does not know is not sent to it; and the other way round, who says outbind.

use super::*;

fn bind_as(mode: BindMode, version: u8) -> Vec<u8> {
    let body = [&b"me\0secret\0\0"[..], &[version, 0, 0], b"\0"].concat();
    raw(mode.command(), 0, 1, &body)
}

fn server(version: u8) -> End {
    let mut end = End::new(Role::Server, |config| config.interface_version = 0x50);
    end.give(&bind_as(BindMode::Transceiver, version));
    end
}

#[test]
fn a_server_answers_a_bind_in_the_older_of_both_versions() {
    for (asked, agreed, said) in [
        (0x00, 0x33, None),
        (0x33, 0x33, None),
        (0x34, 0x34, Some(0x34)),
        (0x40, 0x34, Some(0x34)),
        (0x50, 0x50, Some(0x50)),
        (0xFF, 0x50, Some(0x50)),
    ] {
        let mut end = server(asked);
        end.session.accept_bind(0, 1);
        let answer = end.sent().remove(0);
        assert_eq!(answer.tlv(tlv::SC_INTERFACE_VERSION), said.as_ref().map(std::slice::from_ref));
        assert_eq!((end.session.version(), end.session.peer_version()), (agreed, asked));
        assert_eq!(end.session.takes_tlvs(), agreed > 0x33);
    }
}

#[test]
fn a_client_speaks_the_older_of_both_versions() {
    for (ours, theirs, agreed) in [
        (0x34, None, 0x33),
        (0x34, Some(0x34), 0x34),
        (0x34, Some(0x50), 0x34),
        (0x50, Some(0x50), 0x50),
        (0x33, Some(0x34), 0x33),
    ] {
        let mut end = End::new(Role::Client, |config| config.interface_version = ours);
        end.session.bind(0, BindMode::Transmitter, b"me", b"", b"", b"");
        assert_eq!(end.sent()[0].octet("interface_version"), ours);
        let mut body = b"centre\0".to_vec();
        if let Some(version) = theirs {
            tlv::put(&mut body, tlv::SC_INTERFACE_VERSION, &[version]);
        }
        end.give(&raw(command::BIND_TRANSMITTER_RESP, 0, 1, &body));
        assert_eq!(end.session.version(), agreed, "{ours:X} {theirs:?}");
    }
}

/// Every request of the table, asked of each end in each version: it is written if the table says so, else refused.
#[test]
fn what_the_version_does_not_have_is_not_sent() {
    for version in [0x33, 0x34, 0x50] {
        let mut end = server(version);
        end.session.accept_bind(0, 1);
        end.sent();
        for row in command::TABLE.iter().filter(|row| row.smsc & command::TRX != 0 && !row.is_response()) {
            let known = row.since <= version;
            assert_eq!(end.session.can_send(row.id), known, "{version:X} {}", row.name);
            let body = Pdu::build(row.id, 0, 1, vec![], vec![]).unwrap().encode().unwrap()[16..].to_vec();
            let write = |out: &mut Vec<u8>| out.extend_from_slice(&body);
            let sent = match row.id {
                command::ENQUIRE_LINK | command::UNBIND => continue,
                command::ALERT_NOTIFICATION => end.session.alert(0, write),
                id => end.session.request(0, id, 0, write).map(|_| ()),
            };
            assert_eq!(sent, if known { Ok(()) } else { Err(Refused::NotAllowed) }, "{version:X} {}", row.name);
        }
    }
}

#[test]
fn a_peer_may_speak_3_4_after_a_bind_as_3_3_but_not_5_0() {
    let mut end = server(0x33);
    end.session.accept_bind(0, 1);
    end.sent();
    assert_eq!(end.session.mode(), Some(BindMode::Transceiver));
    let mut body = Vec::new();
    message(b"").write(command::DATA_SM, &mut body);
    assert_eq!(end.give(&raw(command::DATA_SM, 0, 2, &body)), [Seen::Message(command::DATA_SM, 2, vec![])]);
    for id in [command::BROADCAST_SM, command::QUERY_BROADCAST_SM, command::CANCEL_BROADCAST_SM] {
        let broadcast = Pdu::build(id, 0, 3, vec![], vec![]).unwrap().encode().unwrap();
        assert_eq!(end.give(&broadcast), [Seen::Bad("wrong_version")]);
        assert_eq!(end.answers(), [(command::GENERIC_NACK, st::ESME_RINVCMDID, 3)]);
    }
    let mut end = server(0x50);
    end.session.accept_bind(0, 1);
    end.sent();
    let broadcast = Pdu::build(command::BROADCAST_SM, 0, 3, vec![], vec![]).unwrap().encode().unwrap();
    assert_eq!(end.give(&broadcast), [Seen::Operation(command::BROADCAST_SM, 3)]);
    end.session.respond(3, command::BROADCAST_SM, 0, b"b1");
    assert_eq!(end.sent()[0].text("message_id"), b"b1");
}

/// 2.2.1: both ends, from the connection to the bind.
#[test]
fn a_message_centre_that_connects_says_outbind_and_is_bound_to() {
    let mut centre = End::new(Role::Server, |config| config.interface_version = 0x50);
    let mut esme = End::new(Role::Server, |_| {});
    centre.session.outbind(0, b"centre", b"word");
    assert_eq!(centre.session.state(), State::Outbound);
    let octets = std::mem::take(centre.session.output());
    assert_eq!(esme.give(&octets), [Seen::Outbind(b"centre".to_vec(), b"word".to_vec())]);
    assert_eq!(esme.session.state(), State::Outbound);
    let mut config = Config::new(Role::Client);
    config.interface_version = 0x50;
    esme.session.turn(0, config);
    esme.session.bind(0, BindMode::Receiver, b"me", b"pw", b"", b"");
    assert_eq!(esme.session.state(), State::Binding);
    let octets = std::mem::take(esme.session.output());
    let Seen::Bind(mode, sequence, ..) = centre.give(&octets)[0] else { panic!("no bind") };
    assert_eq!(mode, BindMode::Receiver);
    centre.session.accept_bind(0, sequence);
    let octets = std::mem::take(centre.session.output());
    assert_eq!(esme.give(&octets), [Seen::Bound(b"centre".to_vec(), Some(0x50))]);
    assert!(centre.deliver(1).is_ok());
    let octets = std::mem::take(centre.session.output());
    assert!(matches!(esme.give(&octets)[..], [Seen::Message(command::DELIVER_SM, ..)]));
}

#[test]
fn an_outbind_that_is_not_wanted_ends_the_session_and_one_out_of_place_is_counted() {
    let outbind = raw(command::OUTBIND, 0, 1, b"who\0pw\0");
    let mut end = End::new(Role::Server, |_| {});
    end.give(&outbind);
    assert_eq!(end.give(&outbind), [Seen::Bad("wrong_state")]);
    end.session.refuse_outbind();
    assert_eq!(end.tick(), [Seen::Closed("outbind_refused")]);
    for mut end in [End::new(Role::Client, |_| {}), End::bound_server(BindMode::Receiver, |_| {})] {
        assert_eq!(end.give(&outbind), [Seen::Bad("wrong_state")]);
        assert_eq!(end.answers(), []);
    }
    let mut end = End::new(Role::Server, |_| {});
    assert_eq!(end.give(&raw(command::OUTBIND, 0, 1, &[b'x'; 40])), [Seen::Bad("malformed")]);
    assert_eq!(end.answers(), [(command::GENERIC_NACK, st::ESME_RINVSYSID, 1)]);
    // The peer changes its mind: an ESME after all.
    assert!(matches!(end.give(&bind(BindMode::Receiver, 2))[..], [Seen::Bind(..)]));
}

#[test]
fn nobody_binds_after_an_outbind_for_ever() {
    let mut centre = End::new(Role::Server, |_| {});
    centre.session.outbind(0, b"centre", b"word");
    let (at, events) = centre.wait();
    assert_eq!((at, events), (10 * SECOND, vec![Seen::Closed("init_timeout")]));
}
