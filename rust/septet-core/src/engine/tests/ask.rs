//! `query_after`: a carrier is asked about what it has taken and sends no receipt for.

use super::world::{NUMBER, World, config};
use crate::engine::tables::Config;
use crate::smpp::{command, status};

fn asking() -> Config {
    let mut config = config();
    config.carriers[0].query_after_ms = 10_000;
    config
}

/// The ids that the carrier was asked about.
fn asked(world: &mut World) -> Vec<Vec<u8>> {
    let questions = world.north().bodies.iter().filter(|pdu| pdu.command == command::QUERY_SM);
    questions.map(|pdu| pdu.text("message_id").to_vec()).collect()
}

#[test]
fn a_final_state_counts_like_the_receipt_that_did_not_come() {
    for (state, error, expected) in [(2, 0, "delivered"), (5, 11, "undeliverable"), (8, 69, "rejected")] {
        let mut world = World::with(asking());
        world.submit("silent");
        let id = world.last_id();
        world.north().state = (state, error);
        world.pass(9);
        assert_eq!(asked(&mut world), [] as [Vec<u8>; 0]);
        world.pass(2);
        assert_eq!(asked(&mut world), [b"c1-0"]);
        let question = world.north().bodies.last().unwrap();
        assert_eq!((question.text("source_addr"), question.octet("source_addr_ton")), (NUMBER.as_bytes(), 3));
        let view = world.view(&id);
        assert_eq!((view.status, view.error), (expected, error.into()));
        assert_eq!(world.esme().got[0].state, Some(state.into()));
        world.crash();
        assert_eq!(world.view(&id).status, expected);
    }
}

#[test]
fn a_message_under_way_is_asked_about_again_and_again_but_ever_less_often() {
    let mut world = World::with(asking());
    world.submit("slow");
    world.pass(11);
    assert_eq!(asked(&mut world).len(), 1);
    world.pass(10);
    assert_eq!(asked(&mut world).len(), 2);
    world.pass(18);
    assert_eq!(asked(&mut world).len(), 2);
    world.pass(60);
    assert_eq!(asked(&mut world).len(), 4);
}

#[test]
fn a_carrier_that_refuses_a_question_is_not_asked_it_again() {
    let mut world = World::with(asking());
    world.submit("unheard of");
    let id = world.last_id();
    world.north().reply = Some(status::ESME_RQUERYFAIL);
    world.pass(200);
    assert_eq!(asked(&mut world).len(), 1);
    assert_eq!(world.view(&id).status, "submitted");
    let tally = &world.engine.tally().carriers[0];
    assert_eq!((tally.queries, tally.queries_failed), (1, 1));
}

#[test]
fn a_receipt_in_time_or_no_key_means_no_question() {
    let mut world = World::with(asking());
    world.submit("prompt");
    world.receipt(0, "c1-0", "DELIVRD");
    world.pass(30);
    assert_eq!(asked(&mut world), [] as [Vec<u8>; 0]);
    let mut world = World::new();
    world.submit("silent");
    world.pass(30);
    assert_eq!(asked(&mut world), [] as [Vec<u8>; 0]);
}

#[test]
fn questions_leave_half_the_window_to_messages() {
    let mut world = World::with(asking());
    for index in 0..30 {
        world.submit(&format!("silent {index}"));
    }
    world.north().reply = None;
    world.pass(20);
    assert_eq!(asked(&mut world).len(), 5);
    world.submit("goes");
    assert_eq!(world.north().got.last().unwrap().body, b"goes");
    // What a cut leaves unanswered is asked again in its time.
    world.cut(0);
    world.connect(0);
    world.north().state = (2, 0);
    world.pass(60);
    // The thirty, and the one that was sent again.
    assert_eq!(asked(&mut world).len(), 31);
}

#[test]
fn the_last_question_comes_before_a_message_would_be_unknown() {
    let mut config = asking();
    config.carriers[0].query_after_ms = 3_600_000;
    config.limits.validity_ms = 60_000;
    config.limits.unknown_grace_ms = 120_000;
    let mut world = World::with(config);
    world.submit("late");
    let id = world.last_id();
    world.north().state = (2, 0);
    world.pass(119);
    assert_eq!(asked(&mut world).len(), 0);
    world.pass(2);
    assert_eq!((asked(&mut world).len(), world.view(&id).status), (1, "delivered"));
}
