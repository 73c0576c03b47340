//! Sessions of 3.3, 3.4 and 5.0, on both sides.

use super::world::{CONTACT, NUMBER, World, config};
use crate::engine::Naming;
use crate::smpp::command;
use crate::smpp::pdu::{Destination, Value};
use crate::smpp::sm::{Addr, Sm};
use crate::smpp::tlv::Tlvs;
use crate::smpp::{Pdu, frame, status, tlv};

fn text(name: &str, value: &[u8]) -> (String, Value) {
    (name.to_owned(), Value::Text(value.to_vec()))
}

fn message(body: &[u8]) -> Sm<'_> {
    Sm {
        source: Addr { ton: 3, npi: 0, addr: NUMBER.as_bytes() },
        dest: Addr { ton: 1, npi: 1, addr: CONTACT.as_bytes() },
        short_message: body,
        registered: 1,
        ..Sm::default()
    }
}

fn of_version(version: u8) -> World {
    let mut world = World::empty(config());
    world.connect(0);
    world.connect(1);
    world.bind_as(0, version);
    world
}

#[test]
fn a_session_of_3_3_knows_its_messages_by_eight_digits() {
    let mut world = of_version(0x33);
    world.submit("hello");
    let alias = world.last_id();
    assert!(alias.len() == 8 && alias.iter().all(u8::is_ascii_hexdigit));
    let ask = |id: &[u8]| vec![text("message_id", id), text("source_addr", NUMBER.as_bytes())];
    let answer = world.ask(command::QUERY_SM, ask(&alias), vec![]);
    assert_eq!((answer.status, answer.text("message_id")), (0, &alias[..]));
    world.receipt(0, "c1-0", "DELIVRD");
    let receipt = world.esme().got[0].clone();
    assert!(receipt.body.starts_with(&[b"id:", &alias[..], b" "].concat()), "{:?}", receipt.body);
    // 3.3 has no TLVs.
    assert_eq!((receipt.receipted, receipt.state), (None, None));
    // It has ended; the store still knows the alias, after a restart too.
    world.crash();
    world.bind_as(0, 0x33);
    let answer = world.ask(command::QUERY_SM, ask(&alias.to_ascii_lowercase()), vec![]);
    assert_eq!((answer.status, answer.octet("message_state")), (0, 2));
}

fn naming(naming: Naming) -> crate::engine::tables::Config {
    let mut config = config();
    config.accounts[0].quirks.naming = naming;
    config
}

#[test]
fn an_account_is_told_ids_in_the_form_that_it_reads() {
    let decimal = |id: &[u8]| id.len() == 19 && id.iter().all(u8::is_ascii_digit);
    let hex = |id: &[u8]| id.len() == 16 && id.iter().all(u8::is_ascii_hexdigit);
    for (form, in_response, in_receipt) in [
        (Naming::Decimal, &decimal as &dyn Fn(&[u8]) -> bool, &decimal as &dyn Fn(&[u8]) -> bool),
        (Naming::Hex, &hex, &hex),
        (Naming::HexToDecimal, &hex, &decimal),
        (Naming::DecimalToHex, &decimal, &hex),
    ] {
        let mut world = World::with(naming(form));
        world.submit("hello");
        let told = world.last_id();
        assert!(in_response(&told), "{form:?} {told:?}");
        let ask = |id: &[u8]| vec![text("message_id", id), text("source_addr", NUMBER.as_bytes())];
        let answer = world.ask(command::QUERY_SM, ask(&told), vec![]);
        assert_eq!((answer.status, answer.text("message_id")), (0, &told[..]));
        world.crash();
        world.connect(0);
        world.bind();
        world.receipt(0, "c1-0", "DELIVRD");
        let receipt = world.esme().got[0].clone();
        let named = receipt.receipted.unwrap();
        assert!(in_receipt(&named), "{form:?} {named:?}");
        assert!(receipt.body.starts_with(&[b"id:", &named[..], b" "].concat()), "{:?}", receipt.body);
        let number = |id: &[u8]| u64::from_str_radix(&String::from_utf8_lossy(id), if hex(id) { 16 } else { 10 });
        assert_eq!(number(&told), number(&named));
        // It has ended: the store knows it by either name.
        for name in [told, named.to_ascii_lowercase()] {
            let answer = world.ask(command::QUERY_SM, ask(&name), vec![]);
            assert_eq!((answer.status, answer.octet("message_state")), (0, 2));
        }
    }
}

