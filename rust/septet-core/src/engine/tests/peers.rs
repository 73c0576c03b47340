//! Sessions: who may come in, what is refused, and what never harms another.

use super::world::{World, config};
use crate::clock::SECOND;
use crate::smpp::command;
use crate::smpp::sm::{Addr, Sm};
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

fn bind(world: &mut World) -> u32 {
    let sid = world.engine.open_esme(world.now);
    let mut frame = Vec::new();
    crate::smpp::frame::put(&mut frame, command::BIND_TRANSCEIVER, 0, 1, |out| {
        out.extend_from_slice(b"acme\0pw\0\0\x34\0\0\0");
    });
    world.engine.receive(sid, &frame, world.now);
    world.engine.accept_bind(sid, 0, world.now);
    world.engine.output(sid);
    sid
}

/// The commands that sessions write at a tick, and who is closed.
fn ticked(world: &mut World) -> (Vec<(u32, u32)>, Vec<u32>) {
    world.engine.tick(world.now);
    let attention = world.engine.attention();
    let command = |octets: Vec<u8>| octets.get(4..8).map(|id| u32::from_be_bytes(id.try_into().unwrap()));
    let written = attention.output.iter().filter_map(|sid| Some((*sid, command(world.engine.output(*sid))?)));
    (written.collect(), attention.closing.into_iter().collect())
}

#[test]
fn each_of_a_thousand_sessions_is_asked_when_its_own_time_has_come() {
    let mut config = config();
    config.smpp.enquire_link = 30 * SECOND;
    let mut world = World::empty(config);
    let mut binds = Vec::new();
    for _ in 0..1_000 {
        binds.push((bind(&mut world), world.now));
        world.now += SECOND / 100;
    }
    let stranger = world.engine.open_esme(world.now);
    ticked(&mut world);
    let mut asked = Vec::new();
    let mut closed = Vec::new();
    for _ in 0..450 {
        let before = world.now;
        world.now += SECOND / 10;
        let (written, closing) = ticked(&mut world);
        for (sid, command) in written.into_iter().filter(|(sid, _)| *sid != stranger) {
            assert_eq!(command, command::ENQUIRE_LINK);
            let (_, heard) = binds.iter().find(|(bound, _)| *bound == sid).unwrap();
            assert!((before - heard..=world.now - heard).contains(&(30 * SECOND)), "{sid}: {}", world.now - heard);
            asked.push(sid);
        }
        closed.extend(closing.into_iter().map(|sid| (sid, world.now)));
    }
    asked.sort_unstable();
    assert_eq!(asked, binds.iter().map(|(sid, _)| *sid).collect::<Vec<_>>());
    let stranger_left = closed.iter().find(|(sid, _)| *sid == stranger).expect("it never bound");
    assert!(stranger_left.1 < world.now - 20 * SECOND);
}

#[test]
fn one_that_speaks_is_not_asked_and_one_that_leaves_is_forgotten() {
    let mut config = config();
    config.smpp.enquire_link = 30 * SECOND;
    let mut world = World::empty(config);
    let (talks, leaves, silent) = (bind(&mut world), bind(&mut world), bind(&mut world));
    world.now += 20 * SECOND;
    let mut frame = Vec::new();
    crate::smpp::frame::put(&mut frame, command::ENQUIRE_LINK, 0, 2, |_| {});
    world.engine.receive(talks, &frame, world.now);
    world.engine.closed(leaves);
    world.now += 5 * SECOND;
    // It takes the place of the one that has left, and must not inherit its time.
    let fresh = bind(&mut world);
    assert_eq!(fresh, leaves);
    ticked(&mut world);
    world.now += 6 * SECOND;
    assert_eq!(ticked(&mut world).0, [(silent, command::ENQUIRE_LINK)]);
    world.now += 20 * SECOND;
    assert_eq!(ticked(&mut world).0, [(talks, command::ENQUIRE_LINK)]);
    world.now += 5 * SECOND;
    assert_eq!(ticked(&mut world).0, [(fresh, command::ENQUIRE_LINK)]);
}

#[test]
fn who_does_not_heed_its_window_is_a_flood_and_who_only_races_it_is_not() {
    // The account's window is 100.
    for (count, addr, flood) in [(199, &b"46701234567"[..], false), (200, b"46701234567", true), (200, b"", true)] {
        let mut world = World::empty(config());
        let sid = bind(&mut world);
        let sm = Sm { dest: Addr { ton: 1, npi: 1, addr }, short_message: b"x", ..Sm::default() };
        let mut frames = Vec::new();
        for sequence in 0..count {
            crate::smpp::frame::put(&mut frames, command::SUBMIT_SM, 0, 10 + sequence, |out| {
                sm.write(command::SUBMIT_SM, out);
            });
        }
        assert_eq!(world.engine.receive(sid, &frames, world.now), flood, "{count}");
    }
}
