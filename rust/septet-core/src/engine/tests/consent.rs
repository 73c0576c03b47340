//! MOs: parts, keywords, opt-out and opt-in, and what is never sent after them.

use super::world::{CONTACT, NUMBER, World, config};
use crate::smpp::status;

fn texts(world: &mut World) -> Vec<String> {
    world.north().got.iter().map(|g| String::from_utf8_lossy(&g.body).into_owned()).collect()
}

#[test]
fn an_mo_goes_to_the_account_of_its_number_and_its_keyword_answers() {
    let mut world = World::new();
    world.mo(b"info please");
    let got = world.esme().got.remove(0);
    assert_eq!((&got.source[..], &got.dest[..]), (CONTACT.as_bytes(), NUMBER.as_bytes()));
    assert_eq!((&got.body[..], got.esm_class), (&b"info please"[..], 0));
    assert_eq!(texts(&mut world), ["Open 9-17"]);
    assert_eq!(world.north().got[0].dest, CONTACT.as_bytes());
    assert_eq!(world.log.iter().filter(|row| row.status == "handed_over").count(), 1);
}

#[test]
fn the_carrier_is_answered_after_the_commit() {
    let mut world = World::new();
    world.commits = false;
    world.mo(b"hello");
    assert_eq!(world.north().answers, []);
    world.commits = true;
    world.run();
    assert_eq!(world.north().answers[0].1, 0);
}

#[test]
fn parts_in_any_order_make_one_text() {
    let mut world = World::new();
    world.mo_with(b"\x05\x00\x03\x07\x03\x03!", 0x40);
    world.mo_with(b"\x05\x00\x03\x07\x03\x01one ", 0x40);
    world.mo_with(b"\x05\x00\x03\x07\x03\x01one ", 0x40);
    assert_eq!(world.esme().got, []);
    assert_eq!(world.north().answers.len(), 3);
    world.mo_with(b"\x05\x00\x03\x07\x03\x02two", 0x40);
    assert_eq!(world.esme().got.len(), 3);
    let row = world.log.iter().find(|row| row.direction == "mo").unwrap();
    let view = crate::engine::view_of_record(&row.record).unwrap();
    assert_eq!((view.text.as_deref(), view.segments), (Some("one two!"), 3));
    assert_eq!((row.created, view.created), (view.id.at(), view.id.at()), "look-ups by time go by the id");
    assert_eq!(world.engine.alive(), 0);
}

#[test]
fn parts_survive_a_crash() {
    let mut world = World::new();
    world.mo_with(b"\x05\x00\x03\x07\x02\x01opt ", 0x40);
    world.crash();
    world.connect(0);
    world.mo_with(b"\x05\x00\x03\x07\x02\x02out", 0x40);
    assert_eq!(texts(&mut world), ["You are out."]);
    assert_eq!(world.post("hello").unwrap_err().code, "recipient_opted_out");
}

#[test]
fn a_part_that_comes_again_after_a_crash_opens_no_new_set() {
    let part = b"\x05\x00\x03\x07\x02\x02two";
    for (seconds, alive) in [(0, 1), (3_601, 2)] {
        let mut config = config();
        config.accounts[0].mo_smpp = false;
        config.accounts[0].mo_webhook = true;
        let mut world = World::with(config);
        world.mo_with(b"\x05\x00\x03\x07\x02\x01one ", 0x40);
        world.mo_with(part, 0x40);
        assert_eq!(world.engine.alive(), 1, "the webhook has not taken it");
        world.now += seconds * 1_000_000;
        world.crash();
        world.connect(0);
        world.mo_with(part, 0x40);
        assert_eq!(world.north().answers[0].1, 0);
        assert_eq!(world.engine.alive(), alive, "the set is remembered for its time to live");
    }
}

#[test]
fn a_set_that_never_completes_is_handed_over_flagged() {
    let mut world = World::new();
    world.mo_with(b"\x05\x00\x03\x07\x02\x02rest", 0x40);
    world.now += 3_601_000_000;
    world.pass(1);
    assert_eq!(world.esme().got.len(), 1);
    let row = world.log.iter().find(|row| row.direction == "mo").unwrap();
    assert!(crate::engine::view_of_record(&row.record).unwrap().incomplete);
}