#[test]
fn one_name_in_its_form_stands_for_all_of_a_submit_multi() {
    let mut world = World::with(naming(Naming::Decimal));
    world.grant = 0;
    let dests = ["46701", "46702"].map(|to| Destination::Sme(1, 1, to.as_bytes().to_vec())).to_vec();
    let mut fields = vec![text("source_addr", NUMBER.as_bytes()), text("message_id", b"")];
    fields[1] = ("dest_address".to_owned(), Value::Destinations(dests));
    let id = world.ask(command::SUBMIT_MULTI, fields, vec![]).text("message_id").to_vec();
    assert_eq!(id.len(), 19);
    assert_eq!(world.ask(command::CANCEL_SM, vec![text("message_id", &id)], vec![]).status, 0);
    assert_eq!(world.engine.queue_depth(0), 0);
}

#[test]
fn a_message_that_is_cold_is_known_by_its_name_too_and_forgotten_with_it() {
    let mut config = naming(Naming::Hex);
    config.limits.hot = 1;
    let mut world = World::with(config);
    world.grant = 0;
    let mut names = Vec::new();
    for number in 0..6 {
        world.submit(&format!("text {number}"));
        names.push(world.last_id());
    }
    assert!(world.engine.cold() > 3);
    world.crash();
    world.connect(0);
    world.bind();
    assert!(world.engine.cold() > 3);
    for name in names.iter().rev() {
        assert_eq!(world.ask(command::CANCEL_SM, vec![text("message_id", name)], vec![]).status, 0);
        assert_eq!(
            world.ask(command::CANCEL_SM, vec![text("message_id", name)], vec![]).status,
            status::ESME_RCANCELFAIL
        );
    }
    assert_eq!(world.engine.queue_depth(0), 0);
}

#[test]
fn an_alias_withdraws_a_message_that_waits_also_after_a_crash() {
    let mut world = World::empty(config());
    world.engine.set_usable(0, true);
    world.bind_as(0, 0x33);
    world.submit("one");
    let alias = world.last_id();
    world.crash();
    world.engine.set_usable(0, true);
    world.bind_as(0, 0x33);
    assert_eq!(world.ask(command::CANCEL_SM, vec![text("message_id", &alias)], vec![]).status, 0);
    assert_eq!(world.engine.alive(), 0);
}

#[test]
fn a_receipt_names_the_id_that_its_sender_was_given_whoever_takes_it() {
    let mut world = of_version(0x33);
    world.submit("hello");
    let alias = world.last_id();
    world.leave();
    world.bind();
    world.receipt(0, "c1-0", "DELIVRD");
    assert_eq!(world.esme().got[0].receipted.as_deref(), Some(&alias[..]));
}

#[test]
fn a_carrier_is_sent_the_tlvs_of_its_version() {
    for (version, expected) in [
        (0x33, &[][..]),
        (0x34, &[tlv::USER_MESSAGE_REFERENCE]),
        (0x50, &[tlv::USER_MESSAGE_REFERENCE, tlv::DEST_NODE_ID]),
    ] {
        let mut config = config();
        config.carriers[0].interface_version = version;
        let mut world = World::empty(config);
        world.connect(0);
        world.bind_as(0, 0x50);
        let tlvs = vec![(tlv::USER_MESSAGE_REFERENCE, vec![0, 7]), (tlv::DEST_NODE_ID, vec![1; 6])];
        let fields = vec![text("source_addr", NUMBER.as_bytes()), text("destination_addr", CONTACT.as_bytes())];
        assert_eq!(world.ask(command::SUBMIT_SM, fields, tlvs).status, 0);
        let tags: Vec<u16> = world.north().got[0].tlvs.iter().map(|(tag, _)| *tag).collect();
        assert_eq!(tags, expected, "{version:X}");
    }
}

