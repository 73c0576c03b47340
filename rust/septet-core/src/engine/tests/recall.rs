//! `operations`: a carrier is asked to withdraw or replace what it has taken.

use super::world::{CONTACT, NUMBER, World, config};
use crate::clock::SECOND;
use crate::engine::Asked;
use crate::engine::tables::Config;
use crate::smpp::pdu::Value;
use crate::smpp::{Pdu, command, status};

fn asking() -> Config {
    let mut config = config();
    config.carriers[0].cancels = true;
    config.carriers[0].replaces = true;
    config
}

fn text(name: &str, value: &[u8]) -> (String, Value) {
    (name.to_owned(), Value::Text(value.to_vec()))
}

fn named(id: &[u8]) -> Vec<(String, Value)> {
    vec![text("message_id", id), text("source_addr", NUMBER.as_bytes())]
}

fn replacement(id: &[u8], body: &[u8]) -> Vec<(String, Value)> {
    let mut fields = named(id);
    fields.push(("short_message".to_owned(), Value::Octets(body.to_vec())));
    fields.push(("registered_delivery".to_owned(), Value::Int(1)));
    fields
}

fn between() -> Vec<(String, Value)> {
    vec![text("source_addr", NUMBER.as_bytes()), text("destination_addr", CONTACT.as_bytes())]
}

/// What the carrier was asked by this operation.
fn asked(world: &mut World, command: u32) -> Vec<Pdu> {
    world.north().bodies.iter().filter(|pdu| pdu.command == command).cloned().collect()
}

/// A carrier that stays silent answers one question by hand.
fn answer(world: &mut World, question: &Pdu, status: u32) {
    world.north().session.respond(question.sequence, question.command, status, b"");
    world.run();
}

/// A world in which the carrier has a message and says nothing more by itself; its id.
fn taken(body: &[u8]) -> (World, Vec<u8>) {
    let mut world = World::with(asking());
    world.submit_sm(body, 0, 0, 1);
    let id = world.last_id();
    world.north().reply = None;
    (world, id)
}

/// Statuses of the responses that the ESME has to operations of this kind.
fn answers(world: &mut World, command: u32) -> Vec<u32> {
    let all = world.esme().bodies.iter().filter(|pdu| pdu.command == command | command::RESPONSE);
    all.map(|pdu| pdu.status).collect()
}

#[test]
fn what_the_carrier_withdraws_is_cancelled_durably_before_the_esme_hears_of_it() {
    let (mut world, id) = taken(b"gone");
    world.request(command::CANCEL_SM, named(&id), vec![]);
    let question = asked(&mut world, command::CANCEL_SM).remove(0);
    assert_eq!((question.text("message_id"), question.text("service_type")), (&b"c1-0"[..], &b""[..]));
    assert_eq!((question.text("source_addr"), question.octet("source_addr_ton")), (NUMBER.as_bytes(), 3));
    assert_eq!((question.text("destination_addr"), question.octet("dest_addr_ton")), (CONTACT.as_bytes(), 1));
    assert_eq!((answers(&mut world, command::CANCEL_SM), world.view(&id).status), (vec![], "submitted"));
    world.commits = false;
    answer(&mut world, &question, 0);
    assert!(answers(&mut world, command::CANCEL_SM).is_empty());
    world.commits = true;
    world.run();
    assert_eq!(answers(&mut world, command::CANCEL_SM), [0]);
    world.crash();
    assert_eq!(world.view(&id).status, "cancelled");
}

#[test]
fn a_refusal_or_silence_leaves_the_message_as_it_was() {
    for end in 0..3 {
        let (mut world, id) = taken(b"stays");
        world.request(command::CANCEL_SM, named(&id), vec![]);
        world.request(command::REPLACE_SM, replacement(&id, b"other"), vec![]);
        match end {
            0 => {
                for operation in [command::CANCEL_SM, command::REPLACE_SM] {
                    let question = asked(&mut world, operation).remove(0);
                    answer(&mut world, &question, status::ESME_RSYSERR);
                }
            }
            1 => world.pass(61),
            _ => {
                world.cut(0);
                world.connect(0);
            }
        }
        assert_eq!(answers(&mut world, command::CANCEL_SM), [status::ESME_RCANCELFAIL]);
        assert_eq!(answers(&mut world, command::REPLACE_SM), [status::ESME_RREPLACEFAIL]);
        let tally = &world.engine.tally().carriers[0];
        assert_eq!([tally.cancels, tally.replaces], [Asked { written: 1, failed: 1 }; 2]);
        let view = world.view(&id);
        assert_eq!((view.status, view.text.as_deref()), ("submitted", Some("stays")));
        world.receipt(0, "c1-0", "DELIVRD");
        assert_eq!(world.view(&id).status, "delivered");
    }
}

