//! Receipts: early, again, in between, in another dialect, with a cause; and what an ESME is told of them.

use super::world::{CONTACT, NUMBER, World, config};
use crate::clock::SECOND;
use crate::smpp::receipt::{Dialect, State, Unmarked};
use crate::smpp::sm::{Addr, Sm};
use crate::smpp::tlv::{self, Tlvs};

/// A message marked as a receipt, or as whatever `esm_class` says.
fn say(world: &mut World, esm_class: u8, text: &[u8], tlvs: &[u8]) {
    let sm = Sm {
        source: Addr { ton: 1, npi: 1, addr: CONTACT.as_bytes() },
        dest: Addr { ton: 3, npi: 0, addr: NUMBER.as_bytes() },
        esm_class,
        short_message: text,
        tlvs: Tlvs::new(tlvs),
        ..Sm::default()
    };
    world.send_up(0, &sm);
}

#[test]
fn notifications_change_nothing_and_are_recorded() {
    let mut world = World::new();
    let post = world.post("hello").unwrap();
    for stat in ["ENROUTE", "ENROUTE", "ACCEPTD"] {
        world.receipt(0, "c1-0", stat);
    }
    let view = world.view(&post.id.encode());
    let told: Vec<_> = view.events.iter().filter_map(|e| e.receipt).collect();
    assert_eq!((view.status, &told[..]), ("submitted", &[State::Enroute, State::Accepted][..]));
    assert_eq!(world.engine.tally().carriers[0].duplicates, 1);
    world.crash();
    assert_eq!(world.view(&post.id.encode()).events, view.events, "they outlive a crash");
    world.connect(0);
    world.receipt(0, "c1-0", "DELIVRD");
    let view = world.view(&post.id.encode());
    assert_eq!((view.status, view.events.last().unwrap().receipt), ("delivered", Some(State::Delivered)));
}

#[test]
fn an_esme_that_asks_for_notifications_gets_them_before_the_end() {
    let mut world = World::new();
    world.submit_sm(b"hello", 0, 0, 0x11);
    world.submit_sm(b"hello", 0, 0, 0x01);
    assert_eq!(world.north().got.iter().map(|g| g.registered).collect::<Vec<_>>(), [0x11, 0x01]);
    for id in ["c1-0", "c1-1"] {
        world.receipt(0, id, "ENROUTE");
    }
    let got = std::mem::take(&mut world.esme().got);
    assert_eq!(got.len(), 1);
    assert_eq!((got[0].esm_class, got[0].state), (0x20, Some(1)));
    assert!(String::from_utf8_lossy(&got[0].body).contains(" stat:ENROUTE "));
    world.receipt(0, "c1-0", "DELIVRD");
    assert_eq!((world.esme().got[0].esm_class, world.esme().got[0].state), (4, Some(2)));
}

#[test]
fn a_notification_waits_for_an_esme_that_is_away_and_comes_first() {
    let mut world = World::new();
    world.submit_sm(b"hello", 0, 0, 0x11);
    world.leave();
    say(&mut world, 0x20, b"id:c1-0 stat:ACCEPTD", b"");
    world.crash();
    world.connect(0);
    world.receipt(0, "c1-0", "UNDELIV");
    world.bind();
    let told: Vec<_> = world.esme().got.iter().map(|g| (g.esm_class, g.state)).collect();
    assert_eq!(told, [(0x20, Some(6)), (4, Some(5))]);
    assert_eq!(world.engine.alive(), 0);
}

#[test]
fn who_asks_for_notifications_alone_hears_nothing_of_the_end() {
    let mut world = World::new();
    world.submit_sm(b"hello", 0, 0, 0x10);
    world.receipt(0, "c1-0", "ENROUTE");
    world.receipt(0, "c1-0", "DELIVRD");
    assert_eq!(world.esme().got.iter().map(|g| g.esm_class).collect::<Vec<_>>(), [0x20]);
    assert_eq!(world.engine.alive(), 0);
}