#[test]
fn parts_that_an_esme_made_with_tlvs_have_a_header_where_the_carrier_takes_none() {
    let half = &b"half"[..];
    let cases = [
        (0x33, half, 7, &b"\x05\x00\x03\x07\x02\x01half"[..], 0x40),
        (0x33, half, 0x107, b"\x06\x08\x04\x01\x07\x02\x01half", 0x40),
        (0x34, half, 7, half, 0),
        (0x33, &[b'x'; 153], 7, &[&b"\x05\x00\x03\x07\x02\x01"[..], &[b'x'; 153]].concat(), 0x40),
        // No room beside the text: better a part alone than none.
        (0x33, &[b'x'; 154], 7, &[b'x'; 154], 0),
    ];
    for (version, body, reference, expected, esm_class) in cases {
        let mut config = config();
        config.carriers[0].interface_version = version;
        let mut world = World::empty(config);
        world.connect(0);
        world.bind_as(0, 0x34);
        let mut tlvs = Vec::new();
        tlv::put(&mut tlvs, tlv::SAR_MSG_REF_NUM, &u16::to_be_bytes(reference));
        tlv::put(&mut tlvs, tlv::SAR_TOTAL_SEGMENTS, &[2]);
        tlv::put(&mut tlvs, tlv::SAR_SEGMENT_SEQNUM, &[1]);
        world.submit_with(&Sm { tlvs: Tlvs::new(&tlvs), ..message(body) });
        let got = &world.north().got[0];
        assert_eq!((&got.body[..], got.esm_class), (expected, esm_class), "{version:X} {}", body.len());
    }
}

#[test]
fn a_replacement_takes_the_place_of_what_waits_and_the_carrier_is_told() {
    let mut world = World::empty(config());
    world.engine.set_usable(0, true);
    world.bind_as(0, 0x34);
    world.submit_with(&message(b"first"));
    let first = world.last_id();
    world.submit_with(&Sm { service_type: b"WAP", ..message(b"another service") });
    world.submit_with(&Sm { replace: 1, default_msg_id: 9, ..message(b"second") });
    world.submit_with(&message(b"third"));
    world.pass(2);
    assert_eq!(world.view(&first).status, "cancelled");
    world.connect(0);
    world.pass(1);
    let got: Vec<_> = world.north().got.iter().map(|got| (got.body.clone(), got.asked)).collect();
    let expected = [(&b"another service"[..], (0, 0)), (b"second", (1, 9)), (b"third", (0, 0))];
    assert_eq!(got, expected.map(|(body, asked)| (body.to_vec(), asked)));
}

#[test]
fn only_the_first_part_of_a_long_replacement_replaces() {
    let mut world = of_version(0x34);
    world.submit_with(&Sm { replace: 1, ..message(&[b'x'; 200]) });
    assert_eq!(world.north().got.iter().map(|got| got.asked.0).collect::<Vec<_>>(), [1, 0]);
}

#[test]
fn a_carrier_that_wants_data_sm_gets_it_and_one_of_3_3_does_not() {
    for (version, expected) in [(0x33, command::SUBMIT_SM), (0x34, command::DATA_SM)] {
        let mut config = config();
        config.carriers[0].interface_version = version;
        config.carriers[0].quirks.data_sm = true;
        let mut world = World::empty(config);
        world.connect(0);
        world.bind_as(0, 0x34);
        world.submit_with(&Sm { validity: b"000000010000000R", registered: 1, ..message(&[b'x'; 200]) });
        let id = world.last_id();
        let got = world.north().got.clone();
        assert_eq!(got.len(), 2);
        for (part, got) in got.iter().enumerate() {
            assert_eq!((got.command, got.esm_class), (expected, 0x40));
            assert_eq!(got.body[..6], [5, 0, 3, got.body[3], 2, part as u8 + 1]);
            let lifetime = got.tlvs.iter().find(|(tag, _)| *tag == tlv::QOS_TIME_TO_LIVE).map(|(_, v)| v.clone());
            let as_data = version > 0x33;
            assert_eq!(lifetime, as_data.then(|| 3600_u32.to_be_bytes().to_vec()));
            assert_eq!(got.validity.is_empty(), as_data);
        }
        assert_eq!(world.view(&id).status, "submitted");
        world.receipt(0, "c1-0", "DELIVRD");
        world.receipt(0, "c1-1", "DELIVRD");
        assert_eq!(world.view(&id).status, "delivered");
    }
}