#[test]
fn stop_is_confirmed_once_and_binds_every_way_in() {
    let mut world = World::new();
    world.mo(" Stop! ".as_bytes());
    world.mo(b"STOP");
    assert_eq!(texts(&mut world), ["You are out."]);
    assert_eq!(world.post("hello").unwrap_err().code, "recipient_opted_out");
    world.submit("hello");
    assert_eq!(world.esme().answers[0].1, 0x400);
    world.mo(b"INFO");
    assert_eq!(texts(&mut world), ["You are out."]);
    world.mo(b"help");
    assert_eq!(texts(&mut world).last().unwrap(), "Help is near.");
    world.mo(b"start");
    assert_eq!(texts(&mut world).last().unwrap(), "You are in.");
    world.post("hello").unwrap();
    assert_eq!(texts(&mut world).last().unwrap(), "hello");
}

#[test]
fn what_waits_for_a_carrier_that_never_comes_back_is_blocked_and_not_expired() {
    let mut config = config();
    config.routes[0].carriers = vec![(1, 1)];
    config.routes[0].failover.clear();
    config.limits.validity_ms = 5_000;
    let mut world = World::with(config);
    world.cut(1);
    let post = world.post("hello").unwrap();
    world.mo(b"STOP");
    world.pass(12);
    assert_eq!(world.view(&post.id.encode()).status, "blocked");
}

#[test]
fn what_was_queued_before_the_opt_out_is_not_sent_after_it() {
    let mut world = World::new();
    world.north().reply = None;
    let posts: Vec<_> = (0..12).map(|n| world.post(&format!("m{n}")).unwrap()).collect();
    assert_eq!(world.north().got.len(), 10);
    world.mo(b"STOP");
    world.north().reply = Some(0);
    for got in world.north().got.clone() {
        let id = format!("late{}", got.sequence);
        world.north().session.respond(got.sequence, crate::smpp::command::SUBMIT_SM, 0, id.as_bytes());
    }
    world.run();
    assert_eq!(texts(&mut world)[10..], ["You are out."]);
    for post in &posts[10..] {
        assert_eq!(world.view(&post.id.encode()).status, "blocked");
    }
    assert_eq!(world.engine.queue_depth(0), 0);
}

#[test]
fn an_opt_out_survives_a_crash() {
    let mut world = World::new();
    world.mo(b"STOP");
    world.crash();
    assert_eq!(world.post("hello").unwrap_err().code, "recipient_opted_out");
}

#[test]
fn a_customer_that_handles_stop_itself_gets_it_and_nothing_is_blocked() {
    let mut own = config();
    own.numbers[0].node_optout = false;
    let mut world = World::with(own);
    world.mo(b"STOP");
    assert_eq!(world.esme().got[0].body, b"STOP");
    world.post("hello").unwrap();
    assert_eq!(texts(&mut world), ["hello"]);
}

#[test]
fn what_nobody_owns_is_stored_and_answered() {
    let mut shared = config();
    shared.numbers.clear();
    shared.keywords.clear();
    let mut world = World::with(shared);
    world.mo(b"anybody?");
    assert_eq!(world.north().answers[0].1, 0);
    assert_eq!((world.log[0].status, world.engine.alive()), ("dead", 0));
}

#[test]
fn octets_that_are_no_text_are_handed_over_as_they_are() {
    let mut world = World::new();
    world.mo(&[0xFF, 0x80, 0x90]);
    assert_eq!(world.esme().got[0].body, [0xFF, 0x80, 0x90]);
}

#[test]
fn a_node_that_takes_nothing_new_still_takes_receipts_and_opt_outs() {
    let mut world = World::new();
    world.submit("before");
    world.engine.set_refusing(true);
    world.submit("after");
    assert_eq!(world.esme().answers.iter().map(|answer| answer.1).collect::<Vec<_>>(), [0, status::ESME_RMSGQFUL]);
    assert_eq!(world.post("after").unwrap_err().code, "node_full");
    world.receipt(0, "c1-0", "DELIVRD");
    assert_eq!(world.esme().got.len(), 1);
    world.mo(b"STOP");
    assert!(world.north().answers.iter().all(|answer| answer.1 == 0));
    assert!(world.consent.last().unwrap().opted_out);
    world.engine.set_refusing(false);
    let refused = world.post("again").unwrap_err();
    assert_eq!(refused.code, "recipient_opted_out");
}

#[test]
fn messages_that_wait_do_not_keep_an_opt_out_out() {
    let mut config = config();
    config.limits.live = 2;
    let mut world = World::with(config);
    world.north().reply = None;
    for _ in 0..3 {
        world.submit("hello");
    }
    assert_eq!(world.esme().answers.last().unwrap().1, status::ESME_RMSGQFUL);
    world.mo(b"STOP");
    assert!(world.consent.last().unwrap().opted_out);
    assert_eq!(world.north().answers.last().unwrap().1, 0);
}
