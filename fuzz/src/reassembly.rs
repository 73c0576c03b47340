//! Parts in any order, from anybody, at any time: each comes out exactly once, and memory is bounded.

use septet_core::clock::Micros;
use septet_core::text::reassemble::{Added, Key, Reassembler};
use septet_core::text::udh::Concat;

use crate::steer::Steer;

/// What went in: whose part, which octets (by fingerprint), and whether it is still inside.
struct Part {
    key: Key,
    fingerprint: u64,
    inside: bool,
}

struct Case {
    reassembler: Reassembler<usize>,
    parts: Vec<Part>,
    capacity: usize,
}

fn message(key: &Key) -> (&[u8], &[u8], u16, bool, u8) {
    (&key.source, &key.dest, key.concat.reference, key.concat.wide, key.concat.total)
}

impl Case {
    /// Parts come out together: each was inside, and all are of one message.
    fn out(&mut self, set: &[usize]) {
        assert!(!set.is_empty());
        for part in set {
            assert!(std::mem::take(&mut self.parts[*part].inside), "part {part} came out twice");
            assert_eq!(message(&self.parts[*part].key), message(&self.parts[set[0]].key));
        }
        let sequences: Vec<u8> = set.iter().map(|part| self.parts[*part].key.concat.sequence).collect();
        assert!(sequences.is_sorted());
    }

    fn add(&mut self, key: Key, fingerprint: u64, now: Micros) {
        let number = self.parts.len();
        let lonely = key.concat.total <= 1 || key.concat.checked().is_none();
        self.parts.push(Part { key: key.clone(), fingerprint, inside: true });
        match self.reassembler.add(key.clone(), fingerprint, number, now) {
            Added::Whole(set) if lonely => assert_eq!(set, [number]),
            Added::Whole(set) => {
                assert_eq!(set.len(), usize::from(key.concat.total));
                self.out(&set);
                for (index, part) in set.iter().enumerate() {
                    assert_eq!(usize::from(self.parts[*part].key.concat.sequence), index + 1);
                }
                return;
            }
            Added::Waiting => {
                assert!(!lonely);
                return;
            }
            Added::Duplicate(part) => {
                assert!(!lonely);
                assert_eq!(part, number);
                let same = |p: &Part| p.key == key && p.fingerprint == fingerprint;
                assert!(self.parts[..number].iter().any(same), "called a duplicate of nothing");
            }
        }
        self.parts[number].inside = false;
    }

    fn settle(&mut self) {
        let inside = self.parts.iter().filter(|part| part.inside).count();
        let displaced = self.reassembler.take_displaced();
        for set in &displaced {
            self.out(set);
        }
        let left = inside - displaced.iter().map(Vec::len).sum::<usize>();
        assert_eq!(self.reassembler.len(), left);
        assert_eq!(self.reassembler.is_empty(), left == 0);
        // At least one message's worth is always admitted.
        assert!(left <= self.capacity.max(255), "{left} held of {}", self.capacity);
    }
}

/// Any sequence of parts and times.
pub fn any(data: &[u8]) {
    let mut steer = Steer::new(data);
    let capacity = usize::from(steer.octet());
    let ttl = Micros::from(steer.octet()) + 1;
    let mut case = Case { reassembler: Reassembler::new(ttl, capacity), parts: Vec::new(), capacity };
    let mut now = 0;
    while !steer.is_over() {
        let step = steer.octet();
        match step % 8 {
            0 => now += Micros::from(steer.octet()),
            1 => {
                for set in case.reassembler.expire(now) {
                    case.out(&set);
                }
                assert!(case.reassembler.next_deadline().is_none_or(|next| next > now));
            }
            2 => {
                for set in case.reassembler.take_aged(now) {
                    case.out(&set);
                }
            }
            _ => {
                let (whose, which) = (steer.octet(), steer.octet());
                let total = if step & 0x40 == 0 { step >> 3 & 7 } else { 200 + (step >> 3 & 7) };
                let concat = Concat {
                    reference: u16::from(whose >> 2 & 3),
                    wide: whose & 0x10 != 0,
                    total,
                    sequence: if total < 8 { which & 7 } else { which },
                };
                let source = vec![whose & 3].into_boxed_slice();
                let key = Key { source, dest: vec![whose >> 7].into_boxed_slice(), concat };
                case.add(key, u64::from(whose >> 5 & 3), now);
            }
        }
        if step & 0x80 != 0 {
            case.settle();
        }
    }
    case.settle();
    for set in case.reassembler.expire(now + ttl) {
        case.out(&set);
    }
    assert!(case.parts.iter().all(|part| !part.inside), "a part stayed inside for ever");
    assert!(case.reassembler.is_empty());
}