#[test]
fn a_scheduled_message_has_a_state_of_its_own_in_5_0_only() {
    for (version, state) in [(0x34, 1), (0x50, 0)] {
        let mut world = of_version(version);
        let fields = vec![
            text("source_addr", NUMBER.as_bytes()),
            text("destination_addr", CONTACT.as_bytes()),
            text("schedule_delivery_time", b"000000010000000R"),
        ];
        let id = world.ask(command::SUBMIT_SM, fields, vec![]).text("message_id").to_vec();
        let answer = world.ask(command::QUERY_SM, vec![text("message_id", &id)], vec![]);
        assert_eq!((answer.status, answer.octet("message_state")), (0, state));
    }
}

#[test]
fn a_broadcast_goes_to_a_carrier_that_speaks_5_0_and_its_answer_back() {
    let mut config = config();
    config.carriers[1].interface_version = 0x50;
    let mut world = World::empty(config);
    world.connect(0);
    world.connect(1);
    world.bind_as(0, 0x50);
    let tlvs = vec![(tlv::BROADCAST_AREA_IDENTIFIER, b"\x01here".to_vec())];
    let answer = world.ask(command::BROADCAST_SM, vec![text("source_addr", NUMBER.as_bytes())], tlvs.clone());
    assert_eq!((answer.command, answer.status), (command::BROADCAST_SM_RESP, 0));
    let id = answer.text("message_id").to_vec();
    assert_eq!(world.south().bodies.iter().map(|pdu| pdu.tlvs.clone()).collect::<Vec<_>>(), [tlvs]);
    let ask = vec![text("message_id", &id), text("source_addr", NUMBER.as_bytes())];
    assert_eq!(world.ask(command::QUERY_BROADCAST_SM, ask.clone(), vec![]).text("message_id"), id);
    assert_eq!(world.ask(command::CANCEL_BROADCAST_SM, ask, vec![]).status, 0);
    assert_eq!((world.engine.in_flight(0), world.engine.in_flight(1)), (0, 0));
}

#[test]
fn a_broadcast_that_nobody_carries_or_answers_fails() {
    let fields = || vec![text("source_addr", NUMBER.as_bytes())];
    let mut world = of_version(0x50);
    for (id, failed) in [
        (command::BROADCAST_SM, status::ESME_RBCASTFAIL),
        (command::QUERY_BROADCAST_SM, status::ESME_RBCASTQUERYFAIL),
        (command::CANCEL_BROADCAST_SM, status::ESME_RBCASTCANCELFAIL),
    ] {
        let answer = world.ask(id, fields(), vec![]);
        // Its body is whole, where it has one.
        assert_eq!((answer.status, answer.fields.len()), (failed, usize::from(id != command::CANCEL_BROADCAST_SM)));
    }
    let mut config = config();
    config.carriers[0].interface_version = 0x50;
    let mut world = World::empty(config);
    world.connect(0);
    world.bind_as(0, 0x50);
    world.north().reply = None;
    world.request(command::BROADCAST_SM, fields(), vec![]);
    assert_eq!(world.esme().bodies.len(), 0);
    world.cut(0);
    assert_eq!(world.esme().bodies.last().unwrap().status, status::ESME_RBCASTFAIL);
    // A broadcast in a session of 3.4 is no operation at all.
    let mut world = of_version(0x34);
    let sid = world.esme().sid;
    let broadcast = Pdu::build(command::BROADCAST_SM, 0, 9, fields(), vec![]).unwrap().encode().unwrap();
    world.engine.receive(sid, &broadcast, world.now);
    let answer = Pdu::decode(&world.engine.output(sid)).unwrap();
    assert_eq!((answer.command, answer.status, answer.sequence), (command::GENERIC_NACK, status::ESME_RINVCMDID, 9));
}

