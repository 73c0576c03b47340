//! query_sm, cancel_sm, replace_sm, submit_multi and data_sm, from an ESME's side.

use super::world::{CONTACT, NUMBER, World, config};
use crate::clock::SECOND;
use crate::engine::Id;
use crate::smpp::command;
use crate::smpp::pdu::{Destination, Failure, Value};
use crate::smpp::sm::{Addr, Sm};
use crate::smpp::{Pdu, status, tlv};

fn text(name: &str, value: &[u8]) -> (String, Value) {
    (name.to_owned(), Value::Text(value.to_vec()))
}

fn ask(world: &mut World, command: u32, id: &[u8]) -> Pdu {
    world.ask(command, vec![text("message_id", id), text("source_addr", NUMBER.as_bytes())], vec![])
}

fn state(pdu: &Pdu) -> (u32, u8, bool) {
    (pdu.status, pdu.octet("message_state"), !pdu.text("final_date").is_empty())
}

/// A world whose carriers take nothing, so that everything waits.
fn waiting() -> World {
    let mut world = World::empty(config());
    world.engine.set_usable(0, true);
    world.bind();
    world
}

#[test]
fn a_query_says_where_a_message_stands_until_its_end_and_after() {
    let mut world = World::new();
    world.submit("hello");
    let id = world.last_id();
    let answer = ask(&mut world, command::QUERY_SM, &id);
    assert_eq!((state(&answer), answer.text("message_id")), ((0, 1, false), &id[..]));
    world.receipt(0, "c1-0", "DELIVRD");
    world.esme().got.clear();
    // It has ended and its sender knows: the log is asked.
    assert_eq!(world.log.len(), 1);
    assert_eq!(state(&ask(&mut world, command::QUERY_SM, &id.to_ascii_lowercase())), (0, 2, true));
}

#[test]
fn a_message_of_another_account_or_source_is_not_found() {
    let mut world = World::new();
    world.submit("mine");
    let id = world.last_id();
    let other = vec![text("message_id", &id), text("source_addr", b"999")];
    assert_eq!(world.ask(command::QUERY_SM, other.clone(), vec![]).status, status::ESME_RQUERYFAIL);
    assert_eq!(world.ask(command::CANCEL_SM, other.clone(), vec![]).status, status::ESME_RCANCELFAIL);
    assert_eq!(world.ask(command::REPLACE_SM, other, vec![]).status, status::ESME_RREPLACEFAIL);
    for name in [&b"0123456789ABCDEFGHJK"[..], b"no id", b"", b"DEADBEEF"] {
        // 4.8.2: the refusal has a whole body; 7 is UNKNOWN.
        assert_eq!(state(&ask(&mut world, command::QUERY_SM, name)), (status::ESME_RINVMSGID, 7, false), "{name:?}");
        let fields = vec![text("message_id", name)];
        let cancelled = world.ask(command::CANCEL_SM, fields, vec![]).status;
        let expected = if name.is_empty() { status::ESME_RCANCELFAIL } else { status::ESME_RINVMSGID };
        assert_eq!(cancelled, expected);
    }
    world.leave();
    world.bind_as(1, 0x34);
    assert_eq!(ask(&mut world, command::QUERY_SM, &id).status, status::ESME_RINVMSGID);
    assert_eq!(ask(&mut world, command::CANCEL_SM, &id).status, status::ESME_RINVMSGID);
}

#[test]
fn what_has_not_left_is_withdrawn_and_stays_so_after_a_crash() {
    let mut world = waiting();
    world.submit("one");
    let one = world.last_id();
    world.submit("two");
    assert_eq!(ask(&mut world, command::CANCEL_SM, &one).status, 0);
    assert_eq!(world.view(&one).status, "cancelled");
    assert_eq!(state(&ask(&mut world, command::QUERY_SM, &one)), (0, 4, true));
    assert_eq!(ask(&mut world, command::CANCEL_SM, &one).status, status::ESME_RCANCELFAIL);
    world.crash();
    world.connect(0);
    assert_eq!(world.north().got.iter().map(|got| got.body.clone()).collect::<Vec<_>>(), [b"two"]);
}

#[test]
fn what_has_left_cannot_be_withdrawn_or_replaced() {
    let mut world = World::new();
    world.submit("gone");
    let id = world.last_id();
    assert_eq!(ask(&mut world, command::CANCEL_SM, &id).status, status::ESME_RCANCELFAIL);
    assert_eq!(ask(&mut world, command::REPLACE_SM, &id).status, status::ESME_RREPLACEFAIL);
}

