//! What waits deep in a queue leaves memory, and nobody can tell.

use super::world::{CONTACT, NUMBER, World, config};
use crate::clock::SECOND;
use crate::engine::tables::Config;
use crate::engine::{Filter, Id, views_of_page};
use crate::page::ConsentRow;
use crate::smpp::command;
use crate::smpp::pdu::Value;
use crate::smpp::sm::{Addr, Sm};
use crate::smpp::status;

fn tiny() -> Config {
    let mut config = config();
    (config.limits.hot, config.limits.journal) = (4, 1_000);
    config
}

/// An ESME, and carriers that are not there.
fn alone(config: Config) -> World {
    let mut world = World::empty(config);
    world.bind();
    world
}

/// Submits so many messages to one contact; gives their ids.
fn submit(world: &mut World, texts: std::ops::Range<usize>) -> Vec<Vec<u8>> {
    texts.map(|n| (world.submit(&format!("m{n:02}")), world.last_id()).1).collect()
}

fn expected(texts: std::ops::Range<usize>) -> Vec<Vec<u8>> {
    texts.map(|n| format!("m{n:02}").into_bytes()).collect()
}

fn received(world: &mut World, carrier: usize) -> Vec<Vec<u8>> {
    let end = world.carriers[carrier].as_mut().expect("it is bound");
    end.got.drain(..).map(|got| got.body).collect()
}

/// The carrier comes, takes so many messages, and goes.
fn north_takes(world: &mut World, messages: u32) {
    world.grant = messages;
    world.connect(0);
    assert_eq!(received(world, 0).len(), messages as usize);
    world.cut(0);
    world.engine.set_usable(0, false);
    world.grant = u32::MAX;
}

fn text(name: &str, value: &[u8]) -> (String, Value) {
    (name.to_owned(), Value::Text(value.to_vec()))
}

fn named(id: &[u8]) -> Vec<(String, Value)> {
    vec![text("message_id", id), text("source_addr", NUMBER.as_bytes())]
}

fn id_of(id: &[u8]) -> Id {
    Id::parse(id).expect("an id")
}

#[test]
fn a_long_queue_is_cold_behind_its_front_and_leaves_in_order() {
    let mut world = alone(tiny());
    submit(&mut world, 0..40);
    assert_eq!((world.engine.cold(), world.engine.queue_depth(0), world.engine.alive()), (36, 40, 40));
    world.now += 5 * SECOND;
    assert!(world.engine.oldest_ms(world.now)[&0] >= 5_000);
    world.connect(0);
    assert_eq!(received(&mut world, 0), expected(0..40));
    assert_eq!((world.engine.cold(), world.engine.queue_depth(0)), (0, 0));
}

#[test]
fn a_cold_message_holds_its_line_until_it_is_read() {
    let mut world = alone(tiny());
    submit(&mut world, 0..10);
    world.reads = false;
    world.connect(0);
    assert_eq!(received(&mut world, 0), expected(0..4));
    submit(&mut world, 10..12);
    assert!(received(&mut world, 0).is_empty(), "nothing overtakes what is cold");
    world.reads = true;
    world.run();
    assert_eq!(received(&mut world, 0), expected(4..12));
}

#[test]
fn only_what_is_wanted_comes_back_to_memory() {
    let mut world = alone(tiny());
    world.commits = false;
    for n in 0..40 {
        world.submit(&format!("m{n:02}"));
    }
    world.commits = true;
    world.run();
    assert_eq!(world.engine.cold(), 36);
    north_takes(&mut world, 3);
    assert!(world.engine.cold() >= 32, "one page holds them all, and few are near the front: {}", world.engine.cold());
}

#[test]
fn what_replaces_withdraws_what_is_cold_too() {
    let mut world = alone(tiny());
    submit(&mut world, 0..20);
    assert_eq!(world.engine.cold(), 16);
    world.submit_with(&Sm {
        source: Addr { ton: 3, npi: 0, addr: NUMBER.as_bytes() },
        dest: Addr { ton: 1, npi: 1, addr: CONTACT.as_bytes() },
        short_message: b"last",
        replace: 1,
        ..Sm::default()
    });
    world.pass(5);
    world.connect(0);
    assert_eq!(received(&mut world, 0), [b"last"]);
}

#[test]
fn a_cold_message_expires_and_its_sender_is_told() {
    let mut config = tiny();
    config.limits.validity_ms = 30_000;
    let mut world = alone(config);
    let ids = submit(&mut world, 0..20);
    assert_eq!(world.engine.cold(), 16);
    world.pass(35);
    let mut told: Vec<Vec<u8>> = world.esme().got.drain(..).filter_map(|got| got.receipted).collect();
    let mut all = ids.clone();
    told.sort();
    all.sort();
    assert_eq!(told, all);
    assert!(ids.iter().all(|id| world.view(id).status == "expired"));
    assert_eq!((world.engine.queue_depth(0), world.engine.cold(), world.engine.alive()), (0, 0, 0));
}