fn outbind(system_id: &[u8], password: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    frame::put(&mut out, command::OUTBIND, 0, 1, |out| {
        out.extend_from_slice(&[system_id, b"\0", password, b"\0"].concat());
    });
    out
}

#[test]
fn a_carrier_that_connects_and_says_outbind_is_bound_to_and_carries() {
    let mut config = config();
    config.carriers[0].outbind = Some(("SMSC1".into(), "word".into()));
    let mut world = World::empty(config);
    world.bind();
    world.engine.set_usable(0, true);
    let sid = world.engine.open_esme(world.now);
    world.engine.receive(sid, &outbind(b"SMSC1", b"word"), world.now);
    assert!(world.engine.attention().binds.contains(&sid));
    assert_eq!(world.engine.outbind_request(sid), Some((0, 0)));
    world.engine.accept_outbind(sid, 0, 0, world.now);
    world.carrier_at(0, sid);
    assert_eq!(world.engine.links_up(0), [true]);
    world.submit("hello");
    assert_eq!(world.north().got.len(), 1);
    // Its only link is up: a second connection has nothing to bind.
    let second = world.engine.open_esme(world.now);
    world.engine.receive(second, &outbind(b"SMSC1", b"word"), world.now);
    assert!(world.engine.attention().binds.contains(&second));
    assert_eq!(world.engine.outbind_request(second), None);
    world.cut(0);
    assert_eq!(world.engine.links_up(0), [false]);
    assert_eq!(world.engine.outbind_request(second), Some((0, 0)));
}

#[test]
fn an_outbind_of_nobody_we_know_is_sent_away_and_counted() {
    let mut config = config();
    config.carriers[0].outbind = Some(("SMSC1".into(), "word".into()));
    let mut world = World::empty(config);
    for (system_id, password) in [(&b"SMSC1"[..], &b"wrong"[..]), (b"who", b"word"), (b"", b"")] {
        let sid = world.engine.open_esme(world.now);
        world.engine.receive(sid, &outbind(system_id, password), world.now);
        assert_eq!(world.engine.outbind_request(sid), None);
        world.engine.refuse_outbind(sid);
        world.engine.tick(world.now);
        assert!(world.engine.attention().closing.contains(&sid));
    }
    assert_eq!(world.engine.tally().bad_pdus[&("unauthenticated".to_owned(), "outbind_refused")], 3);
}

#[test]
fn a_text_that_3_3_has_no_place_for_waits_for_no_one_and_blocks_nothing() {
    for (version, taken) in [(0x33, &[&b"next"[..]][..]), (0x34, &[&[b'x'; 300], b"next"])] {
        let mut world = of_version(version);
        let long = [b'x'; 300];
        let (phone, own) =
            (Addr { ton: 1, npi: 1, addr: CONTACT.as_bytes() }, Addr { ton: 3, npi: 0, addr: NUMBER.as_bytes() });
        world.send_up_by(command::DATA_SM, 0, &Sm { source: phone, dest: own, short_message: &long, ..Sm::default() });
        world.mo(b"next");
        let got: Vec<_> = world.esme().got.iter().map(|got| got.body.clone()).collect();
        assert_eq!(got, taken, "{version:X}");
        let status = if version == 0x33 { "dead" } else { "handed_over" };
        assert_eq!(world.log[0].status, status);
    }
}

#[test]
fn an_mo_goes_to_every_version() {
    for version in [0x33, 0x34, 0x50] {
        let mut world = of_version(version);
        world.mo(b"hello");
        assert_eq!(world.esme().got[0].body, b"hello", "{version:X}");
    }
}
