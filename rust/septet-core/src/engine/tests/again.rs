//! Dead letters, pauses over a restart, and clocks that jump.

use super::world::{CONTACT, NUMBER, WALL, World, config};
use crate::clock::SECOND;
use crate::engine::{Engine, Post, Refusal};
use crate::smpp::status;

const HOUR_MS: i64 = 3_600_000;

fn lonely() -> World {
    let mut config = config();
    config.routes[0].failover.clear();
    World::with(config)
}

fn again(world: &mut World, id: &[u8]) -> Result<(), Refusal> {
    let id = String::from_utf8_lossy(id).into_owned();
    let row = world.log.iter().rev().find(|row| row.id == id).expect("in the log").clone();
    let outcome = world.engine.again(&row.record, world.now).map(|found| assert_eq!(found.to_string(), id));
    world.run();
    outcome
}

fn rejected(world: &mut World, text: &str) -> Vec<u8> {
    world.north().reply = Some(status::ESME_RINVDSTADR);
    world.submit(text);
    world.pass(1);
    world.north().reply = Some(0);
    let id = world.last_id();
    assert_eq!(world.view(&id).status, "rejected");
    id
}

#[test]
fn a_dead_letter_goes_again_under_its_id_and_its_sender_hears_nothing_twice() {
    let mut world = lonely();
    let id = rejected(&mut world, "try me");
    assert_eq!(world.esme().got.len(), 1, "the receipt");
    world.north().got.clear();
    again(&mut world, &id).unwrap();
    assert_eq!(world.north().got[0].body, b"try me");
    assert_eq!(world.view(&id).status, "submitted");
    assert_eq!(again(&mut world, &id).unwrap_err().code, "not_dead", "it lives");
    world.crash();
    world.connect(0);
    world.bind();
    let taken = world.view(&id).events.len();
    world.receipt(0, "c1-1", "DELIVRD");
    world.receipt(0, "c1-0", "DELIVRD");
    world.pass(1);
    let view = world.view(&id);
    assert_eq!(view.status, "delivered", "{taken} events");
    assert_eq!(world.esme().got.len(), 0, "no second receipt");
    let names: Vec<_> = view.events.iter().map(|event| event.status.name()).collect();
    assert_eq!(names, ["rejected", "queued", "submitted", "delivered"]);
    assert_eq!(again(&mut world, &id).unwrap_err().code, "not_dead", "it was delivered");
}

#[test]
fn a_dead_letter_survives_the_crash_right_after_its_answer() {
    let mut world = lonely();
    let id = rejected(&mut world, "try me");
    world.cut(0);
    again(&mut world, &id).unwrap();
    world.crash();
    world.connect(0);
    world.pass(1);
    assert_eq!(world.north().got.iter().filter(|got| got.body == b"try me").count(), 1);
}

#[test]
fn a_dead_letter_goes_through_consent_and_room_of_today() {
    let mut world = lonely();
    let id = rejected(&mut world, "try me");
    world.mo(b"STOP");
    assert_eq!(again(&mut world, &id).unwrap_err().code, "recipient_opted_out");
    world.engine.set_refusing(true);
    assert_eq!(again(&mut world, &id).unwrap_err().code, "node_full");
    world.engine.set_refusing(false);
    for record in [&b""[..], b"\x01", b"\x01\x02", b"\x01\x08abc", b"\x09\x02abc"] {
        assert_eq!(world.engine.again(record, world.now).unwrap_err().code, "not_dead");
    }
}

#[test]
fn an_expired_letter_gets_as_long_as_it_had() {
    let mut world = lonely();
    world.cut(0);
    let post = Post { from: NUMBER, to: CONTACT, text: Some("soon"), validity_ms: 5_000, ..Post::default() };
    let id = world.engine.post(0, &post, world.now).unwrap().id.encode();
    world.run();
    world.pass(7);
    assert_eq!(world.view(&id).status, "expired");
    again(&mut world, &id).unwrap();
    world.pass(2);
    assert_eq!(world.view(&id).status, "queued");
    world.pass(5);
    assert_eq!(world.view(&id).status, "expired");
}

#[test]
fn parts_of_a_dead_letter_go_under_another_reference() {
    let mut world = lonely();
    let id = rejected(&mut world, &"long ".repeat(50));
    let old = world.north().got[0].body[3];
    world.north().got.clear();
    again(&mut world, &id).unwrap();
    let references: Vec<u8> = world.north().got.iter().map(|got| got.short_message[3]).collect();
    assert_eq!(references.len(), 2);
    assert!(references.iter().all(|reference| *reference == references[0] && *reference != old));
}