#[test]
fn a_cancel_is_answered_only_once_it_is_durable() {
    let mut world = waiting();
    world.submit("one");
    let id = world.last_id();
    world.commits = false;
    let asked = world.esme().bodies.len();
    world.request(command::CANCEL_SM, vec![text("message_id", &id)], vec![]);
    assert_eq!(world.esme().bodies.len(), asked);
    world.commits = true;
    world.run();
    assert_eq!(world.esme().bodies.len(), asked + 1);
}

#[test]
fn a_cancel_without_an_id_takes_all_between_two_addresses() {
    let mut world = waiting();
    for line in ["one", "two"] {
        world.submit(line);
    }
    world.submit_to("46709999999", "stays");
    let between = |service: &[u8]| {
        let source = text("source_addr", NUMBER.as_bytes());
        vec![text("service_type", service), source, text("destination_addr", CONTACT.as_bytes())]
    };
    assert_eq!(world.ask(command::CANCEL_SM, between(b"WAP"), vec![]).status, status::ESME_RCANCELFAIL);
    assert_eq!(world.ask(command::CANCEL_SM, between(b""), vec![]).status, 0);
    assert_eq!(world.ask(command::CANCEL_SM, between(b""), vec![]).status, status::ESME_RCANCELFAIL);
    world.connect(0);
    assert_eq!(world.north().got.len(), 1);
}

fn replacement(id: &[u8], body: &[u8]) -> Vec<(String, Value)> {
    let octets = ("short_message".to_owned(), Value::Octets(body.to_vec()));
    vec![text("message_id", id), text("source_addr", NUMBER.as_bytes()), octets]
}

#[test]
fn another_text_takes_the_place_of_the_old_one_also_after_a_crash() {
    let long = [b'l'; 200];
    for (first, second) in [(&b"old"[..], &b"new"[..]), (&long, b"short"), (b"short", &long)] {
        let mut world = waiting();
        world.submit_sm(first, 0, 0, 1);
        let id = world.last_id();
        assert_eq!(world.ask(command::REPLACE_SM, replacement(&id, second), vec![]).status, 0);
        world.crash();
        world.connect(0);
        let got = std::mem::take(&mut world.north().got);
        let whole: Vec<u8> =
            got.iter().flat_map(|g| g.body[if g.esm_class == 0x40 { 6 } else { 0 }..].to_vec()).collect();
        assert_eq!((whole.as_slice(), got.len()), (second, second.len().div_ceil(160)));
        assert!(got.iter().all(|g| g.registered == 0), "registered_delivery was replaced too");
        assert_eq!(world.view(&id).text.unwrap().as_bytes(), second);
    }
}

#[test]
fn a_replacement_by_payload_and_what_it_leaves_empty() {
    let mut world = waiting();
    world.submit("old");
    let id = world.last_id();
    let fields = |validity: &[u8]| {
        let mut fields = replacement(&id, b"");
        fields.push(text("validity_period", validity));
        fields.push(("registered_delivery".to_owned(), Value::Int(1)));
        fields
    };
    let payload = vec![(tlv::MESSAGE_PAYLOAD, b"payload".to_vec())];
    assert_eq!(world.ask(command::REPLACE_SM, fields(b""), payload).status, 0);
    assert_eq!(world.ask(command::REPLACE_SM, fields(b"000000010000000R"), vec![]).status, 0);
    assert_eq!(world.ask(command::REPLACE_SM, fields(b"soon"), vec![]).status, status::ESME_RINVEXPIRY);
    world.connect(0);
    let got = &world.north().got[0];
    assert_eq!((&got.body[..], got.registered, got.validity.is_empty()), (&b"payload"[..], 1, false));
}

#[test]
fn a_replacement_may_put_a_message_off_and_bring_it_back() {
    let mut world = waiting();
    world.submit("later");
    let id = world.last_id();
    let at = |when: &[u8]| {
        let mut fields = replacement(&id, b"");
        fields.push(text("schedule_delivery_time", when));
        fields
    };
    assert_eq!(world.ask(command::REPLACE_SM, at(b"000000010000000R"), vec![]).status, 0);
    world.connect(0);
    assert_eq!((world.north().got.len(), world.engine.queue_depth(0)), (0, 0));
    assert_eq!(world.view(&id).status, "scheduled");
    assert_eq!(world.ask(command::REPLACE_SM, at(b"000000000002000R"), vec![]).status, 0);
    world.pass(4);
    assert_eq!((world.north().got.len(), world.engine.queue_depth(0)), (1, 0));
}

