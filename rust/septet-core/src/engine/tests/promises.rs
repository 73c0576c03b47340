//! What a crash must not forget, beside the messages: receipts without one, parts of texts, and the references that join them.

use super::world::{Got, World, config};
use crate::clock::SECOND;
use crate::engine::quirks::LongText;
use crate::smpp::command;
use crate::smpp::tlv;

const DAY: u64 = 86_400 * SECOND;

#[test]
fn a_receipt_without_a_message_is_kept_over_crashes_until_its_message_comes() {
    let mut world = World::new();
    world.north().reply = None;
    world.submit("hello");
    let id = world.last_id();
    world.receipt(0, "late", "DELIVRD");
    for _ in 0..3 {
        world.mood = None;
        world.crash();
        world.connect(0);
        world.bind();
        assert_eq!(world.engine.alive(), 2, "the message and the receipt");
        assert_eq!(world.esme().got, []);
    }
    world.answer(0, "late");
    assert_eq!(world.view(&id).status, "delivered");
    assert_eq!((world.esme().got.len(), world.engine.alive()), (1, 0));
}

#[test]
fn a_receipt_without_a_message_runs_out_however_often_the_node_dies() {
    let mut world = World::new();
    world.receipt(0, "stranger", "DELIVRD");
    for _ in 0..3 {
        world.now += DAY / 4;
        world.crash();
        world.pass(1);
        assert_eq!(world.engine.alive(), 1);
    }
    world.now += DAY / 4;
    world.pass(1);
    assert_eq!((world.engine.alive(), world.engine.tally().carriers[0].unmatched), (0, 1));
    world.crash();
    assert_eq!(world.engine.alive(), 0);
}

#[test]
fn parts_of_an_mo_find_each_other_whatever_crash_lies_between_them() {
    for order in [[1, 2, 3], [3, 1, 2], [2, 3, 1]] {
        let mut world = World::new();
        for (place, number) in order.into_iter().enumerate() {
            let part = [&[5, 0, 3, 7, 3, number][..], &[b'a' + number - 1]].concat();
            world.mo_with(&part, 0x40);
            // The carrier had no answer and says it again.
            world.mo_with(&part, 0x40);
            if place < 2 {
                assert_eq!(world.esme().got, []);
                world.crash();
                world.connect(0);
                world.bind();
            }
        }
        let row = world.log.iter().find(|row| row.direction == "mo").expect("it is whole");
        let view = crate::engine::view_of_record(&row.record).unwrap();
        assert_eq!((view.text.as_deref(), view.incomplete), (Some("abc"), false));
        assert_eq!(world.esme().got.len(), 3);
        world.now += 3_601 * SECOND;
        world.pass(1);
        assert_eq!(world.log.iter().filter(|row| row.direction == "mo").count(), 1);
    }
}

#[test]
fn a_set_that_is_never_whole_is_given_up_after_a_crash_too() {
    let mut world = World::new();
    world.mo_with(b"\x05\x00\x03\x07\x02\x02rest", 0x40);
    world.crash();
    world.bind();
    world.now += 3_601 * SECOND;
    world.pass(1);
    assert_eq!(world.esme().got.len(), 1);
    world.crash();
    assert_eq!(world.engine.alive(), 0);
}

/// What joins the parts: the reference and each part's number.
fn joins(long: LongText, got: &[Got]) -> Vec<(Vec<u8>, u8)> {
    let tag = |got: &Got, tag| got.tlvs.iter().find(|(found, _)| *found == tag).expect("a SAR tag").1.clone();
    let join = |got: &Got| match long {
        LongText::Udh8 => (got.body[3..4].to_vec(), got.body[5]),
        LongText::Udh16 => (got.body[3..5].to_vec(), got.body[6]),
        _ => (tag(got, tlv::SAR_MSG_REF_NUM), tag(got, tlv::SAR_SEGMENT_SEQNUM)[0]),
    };
    got.iter().map(join).collect()
}

#[test]
fn parts_that_go_again_after_a_crash_have_the_reference_that_they_had() {
    for long in [LongText::Udh8, LongText::Udh16, LongText::Sar] {
        let mut config = config();
        config.carriers[0].quirks.long_text = long;
        let mut world = World::with(config);
        world.north().reply = None;
        let post = world.post(&"three parts ".repeat(30)).unwrap();
        let first = world.north().got.clone();
        let before = joins(long, &first);
        assert_eq!(before.iter().map(|(_, number)| *number).collect::<Vec<_>>(), [1, 2, 3]);
        // The second is answered; the others are not.
        world.north().session.respond(first[1].sequence, command::SUBMIT_SM, 0, b"second");
        world.run();
        world.mood = None;
        world.crash();
        world.connect(0);
        let again = world.north().got.clone();
        assert_eq!(joins(long, &again), [before[0].clone(), before[2].clone()], "{long:?}");
        for id in ["first", "third"] {
            world.answer(0, id);
        }
        for id in ["first", "second", "third"] {
            world.receipt(0, id, "DELIVRD");
        }
        assert_eq!(world.view(&post.id.encode()).status, "delivered");
        assert_eq!(world.engine.alive(), 0);
    }
}