#[test]
fn a_notification_that_the_esme_cannot_take_now_is_told_again() {
    let mut world = World::new();
    world.submit_sm(b"hello", 0, 0, 0x11);
    world.esme().reply = Some(crate::smpp::status::ESME_RX_T_APPN);
    world.receipt(0, "c1-0", "ENROUTE");
    world.esme().reply = Some(0);
    world.pass(3);
    assert_eq!(world.esme().got.iter().map(|g| g.state).collect::<Vec<_>>(), [Some(1), Some(1)]);
    world.receipt(0, "c1-0", "DELIVRD");
    assert_eq!((world.esme().got.len(), world.engine.alive()), (3, 0));
}

#[test]
fn a_second_final_receipt_is_counted_and_changes_nothing() {
    let mut world = World::new();
    let post = world.post(&"a".repeat(200)).unwrap();
    world.receipt(0, "c1-0", "DELIVRD");
    world.receipt(0, "c1-0", "UNDELIV");
    assert_eq!(world.engine.tally().carriers[0].duplicates, 1);
    world.receipt(0, "c1-1", "DELIVRD");
    assert_eq!(world.view(&post.id.encode()).status, "delivered");
    assert_eq!(world.engine.tally().carriers[0].receipts["UNDELIV"], 1);
}

#[test]
fn several_early_receipts_of_one_id_are_kept_and_the_final_one_is_never_lost() {
    let mut world = World::new();
    world.north().reply = None;
    let post = world.post("hello").unwrap();
    for _ in 0..50 {
        world.receipt(0, "c0-0", "ENROUTE");
    }
    assert!(world.engine.alive() < 10, "they are bounded");
    world.receipt(0, "c0-0", "DELIVRD");
    world.receipt(0, "c0-0", "UNDELIV");
    world.crash();
    // Sent again, it gets the id that they name.
    world.connect(0);
    let view = world.view(&post.id.encode());
    assert_eq!(view.status, "delivered");
    assert_eq!(view.events.iter().filter_map(|e| e.receipt).collect::<Vec<_>>(), [State::Enroute, State::Delivered]);
    assert_eq!(world.engine.alive(), 0);
}

#[test]
fn a_notification_that_belongs_to_nothing_is_not_kept() {
    let mut world = World::new();
    world.receipt(0, "stranger", "ENROUTE");
    assert_eq!(world.engine.alive(), 0);
    assert_eq!(world.engine.tally().carriers[0].receipts["ENROUTE"], 1);
}

#[test]
fn an_early_notification_is_kept_no_longer_than_a_response_may_take() {
    let mut world = World::new();
    world.north().reply = None;
    world.submit_sm(b"hello", 0, 0, 0);
    world.receipt(0, "stranger", "ENROUTE");
    assert_eq!(world.engine.alive(), 2);
    world.now += 601 * SECOND;
    world.engine.tick(world.now);
    assert_eq!((world.engine.alive(), world.engine.tally().carriers[0].unmatched), (1, 0));
}

#[test]
fn a_held_receipt_that_is_given_up_makes_room_for_another() {
    let mut world = World::new();
    for _ in 0..10 {
        world.receipt(0, "stranger", "DELIVRD");
    }
    assert_eq!(world.engine.alive(), 4);
    world.now += 86_401 * SECOND;
    world.pass(1);
    assert_eq!(world.engine.alive(), 0);
    world.receipt(0, "stranger", "DELIVRD");
    assert_eq!(world.engine.alive(), 1);
}

#[test]
fn what_is_marked_as_a_receipt_and_names_no_id_is_no_message() {
    let mut world = World::new();
    for body in [&b"ACK/"[..], b"", b"INFO", b"\xFF\x00"] {
        say(&mut world, 0x04, body, b"");
    }
    assert_eq!((world.esme().got.len(), world.north().got.len()), (0, 0), "no keyword answers it");
    assert!(world.north().answers.iter().all(|(_, status, _)| *status == 0));
    assert_eq!(world.north().answers.len(), 4);
    world.now += 86_401 * SECOND;
    world.pass(1);
    assert_eq!((world.engine.alive(), world.engine.tally().carriers[0].unmatched), (0, 4));
}

