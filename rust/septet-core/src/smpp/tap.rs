//! What passes over sessions that somebody watches: whole PDUs of both directions, in a ring that never grows.
//!
//! It frames the octets for itself, so that it may join a session at any moment and nothing of the session depends on it.

use std::collections::{HashMap, VecDeque};

use super::frame::{Framer, HEADER};
use crate::clock::WallMs;

/// Which way a PDU went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the peer to us.
    In,
    /// From us to the peer.
    Out,
}

/// What there is to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A PDU with its header; of one whose length cannot be true, the header alone.
    Pdu {
        /// When it passed.
        at: WallMs,
        /// Over which session.
        session: u32,
        /// Which way.
        way: Way,
        /// Header and body.
        octets: Vec<u8>,
    },
    /// So many PDUs found no room.
    Lost(u64),
}

/// PDUs of several sessions, at most `pdus` of them and `octets` octets in all.
#[derive(Debug)]
pub struct Tap {
    max_pdu: u32,
    pdus: usize,
    octets: usize,
    held: usize,
    seen: VecDeque<Seen>,
    ends: HashMap<u32, [Framer; 2]>,
}

impl Tap {
    /// An empty one. `max_pdu` is the largest PDU of the sessions.
    pub fn new(pdus: usize, octets: usize, max_pdu: u32) -> Self {
        Self { max_pdu, pdus, octets, held: 0, seen: VecDeque::new(), ends: HashMap::new() }
    }

    /// Begins to watch a session; `begun` is what it holds of a PDU that is still arriving.
    pub fn join(&mut self, session: u32, begun: &[u8]) {
        let mut incoming = Framer::new(self.max_pdu);
        incoming.feed(begun, |_| Some(self.max_pdu));
        self.ends.insert(session, [incoming, Framer::new(self.max_pdu)]);
    }

    /// The session is over.
    pub fn leave(&mut self, session: u32) {
        self.ends.remove(&session);
    }

    /// Octets passed over a session, cut anywhere.
    pub fn pass(&mut self, session: u32, way: Way, chunk: &[u8], at: WallMs) {
        let max_pdu = self.max_pdu;
        // The framers leave their place, so that what they find may go into the ring.
        let Some(mut ends) = self.ends.remove(&session) else {
            return;
        };
        ends[usize::from(way == Way::Out)].feed(chunk, |pdu| {
            let (header, body) = pdu.unwrap_or_else(|header| (header, &[]));
            self.keep(session, way, &header.octets(), body, at);
            Some(max_pdu)
        });
        self.ends.insert(session, ends);
    }

    fn keep(&mut self, session: u32, way: Way, header: &[u8; HEADER], body: &[u8], at: WallMs) {
        let size = HEADER + body.len();
        if self.seen.len() < self.pdus && self.held + size <= self.octets {
            self.held += size;
            self.seen.push_back(Seen::Pdu { at, session, way, octets: [&header[..], body].concat() });
        } else if let Some(Seen::Lost(count)) = self.seen.back_mut() {
            *count += 1;
        } else {
            self.seen.push_back(Seen::Lost(1));
        }
    }

    /// Takes the oldest, at most `limit`.
    pub fn take(&mut self, limit: usize) -> Vec<Seen> {
        let taken: Vec<_> = self.seen.drain(..limit.min(self.seen.len())).collect();
        for seen in &taken {
            if let Seen::Pdu { octets, .. } = seen {
                self.held -= octets.len();
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smpp::{command, frame};
    use proptest::prelude::*;

    fn pdu(sequence: u32, body: usize) -> Vec<u8> {
        let mut octets = Vec::new();
        frame::put(&mut octets, command::ENQUIRE_LINK, 0, sequence, |out| out.resize(out.len() + body, 7));
        octets
    }

    fn sequences(tap: &mut Tap) -> Vec<(Way, u32)> {
        let seen = tap.take(usize::MAX).into_iter();
        seen.map(|one| match one {
            Seen::Pdu { way, octets, .. } => (way, u32::from_be_bytes(octets[12..16].try_into().unwrap())),
            Seen::Lost(count) => panic!("{count} lost"),
        })
        .collect()
    }

    #[test]
    fn it_may_join_in_the_middle_of_a_pdu() {
        let mut tap = Tap::new(10, 1000, 100);
        let octets = pdu(5, 20);
        tap.join(1, &octets[..17]);
        tap.pass(1, Way::Out, &pdu(9, 0), 0);
        tap.pass(1, Way::In, &octets[17..], 0);
        assert_eq!(sequences(&mut tap), [(Way::Out, 9), (Way::In, 5)]);
    }

    #[test]
    fn only_sessions_that_joined_are_seen_and_only_until_they_leave() {
        let mut tap = Tap::new(10, 1000, 100);
        tap.join(1, b"");
        tap.pass(2, Way::In, &pdu(1, 0), 0);
        tap.pass(1, Way::In, &pdu(2, 0), 0);
        tap.leave(1);
        tap.pass(1, Way::In, &pdu(3, 0), 0);
        assert_eq!(sequences(&mut tap), [(Way::In, 2)]);
    }

    #[test]
    fn what_finds_no_room_is_counted_at_its_place() {
        for mut tap in [Tap::new(2, 1000, 100), Tap::new(100, 40, 100)] {
            tap.join(1, b"");
            for sequence in 1..=5 {
                tap.pass(1, Way::In, &pdu(sequence, 0), 7);
            }
            let seen = tap.take(2);
            assert!(seen.iter().all(|one| matches!(one, Seen::Pdu { at: 7, session: 1, .. })), "{seen:?}");
            tap.pass(1, Way::In, &pdu(6, 0), 8);
            let rest = tap.take(10);
            assert_eq!(rest[0], Seen::Lost(3));
            assert!(matches!(&rest[1], Seen::Pdu { at: 8, .. }));
        }
    }

    #[test]
    fn a_length_that_cannot_be_true_shows_its_header() {
        let mut tap = Tap::new(10, 1000, 100);
        tap.join(1, b"");
        tap.pass(1, Way::In, &[&[0xFF; 12][..], &[0, 0, 0, 4]].concat(), 0);
        tap.pass(1, Way::In, &pdu(5, 0), 0);
        assert_eq!(sequences(&mut tap), [(Way::In, 4)]);
    }

    proptest! {
        #[test]
        fn however_octets_are_cut_the_pdus_are_the_same(
            bodies in prop::collection::vec(0_usize..40, 0..12),
            cuts in prop::collection::vec(1_usize..60, 1..40),
            begun in 0_usize..15,
        ) {
            let octets: Vec<u8> = bodies.iter().enumerate().flat_map(|(at, body)| pdu(at as u32, *body)).collect();
            let begun = begun.min(octets.len());
            let mut tap = Tap::new(100, 10_000, 100);
            tap.join(1, &octets[..begun]);
            let (mut rest, mut at) = (&octets[begun..], 0);
            while !rest.is_empty() {
                let (chunk, after) = rest.split_at(cuts[at % cuts.len()].min(rest.len()));
                tap.pass(1, Way::In, chunk, 0);
                (rest, at) = (after, at + 1);
            }
            let want: Vec<_> = (0..bodies.len() as u32).map(|sequence| (Way::In, sequence)).collect();
            prop_assert_eq!(sequences(&mut tap), want);
        }
    }
}
