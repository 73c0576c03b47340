//! The open page, the pages under way to the store, and where every living thing has its newest whole record.
//!
//! The journal is trimmed from its head: a page goes once nothing alive has its home there. Where a few old
//! things hold back much, they are written again at the tail and get a new home.

use std::collections::VecDeque;

use super::id::{Id, Naming};
use super::ledger::Handle;
use super::wire::Put;
use crate::clock::Micros;
use crate::page::{ConsentRow, KeyRow, LogRow, Page};
use crate::smpp::pdu::Failure;

/// What becomes true for the outside once a page is durable.
#[derive(Clone, Debug)]
pub(super) enum Effect {
    /// A response may leave.
    Answer(Answer),
    /// The response to a submit_multi may leave, with the destinations that were not reached.
    Multi(Box<(Answer, Vec<Failure>)>),
    /// A message whose leaving is written down may go to this carrier.
    Armed(u16, Handle),
    /// An MT may go to its carrier.
    Queue(Handle),
    /// A crash would no longer send this carrier's segment again.
    Settled(u16),
    /// Something may go to its account.
    HandOver(Handle),
    /// An MT may leave memory: the store has it.
    Cool(Handle),
}

/// A response that waits for its page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) session: u32,
    /// Tells a session from a later one in the same place.
    pub(super) epoch: u32,
    pub(super) sequence: u32,
    pub(super) command: u32,
    pub(super) status: u32,
    /// The message's id, where one was made, and how it is told.
    pub(super) id: Option<(Id, Naming)>,
    /// When the request came.
    pub(super) since: Micros,
}

/// Kinds of record. Numbers are for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// A new MT: its envelope and its carrier.
    Mt = 1,
    /// An MT with all that happened to it.
    Snapshot = 2,
    /// A carrier took a segment.
    Submitted = 3,
    /// A receipt for a segment.
    Receipt = 4,
    /// An MT ended without a receipt.
    Ended = 5,
    /// A sender or an account was told something.
    Told = 6,
    /// A part of an MO.
    Part = 7,
    /// A whole MO.
    Mo = 8,
    /// A receipt without its message.
    Held = 9,
    /// A part, MO or held receipt is over.
    Gone = 10,
    /// An MT is about to be written to a carrier that holds what it does not answer.
    Leaving = 20,
    /// An MT was refused for now: its tries, and when it goes again.
    Resting = 21,
    /// Carriers that refused an MT before the one of its snapshot, which comes before this.
    Tried = 22,
}

impl Kind {
    pub(super) fn from_number(number: u8) -> Option<Self> {
        [
            Self::Mt,
            Self::Snapshot,
            Self::Submitted,
            Self::Receipt,
            Self::Ended,
            Self::Told,
            Self::Part,
            Self::Mo,
            Self::Held,
            Self::Gone,
            Self::Leaving,
            Self::Resting,
            Self::Tried,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == number)
    }
}

/// Version of the record format, the first octet of each page.
pub(super) const VERSION: u8 = 1;

struct Home {
    seq: u64,
    octets: usize,
    /// Octets for each that was alive when the page was closed.
    share: usize,
    alive: usize,
    members: Vec<Handle>,
}

/// See the module.
pub(super) struct Journal {
    seq: u64,
    records: Vec<u8>,
    effects: Vec<Effect>,
    pub(super) log: Vec<LogRow>,
    pub(super) consent: Vec<ConsentRow>,
    pub(super) keys: Vec<KeyRow>,
    under_way: VecDeque<(u64, Vec<Effect>)>,
    homes: VecDeque<Home>,
    octets: usize,
    /// How many of them are about what is alive, roughly.
    living: usize,
    members: Vec<Handle>,
    alive: usize,
    durable: u64,
}

/// Takes a list; the next one will hold about as much.
fn renew<T>(list: &mut Vec<T>) -> Vec<T> {
    let next = Vec::with_capacity(list.len());
    std::mem::replace(list, next)
}

impl Journal {
    /// `last` is the newest sequence number that the store holds.
    pub(super) fn new(last: u64) -> Self {
        Self {
            seq: last + 1,
            records: Vec::new(),
            effects: Vec::new(),
            log: Vec::new(),
            consent: Vec::new(),
            keys: Vec::new(),
            under_way: VecDeque::new(),
            homes: VecDeque::new(),
            octets: 0,
            living: 0,
            members: Vec::new(),
            alive: 0,
            durable: 0,
        }
    }

