//! `on_unknown = "hold"`: what was not answered is not sent again, whatever happens.

use proptest::prelude::*;

use super::world::{CONTACT, NUMBER, World, config};
use crate::engine::tables::Config;
use crate::engine::{NO_RESPONSE, Post};
use crate::smpp::status;

fn holding() -> Config {
    let mut config = config();
    config.carriers[0].hold = true;
    config.routes[0].failover.clear();
    config
}

fn bodies(world: &mut World) -> Vec<Vec<u8>> {
    world.north().got.iter().map(|got| got.body.clone()).collect()
}

#[test]
fn a_submit_that_was_cut_off_is_held_and_its_sender_is_told() {
    let mut world = World::with(holding());
    world.north().reply = None;
    world.submit("once");
    let id = world.last_id();
    assert_eq!(bodies(&mut world), [b"once"]);
    world.cut(0);
    world.connect(0);
    world.pass(1);
    assert_eq!(bodies(&mut world), [] as [Vec<u8>; 0]);
    let view = world.view(&id);
    assert_eq!((view.status, view.error), ("unknown", NO_RESPONSE));
    assert_eq!(world.esme().got[0].state, Some(7));
    assert_eq!((world.engine.queue_depth(0), world.engine.in_flight(0)), (0, 0));
}

#[test]
fn a_submit_that_timed_out_waits_as_long_again_for_a_late_response() {
    for late in [true, false] {
        let mut world = World::with(holding());
        world.north().reply = None;
        world.submit("once");
        let id = world.last_id();
        world.pass(61);
        assert_eq!(world.view(&id).status, "queued");
        if late {
            let sequence = world.north().got[0].sequence;
            let now = world.now;
            world.north().session.respond(sequence, crate::smpp::command::SUBMIT_SM, 0, b"late");
            let chunk = std::mem::take(world.north().session.output());
            let sid = world.north().sid;
            world.engine.receive(sid, &chunk, now);
            world.run();
            assert_eq!(world.view(&id).status, "submitted");
        }
        world.pass(65);
        assert_eq!(world.view(&id).status, if late { "submitted" } else { "unknown" });
        assert_eq!(bodies(&mut world), [b"once"]);
    }
}

#[test]
fn a_crash_holds_what_may_have_left_and_nothing_else() {
    let mut world = World::with(holding());
    world.north().reply = None;
    for number in 0..30 {
        world.submit(&format!("text {number:02}"));
    }
    assert_eq!(bodies(&mut world).len(), 10, "the window");
    world.crash();
    world.connect(0);
    world.pass(2);
    let sent = bodies(&mut world);
    assert_eq!(sent, (10..30).map(|n| format!("text {n:02}").into_bytes()).collect::<Vec<_>>());
    let held = world.log.iter().filter(|row| row.status == "unknown").count() + world.engine.alive();
    assert_eq!(held, 30, "ten held, twenty gone on");
}

#[test]
fn nothing_is_written_before_the_journal_says_so() {
    let mut world = World::with(holding());
    world.submit("a");
    world.commits = false;
    world.post("b").unwrap();
    assert_eq!(bodies(&mut world), [b"a"]);
    world.commits = true;
    world.run();
    assert_eq!(bodies(&mut world), [b"a", b"b"]);
}

#[test]
fn an_orderly_end_holds_nothing_that_has_not_left() {
    for orderly in [true, false] {
        let mut world = World::with(holding());
        let post = Post { from: NUMBER, to: CONTACT, text: Some("prepared"), ..Post::default() };
        world.engine.post(0, &post, world.now).unwrap();
        let page = world.engine.close_page().unwrap();
        world.engine.committed(page.seq, world.now);
        world.pages.push(page);
        assert_eq!(world.engine.pump(0, u32::MAX, world.now), 0, "it is written down first");
        if orderly {
            world.engine.stand_down();
        }
        world.pages.extend(world.engine.last_page());
        world.crash();
        world.connect(0);
        assert_eq!(bodies(&mut world).len(), usize::from(orderly));
    }
}

#[test]
fn a_message_that_the_carrier_refused_for_now_is_not_unknown() {
    let mut world = World::with(holding());
    world.north().reply = Some(status::ESME_RTHROTTLED);
    world.submit("again");
    world.north().reply = None;
    world.cut(0);
    world.crash();
    world.connect(0);
    assert_eq!(bodies(&mut world), [b"again"]);
}

#[test]
fn a_cancel_that_comes_before_the_journal_says_so_wins() {
    let mut world = World::with(holding());
    world.submit("seen");
    world.commits = false;
    let posted = world.post("withdrawn").unwrap();
    assert_eq!(world.engine.cancel(posted.id, 0, world.now), Some(true));
    world.commits = true;
    world.run();
    assert_eq!(bodies(&mut world), [b"seen"]);
    assert_eq!((world.engine.queue_depth(0), world.engine.in_flight(0)), (0, 0));
}

#[derive(Clone, Debug)]
enum Step {
    Submit,
    Long,
    Many,
    Silence,
    Answer,
    Throttle,
    Cut,
    Crash,
    Stall,
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Submit),
        2 => Just(Step::Long),
        3 => Just(Step::Many),
        2 => Just(Step::Silence),
        3 => Just(Step::Answer),
        1 => Just(Step::Throttle),
        1 => Just(Step::Cut),
        1 => Just(Step::Crash),
        1 => Just(Step::Stall),
        2 => Just(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    /// However the node dies and the links are cut, the carrier sees nothing twice that it did not refuse, and everything
    /// acknowledged ends somewhere.
    #[test]
    fn nothing_goes_twice_to_a_carrier_that_holds(steps in prop::collection::vec(step(), 0..60), destinations in 1u8..5) {
        let mut config = holding();
        config.carriers[0].quirks.destinations = destinations;
        let mut world = World::with(config);
        let mut taken: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        let note = |world: &mut World, taken: &mut Vec<(Vec<u8>, Vec<u8>)>| {
            let Some(end) = world.carriers[0].as_mut() else { return };
            let refuses = end.reply == Some(status::ESME_RTHROTTLED);
            let got = std::mem::take(&mut end.got);
            taken.extend(got.into_iter().filter(|_| !refuses).map(|got| (got.dest, got.body)));
        };
        for (number, step) in steps.into_iter().enumerate() {
            note(&mut world, &mut taken);
            match step {
                Step::Submit => world.submit(&format!("text {number}")),
                Step::Long => world.submit(&format!("{number} ").repeat(70)),
                Step::Many => {
                    world.post_to(&[CONTACT, "46702", "46703"], &format!("many {number}"));
                }
                Step::Silence => world.north().reply = None,
                Step::Answer => world.north().reply = Some(0),
                Step::Throttle => world.north().reply = Some(status::ESME_RTHROTTLED),
                Step::Cut => {
                    world.cut(0);
                    world.connect(0);
                }
                Step::Crash => {
                    world.commits = true;
                    world.crash();
                    world.connect(0);
                    world.bind();
                }
                Step::Stall => world.commits = !world.commits,
                Step::Wait => world.pass(30),
            }
            note(&mut world, &mut taken);
        }
        world.commits = true;
        world.north().reply = Some(0);
        world.run();
        world.pass(140);
        note(&mut world, &mut taken);
        let count = taken.len();
        taken.sort();
        taken.dedup();
        prop_assert_eq!(taken.len(), count);
        prop_assert_eq!((world.engine.queue_depth(0), world.engine.in_flight(0)), (0, 0));
    }
}
