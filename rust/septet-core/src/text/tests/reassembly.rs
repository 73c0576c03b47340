//! Parts in any order, repeated, late, too many.

use proptest::prelude::*;

use crate::clock::SECOND;
use crate::text::reassemble::{Added, Key, Reassembler};
use crate::text::udh::{self, Concat};
use crate::text::{SegmentOptions, segment};

fn key(reference: u16, total: u8, sequence: u8) -> Key {
    Key {
        source: (*b"46").into(),
        dest: (*b"12345").into(),
        concat: Concat { reference, wide: false, total, sequence },
    }
}

fn two_waiting() -> Reassembler<char> {
    let mut set = Reassembler::new(60 * SECOND, 100);
    assert_eq!(set.add(key(1, 3, 2), 2, 'b', 0), Added::Waiting);
    assert_eq!(set.add(key(1, 3, 1), 1, 'a', SECOND), Added::Waiting);
    set
}

#[test]
fn the_last_part_completes_whatever_the_order() {
    let mut set = two_waiting();
    assert_eq!(set.len(), 2);
    assert_eq!(set.add(key(1, 3, 3), 3, 'c', 2 * SECOND), Added::Whole(vec!['a', 'b', 'c']));
    assert!(set.is_empty());
    assert_eq!(set.next_deadline(), None);
}

#[test]
fn a_repeated_part_is_handed_back_before_and_after_completion() {
    let mut set = two_waiting();
    assert_eq!(set.add(key(1, 3, 2), 2, 'x', SECOND), Added::Duplicate('x'));
    set.add(key(1, 3, 3), 3, 'c', 2 * SECOND);
    assert_eq!(set.add(key(1, 3, 1), 1, 'y', 61 * SECOND), Added::Duplicate('y'));
    assert_eq!(set.add(key(1, 3, 1), 1, 'z', 62 * SECOND), Added::Waiting, "forgotten after the time to live");
}

#[test]
fn a_restored_set_takes_repeats_and_no_more() {
    let mut set = Reassembler::new(60 * SECOND, 100);
    set.restore(key(1, 2, 1), vec![1, 2], 10 * SECOND, 20 * SECOND);
    assert_eq!(set.add(key(1, 2, 2), 2, 'x', 69 * SECOND), Added::Duplicate('x'));
    assert_eq!(
        set.add(key(1, 2, 2), 2, 'y', 70 * SECOND),
        Added::Waiting,
        "its time counts from when it was completed"
    );
    set.restore(key(2, 2, 1), vec![1], 70 * SECOND, 70 * SECOND);
    assert_eq!(set.add(key(2, 2, 1), 1, 'z', 70 * SECOND), Added::Waiting, "not the size of its set");
    set.restore(key(3, 2, 1), vec![1, 2], 0, 70 * SECOND);
    assert_eq!(set.add(key(3, 2, 1), 1, 'z', 70 * SECOND), Added::Waiting, "too old");
}

#[test]
fn a_reused_reference_opens_a_new_set_and_loses_nothing() {
    let mut set = two_waiting();
    assert_eq!(set.add(key(1, 3, 1), 9, 'A', 2 * SECOND), Added::Waiting);
    assert_eq!(set.next_deadline(), Some(0));
    assert_eq!(set.expire(2 * SECOND), [vec!['a', 'b']]);
    assert_eq!(set.add(key(1, 3, 2), 2, 'B', 3 * SECOND), Added::Waiting);
    assert_eq!(set.add(key(1, 3, 3), 3, 'C', 3 * SECOND), Added::Whole(vec!['A', 'B', 'C']));
}

#[test]
fn other_keys_do_not_mix() {
    let mut set = Reassembler::new(60 * SECOND, 100);
    let first = key(1, 2, 1);
    let mut second = key(1, 2, 2);
    second.concat.wide = true;
    let mut other_dest = key(1, 2, 2);
    other_dest.dest = (*b"999").into();
    let mut other_source = key(1, 2, 2);
    other_source.source = (*b"47").into();
    for k in [first, second, other_dest, other_source, key(2, 2, 2), key(1, 3, 2)] {
        assert_eq!(set.add(k, 1, (), 0), Added::Waiting);
    }
    assert_eq!(set.len(), 6);
}