fn multi(destinations: Vec<Destination>, body: &[u8]) -> Vec<(String, Value)> {
    vec![
        text("source_addr", NUMBER.as_bytes()),
        ("dest_address".to_owned(), Value::Destinations(destinations)),
        ("registered_delivery".to_owned(), Value::Int(1)),
        ("short_message".to_owned(), Value::Octets(body.to_vec())),
    ]
}

fn sme(addr: &str) -> Destination {
    Destination::Sme(1, 1, addr.into())
}

fn failures(pdu: &Pdu) -> Vec<Failure> {
    match pdu.fields.iter().find(|(name, _)| *name == "unsuccess_sme") {
        Some((_, Value::Failures(all))) => all.clone(),
        _ => Vec::new(),
    }
}

#[test]
fn each_destination_of_a_submit_multi_is_a_message_and_a_result() {
    let mut world = World::new();
    let destinations = vec![sme("46701111111"), Destination::List(b"all".to_vec()), sme("letters"), sme("46702222222")];
    let answer = world.ask(command::SUBMIT_MULTI, multi(destinations, b"hi all"), vec![]);
    assert_eq!(answer.status, 0);
    let failed: Vec<_> = failures(&answer).into_iter().map(|f| (f.addr, f.status)).collect();
    let expected = [(b"all".to_vec(), status::ESME_RINVDLNAME), (b"letters".to_vec(), status::ESME_RINVDSTADR)];
    assert_eq!(failed, expected);
    let id = answer.text("message_id").to_vec();
    let dests: Vec<_> = world.north().got.iter().map(|got| got.dest.clone()).collect();
    assert_eq!(dests, [b"46701111111", b"46702222222"]);
    // Each has its own receipt under the one id that its sender knows.
    for receipt in ["c1-0", "c1-1"] {
        world.receipt(0, receipt, "DELIVRD");
    }
    let receipts: Vec<_> = world.esme().got.iter().map(|got| (got.source.clone(), got.receipted.clone())).collect();
    let expected = [(b"46701111111".to_vec(), Some(id.clone())), (b"46702222222".to_vec(), Some(id))];
    assert_eq!(receipts, expected);
    let (first, second) = (&world.log[0], &world.log[1]);
    assert_ne!(first.id, second.id);
}

#[test]
fn a_submit_multi_that_reaches_nobody_says_so_of_each() {
    let mut world = World::new();
    let answer =
        world.ask(command::SUBMIT_MULTI, multi(vec![sme("x"), Destination::List(b"l".to_vec())], b"hi"), vec![]);
    assert_eq!((answer.status, failures(&answer).len()), (status::ESME_RSUBMITFAIL, 2));
    let none = world.ask(command::SUBMIT_MULTI, multi(vec![], b"hi"), vec![]);
    assert_eq!(none.status, status::ESME_RINVNUMDESTS);
    assert_eq!(world.engine.alive(), 0);
}

#[test]
fn a_submit_multi_is_durable_before_its_answer_and_survives_a_crash() {
    let mut world = waiting();
    world.commits = false;
    world.request(command::SUBMIT_MULTI, multi(vec![sme("46701111111"), sme("46702222222")], b"hi"), vec![]);
    assert_eq!(world.esme().bodies.len(), 0);
    world.commits = true;
    world.run();
    let answer = world.esme().bodies.last().unwrap().clone();
    let id = answer.text("message_id").to_vec();
    world.crash();
    world.engine.set_usable(0, true);
    world.bind();
    // By the one id and a destination one of them is withdrawn, by the id alone all that are left.
    let fields = vec![text("message_id", &id), text("destination_addr", b"46702222222")];
    assert_eq!(world.ask(command::CANCEL_SM, fields.clone(), vec![]).status, 0);
    assert_ne!(world.ask(command::CANCEL_SM, fields, vec![]).status, 0);
    assert_eq!(ask(&mut world, command::QUERY_SM, &id).octet("message_state"), 1);
    assert_eq!(ask(&mut world, command::CANCEL_SM, &id).status, 0);
    assert_eq!(world.engine.alive(), 0);
}

#[test]
fn a_submit_multi_keeps_its_place_among_other_submits() {
    let mut world = World::new();
    world.commits = false;
    world.submit_to("46701111111", "first");
    world.request(command::SUBMIT_MULTI, multi(vec![sme("46701111111")], b"second"), vec![]);
    world.submit_to("46701111111", "third");
    world.commits = true;
    world.run();
    let bodies: Vec<_> = world.north().got.iter().map(|got| got.body.clone()).collect();
    assert_eq!(bodies, [&b"first"[..], b"second", b"third"]);
}