    /// The page that is being filled.
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// Appends one record: kind, length, body.
    pub(super) fn record(&mut self, kind: Kind, body: impl FnOnce(&mut Vec<u8>)) {
        if self.records.is_empty() {
            self.records.put_u8(VERSION);
        }
        self.records.put_u8(kind as u8);
        let at = self.records.len();
        self.records.put_u32(0);
        body(&mut self.records);
        let length = (self.records.len() - at - 4) as u32;
        self.records[at..at + 4].copy_from_slice(&length.to_le_bytes());
    }

    /// The open page holds the newest whole record of this.
    pub(super) fn house(&mut self, handle: Handle) -> u64 {
        self.members.push(handle);
        self.alive += 1;
        self.seq
    }

    /// Something whose home was that page is over, or has moved.
    pub(super) fn vacate(&mut self, home: u64) {
        if home == self.seq {
            self.alive -= 1;
            return;
        }
        if let Ok(index) = self.homes.binary_search_by_key(&home, |h| h.seq) {
            self.homes[index].alive -= 1;
            self.living -= self.homes[index].share;
        }
        while self.homes.front().is_some_and(|h| h.alive == 0) {
            self.octets -= self.homes.pop_front().map_or(0, |h| h.octets);
        }
    }

    pub(super) fn after_commit(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Nothing to commit.
    pub(super) fn is_clean(&self) -> bool {
        self.records.is_empty()
            && self.effects.is_empty()
            && self.log.is_empty()
            && self.consent.is_empty()
            && self.keys.is_empty()
    }

    /// Of all that waits for the open page nothing is more than room in a carrier's window.
    pub(super) fn is_idle(&self) -> bool {
        !self.effects.is_empty() && self.effects.iter().all(|effect| matches!(effect, Effect::Settled(_)))
    }

    /// Pages handed out and not committed.
    pub(super) fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Every page up to this one is durable.
    pub(super) fn durable(&self) -> u64 {
        self.durable
    }

    /// Whether the pages that living things hold back are more than these octets, and half of them or more about what is
    /// over: else it would not help to write the oldest again.
    pub(super) fn is_crowded(&self, octets: usize) -> bool {
        self.octets > octets.max(2 * self.living)
    }

    /// Members of the oldest page that could not be written again yet.
    pub(super) fn put_back(&mut self, seq: u64, members: Vec<Handle>) {
        if let Some(home) = self.homes.front_mut().filter(|home| home.seq == seq) {
            home.members = members;
        }
    }

    /// The members of the oldest page, to be written again.
    pub(super) fn oldest(&mut self) -> Vec<Handle> {
        self.homes.front_mut().map(|h| std::mem::take(&mut h.members)).unwrap_or_default()
    }

    pub(super) fn oldest_seq(&self) -> Option<u64> {
        self.homes.front().map(|h| h.seq)
    }

    /// Closes the open page and hands it out.
    pub(super) fn close(&mut self) -> Page {
        let seq = self.seq;
        let records = renew(&mut self.records);
        self.adopt(records.len());
        self.under_way.push_back((seq, renew(&mut self.effects)));
        Page {
            seq,
            journal: records,
            log: renew(&mut self.log),
            consent: std::mem::take(&mut self.consent),
            keys: std::mem::take(&mut self.keys),
            keep_from: self.oldest_seq().unwrap_or(self.seq),
        }
    }

    /// Counts the open page among the homes and begins the next.
    fn adopt(&mut self, octets: usize) {
        let mut members = std::mem::take(&mut self.members);
        members.shrink_to_fit();
        let alive = std::mem::take(&mut self.alive);
        if let Some(share) = octets.checked_div(alive) {
            self.octets += octets;
            self.living += share * alive;
            self.homes.push_back(Home { seq: self.seq, octets, share, alive, members });
        }
        self.seq += 1;
    }

    /// At the start: the next pages of the store hold these.
    pub(super) fn replaying(&mut self, seq: u64) {
        self.seq = seq;
    }

    /// At the start: a page of the store has been read.
    pub(super) fn replayed(&mut self, octets: usize) {
        self.durable = self.seq;
        self.adopt(octets);
    }

    /// Effects of all pages up to this one.
    pub(super) fn committed(&mut self, seq: u64) -> Vec<Effect> {
        self.durable = self.durable.max(seq);
        let mut effects = Vec::new();
        while self.under_way.front().is_some_and(|(s, _)| *s <= seq) {
            if let Some((_, more)) = self.under_way.pop_front() {
                if effects.is_empty() {
                    effects = more;
                } else {
                    effects.extend(more);
                }
            }
        }
        effects
    }
}