#[test]
fn a_cold_message_is_asked_after_withdrawn_and_replaced() {
    let mut world = alone(tiny());
    let ids = submit(&mut world, 0..10);
    let answer = world.ask(command::QUERY_SM, named(&ids[8]), vec![]);
    assert_eq!((answer.status, answer.octet("message_state")), (0, 1));
    assert_eq!(world.engine.cold(), 6, "a question leaves it where it is");
    let answer = world.ask(command::CANCEL_SM, named(&ids[6]), vec![]);
    assert_eq!(answer.status, 0);
    let mut fields = named(&ids[7]);
    fields.push(("short_message".to_owned(), Value::Octets(b"another".to_vec())));
    assert_eq!(world.ask(command::REPLACE_SM, fields, vec![]).status, 0);
    assert_eq!((world.engine.queue_depth(0), world.view(&ids[6]).status), (9, "cancelled"));
    world.bind_as(1, 0x34);
    assert_eq!(world.ask(command::QUERY_SM, named(&ids[8]), vec![]).status, status::ESME_RINVMSGID);
    world.connect(0);
    let mut left = expected(0..10);
    left[7] = b"another".to_vec();
    left.remove(6);
    assert_eq!(received(&mut world, 0), left);
}

#[test]
fn a_group_of_cold_messages_is_withdrawn() {
    let mut world = alone(tiny());
    submit(&mut world, 0..10);
    world.submit_to("46700000001", "stays");
    let group = vec![text("source_addr", NUMBER.as_bytes()), text("destination_addr", CONTACT.as_bytes())];
    world.request(command::CANCEL_SM, group, vec![]);
    world.pass(4);
    assert_eq!(world.esme().bodies.last().map(|pdu| pdu.status), Some(0));
    assert_eq!(world.engine.queue_depth(0), 1);
    world.connect(0);
    assert_eq!(received(&mut world, 0), [b"stays".to_vec()]);
}

#[test]
fn the_api_withdraws_a_cold_message_once_it_is_recalled() {
    let mut world = alone(tiny());
    let id = submit(&mut world, 0..10).pop().expect("an id");
    assert!(!world.engine.recall(id_of(&id), 1), "another account's");
    assert!(world.engine.recall(id_of(&id), 0));
    world.run();
    assert!(!world.engine.recall(id_of(&id), 0), "it is in memory");
    assert_eq!(world.engine.cancel(id_of(&id), 0, world.now), Some(true));
}

#[test]
fn a_cold_message_is_shown_from_its_page() {
    let mut world = alone(tiny());
    let ids = submit(&mut world, 0..10);
    let filter = Filter { account: "acme".into(), to: CONTACT.into(), ..Filter::default() };
    let found = world.engine.spilled(&filter);
    let mut cold: Vec<Id> = ids[4..].iter().map(|id| id_of(id)).collect();
    cold.sort_by_key(|id| std::cmp::Reverse(*id));
    assert_eq!(found.iter().map(|(_, id)| *id).collect::<Vec<_>>(), cold);
    let id = id_of(&ids[9]);
    let seq = world.engine.page_of(id).expect("it is cold");
    assert!(found.contains(&(seq, id)));
    let page = world.pages.iter().find(|page| page.seq == seq).expect("its page");
    let views = views_of_page(&page.journal, &[id], &filter).expect("it can be read");
    let shown: Vec<_> = views.iter().map(|view| (view.id, view.text.as_deref(), view.status)).collect();
    assert_eq!(shown, [(id, Some("m09"), "queued")]);
    let stranger = Filter { to: "46799".into(), ..Filter::default() };
    assert_eq!(views_of_page(&page.journal, &[id], &stranger), Ok(vec![]));
    let other = Filter { account: "other".into(), ..Filter::default() };
    assert_eq!(world.engine.spilled(&other), []);
    assert_eq!(world.engine.spilled(&Filter { status: "submitted".into(), ..Filter::default() }), []);
}

#[test]
fn an_opt_out_that_comes_while_it_is_cold_blocks_it() {
    let mut world = alone(tiny());
    let ids = submit(&mut world, 0..10);
    let row = |number: &str, contact: &str| ConsentRow {
        number: number.into(),
        contact: contact.into(),
        opted_out: true,
        at: 0,
        proof: "STOP".into(),
    };
    world.engine.load_consent(&row(NUMBER, CONTACT));
    world.connect(0);
    world.pass(1);
    assert!(received(&mut world, 0).is_empty());
    assert!(ids.iter().all(|id| world.view(id).status == "blocked"));
    assert_eq!(world.engine.queue_depth(0), 0);
}

#[test]
fn a_cold_queue_moves_to_another_carrier_and_new_messages_stay_behind_it() {
    let mut world = alone(tiny());
    submit(&mut world, 0..20);
    world.reads = false;
    world.connect(1);
    assert_eq!(world.engine.reroute(0, world.now), 4);
    submit(&mut world, 20..22);
    assert_eq!(received(&mut world, 1), expected(0..4));
    world.reads = true;
    world.run();
    assert_eq!(received(&mut world, 1), expected(4..22));
    assert_eq!((world.engine.queue_depth(0), world.engine.queue_depth(1), world.engine.cold()), (0, 0, 0));
}