#[test]
fn over_its_rate_a_submit_multi_is_refused_whole() {
    let mut world = World::new();
    let end = world.esme.as_mut().unwrap();
    let body =
        Pdu::build(command::SUBMIT_MULTI, 0, 1, multi(vec![sme("46701111111"), sme("46702222222")], b"hi"), vec![]);
    let body = body.unwrap().encode().unwrap()[16..].to_vec();
    end.session.request(world.now, command::SUBMIT_MULTI, 0, |out| out.extend_from_slice(&body)).unwrap();
    let chunk = std::mem::take(end.session.output());
    let sid = end.sid;
    world.engine.receive(sid, &chunk, world.now);
    assert_eq!(world.engine.inbox(sid), (1, 2));
    assert_eq!(world.engine.admit(sid, 0, false, world.now), 0);
    assert_eq!(world.engine.output(sid)[8..12], status::ESME_RTHROTTLED.to_be_bytes());
    assert_eq!(world.engine.alive(), 0);
}

#[test]
fn a_data_sm_is_a_submit_with_its_text_in_a_tlv() {
    let mut world = World::new();
    let payload = vec![(tlv::MESSAGE_PAYLOAD, b"by data_sm".to_vec())];
    let fields = vec![
        text("source_addr", NUMBER.as_bytes()),
        text("destination_addr", CONTACT.as_bytes()),
        ("registered_delivery".to_owned(), Value::Int(1)),
    ];
    let answer = world.ask(command::DATA_SM, fields, payload);
    assert_eq!((answer.command, answer.status), (command::DATA_SM_RESP, 0));
    let id = answer.text("message_id").to_vec();
    assert!(Id::parse(&id).is_some());
    assert_eq!(world.north().got[0].body, b"by data_sm");
    world.receipt(0, "c1-0", "DELIVRD");
    assert_eq!(world.esme().got[0].receipted.as_deref(), Some(&id[..]));
}

#[test]
fn a_carrier_may_bring_receipts_and_messages_by_data_sm() {
    let mut world = World::new();
    world.submit("hello");
    let id = world.last_id();
    let mut raw = Vec::new();
    tlv::put(&mut raw, tlv::RECEIPTED_MESSAGE_ID, b"c1-0\0");
    tlv::put(&mut raw, tlv::MESSAGE_STATE, &[2]);
    let (phone, own) =
        (Addr { ton: 1, npi: 1, addr: CONTACT.as_bytes() }, Addr { ton: 3, npi: 0, addr: NUMBER.as_bytes() });
    let receipt = Sm { source: phone, dest: own, esm_class: 4, tlvs: tlv::Tlvs::new(&raw), ..Sm::default() };
    world.send_up_by(command::DATA_SM, 0, &receipt);
    assert_eq!(world.esme().got[0].receipted.as_deref(), Some(&id[..]));
    let text = Sm { source: phone, dest: own, short_message: b"an MO", ..Sm::default() };
    world.send_up_by(command::DATA_SM, 0, &text);
    assert_eq!(world.esme().got[1].body, b"an MO");
    let answers = &world.north().answers;
    assert_eq!(answers.iter().map(|a| a.1).collect::<Vec<_>>(), [0, 0]);
}

#[test]
fn an_alert_goes_to_the_receiver_whose_number_it_names() {
    let mut world = World::new();
    let alert = |own: &str| {
        let fields = vec![text("source_addr", CONTACT.as_bytes()), text("esme_addr", own.as_bytes())];
        let tlvs = vec![(tlv::MS_AVAILABILITY_STATUS, vec![0])];
        Pdu::build(command::ALERT_NOTIFICATION, 0, 1, fields, tlvs).unwrap().encode().unwrap()[16..].to_vec()
    };
    for own in [NUMBER, "99999"] {
        let body = alert(own);
        let end = world.north();
        end.session.alert(SECOND, |out| out.extend_from_slice(&body)).unwrap();
        world.run();
    }
    assert_eq!(world.engine.tally().carriers[0].alerts, 2);
    let heard = &world.esme().bodies;
    assert_eq!(heard.iter().map(|pdu| pdu.command).collect::<Vec<_>>(), [command::ALERT_NOTIFICATION]);
    assert_eq!(heard[0].text("source_addr"), CONTACT.as_bytes());
    assert_eq!(heard[0].tlv(tlv::MS_AVAILABILITY_STATUS), Some(&[0][..]));
}