#[test]
fn every_segment_must_be_withdrawn() {
    for (second, expected, stands) in
        [(0, 0, "cancelled"), (status::ESME_RCANCELFAIL, status::ESME_RCANCELFAIL, "submitted")]
    {
        let (mut world, id) = taken(&[b'l'; 200]);
        world.request(command::CANCEL_SM, named(&id), vec![]);
        let questions = asked(&mut world, command::CANCEL_SM);
        assert_eq!(questions.iter().map(|q| q.text("message_id").to_vec()).collect::<Vec<_>>(), [b"c1-0", b"c1-1"]);
        answer(&mut world, &questions[0], 0);
        assert!(answers(&mut world, command::CANCEL_SM).is_empty());
        answer(&mut world, &questions[1], second);
        assert_eq!((answers(&mut world, command::CANCEL_SM), world.view(&id).status), (vec![expected], stands));
    }
}

#[test]
fn only_the_message_changes_for_an_esme_that_has_left() {
    let (mut world, id) = taken(b"gone");
    world.request(command::CANCEL_SM, named(&id), vec![]);
    let question = asked(&mut world, command::CANCEL_SM).remove(0);
    world.leave();
    // Another takes the place of its session, and must not get the answer.
    world.bind();
    answer(&mut world, &question, 0);
    assert_eq!((answers(&mut world, command::CANCEL_SM), world.view(&id).status), (vec![], "cancelled"));
}

#[test]
fn a_receipt_that_comes_first_wins() {
    for (receipt, answered) in [("DELETED", 0), ("DELIVRD", status::ESME_RCANCELFAIL)] {
        let (mut world, id) = taken(b"races");
        world.request(command::CANCEL_SM, named(&id), vec![]);
        let question = asked(&mut world, command::CANCEL_SM).remove(0);
        // What its sender must hear of a delivery keeps the message alive.
        world.commits = false;
        world.receipt(0, "c1-0", receipt);
        answer(&mut world, &question, 0);
        world.commits = true;
        world.run();
        let expected = if answered == 0 { "cancelled" } else { "delivered" };
        assert_eq!((answers(&mut world, command::CANCEL_SM), world.view(&id).status), (vec![answered], expected));
    }
    // One that has told its end is not asked about at all.
    let (mut world, id) = taken(&[b'l'; 200]);
    world.receipt(0, "c1-0", "DELIVRD");
    world.request(command::CANCEL_SM, named(&id), vec![]);
    assert_eq!(answers(&mut world, command::CANCEL_SM), [status::ESME_RCANCELFAIL]);
    assert_eq!(asked(&mut world, command::CANCEL_SM), []);
}

#[test]
fn one_session_has_so_many_questions_open_and_no_more() {
    let mut config = asking();
    config.accounts[0].window = 1000;
    config.carriers[0].window = 1000;
    let mut world = World::with(config);
    for index in 0..300 {
        world.submit(&format!("{index}"));
    }
    world.north().reply = None;
    world.request(command::CANCEL_SM, between(), vec![]);
    world.pass(2);
    let questions = asked(&mut world, command::CANCEL_SM);
    assert_eq!(questions.len(), 255);
    let last = world.last_id();
    assert_eq!(world.ask(command::CANCEL_SM, named(&last), vec![]).status, status::ESME_RCANCELFAIL);
    for question in &questions {
        answer(&mut world, question, 0);
    }
    assert_eq!(answers(&mut world, command::CANCEL_SM), [status::ESME_RCANCELFAIL, 0]);
    // The places are free again.
    world.request(command::CANCEL_SM, between(), vec![]);
    world.pass(2);
    assert_eq!(asked(&mut world, command::CANCEL_SM).len(), 300);
}

