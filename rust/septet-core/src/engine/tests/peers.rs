//! Sessions: who may come in, what is refused, and what never harms another.

use super::world::{World, config};
use crate::smpp::command;
use crate::smpp::sm::Sm;
use crate::smpp::status;

#[test]
fn a_peer_that_is_sent_away_hears_why() {
    let mut world = World::empty(config());
    let sid = world.engine.open_esme(world.now);
    let mut frame = Vec::new();
    crate::smpp::frame::put(&mut frame, command::BIND_TRANSCEIVER, 0, 7, |out| {
        out.extend_from_slice(b"who\0pw\0\0\x34\0\0\0");
    });
    world.engine.receive(sid, &frame, world.now);
    assert_eq!(world.engine.bind_request(sid).unwrap().system_id, b"who");
    world.engine.refuse_bind(sid, status::ESME_RINVPASWD);
    let answer = world.engine.output(sid);
    assert_eq!(answer[8..12], status::ESME_RINVPASWD.to_be_bytes());
    assert_eq!(answer[12..16], 7u32.to_be_bytes());
}

#[test]
fn a_submit_before_the_bind_is_refused_and_counted() {
    let mut world = World::new();
    let sid = world.engine.open_esme(world.now);
    let mut frame = Vec::new();
    crate::smpp::frame::put(&mut frame, command::SUBMIT_SM, 0, 1, |out| {
        Sm::default().write(command::SUBMIT_SM, out);
    });
    world.engine.receive(sid, &frame, world.now);
    assert_eq!(world.engine.output(sid)[8..12], status::ESME_RINVBNDSTS.to_be_bytes());
    assert_eq!(world.engine.tally().bad_pdus.len(), 1);
    world.submit("others go on");
    assert_eq!(world.north().got.len(), 1);
}

#[test]
fn a_response_for_a_session_that_has_left_goes_to_nobody_else() {
    let mut world = World::new();
    world.commits = false;
    world.submit("hello");
    world.leave();
    world.bind();
    world.commits = true;
    world.run();
    assert_eq!(world.esme().answers, []);
    assert_eq!(world.north().got.len(), 1);
}

#[test]
fn a_carrier_that_submits_to_us_is_refused() {
    let mut world = World::new();
    let end = world.carriers[0].as_mut().unwrap();
    let mut frame = Vec::new();
    crate::smpp::frame::put(&mut frame, command::SUBMIT_SM, 0, 9, |out| {
        Sm::default().write(command::SUBMIT_SM, out);
    });
    let sid = end.sid;
    world.engine.receive(sid, &frame, world.now);
    assert_ne!(world.engine.output(sid)[8..12], [0; 4]);
}