#[test]
fn a_receipt_in_ucs2_or_by_tlvs_alone_is_one() {
    let mut world = World::new();
    let ids: Vec<_> = (0..2).map(|n| world.post(&format!("m{n}")).unwrap().id.encode()).collect();
    let wide: Vec<u8> = b"id:c1-0 stat:DELIVRD".iter().flat_map(|octet| [0, *octet]).collect();
    say(&mut world, 0x04, &wide, b"");
    let mut raw = Vec::new();
    tlv::put(&mut raw, tlv::RECEIPTED_MESSAGE_ID, b"c1-1\0");
    tlv::put(&mut raw, tlv::MESSAGE_STATE, &[8]);
    say(&mut world, 0x04, b"", &raw);
    assert_eq!(world.view(&ids[0]).status, "delivered");
    assert_eq!(world.view(&ids[1]).status, "rejected");
}

#[test]
fn a_dialect_is_the_carriers_own() {
    let mut config = config();
    let words = vec![(b"FAILED".as_slice().into(), State::Expired)];
    config.carriers[0].quirks.dialect = Dialect { words, unmarked: Unmarked::Never, ..Dialect::default() };
    let mut world = World::with(config);
    let post = world.post("hello").unwrap();
    say(&mut world, 0, b"id:c1-0 stat:DELIVRD done date:2601021504", b"");
    assert_eq!((world.view(&post.id.encode()).status, world.esme().got.len()), ("submitted", 1), "it is a message");
    world.receipt(0, "c1-0", "Failed");
    assert_eq!(world.view(&post.id.encode()).status, "expired");
}

#[test]
fn a_cause_is_kept_as_it_was_written_and_passed_on() {
    let mut world = World::new();
    world.submit("hello");
    let id = world.last_id();
    let mut raw = Vec::new();
    tlv::put(&mut raw, tlv::NETWORK_ERROR_CODE, &[3, 0, 27]);
    world.leave();
    say(&mut world, 0x04, b"id:c1-0 stat:UNDELIV err:0E7", &raw);
    world.crash();
    let told = |world: &World| {
        let view = world.view(&id);
        (view.status, view.error, view.err, view.network_error)
    };
    assert_eq!(told(&world), ("undeliverable", 27, "0E7".to_owned(), Some((3, 27))));
    world.connect(0);
    world.bind();
    let got = world.esme().got.remove(0);
    assert!(String::from_utf8_lossy(&got.body).contains(" stat:UNDELIV err:0E7 "));
    assert!(got.tlvs.contains(&(tlv::NETWORK_ERROR_CODE, vec![3, 0, 27])));
    assert_eq!(world.engine.alive(), 0);
    assert_eq!(told(&world), ("undeliverable", 27, "0E7".to_owned(), Some((3, 27))), "and so does the log");
}

#[test]
fn a_cause_comes_with_an_early_receipt_too() {
    let mut world = World::new();
    world.north().reply = None;
    let post = world.post("hello").unwrap();
    say(&mut world, 0x04, b"id:c0-0 stat:UNDELIV err:01A", b"");
    world.crash();
    // Sent again, it gets the id that its receipt names.
    world.connect(0);
    assert_eq!(world.view(&post.id.encode()).err, "01A");
}

#[test]
fn no_cause_is_told_where_there_is_none() {
    let mut world = World::new();
    let post = world.post("hello").unwrap();
    say(&mut world, 0x04, b"id:c1-0 stat:DELIVRD err:000", b"");
    let view = world.view(&post.id.encode());
    assert_eq!((view.status, &*view.err, view.network_error), ("delivered", "", None));
}

#[test]
fn an_account_hears_of_the_states_that_it_wants() {
    let mut config = config();
    config.accounts[0].quirks.receipts = 1 << State::Undeliverable.message_state();
    config.accounts[0].quirks.receipt_seconds = true;
    let mut world = World::with(config);
    for (id, stat) in [("c1-0", "DELIVRD"), ("c1-1", "UNDELIV")] {
        world.submit("hello");
        world.receipt(0, id, stat);
    }
    assert_eq!(world.esme().got.iter().map(|g| g.state).collect::<Vec<_>>(), [Some(5)]);
    let text = String::from_utf8_lossy(&world.esme().got[0].body).into_owned();
    let date = text.split("submit date:").nth(1).unwrap().split(' ').next().unwrap();
    assert_eq!(date.len(), 12, "{text}");
    assert_eq!(world.engine.alive(), 0);
}