#[test]
fn a_full_window_or_no_link_is_a_refusal_at_once() {
    let (mut world, id) = taken(b"gone");
    for index in 0..10 {
        world.submit(&format!("fills {index}"));
    }
    assert_eq!(world.engine.in_flight(0), 10);
    assert_eq!(world.ask(command::CANCEL_SM, named(&id), vec![]).status, status::ESME_RCANCELFAIL);
    world.cut(0);
    assert_eq!(world.ask(command::REPLACE_SM, replacement(&id, b"x"), vec![]).status, status::ESME_RREPLACEFAIL);
}

#[test]
fn the_carrier_replaces_a_text_and_the_node_shows_the_new_one_also_after_a_crash() {
    let (mut world, id) = taken(b"old");
    let mut fields = replacement(&id, b"new");
    fields.push(text("validity_period", b"000000010000000R"));
    world.request(command::REPLACE_SM, fields, vec![]);
    let question = asked(&mut world, command::REPLACE_SM).remove(0);
    assert_eq!((question.text("message_id"), question.text("short_message")), (&b"c1-0"[..], &b"new"[..]));
    assert_eq!((question.text("source_addr"), question.octet("registered_delivery")), (NUMBER.as_bytes(), 1));
    assert_eq!(question.text("validity_period"), b"000000010000000R");
    assert_eq!(world.view(&id).text.as_deref(), Some("old"));
    world.commits = false;
    answer(&mut world, &question, 0);
    assert!(answers(&mut world, command::REPLACE_SM).is_empty());
    world.commits = true;
    world.run();
    assert_eq!(answers(&mut world, command::REPLACE_SM), [0]);
    world.crash();
    world.connect(0);
    world.bind();
    let view = world.view(&id);
    assert_eq!((view.status, view.text.as_deref()), ("submitted", Some("new")));
    world.receipt(0, "c1-0", "DELIVRD");
    assert_eq!((world.view(&id).status, world.esme().got.len()), ("delivered", 1));
}

#[test]
fn a_sender_that_wants_no_receipt_any_more_gets_none_and_the_end_is_known() {
    let (mut world, id) = taken(b"old");
    world.north().reply = Some(0);
    let mut fields = replacement(&id, b"");
    fields.retain(|(name, _)| name != "registered_delivery");
    assert_eq!(world.ask(command::REPLACE_SM, fields, vec![]).status, 0);
    let question = asked(&mut world, command::REPLACE_SM).remove(0);
    assert_eq!((question.text("short_message"), question.octet("registered_delivery")), (&b"old"[..], 1));
    world.receipt(0, "c1-0", "DELIVRD");
    assert_eq!((world.view(&id).status, world.esme().got.len()), ("delivered", 0));
}

#[test]
fn what_a_replace_sm_cannot_say_is_refused_without_a_question() {
    // More than one segment.
    let (mut world, id) = taken(b"short");
    let long = replacement(&id, &[b'l'; 200]);
    assert_eq!(world.ask(command::REPLACE_SM, long, vec![]).status, status::ESME_RREPLACEFAIL);
    assert_eq!(asked(&mut world, command::REPLACE_SM), []);
    let (mut world, id) = taken(&[b'l'; 200]);
    assert_eq!(world.ask(command::REPLACE_SM, replacement(&id, b"x"), vec![]).status, status::ESME_RREPLACEFAIL);
    assert_eq!(asked(&mut world, command::REPLACE_SM), []);
}

#[test]
fn a_carrier_that_the_table_does_not_name_is_not_asked() {
    let mut config = asking();
    config.carriers[0].cancels = false;
    let mut world = World::with(config);
    world.submit("gone");
    let id = world.last_id();
    assert_eq!(world.ask(command::CANCEL_SM, named(&id), vec![]).status, status::ESME_RCANCELFAIL);
    assert_eq!(world.ask(command::REPLACE_SM, replacement(&id, b"new"), vec![]).status, 0);
    // HTTP withdraws only what has not left.
    let known = crate::engine::Id::parse(&id).unwrap();
    world.now += SECOND;
    assert_eq!(world.engine.cancel(known, 0, world.now), Some(false));
}