#[test]
fn sets_expire_at_their_deadline_in_order() {
    let mut set = two_waiting();
    set.add(key(7, 2, 2), 5, 'z', 10 * SECOND);
    assert_eq!(set.next_deadline(), Some(60 * SECOND));
    assert!(set.expire(60 * SECOND - 1).is_empty());
    assert_eq!(set.expire(60 * SECOND), [vec!['a', 'b']]);
    assert_eq!(set.next_deadline(), Some(70 * SECOND));
    assert_eq!(set.add(key(7, 2, 1), 6, 'y', 71 * SECOND), Added::Waiting, "too late for its set");
    assert_eq!(set.expire(71 * SECOND), [vec!['z']]);
    assert_eq!(set.expire(1000 * SECOND), [vec!['y']]);
}

#[test]
fn at_capacity_the_oldest_set_is_handed_out() {
    let mut set = Reassembler::new(60 * SECOND, 3);
    for reference in 0..4 {
        assert_eq!(set.add(key(reference, 2, 1), 1, reference, 0), Added::Waiting);
    }
    assert_eq!(set.len(), 3);
    assert_eq!(set.expire(0), [vec![0]]);
    assert_eq!(set.add(key(3, 2, 2), 2, 33, 0), Added::Whole(vec![3, 33]));
}

#[test]
fn one_message_larger_than_the_capacity_still_completes() {
    let mut set = Reassembler::new(60 * SECOND, 1);
    assert_eq!(set.add(key(1, 3, 3), 3, 'c', 0), Added::Waiting);
    assert_eq!(set.add(key(1, 3, 2), 2, 'b', 0), Added::Waiting);
    assert_eq!(set.add(key(1, 3, 1), 1, 'a', 0), Added::Whole(vec!['a', 'b', 'c']));
}

#[test]
fn what_needs_no_other_is_whole_at_once() {
    let mut set = Reassembler::new(SECOND, 10);
    for (total, sequence) in [(1, 1), (0, 0), (2, 3), (2, 0)] {
        assert_eq!(set.add(key(1, total, sequence), 0, 'x', 0), Added::Whole(vec!['x']));
    }
    assert!(set.is_empty());
}

proptest! {
    #[test]
    fn any_order_with_repeats_gives_the_text_once(
        length in 161usize..1500,
        order in proptest::collection::vec(any::<proptest::sample::Index>(), 0..20),
        seed in Just(()).prop_perturb(|(), mut rng| rng.random::<u64>()),
    ) {
        let text: String = (0..length).map(|i| char::from(b'a' + (i % 26) as u8)).collect();
        let parts = segment(&text, &SegmentOptions::default()).unwrap().parts;
        let mut arrival: Vec<usize> = (0..parts.len()).collect();
        arrival.sort_by_key(|i| (*i as u64 + 1).wrapping_mul(seed | 1));
        arrival.splice(0..0, order.iter().map(|i| i.index(parts.len())));
        let mut set = Reassembler::new(SECOND, 1000);
        let mut whole = Vec::new();
        for i in arrival {
            let concat = udh::concat(parts[i].udh()).unwrap();
            let key = Key { source: Box::default(), dest: Box::default(), concat };
            if let Added::Whole(got) = set.add(key, i as u64, i, 0) {
                whole.push(got);
            }
        }
        prop_assert_eq!(whole, vec![(0..parts.len()).collect::<Vec<_>>()]);
        prop_assert!(set.is_empty());
    }

    #[test]
    fn no_part_is_ever_lost(steps in proptest::collection::vec((0u16..4, 2u8..5, 0u8..6, 0u64..3, 0u64..40), 0..200)) {
        let mut set = Reassembler::new(30, 5);
        let (mut now, mut given, mut back) = (0, 0, 0);
        for (reference, total, sequence, fingerprint, pause) in steps {
            now += pause;
            given += 1;
            match set.add(key(reference, total, sequence), fingerprint, (), now) {
                Added::Whole(parts) => back += parts.len(),
                Added::Duplicate(()) => back += 1,
                Added::Waiting => {}
            }
            if pause % 3 == 0 {
                back += set.expire(now).iter().map(Vec::len).sum::<usize>();
                prop_assert_eq!(given, back + set.len());
                prop_assert!(set.next_deadline().is_none_or(|at| at > now));
            }
            prop_assert!(set.len() <= 5 + 4);
        }
    }
}