#[test]
fn what_cannot_move_is_cold_again_and_waits_for_its_carrier() {
    let mut config = tiny();
    config.routes[0].failover.clear();
    let mut world = alone(config);
    submit(&mut world, 0..20);
    world.connect(1);
    assert_eq!(world.engine.reroute(0, world.now), 0);
    world.run();
    assert_eq!((world.engine.queue_depth(0), world.engine.cold()), (20, 16));
    world.connect(0);
    assert_eq!(received(&mut world, 0), expected(0..20));
}

#[test]
fn a_carrier_that_comes_back_gets_what_has_not_moved() {
    let mut world = alone(tiny());
    submit(&mut world, 0..20);
    world.reads = false;
    world.connect(1);
    world.engine.reroute(0, world.now);
    world.run();
    world.connect(0);
    world.reads = true;
    world.run();
    assert_eq!((received(&mut world, 1), received(&mut world, 0)), (expected(0..4), expected(4..20)));
}

#[test]
fn a_restart_keeps_a_long_queue_cold_and_in_order() {
    let mut world = alone(tiny());
    submit(&mut world, 0..20);
    world.crash();
    assert_eq!((world.engine.cold(), world.engine.queue_depth(0), world.engine.alive()), (16, 20, 20));
    world.bind();
    submit(&mut world, 20..22);
    world.connect(0);
    assert_eq!(received(&mut world, 0), expected(0..22));
}

#[test]
fn a_restart_knows_what_happened_after_a_message_was_frozen() {
    let mut world = alone(tiny());
    let ids = submit(&mut world, 0..20);
    assert_eq!(world.ask(command::CANCEL_SM, named(&ids[19]), vec![]).status, 0);
    north_takes(&mut world, 13);
    world.grant = 0;
    world.connect(0);
    world.receipt(0, "c1-10", "DELIVRD");
    world.cut(0);
    world.grant = u32::MAX;
    let status = |world: &World, n: usize| world.view(&ids[n]).status;
    let before: Vec<_> = (0..20).map(|n| status(&world, n)).collect();
    assert_eq!((before[10], before[12], before[13], before[19]), ("delivered", "submitted", "queued", "cancelled"));
    let depth = world.engine.queue_depth(0);
    world.crash();
    world.bind();
    let after: Vec<_> = (0..20).map(|n| status(&world, n)).collect();
    assert_eq!(after, before);
    assert_eq!(world.engine.queue_depth(0), depth);
    world.connect(0);
    assert_eq!(received(&mut world, 0), expected(13..19));
}

#[test]
fn the_oldest_page_is_written_again_with_its_cold_messages() {
    let mut world = alone(tiny());
    submit(&mut world, 0..10);
    let first = world.pages.first().expect("a page").seq;
    // Others come and end, so that most of the journal is about what is over.
    for n in 10..200 {
        let id = submit(&mut world, n..n + 1).pop().expect("an id");
        world.ask(command::CANCEL_SM, named(&id), vec![]);
    }
    assert!(world.pages.first().expect("a page").seq > first + 50, "the head of the journal went");
    assert_eq!(world.engine.queue_depth(0), 10);
    assert!(world.engine.cold() >= 6);
    world.crash();
    assert_eq!(world.engine.queue_depth(0), 10);
    assert!(world.engine.cold() >= 6);
    world.connect(0);
    assert_eq!(received(&mut world, 0), expected(0..10));
}

#[test]
fn a_page_that_cannot_be_read_is_asked_for_again() {
    let mut world = alone(tiny());
    let ids = submit(&mut world, 0..10);
    world.reads = false;
    world.request(command::QUERY_SM, named(&ids[9]), vec![]);
    assert!(world.engine.attention().pages || world.engine.page_of(id_of(&ids[9])).is_some());
    let wanted = world.engine.take_pages();
    assert_eq!(wanted.len(), 1);
    assert!(world.engine.take_pages().is_empty(), "it is being read");
    world.engine.thaw_failed(wanted[0]);
    world.run();
    assert_eq!(world.esme().bodies.last().map(|pdu| pdu.status), Some(status::ESME_RSYSERR));
    // A store that has lost the page says so each time, and the message is still there.
    assert_eq!(world.engine.take_pages(), wanted);
    let error = world.engine.thaw(wanted[0], None, world.now).expect_err("it must be there");
    assert_eq!(error.code, "engine.page_missing");
    assert_eq!(world.engine.queue_depth(0), 10);
    world.reads = true;
    world.connect(0);
    assert_eq!(received(&mut world, 0), expected(0..10));
}

#[test]
fn a_damaged_page_is_an_error() {
    let mut world = alone(tiny());
    let ids = submit(&mut world, 0..10);
    world.engine.recall(id_of(&ids[9]), 0);
    let wanted = world.engine.take_pages();
    for octets in [&b"\x07"[..], b"\x01\x01\xFF\xFF\xFF\xFF", b"\x01\x01\x02\0\0\0\0\0"] {
        let error = world.engine.thaw(wanted[0], Some(octets), world.now).expect_err("it is damaged");
        assert_eq!(error.code, "engine.bad_record");
    }
    assert!(world.read());
    assert_eq!(world.engine.cold(), 5);
}