#[test]
fn an_mo_that_nobody_took_is_handed_over_again() {
    let mut world = lonely();
    world.esme().reply = Some(status::ESME_RX_P_APPN);
    world.mo(b"hello");
    world.pass(1);
    let row = world.log.last().unwrap().clone();
    assert_eq!((row.direction, row.status), ("mo", "dead"));
    world.esme().reply = Some(0);
    world.esme().got.clear();
    again(&mut world, row.id.as_bytes()).unwrap();
    world.pass(1);
    assert_eq!(world.esme().got[0].body, b"hello");
    assert_eq!(world.view(row.id.as_bytes()).status, "handed_over");
}

#[test]
fn tries_and_the_pause_survive_a_crash() {
    let mut world = lonely();
    world.north().reply = Some(status::ESME_RSYSERR);
    world.submit("later");
    let id = world.last_id();
    for _ in 0..4 {
        world.crash();
        world.connect(0);
        world.north().reply = Some(status::ESME_RSYSERR);
        world.pass(1);
    }
    world.bind();
    world.pass(3);
    let view = world.view(&id);
    assert_eq!((view.status, view.error), ("failed", status::ESME_RSYSERR));
    assert_eq!(view.events.len(), 3, "two pauses and the end: {:?}", view.events);
    assert_eq!(world.esme().got.len(), 1, "the receipt");
}

#[test]
fn a_pause_is_kept_over_a_crash_and_over_a_journal_written_anew() {
    let mut config = config();
    config.routes[0].failover.clear();
    config.carriers[0].retry_base = 8 * SECOND;
    let mut world = World::with(config);
    world.north().reply = Some(status::ESME_RSYSERR);
    world.submit("later");
    world.crash();
    assert_eq!(world.engine.queue_depth(0), 1);
    world.connect(0);
    world.pass(3);
    assert_eq!(world.north().got.len(), 0, "it rests for four seconds at least");
    world.pass(6);
    assert_eq!(world.north().got.len(), 1);
    assert_eq!(world.engine.queue_depth(0), 0);
}

#[test]
fn a_clock_that_jumps_disturbs_no_pause_no_timer_and_no_validity_beyond_its_jump() {
    for jump in [HOUR_MS, -HOUR_MS] {
        let mut world = lonely();
        world.north().reply = Some(status::ESME_RSYSERR);
        world.submit("later");
        let id = world.last_id();
        world.engine.set_wall_zero(WALL + jump);
        world.north().reply = Some(0);
        world.pass(1);
        assert_eq!(world.view(&id).status, "submitted", "after its pause, {jump}");
        // A request that is not answered times out after its minute, not sooner or later.
        world.north().reply = None;
        world.submit("quiet");
        world.north().got.clear();
        world.pass(58);
        assert_eq!(world.north().got.len(), 0);
        world.pass(4);
        assert_eq!(world.north().got.len(), 1, "sent again");
        // Two hours are two hours but for the jump.
        world.cut(0);
        let post = |world: &mut World| {
            let post = Post { from: NUMBER, to: CONTACT, text: Some("x"), validity_ms: 7_200_000, ..Post::default() };
            world.engine.post(0, &post, world.now).unwrap().id
        };
        let before = post(&mut world);
        world.engine.set_wall_zero(WALL);
        let after = post(&mut world);
        assert_ne!(before, after);
        world.pass(10);
        for id in [before, after] {
            assert_eq!(world.view(&id.encode()).status, "queued", "{jump}");
        }
    }
}

#[test]
fn a_restart_after_the_clock_was_set_back_rests_no_longer_than_the_longest_pause() {
    let mut world = lonely();
    world.north().reply = Some(status::ESME_RSYSERR);
    world.submit("later");
    let mut engine = Engine::new(world.engine.config().clone(), [3; 32], WALL - HOUR_MS).unwrap();
    let mut last = 0;
    for page in &world.pages {
        engine.replay(page.seq, &page.journal).unwrap();
        last = page.seq;
    }
    engine.resume_after(last, world.now);
    world.engine = engine;
    world.carriers = vec![None, None];
    world.esme = None;
    world.connect(0);
    world.pass(11);
    assert_eq!(world.north().got.len(), 1);
}
